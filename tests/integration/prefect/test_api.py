"""Every group of calls, against a real server."""

from __future__ import annotations

import json
import time
import uuid
from typing import Any

import pytest

from mahavishnu_tui.engines.prefect.api import PrefectApi, Select
from mahavishnu_tui.engines.prefect.api.system import version_note
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.engines.prefect.states import keyset as keyset_of
from mahavishnu_tui.models import ErrorCode
from tests.integration.prefect.conftest import eventually
from tests.integration.prefect.serving import PrefectServer

pytestmark = pytest.mark.xdist_group("prefect")


def fresh(stem: str) -> str:
    return f"{stem}-{uuid.uuid4().hex[:8]}"


async def new_run(api: PrefectApi, flow_id: str, state: str = "PENDING", **more: Any) -> dict[str, Any]:
    return await api.flow_runs.create(
        flow_id, idempotency_key=str(uuid.uuid4()), state={"type": state}, **more
    )


def of_flow(flow_id: str) -> Select:
    return Select(flows={"id": {"any_": [flow_id]}})


async def test_the_server_says_what_it_is(prefect_api: PrefectApi) -> None:
    assert await prefect_api.system.health() is True
    version = await prefect_api.system.version()
    assert version.startswith("3.")
    assert version_note(version) == ""
    assert await prefect_api.system.csrf_protected() is False


async def test_flows(prefect_api: PrefectApi) -> None:
    name = fresh("flow with ünicode?#..")
    flow = await prefect_api.flows.create(name, tags=["a"])
    assert (await prefect_api.flows.create(name))["id"] == flow["id"]
    assert (await prefect_api.flows.get(flow["id"]))["name"] == name
    assert (await prefect_api.flows.get_by_name(name))["id"] == flow["id"]
    assert [f["id"] for f in await prefect_api.flows.filter(of_flow(flow["id"]))] == [flow["id"]]
    assert [f["id"] async for f in prefect_api.flows.all(of_flow(flow["id"]))] == [flow["id"]]
    assert await prefect_api.flows.count(of_flow(flow["id"])) == 1
    await prefect_api.flows.delete(flow["id"])
    with pytest.raises(PrefectError) as caught:
        await prefect_api.flows.get(flow["id"])
    assert caught.value.code is ErrorCode.PREFECT_FLOW_NOT_FOUND
    assert caught.value.kind == "missing"


async def test_flow_runs_live_and_die(prefect_api: PrefectApi) -> None:
    runs = prefect_api.flow_runs
    flow = await prefect_api.flows.create(fresh("lives"))
    key = str(uuid.uuid4())
    run = await runs.create(flow["id"], idempotency_key=key, name="one", parameters={"n": 2**62}, tags=["t"])
    assert (await runs.create(flow["id"], idempotency_key=key))["id"] == run["id"]
    assert (await runs.get(run["id"]))["parameters"] == {"n": 2**62}

    with pytest.raises(PrefectError, match="64-bit"):  # Prefect would take it, and never list it again
        await runs.create(flow["id"], idempotency_key="large", parameters={"n": 2**70})

    again = await runs.set_state(run["id"], {"type": "PENDING"})
    assert (again.done, again.status) == (False, "ABORT")
    assert (await runs.set_state(run["id"], {"type": "RUNNING"})).done
    await runs.update(run["id"], name="two", tags=["t", "u"])
    assert (await runs.get(run["id"]))["name"] == "two"
    assert (await runs.set_state(run["id"], {"type": "COMPLETED"})).done
    too_late = await runs.set_state(run["id"], {"type": "CANCELLING"})
    assert (too_late.done, too_late.status) == (False, "ABORT")
    assert "terminal" in too_late.reason
    assert [s["type"] for s in await runs.states(run["id"])][-3:] == ["PENDING", "RUNNING", "COMPLETED"]

    assert await runs.count(of_flow(flow["id"])) == 1
    page = await runs.paginate(of_flow(flow["id"]), limit=1)
    assert (page.count, page.pages, page.items[0]["id"]) == (1, 1, run["id"])
    history = await runs.history(time.time() - 3600, time.time() + 60, 4, of_flow(flow["id"]))
    assert sum(state["count_runs"] for bucket in history for state in bucket["states"]) == 1
    assert (await runs.graph(run["id"]))["nodes"] == []
    assert (await runs.graph(run["id"], since=time.time()))["nodes"] == []

    await runs.delete(run["id"])
    with pytest.raises(PrefectError, match="MHV-100"):
        await runs.get(run["id"])
    with pytest.raises(PrefectError) as caught:
        await runs.set_state(run["id"], {"type": "CANCELLING"})
    assert caught.value.kind == "missing"


