"""What networks, keys, crashes and other people do to the mirror of a real Prefect server."""

from __future__ import annotations

import functools

import pytest

from mahavishnu_tui.client.api import ServerClient
from mahavishnu_tui.models import ErrorCode, MahavishnuError, PrefectInfo
from mahavishnu_tui.models.pool import UNREAD
from mahavishnu_tui.server.store import Store, flow_acts
from tests.integration.prefect.faults import Answer, Cut, FaultProxy
from tests.integration.prefect.mirrored import Desk
from tests.integration.prefect.test_mirror import desk as desk
from tests.integration.prefect.test_mirror import short as short
from tests.integration.server.conftest import eventually

pytestmark = pytest.mark.xdist_group("prefect")


async def info_when(
    desk: Desk, state: str, *, live: bool | None = None, seconds: float = 40.0
) -> PrefectInfo:
    async def reached() -> PrefectInfo | None:
        info = await desk.client.prefect()
        return info if info.state == state and live in (None, info.live) else None

    found: PrefectInfo = await eventually(reached, 40.0)
    return found


async def test_it_comes_back_with_other_data(desk: Desk, fault_proxy: FaultProxy) -> None:
    desk.url = fault_proxy.url
    running, done = await desk.make("RUNNING"), await desk.make("COMPLETED")
    async with desk.server():
        await info_when(desk, "ready", live=True)
        await desk.until(running, "running")
        await desk.until(done, "success")
        await fault_proxy.down()
        await info_when(desk, "lost")
        await desk.api.flow_runs.delete(running)
        await desk.api.flow_runs.delete(done)
        other = await desk.make("FAILED")
        await fault_proxy.up()
        await info_when(desk, "ready", live=True)
        await desk.until(other, "error")

        async def gone() -> bool:
            known = {run.id for run in await desk.client.runs(engine="prefect", limit=1000)}
            return not known & {running, done}

        await eventually(gone)


async def test_a_key_that_is_refused_is_told_and_tried_again(desk: Desk, fault_proxy: FaultProxy) -> None:
    desk.url = fault_proxy.url
    async with desk.server(events=False):
        await info_when(desk, "ready")
        fault_proxy.spoil(Answer(401, {"detail": "Unauthorized"}), times=10_000)
        lost = await info_when(desk, "lost")
        assert lost.error is not None
        assert lost.error["code"] == ErrorCode.PREFECT_AUTH.value
        fault_proxy.heal()
        await info_when(desk, "ready")


async def test_what_is_no_prefect_is_told_in_a_sentence(desk: Desk, fault_proxy: FaultProxy) -> None:
    desk.url = fault_proxy.url
    fault_proxy.spoil(Answer(200, "<html>hello</html>"), times=10_000)
    async with desk.server(events=False):
        lost = await info_when(desk, "lost")
        assert "is a web page, not JSON" in lost.trouble
        assert not (await desk.client.server()).note, "its own record tells of it, and of its end at once"
        # Nothing was ever read: that is no empty list, nor is what somebody names unknown.
        asked = (desk.client.deployments, desk.client.schedules, desk.client.limits, desk.client.choose_pool)
        for ask in asked:
            with pytest.raises(MahavishnuError, match="is a web page, not JSON"):
                await ask()
        ours, unread = await desk.client.pools()
        assert (ours.engine, unread.kind, unread.status) == ("langgraph", UNREAD, "unhealthy")
        assert "are not known: " in unread.note
        await desk.deployment("mine")
        fault_proxy.heal()
        # Whoever asks has it tried again at once.
        assert f"etl-{desk.mark}/mine" in {item.title for item in await desk.client.deployments()}
        assert UNREAD not in {pool.kind for pool in await desk.client.pools()}


