"""Acts on flow runs, and what a real server makes of them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.bulk import act_on_all
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.control import RunControl
from mahavishnu_tui.engines.prefect.errors import About
from mahavishnu_tui.engines.prefect.presence import presence, process_here, usage
from mahavishnu_tui.engines.prefect.states import iso
from tests.integration.prefect.conftest import eventually
from tests.integration.prefect.faults import Answer, Cut, FaultProxy

pytestmark = pytest.mark.xdist_group("prefect")
ABOUT = About("a test")


@pytest.fixture
async def deployment(prefect_api: PrefectApi) -> AsyncIterator[dict[str, Any]]:
    flow = await prefect_api.flows.create(f"controlled-{uuid.uuid4().hex[:8]}")
    made = await prefect_api.deployments.create("d", flow["id"])
    yield made
    await prefect_api.flows.delete(flow["id"])


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    yield child
    child.kill()
    child.wait()


async def a_run(api: PrefectApi, deployment: dict[str, Any], *states: str, **more: Any) -> dict[str, Any]:
    run = await api.deployments.create_run(deployment["id"], idempotency_key=str(uuid.uuid4()), **more)
    for state in states:
        assert (await api.flow_runs.set_state(run["id"], {"type": state}, force=True)).done
    return await api.flow_runs.get(run["id"])


async def test_cancelling(prefect_api: PrefectApi, deployment: dict[str, Any]) -> None:
    control = RunControl(prefect_api)
    waiting = await a_run(prefect_api, deployment)
    assert (await control.cancel(waiting["id"], seen=waiting["state_id"])).state["type"] == "CANCELLED"
    with pytest.raises(AdapterError, match=r"MHV-101.*has changed since you looked: it is Cancelled"):
        await control.cancel(waiting["id"], seen=waiting["state_id"])
    with pytest.raises(AdapterError, match=r"MHV-101.*Prefect did not do it"):
        await control.cancel(waiting["id"])
    running = await a_run(prefect_api, deployment, "RUNNING")
    assert (await control.cancel(running["id"])).state["type"] == "CANCELLING"
    assert (await control.force_cancel(running["id"])).state["type"] == "CANCELLED"
    with pytest.raises(AdapterError, match="MHV-100"):
        await control.cancel(str(uuid.uuid4()))


async def test_a_suspended_run_is_resumed_once_its_process_is_gone(
    prefect_api: PrefectApi, deployment: dict[str, Any], process: subprocess.Popen[bytes]
) -> None:
    control, run = RunControl(prefect_api), await a_run(prefect_api, deployment, "PENDING", "RUNNING")
    here = f"{socket.gethostname()}:{process.pid}"
    await prefect_api.flow_runs.update(run["id"], infrastructure_pid=here)
    with pytest.raises(AdapterError, match="is Running and cannot be resumed"):
        await control.resume(run["id"])
    suspended = await control.suspend(run["id"], seconds=60)
    assert suspended.state["name"] == "Suspended"
    with pytest.raises(AdapterError, match=f"process {process.pid} on this host still runs") as caught:
        await control.resume(run["id"])
    assert caught.value.details["gone"] is False
    known = usage(await prefect_api.flow_runs.get(run["id"]))
    assert known is not None
    assert known.peak_memory_mb > 1
    assert known.cpu_percent >= 0

    process.kill()
    process.wait()
    assert usage(await prefect_api.flow_runs.get(run["id"])) is None
    assert (await control.resume(run["id"])).state["type"] == "SCHEDULED"


async def test_a_process_elsewhere_is_known_by_what_it_and_its_worker_tell(
    prefect_api: PrefectApi, deployment: dict[str, Any]
) -> None:
    control, run = RunControl(prefect_api), await a_run(prefect_api, deployment, "PENDING", "RUNNING")
    await prefect_api.flow_runs.update(run["id"], infrastructure_pid="elsewhere:1")
    await control.suspend(run["id"])
    with pytest.raises(AdapterError, match="neither it nor its worker tells") as caught:
        await control.resume(run["id"])
    assert caught.value.details["gone"] is None

    async def look(now: float | None = None) -> bool | None:
        return (await presence(prefect_api, await prefect_api.flow_runs.get(run["id"]), now)).gone

    async def beat(at: float) -> None:
        await tell("prefect.flow-run.heartbeat", at, f"prefect.flow-run.{run['id']}")

    async def tell(name: str, at: float, resource: str, related: str = "") -> None:
        others = [{"prefect.resource.id": related, "prefect.resource.role": "flow-run"}] if related else []
        event = {"event": name, "id": str(uuid.uuid4()), "occurred": iso(at), "related": others}
        await prefect_api._wire.write(
            "POST", "/events", ABOUT, [{**event, "resource": {"prefect.resource.id": resource}}]
        )

    await prefect_api._wire.write(
        "POST",
        "/task_runs/",
        ABOUT,
        {"flow_run_id": run["id"], "task_key": "t", "dynamic_key": "0", "state": {"type": "RUNNING"}},
    )
    found = await presence(prefect_api, await prefect_api.flow_runs.get(run["id"]))
    assert (found.gone, "still at work" in found.why) == (False, True)
    now = time.time()
    await beat(now - 40)
    await beat(now - 10)

    async def beats() -> bool:
        found = await presence(prefect_api, await prefect_api.flow_runs.get(run["id"]))
        return found.gone is False and "heartbeat" in found.why

    async def gone() -> bool:
        return await look() is True

    assert await eventually(beats)
    # A process that was killed leaves its task at work for ever.
    assert await look(now + 1000) is True
    await tell(
        "prefect.worker.executed-flow-run",
        time.time(),
        "prefect.worker.process.w",
        f"prefect.flow-run.{run['id']}",
    )
    assert await eventually(gone)
    assert (await control.resume(run["id"])).done


async def test_a_run_that_merely_pauses_needs_its_process(
    prefect_api: PrefectApi, deployment: dict[str, Any], process: subprocess.Popen[bytes]
) -> None:
    run = await a_run(prefect_api, deployment, "PENDING", "RUNNING")
    await prefect_api.flow_runs.update(run["id"], infrastructure_pid=f"{socket.gethostname()}:{process.pid}")
    await prefect_api.flow_runs.set_state(run["id"], {"type": "PAUSED", "name": "Paused"})
    assert (await RunControl(prefect_api).resume(run["id"])).state["type"] == "RUNNING"
    plain = {**run, "infrastructure_pid": str(process.pid)}
    assert process_here(plain) == 0
    mine = subprocess.Popen(
        [sys.executable, "-c", "input()"],
        stdin=subprocess.PIPE,
        env={**os.environ, "PREFECT__FLOW_RUN_ID": run["id"]},
    )

    async def seen() -> bool:  # for a moment after it was started, Linux shows no environment of it
        return process_here({**run, "infrastructure_pid": str(mine.pid)}) == mine.pid

    assert await eventually(seen)
    mine.kill()
    mine.wait()
    assert process_here({**run, "infrastructure_pid": str(mine.pid)}) == 0
    never_begun = await a_run(prefect_api, deployment)
    assert (await presence(prefect_api, never_begun)).gone is True


async def test_retry_keeps_the_id_and_run_again_does_not(
    prefect_api: PrefectApi, deployment: dict[str, Any]
) -> None:
    control = RunControl(prefect_api)
    run = await a_run(prefect_api, deployment, parameters={"n": 1}, tags=["x", "auto-scheduled"])
    with pytest.raises(AdapterError, match="cannot be retried before it has ended"):
        await control.retry(run["id"])
    assert (await control.crash(run["id"])).state["type"] == "CRASHED"
    assert (await control.retry(run["id"])).state["name"] == "AwaitingRetry"
    assert (await control.reschedule(run["id"])).state["type"] == "SCHEDULED"
    other = await control.run_again(run["id"], idempotency_key="again")
    assert other["id"] != run["id"]
    assert (other["parameters"], other["tags"]) == ({"n": 1}, ["x"])
    assert (await control.run_again(run["id"], idempotency_key="again"))["id"] == other["id"]
    assert (await control.run_again(run["id"], parameters={}))["parameters"] == {}
    await control.delete(run["id"])

    alone = await prefect_api.flow_runs.create(
        deployment["flow_id"], idempotency_key=str(uuid.uuid4()), state={"type": "FAILED"}
    )
    for act in (control.retry, control.run_again):
        with pytest.raises(AdapterError, match="has no deployment"):
            await act(alone["id"])


async def test_many_at_once(
    prefect_api: PrefectApi, deployment: dict[str, Any], fault_proxy: FaultProxy
) -> None:
    waiting = await a_run(prefect_api, deployment)
    ended = await a_run(prefect_api, deployment, "FAILED")
    running = await a_run(prefect_api, deployment, "PENDING", "RUNNING")
    missing = str(uuid.uuid4())
    ids = [waiting["id"], ended["id"], running["id"], missing, waiting["id"]]

    async def act(name: Any, api: PrefectApi = prefect_api) -> dict[str, str]:
        results = await act_on_all(api, name, ids)
        assert [result.id for result in results] == ids[:4]
        return {result.id: "" if result.ok else str((result.error or {})["code"]) for result in results}

    retried = await act("retry")
    assert retried == {
        waiting["id"]: "MHV-101",
        ended["id"]: "",
        running["id"]: "MHV-101",
        missing: "MHV-100",
    }
    suspended = await act("suspend")
    assert [suspended[run] for run in ids[:4]] == ["MHV-101", "MHV-101", "", "MHV-100"]
    resumed = await act("resume")
    assert resumed[missing] == "MHV-100"
    assert resumed[waiting["id"]] == "MHV-101"

    async with PrefectApi(PrefectConnection(fault_proxy.url, retries=0)) as shaky:
        fault_proxy.spoil(Answer(500, {}), "bulk")
        assert set((await act("cancel", shaky)).values()) == {"MHV-406"}
        fault_proxy.spoil(Cut(done=True), "bulk")
        assert set((await act("cancel", shaky)).values()) == {"MHV-400"}
    cancelled = await act("cancel")
    assert cancelled[waiting["id"]] == "MHV-101"
    for name in ("force-cancel", "crash", "reschedule", "delete"):
        assert await act(name) == {**dict.fromkeys(ids[:3], ""), missing: "MHV-100"}
    assert await act_on_all(prefect_api, "delete", []) == []
