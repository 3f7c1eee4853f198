"""Flows deployed and run by children, on a real server: how they end, whatever ends them."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import sys
import uuid
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.local_runs import UserCode, ask_child
from mahavishnu_tui.models import ErrorCode
from tests.integration.prefect.conftest import Begin, eventually
from tests.integration.prefect.one_child import in_one_child
from tests.integration.prefect.serving import PrefectServer, free_port

pytestmark = pytest.mark.xdist_group("prefect-code")
PROJECT = Path(__file__).parent / "project"
DAILY = {"rule": {"kind": "cron", "cron": "0 2 * * *", "timezone": "Europe/Paris"}, "slug": "night"}


@pytest.fixture
def code(prefect_server: PrefectServer, tmp_path: Path) -> UserCode:
    root = tmp_path / "project"
    shutil.copytree(PROJECT, root, ignore=shutil.ignore_patterns("__pycache__"))
    server = PrefectConnection(prefect_server.url).environment()
    return UserCode(sys.executable, str(root), server, home=str(tmp_path / "home"))


@pytest.fixture
def name() -> str:
    return f"test-{uuid.uuid4().hex[:8]}"


async def state_of(api: PrefectApi, run_id: str) -> tuple[str, str]:
    state = (await api.flow_runs.get(run_id))["state"]
    return state["type"], state["message"] or ""


async def test_a_deployment_is_made_and_keeps_what_an_update_leaves_out(
    code: UserCode, prefect_api: PrefectApi, prefect_pool: str, name: str
) -> None:
    order: dict[str, Any] = {
        **{"entrypoint": "flows.py:add_up", "name": name, "pool": prefect_pool, "queue": "fast"},
        **{"parameters": {"count": 5}, "tags": ["one"], "limit": 2, "collision_strategy": "CANCEL_NEW"},
        **{"schedules": [DAILY], "job_variables": {"env": {"A": "1"}}, "description": "adds", "paused": True},
    }
    made = await ask_child(code, "register", order)
    assert (made["created"], made["name"], made["path"]) == (True, f"adding-up/{name}", code.root)
    found = await prefect_api.deployments.get(made["deployment_id"])
    assert found["entrypoint"] == "flows.py:add_up"
    assert found["pull_steps"] == [
        {"prefect.deployments.steps.set_working_directory": {"directory": code.root}}
    ]
    assert (found["work_pool_name"], found["work_queue_name"]) == (prefect_pool, "fast")
    assert found["parameter_openapi_schema"]["properties"]["count"]["type"] == "integer"
    assert (found["version"], found["paused"], found["enforce_parameter_schema"]) == ("7", True, True)

    update = {"entrypoint": "flows.py:add_up", "name": name, "tags": ["two"]}
    again, denied = await in_one_child(
        code, [(code.root, "register", update), (code.root, "register", {**order, "update": False})]
    )
    assert denied["refused"]["code"] == ErrorCode.PREFECT_DEPLOYMENT_NOT_FOUND.value
    assert (again["created"], again["deployment_id"]) == (False, made["deployment_id"])
    found = await prefect_api.deployments.get(made["deployment_id"])
    assert found["tags"] == ["two"]
    assert found["schedules"][0]["schedule"]["cron"] == "0 2 * * *"
    assert found["schedules"][0]["slug"] == "night"
    assert found["global_concurrency_limit"]["limit"] == 2
    assert found["concurrency_options"]["collision_strategy"] == "CANCEL_NEW"
    assert (found["parameters"], found["description"], found["paused"]) == ({"count": 5}, "adds", True)
    assert (found["job_variables"], found["work_queue_name"]) == ({"env": {"A": "1"}}, "fast")
    await prefect_api.deployments.delete(made["deployment_id"])


async def test_a_deployment_is_made_and_made_anew_whatever_its_name(
    code: UserCode, prefect_api: PrefectApi, prefect_pool: str, name: str
) -> None:
    order = {"entrypoint": "flows.py:add_up", "name": f"{name} [b]? \x1b[31m", "pool": prefect_pool}
    twice = [(code.root, "register", order), (code.root, "register", order)]
    made, again = await in_one_child(code, twice)
    assert (made["created"], again["created"]) == (True, False)
    assert made["deployment_id"] == again["deployment_id"]
    await prefect_api.deployments.delete(made["deployment_id"])


async def test_what_cannot_be_deployed_or_run_is_refused_and_what_would_fail_is_told(
    code: UserCode, prefect_api: PrefectApi, name: str
) -> None:
    bad_cron = {"rule": {"kind": "cron", "cron": "61 * * * *"}}
    deploys: dict[str, Any] = {"name": name, "entrypoint": "flows.py:add_up"}
    orders: list[tuple[str, dict[str, Any], ErrorCode, str]] = [
        ("register", {**deploys, "pool": "no"}, ErrorCode.PREFECT_WORK_POOL, "There is no work pool 'no'."),
        ("register", {**deploys, "schedules": [bad_cron]}, ErrorCode.PREFECT_SCHEDULE_INVALID, "61"),
        ("run", {"parameters": {}}, ErrorCode.BAD_INPUT, "needs a value for 'count'"),
        ("run", {"parameters": {"count": "many", "wrod": 1}}, ErrorCode.BAD_INPUT, "no parameter 'wrod'"),
        ("run", {"parameters": {"count": "many"}}, ErrorCode.BAD_INPUT, "does not take these parameters"),
    ]
    lacks = {"entrypoint": "flows.py:needs", "name": name, "schedules": [DAILY], "paused": True}
    refused = [(code.root, verb, {"entrypoint": "flows.py:needs", **request}) for verb, request, *_ in orders]
    *answers, made = await in_one_child(code, [*refused, (code.root, "register", lacks)])
    for (_, _, error, message), answer in zip(orders, answers, strict=True):
        assert answer["refused"]["code"] == error.value
        assert message in answer["refused"]["message"]
    assert [(each["rule"], each["where"]) for each in made["findings"]] == [("schedule-parameters", "night")]
    await prefect_api.deployments.delete(made["deployment_id"])


async def test_a_server_that_is_not_there_is_named(code: UserCode) -> None:
    nowhere = f"http://127.0.0.1:{free_port()}/api"
    lost = UserCode(code.python, code.root, {"PREFECT_API_URL": nowhere}, home=code.home)
    with pytest.raises(AdapterError) as caught:
        await ask_child(lost, "run", {"entrypoint": "flows.py:add_up", "name": "x"})
    assert caught.value.code is ErrorCode.PREFECT_CONNECTION
    assert nowhere in caught.value.message


async def test_a_flow_runs_to_its_end_and_says_what_it_does(
    code: UserCode, prefect_api: PrefectApi, begin: Begin, tmp_path: Path, name: str
) -> None:
    run = await begin(
        code,
        **{"entrypoint": "flows.py", "flow": "adding-up", "parameters": {"count": 4}},
        **{"name": name, "tags": ["mine"]},
    )
    assert run.name == name
    notices = [line async for line in run.notices()]
    ended = await run.wait()
    assert (ended["state"]["type"], ended["result"]) == ("COMPLETED", 12)
    said = [line["text"] for line in notices if line["ev"] == "log"]
    assert "adding 4 numbers" in said
    assert sum(line.get("task", "").startswith("double-") for line in notices) >= 4
    found = await prefect_api.flow_runs.get(run.id)
    assert (found["tags"], found["parameters"]) == (["mine"], {"count": 4, "note": ""})
    assert found["infrastructure_pid"].endswith(f":{run.pid}")
    assert "adding 4 numbers" in (tmp_path / "flow.log").read_text()


async def test_a_flow_that_fails_was_run_all_the_same(code: UserCode, begin: Begin) -> None:
    run = await begin(code, entrypoint="flows.py:fails")
    notices = [line async for line in run.notices()]
    ended = await run.wait()
    assert ended["state"]["type"] == "FAILED"
    assert "no bread" in ended["state"]["message"]
    assert [line["level"] for line in notices if line.get("text") == "about to fail"] == ["warning"]
    assert any("Traceback" in line.get("text", "") for line in notices)


async def test_parameters_are_checked_before_a_run_exists(code: UserCode, begin: Begin) -> None:
    with pytest.raises(AdapterError) as caught:
        await begin(code, entrypoint="flows.py:needs", parameters={"count": "many"})
    assert caught.value.code is ErrorCode.BAD_INPUT
    assert "count" in caught.value.message


@pytest.mark.parametrize("flow", ["waits", "waits_async"])
async def test_a_cancel_on_the_server_ends_the_flow(
    code: UserCode, prefect_api: PrefectApi, begin: Begin, flow: str
) -> None:
    run = await begin(code, entrypoint=f"flows.py:{flow}")
    await eventually(lambda: is_in(prefect_api, run.id, "RUNNING"))
    await prefect_api.flow_runs.set_state(run.id, {"type": "CANCELLING", "name": "Cancelling"})
    ended = await asyncio.wait_for(run.wait(), 90)
    assert ended["state"]["type"] == "CANCELLED"
    assert (await state_of(prefect_api, run.id))[0] == "CANCELLED"


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
async def test_a_flow_whose_process_is_killed_has_crashed(
    code: UserCode, prefect_api: PrefectApi, begin: Begin, how: signal.Signals
) -> None:
    run = await begin(code, entrypoint="flows.py:waits")
    await eventually(lambda: is_in(prefect_api, run.id, "RUNNING"))
    os.kill(run.pid, how)
    ended = await asyncio.wait_for(run.wait(), 90)
    kind, message = await state_of(prefect_api, run.id)
    assert ended["state"]["type"] == kind == "CRASHED"
    assert ("killed by SIGKILL" if how == signal.SIGKILL else "termination signal") in message


PARENT = """
import asyncio, json, os, sys
from pathlib import Path
from mahavishnu_tui.engines.prefect.local_runs import LocalRun, UserCode

