from typing import Any

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.server.store.acts import of_run
from mahavishnu_tui.server.transitions import acts
from tests.unit.server.conftest import Desk, finished, question, step, visit


async def refused(desk: Desk, act: Any, *args: Any) -> MahavishnuError:
    with pytest.raises(MahavishnuError) as found:
        await desk.act(act, *args)
    return found.value


async def test_a_queued_run_is_cancelled_at_once(desk: Desk) -> None:
    run = await desk.start()
    cancelled = await desk.act(acts.cancel, run.id, "ana", run.version)
    assert (cancelled.status, cancelled.note) == ("cancelled", "cancelled by ana")
    assert cancelled.ended_at is not None


async def test_a_cancel_names_what_the_run_is_now_when_it_has_changed(desk: Desk) -> None:
    run = await desk.interrupted()
    error = await refused(desk, acts.cancel, run.id, "ana", run.version - 1)
    assert error.code is ErrorCode.RUN_STATE
    assert "waiting for an answer" in error.message
    assert (await desk.run(run.id)).status == "interrupted"


async def test_progress_does_not_change_the_version(desk: Desk) -> None:
    run = await desk.running()
    await desk.tell(run, visit(1), step(1))
    assert (await desk.run(run.id)).version == run.version


async def test_a_cancelled_wait_leaves_its_questions_superseded(desk: Desk) -> None:
    run = await desk.interrupted("q1", "q2")
    await desk.act(acts.cancel, run.id, "ana", None)
    assert (await desk.approval(f"{run.id}.q1")).status == "superseded"
    assert (await desk.run(run.id)).waiting == 0


async def test_a_node_whose_question_is_withdrawn_waits_no_more(desk: Desk) -> None:
    run = await desk.running()
    asked = [visit(1, outcome="interrupted", task_id="t"), visit(2, outcome="interrupted", task_id="t")]
    await desk.tell(run, *asked, finished("interrupted", questions=[question("q")]))
    await desk.act(acts.cancel, run.id, "ana", None)
    assert await desk.outcomes(run.id) == ["interrupted", "withdrawn"]


async def test_an_ended_run_cannot_be_cancelled(desk: Desk) -> None:
    run = await desk.running()
    await desk.tell(run, finished("success"))
    assert (await refused(desk, acts.cancel, run.id, "ana", None)).code is ErrorCode.RUN_STATE


@pytest.mark.parametrize("ending", ["cancelled", "paused", "interrupted"])
async def test_a_run_at_work_is_cancelled_when_its_host_says_so(desk: Desk, ending: str) -> None:
    run = await desk.running()
    await desk.tell(run, visit(1))
    asked = await desk.act(acts.cancel, run.id, "ana", run.version)
    assert (asked.status, asked.note) == ("running", "cancelling, asked by ana")
    await desk.tell(run, finished(ending, questions=[question("q1")] if ending == "interrupted" else []))
    after = await desk.run(run.id)
    assert (after.status, after.note, after.where) == ("cancelled", "cancelled by ana", [])


async def test_a_run_that_was_faster_than_its_cancel_has_succeeded(desk: Desk) -> None:
    run = await desk.running()
    await desk.act(acts.cancel, run.id, "ana", None)
    await desk.tell(run, finished("success"))
    assert (await desk.run(run.id)).status == "success"


async def test_cancel_by_its_own_code(desk: Desk) -> None:
    run = await desk.running()
    await desk.tell(run, visit(1), finished("cancelled"))
    assert (await desk.run(run.id)).status == "cancelled"
    assert await desk.outcomes(run.id) == ["cancelled"]


async def test_pause_and_resume(desk: Desk) -> None:
    queued = await desk.start()
    assert (await desk.act(acts.pause, queued.id, "ana")).status == "paused"
    assert (await refused(desk, acts.pause, queued.id, "ana")).code is ErrorCode.RUN_STATE
    resumed = await desk.act(acts.resume, queued.id, "bob", "")
    assert (resumed.status, resumed.note) == ("queued", "resumed by bob")
    dispatch = await desk.claim(resumed)
    assert dispatch.request["mode"] == "start"
    asked = await desk.act(acts.pause, queued.id, "ana")
    assert asked.note.startswith("pausing")
    await desk.tell(dispatch.run, step(1), finished("paused"))
    paused = await desk.run(queued.id)
    assert (paused.status, paused.note) == ("paused", "paused by ana")
    await desk.act(acts.resume, queued.id, "bob", "")
    assert (await desk.claim(paused)).request["mode"] == "continue"


