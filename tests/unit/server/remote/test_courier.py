from __future__ import annotations

import contextlib

import pytest

from mahavishnu_tui.models import Approval, ErrorCode, LedgerEntry, MahavishnuError, Run
from mahavishnu_tui.server.remote import orders
from mahavishnu_tui.server.remote.courier import Courier
from mahavishnu_tui.server.remote.taking import take_end, take_loss
from mahavishnu_tui.server.store import approvals, ledger, queue, runs
from mahavishnu_tui.server.transitions.questions import answer
from tests.unit.server.remote.conftest import Mirrored, There, error
from tests.unit.server.remote.world import I1, I2, asks, run, state, task


async def pending(mirrored: Mirrored, run: Run) -> list[Approval]:
    found = await mirrored.desk.store.read(lambda conn: approvals.of_run(conn, run.id))
    return [item for item in found if item.status == "pending"]


async def say(mirrored: Mirrored, approval: Approval, value: object) -> LedgerEntry:
    entry: LedgerEntry = await mirrored.desk.act(
        answer, approval.id, seen=approval.hash, value=value, by="ana", comment=""
    )
    return entry


async def entry_of(mirrored: Mirrored, seq: int) -> LedgerEntry:
    found = await mirrored.desk.store.read(lambda conn: ledger.get(conn, seq))
    assert found is not None
    return found


async def test_an_order_to_start_goes_out_once_though_its_reply_is_lost(
    mirrored: Mirrored, there: There
) -> None:
    run = await mirrored.launch(config={"recursion_limit": 7})
    there.lose_reply = True
    with pytest.raises(MahavishnuError):
        await mirrored.courier.deliver()
    # Another server of ours takes over: it finds the order there.
    mirrored.courier = Courier(mirrored.desk.store, there)  # type: ignore[arg-type]
    assert await mirrored.courier.deliver() == {run.thread_id}
    assert await mirrored.courier.deliver() == set()
    (order,) = there.sent
    assert order["input"] == {"n": 1}
    assert order["config"] == {"recursion_limit": 7}
    assert order["assistant_id"] == "A"
    (taken,) = await mirrored.take(run.thread_id, status="busy")
    assert (taken.id, taken.status) == (run.id, "running")


async def test_a_mark_of_ours_on_another_thread_is_nothing_to_us(mirrored: Mirrored, there: There) -> None:
    mine = await mirrored.launch()
    await mirrored.courier.deliver()
    there.runs_of["T"] = [run("x", given={}, metadata={"mahavishnu_intent": f"{mine.id}/1"})]
    (found,) = await mirrored.take("T")
    assert found.id == "dev.x"


async def test_an_order_that_is_refused_ends_its_run(mirrored: Mirrored, there: There) -> None:
    run = await mirrored.launch()
    there.refuse = error(422)
    await mirrored.courier.deliver()
    run = await mirrored.desk.run(run.id)
    assert run.status == "error"
    assert run.error is not None
    assert run.error["code"] == ErrorCode.REMOTE_REFUSED.value
    there.refuse = None
    await mirrored.desk.act(orders.order_resume, run.id, "ana", "")
    await mirrored.courier.deliver()
    assert len(there.sent) == 1


async def test_an_order_meets_a_busy_thread(mirrored: Mirrored, there: There) -> None:
    run = await mirrored.launch()
    there.refuse = error(409)
    await mirrored.courier.deliver()
    found = (await mirrored.desk.run(run.id)).error
    assert found is not None
    assert found["code"] == ErrorCode.THREAD_BUSY.value


@pytest.mark.parametrize("status", [0, 401, 429, 503])
async def test_what_may_pass_is_tried_again(mirrored: Mirrored, there: There, status: int) -> None:
    run = await mirrored.launch()
    there.refuse = error(status)
    # One run that its server fails at does not stop the others.
    with contextlib.nullcontext() if status == 503 else pytest.raises(MahavishnuError):
        await mirrored.courier.deliver()
    assert (await mirrored.desk.run(run.id)).status == "queued"


async def test_an_answer_meets_a_thread_that_somebody_else_set_to_work(
    mirrored: Mirrored, there: There
) -> None:
    run_ = await mirrored.asking(task("a", interrupts=asks(I1)))
    (approval,) = await pending(mirrored, run_)
    entry = await say(mirrored, approval, "yes")
    there.refuse = error(409)
    assert await mirrored.courier.deliver() == set()
    assert not (await entry_of(mirrored, entry.seq)).not_applied


