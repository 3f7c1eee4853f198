"""Deployments, schedules and pools, changed through our server on a real Prefect server."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from mahavishnu_tui.engines.prefect.api import Select
from mahavishnu_tui.models import Deployment, ErrorCode, MahavishnuError, ScheduleRule
from tests.integration.prefect.mirrored import Desk
from tests.integration.prefect.test_mirror import desk as desk
from tests.integration.prefect.test_mirror import short as short
from tests.integration.server.conftest import eventually

pytestmark = pytest.mark.xdist_group("prefect")

FLOW = """
from prefect import flow

@flow
def greet(name: str, times: int = 1) -> str:
    print("hello", name)
    return name * times
"""
PARAMETERS = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "times": {"type": "integer", "default": 1}},
    "required": ["name"],
}


async def deployed(desk: Desk, **more: object) -> Deployment:
    made = await desk.deployment(
        parameter_openapi_schema=PARAMETERS, enforce_parameter_schema=True, parameters={"name": "x"}, **more
    )
    # Nobody has told our server of it yet: it hears of it, or finds it at its next look.
    return await eventually(lambda: _known(desk, str(made["id"])))


async def _known(desk: Desk, deployment_id: str) -> Deployment | None:
    return next((item for item in await desk.client.deployments() if item.id == deployment_id), None)


async def test_a_flow_is_deployed_and_run_from_its_file(desk: Desk, tmp_path: Path) -> None:
    path = tmp_path / "greetings.py"
    path.write_text(FLOW)
    pool = f"pool-{desk.mark}"
    async with desk.server():
        await desk.ready()
        await desk.client.create_pool(pool, "process", "ana", limit=2)
        made = await desk.client.create_deployment(
            f"{path}:greet", f"d-{desk.mark}", "ana", interpreter=sys.executable, pool=pool, tags=["t"]
        )
        assert (made.title, made.pool, made.tags) == (f"greet/d-{desk.mark}", pool, ["t"])
        assert (await desk.client.deployment(made.title)).id == made.id
        with pytest.raises(MahavishnuError) as missing:
            await desk.client.run_deployment(made.id, "ana", request_id=f"a-{desk.mark}")
        assert missing.value.code is ErrorCode.INPUT_INVALID
        run = await desk.client.run_deployment(
            made.id, "ana", request_id=f"b-{desk.mark}", parameters={"name": "eve"}, at=time.time() + 3600
        )
        assert (run.status, run.deployment, run.pool) == ("scheduled", made.name, pool)
        assert [item.rule for item in await desk.client.schedules() if item.deployment_id == made.id] == [
            "once"
        ]
        direct = await desk.client.run_flow(
            f"{path}:greet", "ana", request_id=f"c-{desk.mark}", interpreter=sys.executable,
            parameters={"name": "eve"},
        )  # fmt: skip
        same = await desk.client.run_flow(
            f"{path}:greet", "ana", request_id=f"c-{desk.mark}", interpreter=sys.executable
        )
        assert same.id == direct.id
        assert (await desk.until(direct.id, "success", timeout=60)).created_by != "x"
        again = await desk.client.again(direct.id, "ana", request_id=f"d-{desk.mark}")
        assert again.id != direct.id
        detail = await desk.client.run(again.id)
        assert detail.input == {"name": "eve", "times": 1}
        await desk.until(again.id, "success", timeout=60)
        with pytest.raises(MahavishnuError) as broken:
            await desk.client.create_deployment(
                f"{path}:nothing", "x", "ana", interpreter=sys.executable, pool=pool
            )
        assert "nothing" in broken.value.message


async def test_a_deployment_is_changed_as_it_was_seen(desk: Desk) -> None:
    async with desk.server():
        await desk.ready()
        found = await deployed(desk)
        paused = await desk.client.change_deployment(found, "ana", paused=True, tags=["a"], limit=3)
        assert (paused.paused, paused.tags, paused.limit) == (True, ["a"], 3)
        with pytest.raises(MahavishnuError) as stale:
            await desk.client.change_deployment(found, "ben", paused=False)
        assert stale.value.code is ErrorCode.RUN_STATE
        free = await desk.client.change_deployment(paused, "ana", limit=0, paused=False)
        assert (free.limit, free.paused, free.parameters) == (0, False, {"name": "x"})
        await desk.client.delete_deployment(free, "ana")
        assert await _known(desk, found.id) is None


async def test_schedules_are_checked_made_changed_and_their_parameters_stay(desk: Desk) -> None:
    async with desk.server():
        await desk.ready()
        found = await deployed(desk)
        rule = ScheduleRule("cron", cron="0 2 * * *", timezone="Europe/Paris")
        with pytest.raises(MahavishnuError) as wrong:
            await desk.client.create_schedule(rule.replace(cron="0 2 31 2 *"), "ana", deployment_id=found.id)
        assert wrong.value.code is ErrorCode.PREFECT_SCHEDULE_INVALID
        with pytest.raises(MahavishnuError) as unfit:
            await desk.client.create_schedule(
                rule, "ana", deployment_id=found.id, parameters={"times": "many"}
            )
        assert unfit.value.code is ErrorCode.INPUT_INVALID
        made = await desk.client.create_schedule(
            rule, "ana", deployment_id=found.id, parameters={"times": 2}, slug=f"night-{desk.mark}"
        )
        assert (made.rule, made.parameters, len(made.coming) >= 1) == ("0 2 * * *", {"times": 2}, True)
        preview = await desk.client.preview_schedule(rule, count=2, deployment_id=found.id)
        assert preview.dates[0] == made.next_at
        assert preview.conflicts
        with pytest.raises(MahavishnuError) as twice:
            await desk.client.create_schedule(rule, "ana", deployment_id=found.id)
        assert twice.value.details["conflicts"]
        paused = await desk.client.change_schedule(made, "ana", active=False)
        assert (paused.active, paused.parameters) == (False, {"times": 2})

        async def nothing_comes() -> bool:  # Prefect's scheduler may just have been at it
            mine = [item for item in await desk.client.schedules() if item.deployment_id == found.id]
            return not any(item.coming for item in mine)

        await eventually(nothing_comes, 60.0)
        with pytest.raises(MahavishnuError):
            await desk.client.change_schedule(made, "ben", active=True)
        run = await desk.client.run_schedule(made.id, "ana", f"now-{desk.mark}")
        assert run.deployment_id == found.id
        await desk.client.delete_schedule(paused, "ana")
        left = [item for item in await desk.client.schedules() if item.deployment_id == found.id]
        assert [item for item in left if item.schedule_id] == []


async def test_a_late_backlog_is_skipped_by_its_number(desk: Desk) -> None:
    async with desk.server():
        await desk.ready()
        found = await deployed(desk)
        rule = ScheduleRule("interval", interval=86400.0)
        made = await desk.client.create_schedule(rule, "ana", deployment_id=found.id)
        other = await desk.client.create_schedule(
            rule.replace(interval=3 * 86400.0), "ana", deployment_id=found.id, force=True, slug="other"
        )
        with pytest.raises(MahavishnuError, match="has a schedule 'other' already"):
            await desk.client.create_schedule(
                rule.replace(interval=3600.0), "ana", deployment_id=found.id, force=True, slug="other"
            )
        by_hand = await desk.api.deployments.create_run(
            found.id, idempotency_key=desk.mark, state={"type": "SCHEDULED"}
        )
        await desk.move(str(by_hand["id"]), "SCHEDULED", "Late")
        coming = Select(
            flow_runs={"deployment_id": {"any_": [found.id]}, "state": {"type": {"any_": ["SCHEDULED"]}}}
        )
        its = [
            run["id"]
            for run in await desk.api.flow_runs.filter(coming)
            if run["created_by"] and run["created_by"]["id"] == made.schedule_id
        ]
        for run_id in its[:3]:
            await desk.move(str(run_id), "SCHEDULED", "Late")

        async def all_late() -> bool:
            late = {item.id: item.late for item in await desk.client.schedules()}
            return (late[made.id], late[other.id]) == (3, 0)

        await eventually(all_late, 60.0)
        await desk.until(str(by_hand["id"]), "queued")
        with pytest.raises(MahavishnuError, match="3 runs are late"):
            await desk.client.skip_backlog(made.id, "ana", 2)
        results = await desk.client.skip_backlog(made.id, "ana", 3)
        assert [item.ok for item in results] == [True] * 3
        assert not any(item.late for item in await desk.client.schedules() if item.id == made.id)
        assert (await desk.until(str(by_hand["id"]), "queued")).state == "Late"


async def test_pools_are_made_changed_and_chosen(desk: Desk) -> None:
    async with desk.server():
        await desk.ready()
        names = [f"a-{desk.mark}", f"b-{desk.mark}"]
        for name in names:
            made = await desk.client.create_pool(name, "process", "ana", limit=4)
            assert (made.slots, made.status) == (4, "unhealthy")
        assert (await desk.client.create_pool(names[0], "process", "ana")).name == names[0]
        with pytest.raises(MahavishnuError) as unknown:
            await desk.client.create_pool("x", "balloon", "ana")
        assert unknown.value.code is ErrorCode.PREFECT_WORK_POOL
        paused = await desk.client.change_pool(names[0], "ana", seen=made.seen, paused=True)
        assert paused.paused
        queue = await desk.client.change_pool(
            names[0], "ana", seen=paused.seen, queue="default", limit=1, paused=False
        )
        assert (queue.queues[0].slots, queue.paused) == (1, True)
        found = await deployed(desk, pool=names[1])
        choice = await desk.client.choose_pool(found.id, "least-loaded")
        healthy = {pool.name for pool in await desk.client.pools() if pool.status != "unhealthy"}
        # The server is shared: another test may have a worker there.
        assert choice.pool == names[1] or choice.pool in healthy
        assert choice.reason.startswith(choice.pool)
