"""A Prefect that is slow: little is waited for one after the other, and it is called slow, not away."""

from __future__ import annotations

import pytest

from tests.integration.prefect.faults import FaultProxy
from tests.integration.prefect.mirrored import Desk
from tests.integration.prefect.test_mirror import desk as desk
from tests.integration.prefect.test_mirror import short as short
from tests.integration.server.conftest import eventually

pytestmark = pytest.mark.xdist_group("prefect")

SECONDS = 1.2
"""For each answer, counted from the last question: whatever goes out together gets there long before."""


async def test_runs_are_there_after_three_answers_and_acts_take_few(
    desk: Desk, fault_proxy: FaultProxy
) -> None:
    desk.url = fault_proxy.url
    deployed = await desk.deployment("slow")
    rule = {"schedule": {"cron": "0 2 * * *", "timezone": "UTC"}, "active": True, "parameters": {"n": 1}}
    await desk.api.schedules.create(deployed["id"], [rule])
    pool = f"slow-{desk.mark}"
    await desk.api.pools.create(pool)
    at_work, failed = await desk.make("RUNNING"), await desk.make("FAILED", deployment_id=deployed["id"])
    fault_proxy.slow(SECONDS)
    async with desk.server(events=False, poll_seconds=600.0, sync_interval=600.0):
        await desk.until(at_work, "running")
        run = await desk.until(failed, "error")
        assert fault_proxy.rounds <= 4
        assert (run.workflow, run.deployment) == (f"etl-{desk.mark}", "slow")
        await eventually(lambda: _is_slow(desk), 60.0)
        await eventually(lambda: _nothing_is_asked(fault_proxy), 60.0)

        (schedule,) = [item for item in await desk.client.schedules() if item.deployment_id == deployed["id"]]
        fault_proxy.count_anew()
        paused = await desk.client.change_schedule(schedule, "ana", active=False)
        assert (fault_proxy.rounds <= 4, paused.active, paused.parameters) == (True, False, {"n": 1})
        fault_proxy.count_anew()
        resumed = await desk.client.change_schedule(paused, "ana", active=True)
        assert (fault_proxy.rounds <= 4, resumed.active, bool(resumed.coming)) == (True, True, True)

        (found,) = [item for item in await desk.client.deployments() if item.id == deployed["id"]]
        fault_proxy.count_anew()
        assert (await desk.client.change_deployment(found, "ana", paused=True)).paused
        assert fault_proxy.rounds <= 4
        (there,) = [item for item in await desk.client.pools() if item.name == pool]
        fault_proxy.count_anew()
        assert (await desk.client.change_pool(there.name, "ana", seen=there.seen, paused=True)).paused
        assert fault_proxy.rounds <= 4
        fault_proxy.count_anew()
        assert (await desk.client.run(failed)).run.id == failed
        assert fault_proxy.rounds <= 2


async def _is_slow(desk: Desk) -> bool:
    info = await desk.client.prefect()
    assert (info.trouble, info.error) == ("", None)
    return info.state == "ready" and info.slow >= 1.0


async def _nothing_is_asked(proxy: FaultProxy) -> bool:
    return proxy.idle