async def test_a_drain_that_nobody_asked_for_is_not_a_pause(desk: Desk) -> None:
    run = await desk.running()
    await desk.tell(run, finished("paused"))
    parked = await desk.run(run.id)
    assert (parked.status, parked.recoveries) == ("queued", 0)


@pytest.mark.parametrize("status", ["error", "cancelled"])
async def test_failed_and_cancelled_runs_go_on(desk: Desk, status: str) -> None:
    run = await desk.running()
    error = {"code": "MHV-426", "message": "boom", "hint": ""}
    await desk.tell(run, step(1), finished(status, error=error))
    resumed: Run = await desk.act(acts.resume, run.id, "ana", "")
    assert (resumed.status, resumed.error, resumed.ended_at) == ("queued", None, None)
    assert (await desk.claim(resumed)).request["mode"] == "continue"


async def test_what_cannot_be_resumed_says_why(desk: Desk) -> None:
    waiting = await desk.interrupted()
    assert "waiting for an answer" in (await refused(desk, acts.resume, waiting.id, "ana", "")).message
    at_work = await desk.running()
    assert (await refused(desk, acts.resume, at_work.id, "ana", "")).code is ErrorCode.RUN_STATE
    await desk.tell(at_work, finished("success"))
    assert (await refused(desk, acts.resume, at_work.id, "ana", "")).code is ErrorCode.RUN_STATE


async def test_a_fork_takes_the_run_back_and_voids_its_questions(desk: Desk) -> None:
    run = await desk.interrupted()
    forked = await desk.act(acts.resume, run.id, "ana", "c1")
    assert (forked.status, forked.waiting) == ("queued", 0)
    assert (await desk.approval(f"{run.id}.q1")).status == "superseded"
    dispatch = await desk.claim(forked)
    assert (dispatch.request["mode"], dispatch.request["checkpoint_id"]) == ("fork", "c1")
    first_intent = dispatch.request["intent"]
    await desk.tell(dispatch.run, step(4), finished("interrupted", questions=[question("q1")]))
    assert (await desk.approval(f"{run.id}.q1")).status == "pending"
    again = await desk.claim(await desk.act(acts.resume, run.id, "ana", "c1"))
    assert again.request["intent"] != first_intent


async def test_an_older_run_of_a_thread_cannot_go_on_with_the_state_of_a_newer_one(desk: Desk) -> None:
    old = await desk.running(thread_id="t")
    await desk.tell(old, finished("error", error={"code": "MHV-426", "message": "x", "hint": ""}))
    new = await desk.start(thread_id="t")
    assert (await refused(desk, acts.resume, old.id, "ana", "")).code is ErrorCode.THREAD_BUSY
    await desk.tell((await desk.claim(new)).run, finished("success"))
    error = await refused(desk, acts.resume, old.id, "ana", "")
    assert error.code is ErrorCode.RUN_STATE
    assert new.name in error.message
    assert (await desk.act(acts.resume, old.id, "ana", "c1")).status == "queued"


async def test_the_audit_says_how_a_run_was_cancelled_and_whose_turn_was_changed(desk: Desk) -> None:
    run = await desk.running()
    await desk.act(acts.set_priority, run.id, "urgent", "ana")
    await desk.act(acts.cancel, run.id, "ben", None, gently=True)
    await desk.act(acts.cancel, run.id, "ben", None)
    told = await desk.store.read(lambda conn: of_run(conn, run.id, 0, 10))
    assert [(act.what, act.by) for act in told[1:]] == [
        ("priority", "ana"),
        ("cancel", "ben"),
        ("cancel", "ben"),
    ]
    assert told[1].details == {"before": "normal", "after": "urgent"}
    assert [act.details["how"] for act in told[2:]] == ["boundary", "now"]