async def test_cancelling_what_has_not_begun_is_a_success(prefect_api: PrefectApi) -> None:
    flow = await prefect_api.flows.create(fresh("cancels"))
    run = await new_run(prefect_api, flow["id"], "SCHEDULED")
    found = await prefect_api.flow_runs.set_state(run["id"], {"type": "CANCELLING"})
    assert found.status == "REJECT"
    assert found.done
    assert found.state["type"] == "CANCELLED"


async def test_a_paused_run_is_asked_and_answered(prefect_api: PrefectApi) -> None:
    runs = prefect_api.flow_runs
    flow = await prefect_api.flows.create(fresh("asks"))
    run = await new_run(prefect_api, flow["id"], "RUNNING")
    assert await runs.input(run["id"], "paused-1-schema") is None
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    await runs.create_input(run["id"], "paused-1-schema", json.dumps(schema))
    keyset = {name: f"paused-1-{name}" for name in ("schema", "description", "response")}
    details = {"run_input_keyset": keyset, "pause_key": "1"}
    paused = await runs.set_state(run["id"], {"type": "PAUSED", "state_details": details})
    assert paused.done
    assert keyset_of(paused.state) == keyset
    assert await runs.input(run["id"], "paused-1-schema") == schema
    assert [item["key"] for item in await runs.inputs(run["id"], "paused-")] == ["paused-1-schema"]

    wrong = await runs.resume(run["id"], {"ok": "perhaps"})
    assert (wrong.done, wrong.status) == (False, "REJECT")
    assert "ok" in wrong.reason
    assert (await runs.resume(run["id"], {"ok": True})).done
    twice = await runs.resume(run["id"], {"ok": True})
    assert (twice.done, twice.status) == (False, "ABORT")


async def test_bulk_gives_a_result_for_each_run(prefect_api: PrefectApi) -> None:
    runs = prefect_api.flow_runs
    flow = await prefect_api.flows.create(fresh("bulk"))
    ids = [(await new_run(prefect_api, flow["id"], "SCHEDULED"))["id"] for _ in range(51)]
    await runs.set_state(ids[0], {"type": "COMPLETED"}, force=True)

    results = await runs.bulk_set_state([*ids, str(uuid.uuid4())], {"type": "CANCELLING"})
    assert set(results) == set(ids)
    assert not results[ids[0]].done
    assert all(results[run_id].done for run_id in ids[1:])

    assert await runs.bulk_delete([]) == set()
    assert await runs.count(of_flow(flow["id"])) == 51
    assert {run["id"] async for run in runs.all(of_flow(flow["id"]), sort="ID_DESC")} == set(ids)
    assert await runs.bulk_delete(ids) == set(ids)
    assert await runs.count(of_flow(flow["id"])) == 0


async def test_deployments_and_their_runs(prefect_api: PrefectApi) -> None:
    deployments = prefect_api.deployments
    flow = await prefect_api.flows.create(fresh("deploys"))
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    about = {"parameter_openapi_schema": schema, "enforce_parameter_schema": True, "tags": ["x"]}
    made = await deployments.create("nightly", flow["id"], **about)
    assert (await deployments.get(made["id"]))["name"] == "nightly"
    assert (await deployments.get_by_name(flow["name"], "nightly"))["id"] == made["id"]
    assert [d["id"] for d in await deployments.filter(of_flow(flow["id"]))] == [made["id"]]
    assert [d["id"] async for d in deployments.all(of_flow(flow["id"]))] == [made["id"]]
    assert (await deployments.paginate(of_flow(flow["id"]))).count == 1
    assert await deployments.count(of_flow(flow["id"])) == 1
    assert await deployments.versions(made["id"]) == []

    await deployments.update(made["id"], description="at night", paused=True)
    found = await deployments.get(made["id"])
    assert (found["description"], found["paused"], found["tags"]) == ("at night", True, ["x"])
    await deployments.resume(made["id"])
    await deployments.pause(made["id"])
    await deployments.resume(made["id"])
    assert (await deployments.get(made["id"]))["paused"] is False
    with pytest.raises(ValueError, match="schedules"):
        await deployments.update(made["id"], schedules=[])

    run = await deployments.create_run(made["id"], idempotency_key="k", parameters={"n": 1}, tags=["y"])
    assert (await deployments.create_run(made["id"], idempotency_key="k", parameters={"n": 2}))["id"] == run[
        "id"
    ]
    assert [r["id"] for r in await deployments.scheduled_runs([made["id"]])] == [run["id"]]
    with pytest.raises(PrefectError) as caught:
        await deployments.create_run(made["id"], idempotency_key="k2", parameters={"n": "one"})
    assert caught.value.code is ErrorCode.INPUT_INVALID
    assert "one" in caught.value.message
    await deployments.delete(made["id"])
    with pytest.raises(PrefectError, match="MHV-401"):
        await deployments.get_by_name(flow["name"], "nightly")


