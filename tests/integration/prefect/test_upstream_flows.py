"""Prefect's own flows, not written here and not changed: executed and deployed by our commands."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.local_runs import UserCode
from tests.integration.cli.conftest import Shell, opened
from tests.integration.prefect.one_child import TOGETHER, in_one_child
from tests.integration.prefect.serving import PrefectServer

pytestmark = pytest.mark.xdist_group("prefect-code")
UPSTREAM = Path(__file__).parent / "upstream"
# Each is executed by a command of its own; a retry of the whole flow starts in its process.
ALONE = {
    "test_hello_tasks.py:hello": ("--param", "count=3"),
    "test_flow_retries_with_subflows.py:parent_flow": (),
}
SUBFLOWS: dict[str, dict[str, int]] = {
    "hello_world.py:hello": {},
    "test_concurrent_subflows.py:parent_flow": {"n_subflows": 2, "n_tasks_per_subflow": 2},
    "test_task_retries.py:hello": {},
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


def test_they_are_executed(shell: Shell) -> None:
    (shell.home / "theirs" / "together.py").write_text(TOGETHER)
    orders = [{"entrypoint": flow, "parameters": given} for flow, given in SUBFLOWS.items()]
    together = {"together.py:together": ("--param", f"orders={json.dumps(orders)}")}
    for flow, words in {**ALONE, **together}.items():
        shell("trust", str(shell.home / "theirs" / flow.partition(":")[0]))
        done = shell("prefect", "execute", f"theirs/{flow}", *words, "--wait", "--timeout", "90", "--json")
        assert (done.json["status"], done.json["state"]) == ("success", "Completed")


def test_one_is_deployed_by_a_command(shell: Shell, prefect_pool: str) -> None:
    file, name = "test_hello_tasks.py", "hello"
    words = ("--flow-file", f"theirs/{file}", "--flow-name", name, "--name", "by-command")
    made = shell("prefect", "deployment", "create", *words, "--pool", prefect_pool, "--json").json
    assert made["name"] == "by-command"
    assert made["entrypoint"] == f"{file}:{name}"


async def test_all_are_deployed(shell: Shell, prefect_pool: str, prefect_server: PrefectServer) -> None:
    server = PrefectConnection(prefect_server.url).environment()
    code = UserCode(sys.executable, str(shell.home / "theirs"), server, home=str(prefect_server.home))
    flows = [*ALONE, *SUBFLOWS]
    requests = [{"entrypoint": flow, "name": flow.partition(".")[0], "pool": prefect_pool} for flow in flows]
    made = await in_one_child(code, [(code.root, "register", request) for request in requests])
    assert [each["entrypoint"] for each in made] == flows
    assert [each["name"].partition("/")[2] for each in made] == [flow.partition(".")[0] for flow in flows]