async def test_a_run_that_was_not_sent_is_cancelled_here(mirrored: Mirrored, there: There) -> None:
    run = await mirrored.launch()
    run = await mirrored.desk.act(orders.order_cancel, run.id, "ana", run.version)
    assert run.status == "cancelled"
    await mirrored.courier.deliver()
    assert there.sent == []


async def test_a_run_is_cancelled_there(mirrored: Mirrored, there: There) -> None:
    run = await mirrored.launch()
    await mirrored.courier.deliver()
    await mirrored.take(run.thread_id, status="busy")
    run = await mirrored.desk.act(orders.order_cancel, run.id, "ana", None)
    await mirrored.courier.deliver()
    assert there.cancelled == ["made1"]
    await mirrored.end("made1", "interrupted")
    (run,) = await mirrored.take(run.thread_id)
    assert (run.status, run.note) == ("cancelled", "cancelled by ana")


async def test_an_answer_goes_out_once_though_its_reply_is_lost(mirrored: Mirrored, there: There) -> None:
    run = await mirrored.asking(task("a", interrupts=asks(I1)))
    assert (run.id, run.status, run.where, run.waiting) == ("dev.theirs", "interrupted", ["a"], 1)
    (approval,) = await pending(mirrored, run)
    entry = await say(mirrored, approval, {"ok": True})
    there.lose_reply = True
    with pytest.raises(MahavishnuError):
        await mirrored.courier.deliver()
    mirrored.courier = Courier(mirrored.desk.store, there)  # type: ignore[arg-type]
    await mirrored.courier.deliver()
    await mirrored.end("made1")
    await mirrored.courier.deliver()
    (order,) = there.sent
    assert order["command"] == {"resume": {I1: {"ok": True}}}
    assert order["multitask_strategy"] == "reject"
    assert "strict_resume" not in order
    after = state(2, by="made1")
    await mirrored.take("T", after, history=[after, state(1, task("a", result=True), by="theirs")])
    found = await entry_of(mirrored, entry.seq)
    assert found.applied_at
    assert found.checkpoint_after == "c2"
    assert (await mirrored.desk.run(run.id)).status == "success"


async def test_an_answer_to_a_question_that_changed_is_void_and_asked_again(
    mirrored: Mirrored, there: There
) -> None:
    run = await mirrored.asking(task("a", interrupts=asks(I1)))
    (approval,) = await pending(mirrored, run)
    entry = await say(mirrored, approval, "yes")
    changed = state(1, task("a", interrupts=asks(I1, "Ship the other one?")), by="theirs")
    there.states["T"] = changed
    await mirrored.courier.deliver()
    assert there.sent == []
    assert "changed" in (await entry_of(mirrored, entry.seq)).not_applied
    await mirrored.take("T", changed, "interrupted")
    (approval,) = await pending(mirrored, run)
    assert approval.value == "Ship the other one?"


async def test_an_answer_that_is_refused_is_void(mirrored: Mirrored, there: There) -> None:
    mirrored.courier.strict_resume = True
    run = await mirrored.asking(task("a", interrupts=asks(I1)))
    (approval,) = await pending(mirrored, run)
    entry = await say(mirrored, approval, "yes")
    there.refuse = error(422)
    await mirrored.courier.deliver()
    assert (await entry_of(mirrored, entry.seq)).not_applied == "It says 422."
    run = await mirrored.desk.run(run.id)
    assert run.status == "interrupted"
    assert run.note.startswith("an answer was not used")
    there.refuse = None
    (approval,) = await pending(mirrored, run)
    await say(mirrored, approval, "yes")
    await mirrored.courier.deliver()
    assert there.sent[0]["strict_resume"] is True


async def test_answers_wait_while_the_thread_is_at_work(mirrored: Mirrored, there: There) -> None:
    run_ = await mirrored.asking(task("l", interrupts=asks(I1)), task("r", interrupts=asks(I2)))
    first, second = await pending(mirrored, run_)
    await say(mirrored, first, 1)
    await mirrored.courier.deliver()
    await mirrored.take("T", status="busy")
    await say(mirrored, second, 2)
    await mirrored.courier.deliver()
    assert len(there.sent) == 1
    await mirrored.end("made1")
    half = state(1, task("l", interrupts=asks(I1), result=True), task("r", interrupts=asks(I2)), by="theirs")
    await mirrored.take("T", half, "interrupted")
    await mirrored.courier.deliver()
    assert there.sent[1]["command"] == {"resume": {I2: 2}}