async def test_a_changed_schedule_keeps_its_parameters(prefect_api: PrefectApi) -> None:
    flow = await prefect_api.flows.create(fresh("scheduled"))
    deployment = await prefect_api.deployments.create("d", flow["id"])
    rule = {
        "schedule": {"cron": "0 3 * * *", "timezone": "Europe/Paris"},
        "parameters": {"n": 1},
        "slug": "n",
    }
    [made] = await prefect_api.schedules.create(deployment["id"], [rule])
    await prefect_api.schedules.change(deployment["id"], made["id"], active=False)
    [found] = await prefect_api.schedules.of(deployment["id"])
    assert (found["active"], found["parameters"], found["slug"]) == (False, {"n": 1}, "n")
    await prefect_api.schedules.change(deployment["id"], made["id"], schedule={"interval": 60}, parameters={})
    [found] = await prefect_api.schedules.of(deployment["id"])
    assert (found["schedule"]["interval"], found["parameters"]) == (60.0, {})
    await prefect_api.schedules.change(deployment["id"], made["id"], active=True)
    await prefect_api.deployments.schedule_now(deployment["id"])

    async def runs() -> Any:
        return await prefect_api.deployments.scheduled_runs([deployment["id"]])

    assert all(run["auto_scheduled"] for run in await eventually(runs))
    with pytest.raises(PrefectError, match="MHV-404"):
        await prefect_api.schedules.create(deployment["id"], [{"schedule": {"cron": "every night"}}])
    await prefect_api.schedules.delete(deployment["id"], made["id"])
    with pytest.raises(PrefectError, match="MHV-404"):
        await prefect_api.schedules.get(deployment["id"], made["id"])
    await prefect_api.deployments.delete(deployment["id"])


async def test_pools_queues_and_workers(prefect_api: PrefectApi) -> None:
    pools, name = prefect_api.pools, fresh("pool")
    templates = await pools.templates()
    assert {"process", "docker", "kubernetes"} <= set(templates)
    await pools.create(name, "process", base_job_template=templates["process"], concurrency_limit=2)
    with pytest.raises(PrefectError, match="MHV-405"):
        await pools.create(name)
    await pools.update(name, is_paused=True, description="mine")
    found = await pools.get(name)
    assert (found["is_paused"], found["type"], found["concurrency_limit"]) == (True, "process", 2)
    assert [pool["name"] for pool in await pools.filter(names=[name])] == [name]
    assert await pools.workers(name) == []
    assert await pools.concurrency(name)
    assert await pools.scheduled_runs(name) == []
    await pools.create_queue(name, "urgent", priority=1)
    await pools.update_queue(name, "urgent", is_paused=True)
    queues = [queue for queue in await pools.queues() if queue["work_pool_name"] == name]
    assert {queue["name"] for queue in queues} == {"default", "urgent"}
    assert "healthy" in await pools.queue_status(queues[0]["id"])
    with pytest.raises(PrefectError, match="MHV-405"):
        await pools.delete_worker(name, "nobody")
    await pools.delete(name)
    with pytest.raises(PrefectError, match="MHV-405"):
        await pools.get(name)


