"""What a child tells of a project's code; no server is asked for any of it."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.local_runs import UserCode, ask_child
from mahavishnu_tui.models import ErrorCode
from tests.integration.prefect.one_child import in_one_child

PROJECT = Path(__file__).parent / "project"
NOBODY = {"PREFECT_API_URL": "http://127.0.0.1:1/api"}


@pytest.fixture
def code(tmp_path: Path) -> UserCode:
    root = tmp_path / "project"
    shutil.copytree(PROJECT, root, ignore=shutil.ignore_patterns("__pycache__"))
    return UserCode(sys.executable, str(root), NOBODY, home=str(tmp_path / "home"))


async def test_flows_are_described(code: UserCode, tmp_path: Path) -> None:
    found = await ask_child(code, "inspect", {"entrypoint": "flows.py"}, log=tmp_path / "log")
    flows = {flow["function"]: flow for flow in found["flows"]}
    assert set(flows) == {
        *("add_up", "needs", "fails", "waits", "waits_async", "dies", "mapped", "bypasses", "odd"),
        "Shop.opens",
    }
    adding = flows["add_up"]
    assert adding["name"] == "adding-up"
    assert adding["entrypoint"] == "flows.py:add_up"
    assert adding["description"] == "Adds up doubled numbers."
    assert (adding["version"], adding["retries"], adding["retry_delay_seconds"]) == ("7", 1, 2.0)
    assert adding["parameters"]["properties"]["count"] == {
        **{"default": 3, "position": 0, "title": "count", "type": "integer"}
    }
    assert [finding["rule"] for finding in adding["findings"]] == ["untyped"]
    assert flows["needs"]["parameters"]["required"] == ["count"]
    assert flows["waits_async"]["kind"] == "async function"
    assert flows["Shop.opens"]["name"] == "shop-opens"
    assert flows["mapped"]["findings"] == []
    (bypassed,) = flows["bypasses"]["findings"]
    assert (bypassed["rule"], bypassed["severity"]) == ("plain-calls", "warning")
    assert "ProcessPoolTaskRunner is bypassed" in bypassed["message"]
    assert "`double`" in bypassed["message"]


BAD: dict[str, tuple[str | None, dict[str, Any], str, str]] = {
    "no such file": (None, {"entrypoint": "nope.py:f"}, "There is no file nope.py", ""),
    "no such module": (None, {"entrypoint": "nope.deeper:f"}, "There is no file or module 'nope.deeper'", ""),
    "a folder": (None, {"entrypoint": "../project"}, "../project is a directory.", "the Python file"),
    "no flow in it": ("x = 1", {"entrypoint": "it.py"}, "There is no flow in it.py.", "`@flow`"),
    "no such flow": (None, {"entrypoint": "flows.py:nope"}, "it holds add_up (adding-up), needs (needs)", ""),
    "a plain function": (
        "from prefect import flow\n@flow\ndef a(): ...\ndef b(): ...\n",
        {"entrypoint": "it.py:b"},
        "`b` in it.py is no flow.",
        "Decorate it",
    ),
    "a library that is missing": (
        "from prefect import flow\n\nimport pandas_of_theirs\n",
        {"entrypoint": "it.py:f"},
        "it.py cannot be loaded: ModuleNotFoundError: No module named 'pandas_of_theirs' (line 3).",
        f"Install it for {sys.executable}",
    ),
    "code that fails": (
        "def f():\n    1 / 0\nf()\n",
        {"entrypoint": "it.py"},
        "division by zero (line 2)",
        "",
    ),
    "code that says very much": (
        "raise ValueError('x' * 8_000_000)",
        {"entrypoint": "it.py"},
        "it.py cannot be loaded: ValueError: xxx",
        "",
    ),
    "no Python": ("def f(:\n", {"entrypoint": "it.py"}, "it.py cannot be read: invalid syntax (line 1)", ""),
    "an exit": (
        "import sys\nsys.exit(3)\n",
        {"entrypoint": "it.py"},
        "it ends the process (line 2)",
        "__main__",
    ),
    "a run while it loads": (
        "from prefect import flow\n@flow\ndef f(): ...\nf()\n",
        {"entrypoint": "it.py:f"},
        "Line 4 of it.py runs the flow `f` whenever the file is loaded.",
        "__main__",
    ),
    "a serve without end": (
        "from prefect import flow\n@flow\ndef f(): ...\nf.serve('x')\n",
        {"entrypoint": "it.py:f"},
        "Line 4 of it.py calls `f.serve` whenever",
        "__main__",
    ),
    "nothing asked": (None, {}, "No entrypoint was given.", ""),
}


async def test_modules_are_found_and_what_cannot_be_loaded_is_said_in_a_sentence(
    code: UserCode, tmp_path: Path
) -> None:
    package = Path(code.root) / "shop"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "flows.py").write_text(
        "from prefect import flow\nfrom . import words\n\n@flow\ndef sells(): ...\n"
    )
    (package / "words.py").touch()
    modules = ("shop.flows:sells", "shop.flows.sells")
    good = (*modules, "flows.py:bypasses")
    for name, (source, *_) in BAD.items():
        shutil.copytree(PROJECT, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
        if source is not None:
            (tmp_path / name / "it.py").write_text(source)
    orders = [(code.root, "inspect", {"entrypoint": entrypoint}) for entrypoint in good]
    orders += [(str(tmp_path / name), "inspect", request) for name, (_, request, *_) in BAD.items()]
    answers = await in_one_child(code, orders)
    for found in answers[: len(modules)]:
        assert [flow["entrypoint"] for flow in found["flows"]] == ["shop.flows.sells"]
    (bypasses,) = answers[len(modules)]["flows"]
    assert [finding["rule"] for finding in bypasses["findings"]] == ["plain-calls"]
    for (name, (_, _, message, hint)), answer in zip(BAD.items(), answers[len(good) :], strict=True):
        error = answer["refused"]
        assert message in error["message"], name
        assert hint in error["hint"], name
        assert error["code"] in ("MHV-402", "MHV-010"), name


async def test_a_refusal_reaches_the_parent(code: UserCode) -> None:
    (Path(code.root) / "it.py").write_text("from prefect import flow\nimport pandas_of_theirs\n")
    with pytest.raises(AdapterError) as caught:
        await ask_child(code, "inspect", {"entrypoint": "it.py:f"})
    assert caught.value.code is ErrorCode.PREFECT_FLOW_NOT_FOUND
    assert "(line 2)" in caught.value.message
    assert "Traceback" in caught.value.details["detail"]


async def test_an_interpreter_without_prefect_says_so(code: UserCode, tmp_path: Path) -> None:
    bare = tmp_path / "bare"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S -E "$@"\n')
    bare.chmod(0o700)
    with pytest.raises(AdapterError) as caught:
        await ask_child(UserCode(str(bare), code.root, NOBODY), "inspect", {"entrypoint": "flows.py"})
    assert caught.value.code is ErrorCode.PREFECT_START
    assert "has no Prefect" in caught.value.message


async def test_an_interpreter_that_is_not_there_says_so(code: UserCode, tmp_path: Path) -> None:
    with pytest.raises(AdapterError) as caught:
        await ask_child(UserCode(str(tmp_path / "no-python"), code.root, NOBODY), "inspect", {})
    assert caught.value.code is ErrorCode.PREFECT_START


async def test_code_that_never_finishes_loading_is_ended(code: UserCode) -> None:
    (Path(code.root) / "it.py").write_text("import threading\nthreading.Event().wait()\n")
    with pytest.raises(AdapterError) as caught:
        await ask_child(code, "inspect", {"entrypoint": "it.py"}, timeout=2)
    assert caught.value.code is ErrorCode.PREFECT_TIMEOUT


async def test_what_the_code_prints_goes_to_the_log(code: UserCode, tmp_path: Path) -> None:
    (Path(code.root) / "it.py").write_text(
        "import os, sys\nfrom prefect import flow\n"
        'print(\'{"ok": "printed"}\')\nos.write(1, b\'{"ok": "written"}\\n\')\n'
        "print(sys.stdin.read(), file=sys.stderr)\n@flow\ndef f(): ...\n"
    )
    found = await ask_child(code, "inspect", {"entrypoint": "it.py"}, log=tmp_path / "log")
    assert [flow["name"] for flow in found["flows"]] == ["f"]
    said = (tmp_path / "log").read_text()
    assert "printed" in said
    assert "written" in said


async def test_the_child_is_told_of_its_server_alone(tmp_path: Path) -> None:
    around = {
        **{"PATH": "/bin", "PREFECT_API_KEY": "theirs", "PREFECT_PROFILE": "prod"},
        **{"PREFECT_RESULTS_PERSIST_BY_DEFAULT": "true"},
    }
    code = UserCode("python", str(tmp_path), NOBODY, home="/h", environment=around)
    found = code.environ()
    assert found["PREFECT_API_URL"] == NOBODY["PREFECT_API_URL"]
    assert (found["PREFECT_API_KEY"], found["PREFECT_PROFILE"]) == ("", "ephemeral")
    assert (found["PREFECT_HOME"], found["PREFECT_RESULTS_PERSIST_BY_DEFAULT"]) == ("/h", "true")