async def test_a_question_asked_again_gives_its_answer_back(mirrored: Mirrored, there: There) -> None:
    run_ = await mirrored.asking(task("a", interrupts=asks(I1)))
    (approval,) = await pending(mirrored, run_)
    entry = await say(mirrored, approval, "yes")
    await mirrored.courier.deliver()
    await mirrored.end("made1")
    await mirrored.take("T", state(1, task("a", interrupts=asks(I1)), by="theirs"), "interrupted")
    assert "again" in (await entry_of(mirrored, entry.seq)).not_applied
    assert len(await pending(mirrored, run_)) == 1


async def test_a_breakpoint_is_passed_without_an_answer(mirrored: Mirrored, there: There) -> None:
    run_ = await mirrored.asking(task("ship"))
    (approval,) = await pending(mirrored, run_)
    assert approval.kind == "breakpoint"
    await say(mirrored, approval, True)
    await mirrored.courier.deliver()
    assert "command" not in there.sent[0]


async def test_somebody_else_answered(mirrored: Mirrored, there: There) -> None:
    run_ = await mirrored.asking(task("a", interrupts=asks(I1)))
    there.runs_of["T"].append(run("more", 5, "running", resume={I1: "theirs"}))
    await mirrored.take("T", status="busy")
    assert await pending(mirrored, run_) == []
    with pytest.raises(MahavishnuError) as late:
        await say(
            mirrored, (await mirrored.desk.store.read(lambda c: approvals.of_run(c, run_.id)))[0], "ours"
        )
    assert late.value.code is ErrorCode.QUESTION_CHANGED


async def test_a_thread_that_is_gone_takes_its_runs_and_answers_with_it(
    mirrored: Mirrored, there: There
) -> None:
    run_ = await mirrored.asking(task("a", interrupts=asks(I1)))
    (approval,) = await pending(mirrored, run_)
    entry = await say(mirrored, approval, "yes")
    del there.runs_of["T"]
    await mirrored.courier.deliver()
    assert (await mirrored.desk.run(run_.id)).status == "cancelled"
    assert (await entry_of(mirrored, entry.seq)).not_applied == "its thread is no longer there"
    assert await mirrored.desk.act(take_end, run_.id, "again") is None


async def test_new_input_leaves_the_old_question_behind(mirrored: Mirrored, there: There) -> None:
    old = await mirrored.asking(task("a", interrupts=asks(I1)))
    there.runs_of["T"].append(run("next", 5, given={"n": 2}))
    await mirrored.take("T", state(3, by="next"))
    assert (await mirrored.desk.run(old.id)).status == "success"
    assert await pending(mirrored, old) == []
    assert (await mirrored.desk.run("dev.next")).status == "success"


async def test_what_is_old_says_so_once_and_no_longer(mirrored: Mirrored) -> None:
    run_ = await mirrored.asking(task("a", interrupts=asks(I1)))
    await mirrored.desk.act(take_loss, "dev", "STALE: first")
    await mirrored.desk.act(take_loss, "dev", "STALE: second")
    assert (await mirrored.desk.run(run_.id)).note == "STALE: first"
    await mirrored.desk.act(take_loss, "dev", "")
    assert (await mirrored.desk.run(run_.id)).note == ""


async def test_a_look_that_finds_nothing_new_writes_nothing(mirrored: Mirrored) -> None:
    run_ = await mirrored.asking(task("a", interrupts=asks(I1)))
    before = await mirrored.desk.last_seq()
    await mirrored.take("T", state(1, task("a", interrupts=asks(I1)), by="theirs"), "interrupted")
    assert await mirrored.desk.last_seq() == before
    assert (await mirrored.desk.run(run_.id)).version == run_.version


async def test_our_own_queue_leaves_them_alone(mirrored: Mirrored) -> None:
    await mirrored.launch()
    assert await mirrored.desk.store.read(lambda conn: queue.next_queued(conn, 10, 1e12)) == []
    assert await mirrored.desk.store.read(runs.counts) == {}