async def test_what_is_read_beside(prefect_api: PrefectApi) -> None:
    limits, name = prefect_api.limits, fresh("limit")
    await limits.create_global(name, 3)
    await limits.update_global(name, limit=4, active_slots=0)
    assert [limit["limit"] for limit in await limits.global_limits() if limit["name"] == name] == [4]
    await limits.delete_global(name)
    assert isinstance(await limits.tag_limits(), list)
    assert isinstance(await prefect_api.variables.filter(), list)
    with pytest.raises(PrefectError, match="MHV-406"):
        await prefect_api.variables.get("nothing")
    assert isinstance(await prefect_api.artifacts.filter(), list)
    with pytest.raises(PrefectError, match="MHV-406"):
        await prefect_api.artifacts.get(str(uuid.uuid4()))

    made = await prefect_api.automations.crash_zombies()
    assert (await prefect_api.automations.crash_zombies())["id"] == made["id"]
    await prefect_api.automations.enable(made["id"], False)
    await prefect_api.automations.delete(made["id"])
    assert made["id"] not in [a["id"] for a in await prefect_api.automations.filter()]


async def test_logs_tasks_and_events(prefect_api: PrefectApi) -> None:
    flow = await prefect_api.flows.create(fresh("speaks"))
    run = await new_run(prefect_api, flow["id"], "RUNNING")
    line = {"name": "n", "level": 20, "message": "\x1b[31mred", "flow_run_id": run["id"]}
    moments = ("2026-01-01T00:00:01Z", "2026-01-01T00:00:02Z")
    await prefect_api.logs.write([{**line, "timestamp": moment} for moment in moments])
    lines = await prefect_api.logs.page(run["id"])
    assert [found["message"] for found in lines] == ["\x1b[31mred"] * 2
    assert await prefect_api.logs.page(run["id"], level=30) == []
    assert len(await prefect_api.logs.page(run["id"], since=1767225602.0)) == 1
    assert len(await prefect_api.logs.page(run["id"], before=1767225601.0, limit=1)) == 1
    assert await prefect_api.logs.page(task_run_id=str(uuid.uuid4())) == []
    with pytest.raises(ValueError, match="whose"):
        await prefect_api.logs.page()
    assert [task async for task in prefect_api.task_runs.of(run["id"])] == []
    only = Select(flow_runs={"id": {"any_": [run["id"]]}})
    assert await prefect_api.task_runs.count(only) == 0
    assert await prefect_api.task_runs.filter(only) == []
    with pytest.raises(PrefectError, match="MHV-100"):
        await prefect_api.task_runs.get(str(uuid.uuid4()))
    assert await prefect_api.task_runs.states(str(uuid.uuid4())) == []

    async def events() -> Any:
        return await prefect_api.events.filter(
            time.time() - 600,
            time.time() + 60,
            prefixes=["prefect.flow-run."],
            resource=[f"prefect.flow-run.{run['id']}"],
        )

    assert {event["event"] for event in await eventually(events)} <= {
        "prefect.flow-run.Pending",
        "prefect.flow-run.Running",
    }


async def test_bad_filters_never_give_everything(prefect_api: PrefectApi) -> None:
    with pytest.raises(ValueError, match="work_pools"):
        await prefect_api.task_runs.filter(Select(work_pools={"name": {"any_": ["x"]}}))
    with pytest.raises(PrefectError) as caught:
        await prefect_api.flow_runs.filter(Select(flow_runs={"sttate": {}}))
    assert caught.value.kind == "invalid"
    assert "sttate" in caught.value.message
    with pytest.raises(PrefectError, match="limit"):
        await prefect_api.flow_runs.filter(limit=1000)


async def test_ids_from_outside_do_not_climb(prefect_api: PrefectApi) -> None:
    for hostile in ("../admin/version", "..", "a/b?c=d#e", "\x00"):
        with pytest.raises(PrefectError):
            await prefect_api.flow_runs.get(hostile)


async def test_a_wrong_address_says_so(prefect_server: PrefectServer) -> None:
    async with PrefectApi(PrefectConnection(f"{prefect_server.root}/other/api")) as api:
        with pytest.raises(PrefectError) as caught:
            await api.flow_runs.count()
        assert caught.value.kind in ("not_offered", "odd", "missing")
    async with PrefectApi(PrefectConnection("http://127.0.0.1:1/api")) as api:
        with pytest.raises(PrefectError, match="MHV-400") as caught:
            await api.system.health()
        assert caught.value.kind == "unreachable"
        assert not caught.value.uncertain
