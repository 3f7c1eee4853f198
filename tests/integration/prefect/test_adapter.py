"""The adapter as a library: flows deployed, run by a real worker, watched and steered."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.engines import PrefectAdapter
from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.deploying import DeploymentConfig, NewSchedule
from mahavishnu_tui.engines.prefect.presence import presence
from mahavishnu_tui.models import ScheduleRule
from tests.integration.prefect.conftest import eventually
from tests.integration.prefect.faults import FaultProxy
from tests.integration.prefect.serving import PrefectServer

pytestmark = pytest.mark.xdist_group("prefect")
PROJECT = Path(__file__).parent / "project"


@pytest.fixture
async def adapter(prefect_server: PrefectServer, tmp_path: Path) -> AsyncIterator[PrefectAdapter]:
    made = PrefectAdapter(
        PrefectConnection(prefect_server.url, timeout=120.0),
        root=PROJECT,
        logs=tmp_path,
        home=str(prefect_server.home),
        same_interpreter=True,
    )
    async with made as adapter:
        yield adapter


async def deployed(adapter: PrefectAdapter, flow: str, **more: Any) -> str:
    config = DeploymentConfig(f"d-{uuid.uuid4().hex[:6]}", f"adapting.py:{flow}", **more)
    made = await adapter.create_deployment(config)
    return f"{flow}/{(await adapter.get_deployment(made))['name']}"


async def known(adapter: PrefectAdapter, flow: str, pool: str, schema: dict[str, Any] | None = None) -> str:
    """A deployment that Prefect merely knows, without a child that loads its file."""
    made = await adapter.api.deployments.create(
        f"d-{uuid.uuid4().hex[:6]}",
        await adapter.register_flow(flow),
        entrypoint=f"adapting.py:{flow}",
        pull_steps=[{"prefect.deployments.steps.set_working_directory": {"directory": str(PROJECT)}}],
        work_pool_name=pool,
        parameter_openapi_schema=schema,
    )
    return f"{flow}/{made['name']}"


NUMBER = {"type": "object", "properties": {"count": {"type": "integer"}}, "required": ["count"]}


async def reaches(adapter: PrefectAdapter, run_id: str, *states: str) -> None:
    async def there() -> bool:
        return await adapter.get_flow_run_state(run_id) in states

    await eventually(there, 90)


async def test_a_flow_is_deployed_run_and_looked_at(adapter: PrefectAdapter, prefect_worker: str) -> None:
    name = await deployed(
        adapter,
        "add",
        env={"COLOUR": "blue"},
        tags=["mine"],
        kind="process",
        parameters={"count": 1},
        limit=3,
    )
    with pytest.raises(AdapterError, match=r"MHV-429 Parameter count must be a whole number") as caught:
        await adapter.trigger_flow_run(name, {"count": "many", "nonsense": 1})
    assert len(caught.value.details["problems"]) == 2

    done = await adapter.execute(
        {"deployment": name, "parameters": {"count": 3}, "name": "one"}, ["r1", "r2"]
    )
    assert (done["status"], done["flow_name"], done["repos_processed"]) == ("success", "add", 2)
    run_id = done["run_id"]
    assert (done["task_count"], done["completed_tasks"], done["failed_tasks"]) == (4, 4, 0)
    assert done["duration_seconds"] > 0

    async def said() -> bool:
        lines = await adapter.get_flow_run_logs(run_id, limit=500)
        return any("repos ['r1', 'r2'], env blue" in line.message and line.level == "INFO" for line in lines)

    await eventually(said)
    assert len(await adapter.get_flow_run_logs(run_id, limit=2, offset=1)) == 2
    states = {task.name.split("-")[0]: task.state_name for task in await adapter.get_task_run_states(run_id)}
    assert states["shaky"] == "Completed"
    metrics = await adapter.get_flow_metrics(run_id)
    assert (metrics.tasks, metrics.retries) == (4, 1)
    assert metrics.cache_hits >= 1
    assert metrics.average_task_seconds is not None
    assert metrics.peak_memory_mb is None
    assert "Prefect does not measure" in metrics.note
    picture = await adapter.visualize_flow(run_id)
    assert picture.startswith("one  Completed")
    assert "← shaky" in picture
    assert "(flow)" in picture

    [listed] = await adapter.list_flow_runs("add", "completed", deployment=name, tags=["mine"])
    assert listed.run_id == run_id
    assert await adapter.list_flow_runs("add", "Late", deployment=name) == []
    later = await adapter.trigger_flow_run(name, at=time.time() + 3600, idempotency_key="k")
    assert later.status == "scheduled"
    assert (await adapter.trigger_flow_run(name, idempotency_key="k")).run_id == later.run_id
    assert await adapter.sync_state_from_prefect(later.run_id) == "scheduled"
    again = await adapter.run_again(run_id)
    assert (again.run_id == run_id, again.parameters["count"]) == (False, 3)
    assert (await adapter.cancel_flow_run(again.run_id)).done
    assert (await adapter.retry_flow_run(again.run_id)).done
    assert all(result.ok for result in await adapter.bulk("delete", [run_id, later.run_id]))


async def cancelled_and_measured(adapter: PrefectAdapter, prefect_worker: str, folder: Path) -> None:
    held = await known(adapter, "held", prefect_worker)
    run = await adapter.trigger_flow_run(held, {"gate": str(folder / "never")})
    with pytest.raises(AdapterError, match="MHV-407"):
        await adapter.wait_for_flow_run(run.run_id, 0.1)
    await reaches(adapter, run.run_id, "RUNNING")

    async def measured() -> float | None:
        return (await adapter.get_flow_metrics(run.run_id)).peak_memory_mb

    assert await eventually(measured) > 10
    await adapter.cancel_flow_run(run.run_id)
    assert (await adapter.wait_for_flow_run(run.run_id, 90)).state == "CANCELLED"
    await adapter.delete_flow_run(run.run_id)


async def suspended_and_resumed(adapter: PrefectAdapter, prefect_worker: str, folder: Path) -> None:
    held, gate = await known(adapter, "held", prefect_worker), folder / "gate"
    run = await adapter.trigger_flow_run(held, {"gate": str(gate)})
    await reaches(adapter, run.run_id, "RUNNING")
    suspended = await adapter.pause_flow_run(run.run_id)
    assert suspended.state["name"] == "Suspended"

    async def gone() -> bool:
        return bool((await presence(adapter.api, await adapter.api.flow_runs.get(run.run_id))).gone)

    async def resumed() -> bool:
        return (await adapter.resume_flow_run(run.run_id)).done

    await eventually(gone)
    gate.touch()
    await eventually(resumed)
    assert (await adapter.wait_for_flow_run(run.run_id, 90)).state == "COMPLETED"


async def asked_and_answered(adapter: PrefectAdapter, prefect_worker: str, folder: Path) -> None:
    asked = await adapter.execute({"deployment": await known(adapter, "asks", prefect_worker), "timeout": 90})
    assert (asked["status"], asked["state"]) == ("interrupted", "PAUSED")

    async def asks() -> Any:
        found = await adapter.api.flow_runs.inputs(asked["run_id"])
        return [item for item in found if item["key"].endswith("schema")]

    await eventually(asks)
    with pytest.raises(AdapterError, match="MHV-101"):
        await adapter.resume_flow_run(asked["run_id"], {"value": 7})
    await adapter.resume_flow_run(asked["run_id"], {"value": "yes"}, seen=asked["state_id"])
    assert (await adapter.wait_for_flow_run(asked["run_id"], 90)).state == "COMPLETED"


async def test_runs_are_steered(adapter: PrefectAdapter, prefect_worker: str, tmp_path: Path) -> None:
    """Three runs at the same time, since each waits for its worker most of the time."""
    stories = (cancelled_and_measured, suspended_and_resumed, asked_and_answered)
    await asyncio.gather(*(story(adapter, prefect_worker, tmp_path) for story in stories))


async def test_flows_run_from_files_and_on_pools(
    adapter: PrefectAdapter, prefect_worker: str, tmp_path: Path
) -> None:
    good = {"entrypoint": "adapting.py", "flow": "add", "parameters": {"count": 2}}
    bad = {"entrypoint": "adapting.py:fails", "name": "bakery"}
    gate = {"gate": str(tmp_path / "never")}
    long = {"entrypoint": "adapting.py:held", "parameters": gate, "timeout": 0.1}
    first, second, third, fourth = await adapter.execute_batch([good, bad, {"deployment": "no/such"}, long])
    assert (first["status"], first["result"]) == ("success", 12)
    assert second["status"] == "error"
    assert second["error"]["code"] == "MHV-403"
    assert "bakery failed: " in second["error"]["message"]
    assert "no bread" in second["error"]["message"]
    assert third["error"]["code"] == "MHV-401"

    assert fourth["error"]["code"] == "MHV-407"
    await adapter.cancel_flow_run(fourth["error"]["run"])

    async def ended() -> bool:
        return adapter.running == 0

    await eventually(ended)
    for wrong in ({}, {"deployment": "a/b", "entrypoint": "c"}, {"deployment": "a/b", "colour": 1}):
        with pytest.raises(AdapterError, match="MHV-010"):
            await adapter.execute(wrong)

    name = await known(adapter, "add", prefect_worker, NUMBER)
    with pytest.raises(AdapterError, match="MHV-429"):
        await adapter.execute_on_pool(prefect_worker, {"deployment": name})
    idle = f"idle-{uuid.uuid4().hex[:6]}"
    await adapter.api.pools.create(idle)
    with pytest.raises(AdapterError, match=r"MHV-405.*no worker that lives"):
        await adapter.execute_on_pool(idle, {"deployment": name})
    await adapter.api.pools.update(idle, is_paused=True)
    with pytest.raises(AdapterError, match=r"MHV-405.*is paused"):
        await adapter.check_pool(idle)
    other = await known(adapter, "add", idle)
    with pytest.raises(AdapterError, match=rf"MHV-405.*{idle}"):
        await adapter.execute_on_pool(prefect_worker, {"deployment": other})
    assert {pool["name"] for pool in await adapter.list_work_pools()} >= {idle, prefect_worker}
    await adapter.api.pools.delete(idle)


async def test_deployments_are_changed_and_refused(adapter: PrefectAdapter) -> None:
    prefect_pool = f"pool-{uuid.uuid4().hex[:6]}"
    template = (await adapter.api.pools.templates())["process"]
    await adapter.api.pools.create(prefect_pool, base_job_template=template)
    every_day = NewSchedule(ScheduleRule("cron", cron="0 3 * * *"), {"count": 1}, slug="nightly")
    name = await deployed(adapter, "add", pool=prefect_pool, schedules=[every_day], tags=["only-here"])
    assert len(await adapter.list_schedules(name)) == 1
    assert (await adapter.update_deployment(name, description="new"))["description"] == "new"
    await adapter.pause_deployment(name)
    assert (await adapter.get_deployment(name))["paused"] is True
    await adapter.resume_deployment(name)
    [found] = await adapter.list_deployments("add", ["only-here"])
    assert name.endswith(found["name"])
    assert await adapter.register_flow("add") == found["flow_id"]
    assert {flow["name"] for flow in await adapter.inspect("adapting.py")} >= {"add", "asks"}
    assert [flow["name"] for flow in await adapter.inspect("adapting.py", "add")] == ["add"]
    await adapter.delete_deployment(name)
    for which in (name, "nonsense", "/x", str(uuid.uuid4())):
        with pytest.raises(AdapterError, match="MHV-401"):
            await adapter.get_deployment(which)
    for more, code in (
        ({"kind": "docker"}, "MHV-405"),
        ({"image": "x"}, "MHV-405"),
        ({"pool": "none"}, "MHV-405"),
        ({"limit": 0}, "MHV-010"),
        ({"schedules": [NewSchedule(ScheduleRule("once", at=9e9))]}, "MHV-404"),
        ({"schedules": [NewSchedule(ScheduleRule("cron", cron="0 0 30 2 *"))]}, "MHV-404"),
    ):
        with pytest.raises(AdapterError, match=code):
            await deployed(adapter, "add", **{"pool": prefect_pool, **more})
    with pytest.raises(AdapterError, match="MHV-010"):
        DeploymentConfig("a/b", "x").validate()
    await adapter.api.pools.delete(prefect_pool)


async def test_schedules(adapter: PrefectAdapter, prefect_pool: str) -> None:
    name = await known(adapter, "add", prefect_pool, NUMBER)
    nightly = ScheduleRule("cron", cron="0 2 * * *", timezone="Europe/Paris")
    with pytest.raises(AdapterError, match="MHV-429"):
        await adapter.create_schedule(name, nightly)
    made = await adapter.create_schedule(name, nightly, parameters={"count": 1}, slug="nightly")
    with pytest.raises(AdapterError, match=r"MHV-404.*nightly .* has the same rule") as caught:
        await adapter.create_schedule(name, nightly, parameters={"count": 2})
    assert len(caught.value.details["conflicts"]) == 1
    hourly = ScheduleRule("cron", cron="0 * * * *", timezone="Europe/Paris")
    preview = await adapter.preview_schedule(hourly, 3, deployment=name)
    assert (preview.exact, len(preview.dates), len(preview.conflicts)) == (True, 3, 1)
    assert (await adapter.preview_schedule(hourly, 1)).conflicts == []
    await adapter.pause_schedule(name, made)
    other = await adapter.create_schedule(name, hourly, parameters={"count": 2})
    with pytest.raises(AdapterError, match="MHV-404"):
        await adapter.change_schedule(name, made, rule=hourly)
    weekly = ScheduleRule("rrule", rrule="FREQ=WEEKLY;BYDAY=MO;BYHOUR=9;BYMINUTE=30;BYSECOND=0")
    await adapter.change_schedule(name, made, rule=weekly, parameters={"count": 5})
    await adapter.resume_schedule(name, made)
    found = {item["id"]: item for item in await adapter.list_schedules(name)}
    assert (found[made]["active"], found[made]["parameters"]) == (True, {"count": 5})
    assert "WEEKLY" in found[made]["schedule"]["rrule"]
    await adapter.delete_schedule(name, other)
    only = await adapter.set_deployment_schedule(name, ScheduleRule("interval", interval=600), {"count": 1})
    assert [item["id"] for item in await adapter.list_schedules(name)] == [only]
    await adapter.delete_deployment(name)


async def test_health_never_raises(adapter: PrefectAdapter) -> None:
    assert (adapter.adapter_type, adapter.name) == ("prefect", "Prefect")
    assert adapter.capabilities.can_deploy_flows
    health = await adapter.get_health()
    assert (health["status"], health["note"]) == ("healthy", "")
    async with PrefectAdapter(PrefectConnection("http://127.0.0.1:1/api")) as lost:
        health = await lost.get_health()
    assert (health["status"], health["error"]["code"]) == ("unhealthy", "MHV-400")


def test_nothing_is_configured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("PREFECT_API_URL", "PREFECT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PREFECT_HOME", str(tmp_path))
    with pytest.raises(AdapterError, match="MHV-411"):
        PrefectAdapter()


def test_the_adapter_imports_no_sdk_and_no_interface() -> None:
    """The library is light: httpx and websockets, nothing of Prefect's."""
    code = (
        "import sys; from mahavishnu_tui.engines import PrefectAdapter;"
        "bad = {'prefect', 'sqlalchemy', 'pydantic', 'textual', 'starlette', 'langgraph', 'jsonschema'};"
        "print(sorted(bad & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert found.stdout.strip() == "[]"


async def test_waiting_outlasts_a_server_that_is_away(
    fault_proxy: FaultProxy, prefect_api: PrefectApi
) -> None:
    async with PrefectAdapter(PrefectConnection(fault_proxy.url, retries=0)) as adapter:
        # Written with the usual retries: a busy SQLite answers 503 now and then.
        flow = await prefect_api.flows.create("waited-for")
        run = await prefect_api.flow_runs.create(flow["id"], idempotency_key=str(uuid.uuid4()))
        waiting = asyncio.create_task(adapter.wait_for_flow_run(run["id"]))
        before = len(fault_proxy.requests)

        async def looked() -> bool:
            return len(fault_proxy.requests) > before + 1

        await eventually(looked)
        await fault_proxy.down()
        before = len(fault_proxy.requests)
        await fault_proxy.up()
        await eventually(looked)
        await prefect_api.flow_runs.set_state(run["id"], {"type": "COMPLETED"}, force=True)
        assert (await waiting).state == "COMPLETED"

        waiting = asyncio.create_task(adapter.wait_for_flow_run(str(uuid.uuid4())))
        with pytest.raises(AdapterError, match="MHV-100"):
            await waiting
        await prefect_api.flow_runs.delete(run["id"])
