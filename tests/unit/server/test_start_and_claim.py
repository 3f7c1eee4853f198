import asyncio
import functools
import time

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server.store.queue import next_queued
from mahavishnu_tui.server.transitions import acts
from mahavishnu_tui.server.transitions.claim import claim
from tests.unit.server.conftest import Desk, finished


async def test_a_run_starts_in_the_queue_with_a_name_and_a_thread(desk: Desk) -> None:
    run = await desk.start(tags=["night"])
    assert (run.status, run.lease, run.tags, run.created_by) == ("queued", 0, ["night"], "ana")
    assert run.name.count("-") == 1
    assert run.thread_id


async def test_the_same_request_twice_is_the_same_run(desk: Desk) -> None:
    first = await desk.start(request_id="r1")
    again = await desk.start(request_id="r1", given={"other": True})
    assert again == first
    assert (await desk.start(request_id="r2")).id != first.id


async def test_a_thread_takes_one_run_at_a_time(desk: Desk) -> None:
    first = await desk.start(thread_id="t")
    with pytest.raises(MahavishnuError) as refused:
        await desk.start(thread_id="t")
    assert refused.value.code is ErrorCode.THREAD_BUSY
    assert first.name in refused.value.message
    claimed = (await desk.claim(first)).run
    await desk.tell(claimed, finished("success"))
    second = await desk.start(thread_id="t")
    assert (await desk.claim(second)).run.lease == 2


async def test_a_run_queued_behind_another_waits_until_the_thread_is_free(desk: Desk) -> None:
    first = await desk.start(thread_id="t")
    behind = await desk.start(thread_id="t", behind=True)
    other = await desk.start(thread_id="u")

    async def turns() -> set[str]:
        found = await desk.store.read(functools.partial(next_queued, limit=9, now=time.time()))
        return {turn.row.run.id for turn in found}

    assert await turns() == {first.id, other.id}
    claimed = (await desk.claim(first)).run
    assert await turns() == {other.id}
    paused = await desk.act(acts.pause, claimed.id, "ana")
    await desk.tell(paused, finished("paused"))
    assert await turns() == {other.id}
    # The one that holds the thread may go on, whatever waits behind it.
    await desk.act(acts.resume, first.id, "ana", "")
    assert await turns() == {first.id, other.id}
    claimed = (await desk.claim(first)).run
    await desk.tell(claimed, finished("success"))
    assert await turns() == {behind.id, other.id}


async def test_many_starts_at_once_on_one_thread_let_one_in(desk: Desk) -> None:
    await desk.register()
    results = await asyncio.gather(*(desk.start(thread_id="t") for _ in range(8)), return_exceptions=True)
    assert sum(not isinstance(result, Exception) for result in results) == 1


async def test_an_unknown_workflow_is_refused(desk: Desk) -> None:
    with pytest.raises(MahavishnuError) as refused:
        await desk.start(workflow_id="nope")
    assert refused.value.code is ErrorCode.WORKFLOW_UNKNOWN


async def test_a_claim_raises_the_lease_before_anything_is_sent(desk: Desk) -> None:
    run = await desk.start(given={"x": 1}, config={"recursion_limit": 7})
    dispatch = await desk.claim(run)
    stored = await desk.run(run.id)
    assert (stored.status, stored.lease, stored.host_id) == ("running", 1, "host")
    request = dispatch.request
    assert (request["lease"], request["mode"], request["next_visit"], request["answers"]) == (
        1,
        "start",
        1,
        [],
    )
    assert request["input"].data == '{"x":1}'
    assert request["config"]["recursion_limit"] == 7
    assert await desk.store.write(functools.partial(claim, run_id=run.id, host_id="other")) is None


async def test_the_queue_is_first_come_first_served_and_one_run_per_thread(desk: Desk) -> None:
    first, second = await desk.start(thread_id="a"), await desk.start(thread_id="b")
    third = await desk.start()
    queue = await desk.store.read(lambda conn: next_queued(conn, 10, 1e9))
    assert [turn.row.run.id for turn in queue] == [first.id, second.id, third.id]
    assert queue[0].project["root"] == "/proj"
    await desk.claim(first)
    await desk.act(acts.cancel, second.id, "ana", None)
    queue = await desk.store.read(lambda conn: next_queued(conn, 1, 1e9))
    assert [turn.row.run.id for turn in queue] == [third.id]
