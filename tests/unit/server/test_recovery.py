from pathlib import Path

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.server.store import ledger
from mahavishnu_tui.server.store.tx import Tx
from mahavishnu_tui.server.transitions import acts, questions
from mahavishnu_tui.server.transitions.recovery import (
    HostDeath,
    fail,
    host_died,
    keep_time,
    park_all,
    recover_all,
    unclaim,
)
from tests.unit.server.conftest import Desk, finished, opened, step, visit


def death(
    run: Run, reason: str = "engine host died (signal 9)", blame: bool = True, limit: int = 3
) -> HostDeath:
    return HostDeath("host", {run.id: run.lease}, reason, blame, limit)


async def test_a_restart_takes_up_what_was_at_work_and_keeps_the_rest(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    async with opened(path) as desk:
        at_work = await desk.running()
        await desk.tell(at_work, visit(1, outcome="success"), visit(2))
        waiting = await desk.interrupted()
        queued = await desk.start()
        answered = await desk.interrupted()
        await desk.act(questions.answer, f"{answered.id}.q1", seen="h1-q1", value=1, by="ana", comment="")
        epoch = desk.store.epoch
    async with opened(path) as desk:
        assert desk.store.epoch == epoch
        assert [run.id for run in await desk.act(recover_all)] == [at_work.id]
        recovered = await desk.run(at_work.id)
        assert (recovered.status, recovered.recoveries, recovered.where) == ("queued", 1, [])
        assert "server restarted" in recovered.note
        assert await desk.outcomes(at_work.id) == ["success", "lost"]
        assert (await desk.run(waiting.id)).status == "interrupted"
        assert (await desk.approval(f"{waiting.id}.q1")).status == "pending"
        assert (await desk.run(queued.id)).recoveries == 0
        again = await desk.claim(await desk.run(answered.id))
        assert [item["value"] for item in again.request["answers"]] == [1]
        taken_up = await desk.claim(recovered)
        # No checkpoint of it was seen: the order to start is repeated, under the same intent.
        assert (taken_up.request["mode"], taken_up.request["lease"], taken_up.request["next_visit"]) == (
            "start",
            2,
            3,
        )


async def test_notices_of_an_older_lease_are_ignored(desk: Desk) -> None:
    first = await desk.running()
    await desk.act(host_died, death(first))
    second = (await desk.claim(first)).run
    ended = await desk.tell(first, visit(1), finished("success", values={"stale": True}))
    assert ended == []
    assert (await desk.run(first.id)).status == "running"
    assert await desk.outcomes(first.id) == []
    assert [run.status for run in await desk.tell(second, finished("success"))] == ["success"]
    assert await desk.tell(second, finished("error")) == []


async def test_the_death_of_a_host_takes_up_only_the_dispatches_it_had(desk: Desk) -> None:
    run = await desk.running()
    other = await desk.running()
    (taken,) = await desk.act(host_died, death(run))
    assert (taken.id, taken.status, taken.recoveries) == (run.id, "queued", 1)
    assert taken.note == "engine host died (signal 9); going on from the last checkpoint"
    assert (await desk.run(other.id)).status == "running"
    second = (await desk.claim(taken)).run
    assert await desk.act(host_died, death(run)) == []
    assert (await desk.run(second.id)).status == "running"


async def test_a_run_that_keeps_killing_its_host_is_given_up_and_its_node_named(desk: Desk) -> None:
    run = await desk.running()
    for attempt in range(1, 4):
        await desk.tell(run, visit(attempt, node="crash", namespace="outer"))
        (run,) = await desk.act(host_died, death(run))
        if attempt < 3:
            assert run.status == "queued"
            run = (await desk.claim(run)).run
    assert run.status == "error"
    assert run.error is not None
    assert run.error["code"] == ErrorCode.HOST_DIED.value
    assert "outer/crash" in run.error["message"]
    assert (await desk.act(acts.resume, run.id, "ana", "")).status == "queued"


async def test_a_node_that_dies_before_its_host_can_say_so_is_named_too(desk: Desk) -> None:
    run = await desk.running()
    await desk.tell(run, {**step(1), "next": ["crash"]})
    for _ in range(3):
        (run,) = await desk.act(host_died, death(run))
        run = (await desk.claim(run)).run if run.status == "queued" else run
    assert run.error is not None
    assert "crash" in run.error["message"]


async def test_a_new_checkpoint_forgives_earlier_deaths(desk: Desk) -> None:
    run = await desk.running()
    for number in range(5):
        await desk.tell(run, step(number))
        (run,) = await desk.act(host_died, death(run))
        assert run.status == "queued"
        run = (await desk.claim(run)).run
    assert (await desk.row(run.id)).work.deaths == 1


async def test_the_checkpoint_that_a_continue_begins_with_is_no_progress(desk: Desk) -> None:
    run = await desk.running()
    for _ in range(3):
        await desk.tell(run, step(1), visit(1))
        (run,) = await desk.act(host_died, death(run))
        if run.status == "queued":
            run = (await desk.claim(run)).run
    assert run.status == "error"


async def test_deaths_that_we_caused_count_for_nobody(desk: Desk) -> None:
    run = await desk.running()
    for _ in range(4):
        (run,) = await desk.act(host_died, death(run, blame=False))
        run = (await desk.claim(run)).run
    assert (await desk.row(run.id)).work.deaths == 0


async def test_a_death_ends_what_was_being_cancelled_and_rests_what_was_being_paused(desk: Desk) -> None:
    run = await desk.running()
    await desk.tell(run, visit(1))
    await desk.act(acts.cancel, run.id, "ana", None)
    (ended,) = await desk.act(host_died, death(run))
    assert (ended.status, ended.note) == ("cancelled", "cancelled by ana")
    pausing = await desk.running()
    await desk.act(acts.pause, pausing.id, "ana")
    (rested,) = await desk.act(recover_all)
    assert rested.status == "paused"


async def test_a_task_that_begins_again_was_not_done_before(desk: Desk) -> None:
    run = await desk.running()
    await desk.tell(run, visit(1, outcome="success", task_id="a"), visit(2, outcome="success", task_id="b"))
    await desk.act(host_died, death(run))
    again = (await desk.claim(run)).run
    await desk.tell(again, visit(3, task_id="b"))
    # Its host died between the end of the node and the commit of what it wrote.
    assert await desk.outcomes(run.id) == ["success", "lost", "running"]


async def test_a_clean_stop_parks_runs_without_calling_it_a_recovery(desk: Desk) -> None:
    run = await desk.running()
    await desk.tell(run, visit(1))
    (parked,) = await desk.act(park_all)
    assert (parked.id, parked.status, parked.recoveries) == (run.id, "queued", 0)


async def test_a_run_is_taken_back_only_from_the_dispatch_that_had_it(desk: Desk) -> None:
    run = await desk.running()
    assert await desk.act(unclaim, run.id, run.lease, "trying another", 1000)
    assert not await desk.act(unclaim, run.id, run.lease, "again")
    assert (await desk.claim(run)).run.lease == run.lease + 1001


async def test_fail_ends_a_run_only_as_it_was_seen(desk: Desk) -> None:
    error = MahavishnuError(ErrorCode.ENGINE_MISSING, "no langgraph")
    run = await desk.start()
    assert await desk.act(fail, run.id, error, 1) is None
    failed = await desk.act(fail, run.id, error)
    assert (failed.status, failed.error["message"]) == ("error", "no langgraph")
    assert await desk.act(fail, run.id, error) is None
    at_work = await desk.running()
    assert (await desk.act(fail, at_work.id, error, at_work.lease)).status == "error"


async def test_an_answer_survives_the_death_of_everything_until_it_is_applied(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    async with opened(path) as desk:
        run = await desk.interrupted()
        await desk.act(questions.answer, f"{run.id}.q1", seen="h1-q1", value="yes", by="ana", comment="")
    for _ in range(3):
        async with opened(path) as desk:
            await desk.act(recover_all)
            dispatch = await desk.claim(run)
            assert [item["value"] for item in dispatch.request["answers"]] == ["yes"]
    async with opened(path) as desk:
        await desk.act(recover_all)
        dispatch = await desk.claim(run)
        await desk.tell(dispatch.run, {"ev": "answers", "applied": ["q1"]})
        assert await desk.store.read(lambda conn: ledger.open_of(conn, run.id)) == []


async def test_a_checkpoint_that_is_told_of_late_forgives_no_later_death(desk: Desk) -> None:
    run = await desk.running()
    (run,) = await desk.act(host_died, death(run))
    run = (await desk.claim(run)).run
    # Stored by the first dispatch, whose host died before it could say so.
    await desk.tell(run, {**step(1), "stored_by": 1})
    (run,) = await desk.act(host_died, death(run))
    run = (await desk.claim(run)).run
    (run,) = await desk.act(host_died, death(run))
    assert run.status == "error"


async def test_a_checkpoint_of_a_later_dispatch_forgives_what_came_before_it(desk: Desk) -> None:
    run = await desk.running()
    for _ in range(2):
        (run,) = await desk.act(host_died, death(run))
        run = (await desk.claim(run)).run
    assert (await desk.row(run.id)).work.died == [1, 2]
    await desk.tell(run, {**step(1), "stored_by": 2})
    assert (await desk.row(run.id)).work.died == [2]
    await desk.tell(run, step(2))
    assert (await desk.row(run.id)).work.died == []


async def test_a_clock_that_is_set_takes_no_time_from_a_run(desk: Desk) -> None:
    run = await desk.running()

    async def worked(jump: float) -> float:
        def at(tx: Tx) -> None:
            tx.now += jump
            keep_time(tx)

        await desk.store.write(at)
        return (await desk.row(run.id)).work.worked

    await worked(0)
    assert await worked(-86400) < 1
    assert await worked(86400) <= 61
    assert await worked(86400 + 5) <= 67
