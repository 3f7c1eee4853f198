"""Prefect's own flows, not written here and not changed: executed and deployed by our commands."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.integration.cli.conftest import Shell, opened
from tests.integration.prefect.serving import PrefectServer

pytestmark = pytest.mark.xdist_group("prefect-code")
UPSTREAM = Path(__file__).parent / "upstream"
FLOWS = {
    "hello_world.py:hello": (),
    "test_hello_tasks.py:hello": ("--param", "count=3"),
    "test_concurrent_subflows.py:parent_flow": (
        *("--param", "n_subflows=2", "--param", "n_tasks_per_subflow=2"),
    ),
    "test_flow_retries_with_subflows.py:parent_flow": (),
    "test_task_retries.py:hello": (),
}


@pytest.fixture(scope="module")
def shell(prefect_server: PrefectServer) -> Iterator[Shell]:
    with opened() as found:
        own = found.home / ".config" / "mahavishnu" / "mahavishnu.yaml"
        own.parent.mkdir(parents=True)
        own.write_text(f"prefect: {{mode: remote, api_url: '{prefect_server.url}'}}\n")
        shutil.copytree(UPSTREAM, found.home / "theirs", ignore=shutil.ignore_patterns("__pycache__"))
        (found.home / "theirs" / "pyproject.toml").touch()
        yield found


@pytest.mark.parametrize("flow", FLOWS)
def test_it_is_executed_and_deployed(shell: Shell, prefect_pool: str, flow: str) -> None:
    file, _, name = flow.partition(":")
    shell("trust", str(shell.home / "theirs" / file))
    done = shell("prefect", "execute", f"theirs/{flow}", *FLOWS[flow], "--wait", "--timeout", "90", "--json")
    assert (done.json["status"], done.json["state"]) == ("success", "Completed")
    words = ("--flow-file", f"theirs/{file}", "--flow-name", name, "--name", file.removesuffix(".py"))
    made = shell("prefect", "deployment", "create", *words, "--pool", prefect_pool, "--json").json
    assert made["name"] == file.removesuffix(".py")
    assert made["entrypoint"] == flow