async def begin():
    order = json.load(sys.stdin)
    code = UserCode(sys.executable, order["root"], order["server"], home=order["home"])
    request = {"entrypoint": "flows.py:waits", "parameters": {"seconds": 2}}
    run = await LocalRun.start(code, request, runs=None, log=Path(order["log"]))
    os.write(1, run.id.encode())
    os._exit(0)

asyncio.run(begin())
"""


async def test_a_flow_goes_on_without_its_parent(
    code: UserCode, prefect_api: PrefectApi, tmp_path: Path
) -> None:
    order = {"root": code.root, "server": dict(code.server), "home": code.home, "log": str(tmp_path / "log")}
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", PARENT), stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    said, _ = await asyncio.wait_for(parent.communicate(json.dumps(order).encode()), 120)
    await eventually(lambda: is_in(prefect_api, said.decode(), "COMPLETED"))


async def test_a_scheduled_run_is_taken_by_its_id_and_only_once(
    code: UserCode, prefect_api: PrefectApi, begin: Begin, tmp_path: Path, name: str
) -> None:
    made = await prefect_api.deployments.create(
        name,
        (await prefect_api.flows.create("mapped"))["id"],
        entrypoint="flows.py:mapped",
        pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": code.root}}],
    )
    order = await prefect_api.deployments.create_run(
        made["id"], idempotency_key=name, parameters={"count": 3}
    )
    elsewhere = UserCode(code.python, str(tmp_path), code.server, home=code.home)
    run = await begin(elsewhere, flow_run_id=order["id"])
    assert run.id == order["id"]
    assert (await run.wait())["result"] == [0, 2, 4]
    with pytest.raises(AdapterError) as caught:
        await begin(elsewhere, flow_run_id=order["id"])
    assert "is Completed; only one that is scheduled or pending" in caught.value.message
    await prefect_api.deployments.delete(made["id"])


async def test_dask_runs_what_is_submitted_and_a_bypass_is_told(
    code: UserCode, prefect_api: PrefectApi, begin: Begin, tmp_path: Path
) -> None:
    options = {"n_workers": 1, "threads_per_worker": 2}
    run = await begin(code, entrypoint="flows.py:mapped", task_runner="dask-io", runner_options=options)
    assert run.findings == []
    assert (await run.wait())["result"] == [0, 2, 4, 6]
    assert "Creating a new Dask cluster" in (tmp_path / "flow.log").read_text()
    run = await begin(
        code, entrypoint="flows.py:add_up", task_runner="processes", runner_options={"n_workers": 1}
    )
    assert [each["rule"] for each in run.findings] == ["plain-calls"]
    assert "ProcessPoolTaskRunner is bypassed" in run.findings[0]["message"]
    assert (await run.wait())["state"]["type"] == "COMPLETED"

    async def told() -> bool:
        return any("is bypassed" in line["message"] for line in await prefect_api.logs.page(run.id))

    await eventually(told)


async def is_in(api: PrefectApi, run_id: str, kind: str) -> bool:
    return (await state_of(api, run_id))[0] == kind