async def test_an_act_whose_answer_was_lost_is_looked_up_and_not_repeated(
    desk: Desk, fault_proxy: FaultProxy
) -> None:
    desk.url = fault_proxy.url
    run_id, other = await desk.make("RUNNING"), await desk.make("RUNNING")
    async with desk.server(events=False):
        await info_when(desk, "ready")
        run = await desk.until(run_id, "running")
        fault_proxy.spoil(Cut(done=True), "/set_state")
        assert (await desk.client.cancel(run_id, "ana", version=run.version)).state == "Cancelling"
        posted = [path for method, path in fault_proxy.requests if path.endswith("/set_state")]
        assert len(posted) == 1
        (act,) = await desk.client.acts(run_id)
        assert (act.what, act.details["found"]) == ("cancel", "Cancelling")
        run = await desk.until(other, "running")
        fault_proxy.spoil(Cut(), "/set_state")
        with pytest.raises(MahavishnuError) as lost:
            await desk.client.cancel(other, "ana", version=run.version)
        assert lost.value.code is ErrorCode.PREFECT_CONNECTION
        (act,) = await desk.client.acts(other)
        assert "nothing was done" in act.details["refused"]
        assert (await desk.until(other, "running")).state == "Running"


async def test_an_act_that_a_crash_left_behind_is_settled_at_the_next_start(desk: Desk) -> None:
    done, undone = await desk.make("RUNNING"), await desk.make("RUNNING")
    seen = {run_id: str((await desk.api.flow_runs.get(run_id))["state_id"]) for run_id in (done, undone)}
    async with desk.server():
        await info_when(desk, "ready")
    # As a server leaves it that dies after the intent, with Prefect asked or not.
    store = await Store.open(desk.place.data / "engine.db", lambda lines: None)
    for run_id in (done, undone):
        begin = functools.partial(
            flow_acts.begin, run_id=run_id, what="cancel", by="ana", state_id=seen[run_id]
        )
        await store.write(begin)
    await store.close()
    await desk.move(done, "CANCELLED")
    async with desk.server():
        await info_when(desk, "ready")
        (act,) = await desk.client.acts(done)
        assert (act.what, act.by, act.details["found"]) == ("cancel", "ana", "Cancelled")
        (act,) = await desk.client.acts(undone)
        assert "not repeated" in act.details["refused"]
        assert (await desk.until(undone, "running")).state == "Running"


async def test_a_run_that_is_deleted_while_it_is_shown(desk: Desk) -> None:
    run_id = await desk.make("COMPLETED")
    async with desk.server():
        await info_when(desk, "ready")
        await desk.until(run_id, "success")
        await desk.api.flow_runs.delete(run_id)
        with pytest.raises(MahavishnuError) as unknown:
            await desk.client.run(run_id)
        assert unknown.value.code is ErrorCode.RUN_UNKNOWN
        assert run_id not in {run.id for run in await desk.client.runs(engine="prefect", limit=1000)}


async def test_a_network_that_swallows_everything_is_told_and_got_over(
    desk: Desk, fault_proxy: FaultProxy
) -> None:
    desk.url = fault_proxy.url
    run_id = await desk.make("RUNNING")
    async with desk.server(timeout_seconds=3.0, max_retries=0):
        await info_when(desk, "ready", live=True)
        await desk.until(run_id, "running")
        fault_proxy.freeze()
        async with ServerClient(str(desk.place.data / "s"), timeout=1.0) as hasty:
            # It is Prefect that is slow, and said to be: our own server answers.
            with pytest.raises(MahavishnuError) as slow:
                await hasty.create_pool(f"pool-{desk.mark}", "process", "ana")
        assert slow.value.code is ErrorCode.PREFECT_TIMEOUT
        # Nor is it the operator's code that takes long.
        with pytest.raises(MahavishnuError) as waits:
            await desk.client.create_deployment("/nowhere/flows.py:flow", "x", "ana")
        assert waits.value.code is ErrorCode.PREFECT_TIMEOUT
        await desk.move(run_id, "COMPLETED")
        # It is looked at by and by; whoever asks gets an answer all the same.
        assert (await info_when(desk, "lost")).seen_at
        assert (await desk.client.run(run_id)).run.status == "running"
        fault_proxy.heal()
        await info_when(desk, "ready")
        await desk.until(run_id, "success")
