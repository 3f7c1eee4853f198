"""Deadlines: one outcome each, in one transaction, whatever races them and whoever dies."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.models import DeadlineRule, DeadlineRules, ErrorCode, LedgerEntry, MahavishnuError, Run
from mahavishnu_tui.models.deadline import HUMAN_INPUT
from mahavishnu_tui.server.store import Store, acts, approvals, ledger
from mahavishnu_tui.server.store.tx import Tx
from mahavishnu_tui.server.transitions import acts as operator
from mahavishnu_tui.server.transitions import questions
from mahavishnu_tui.server.transitions.deadlines import pass_time
from mahavishnu_tui.server.transitions.notices import apply_bundle
from tests.unit.server.conftest import ROOT, Desk, finished, opened, question


def ask(on_timeout: str = "fail", seconds: float = 60, default: Any = None) -> dict[str, Any]:
    return {
        "type": HUMAN_INPUT,
        "prompt": "Ship?",
        "timeout_seconds": seconds,
        "on_timeout": on_timeout,
        "default": default,
    }


async def waiting(desk: Desk, *values: Any, rules: DeadlineRules | None = None) -> Run:
    run = await desk.running()
    asked = [question(f"q{number}", value) for number, value in enumerate(values, 1)]
    notice = {"run_id": run.id, "lease": run.lease, **finished("interrupted", questions=asked)}
    await desk.store.write(lambda tx: apply_bundle(tx, ROOT, [notice], rules or DeadlineRules()))
    return await desk.run(run.id)


async def later(desk: Desk, seconds: float = 61) -> list[str]:
    def at(tx: Tx) -> list[str]:
        tx.now += seconds
        return pass_time(tx)

    return await desk.store.write(at)


async def answer(desk: Desk, run: Run, by: str = "ana", value: Any = True) -> LedgerEntry:
    return await desk.act(questions.answer, f"{run.id}.q1", seen="h1-q1", value=value, by=by, comment="")


async def deeds(desk: Desk, run: Run) -> list[tuple[str, str]]:
    found = await desk.store.read(lambda conn: acts.of_run(conn, run.id, 0, 100))
    return [(act.what, act.by) for act in found]


async def test_the_deadline_is_stored_with_the_question(desk: Desk) -> None:
    run = await waiting(desk, ask(seconds=60))
    approval = await desk.approval(f"{run.id}.q1")
    assert approval.deadline == pytest.approx(approval.asked_at + 60)
    assert await desk.store.read(approvals.next_due) == approval.deadline


async def test_before_it_nothing_happens(desk: Desk) -> None:
    run = await waiting(desk, ask(seconds=60), "no deadline")
    assert await later(desk, 59) == []
    assert (await desk.run(run.id)).status == "interrupted"


async def test_fail_ends_the_run_with_an_error_that_says_who_did_not_answer(desk: Desk) -> None:
    run = await waiting(desk, ask("fail"), "another")
    (told,) = await later(desk)
    ended = await desk.run(run.id)
    assert (ended.status, ended.waiting, ended.where) == ("error", 0, ["approve"])
    assert ended.error is not None
    assert ended.error["code"] == "MHV-115" in told
    assert (
        ended.error["message"] == "TimeoutError: nobody answered the question of approve within 60 seconds."
    )
    for key in ("q1", "q2"):
        assert (await desk.approval(f"{run.id}.{key}")).status == "superseded"
    assert await later(desk, 1000) == []
    assert (await deeds(desk, run))[-1] == ("expire", "deadline")


async def test_a_run_that_failed_so_asks_again_after_a_resume_with_its_whole_time(desk: Desk) -> None:
    run = await waiting(desk, ask("fail"))
    await later(desk)
    await desk.act(operator.resume, run.id, "ana", "")
    dispatch = await desk.claim(await desk.run(run.id))
    assert dispatch.request["answers"] == []
    await desk.tell(dispatch.run, finished("interrupted", questions=[question("q1", ask("fail"))]))
    again = await desk.approval(f"{run.id}.q1")
    assert (again.status, (await desk.run(run.id)).waiting) == ("pending", 1)
    assert again.deadline == pytest.approx(again.asked_at + 60)


async def test_default_is_an_answer_in_the_ledger_by_nobody(desk: Desk) -> None:
    run = await waiting(desk, ask("default", default={"ship": False}))
    await later(desk)
    assert (await desk.run(run.id)).status == "queued"
    entry = await desk.store.read(lambda conn: ledger.get(conn, 1))
    assert entry is not None
    assert (entry.by, entry.answer, entry.comment) == (
        "deadline",
        {"ship": False},
        "Nobody answered within 60 seconds.",
    )
    dispatch = await desk.claim(await desk.run(run.id))
    assert [item["value"] for item in dispatch.request["answers"]] == [{"ship": False}]
    assert await later(desk, 1000) == []


async def test_escalate_marks_the_question_and_doubles_its_time(desk: Desk) -> None:
    run = await waiting(desk, ask("escalate"))
    first = await desk.approval(f"{run.id}.q1")
    await later(desk)
    second = await desk.approval(f"{run.id}.q1")
    assert (second.status, second.escalated, second.timeout) == ("pending", 1, 120)
    assert second.deadline is not None
    assert first.deadline is not None
    assert second.deadline == pytest.approx(first.deadline + 121, abs=1)
    await later(desk, 130)
    assert (await desk.approval(f"{run.id}.q1")).escalated == 1
    await later(desk, 300)
    assert (await desk.approval(f"{run.id}.q1")).escalated == 2
    assert (await answer(desk, run)).by == "ana"
    assert await later(desk, 10_000) == []


async def test_the_workflows_rule_holds_for_questions_that_say_nothing(desk: Desk) -> None:
    rules = DeadlineRules(DeadlineRule(10), {"flow": DeadlineRule(5, "default", "no")})
    run = await waiting(desk, "Ship?", rules=rules)
    await later(desk, 6)
    entry = await desk.store.read(lambda conn: ledger.get(conn, 1))
    assert entry is not None
    assert (entry.run_id, entry.answer) == (run.id, "no")


@pytest.mark.parametrize("on_timeout", ["fail", "default"])
async def test_of_an_answer_and_its_deadline_one_counts(desk: Desk, on_timeout: str) -> None:
    """Both are submitted at once, in both orders; whichever is written first decides."""
    for order in (0, 1):
        run = await waiting(desk, ask(on_timeout, default="late"))
        racers = [answer(desk, run), later(desk)]
        results = await asyncio.gather(*racers[:: -1 if order else 1], return_exceptions=True)
        status = (await desk.run(run.id)).status
        answered = any(isinstance(result, LedgerEntry) for result in results)
        refused = [result for result in results if isinstance(result, MahavishnuError)]
        assert answered != bool(refused)
        entries = await desk.store.read(lambda conn, run=run: ledger.open_of(conn, run.id))
        if answered:
            assert (status, [item.entry.by for item in entries]) == ("queued", ["ana"])
        elif on_timeout == "fail":
            assert (status, entries) == ("error", [])
            assert refused[0].code is ErrorCode.QUESTION_CHANGED
        else:
            assert (status, [item.entry.by for item in entries]) == ("queued", ["deadline"])
            assert refused[0].code is ErrorCode.ALREADY_ANSWERED


async def test_a_run_at_work_is_not_torn_out_of_its_step(desk: Desk) -> None:
    run = await waiting(desk, ask("fail"), "other")
    await desk.act(questions.answer, f"{run.id}.q2", seen="h1-q2", value=1, by="bob", comment="")
    dispatch = await desk.claim(await desk.run(run.id))
    assert await later(desk) == []
    await desk.tell(
        dispatch.run,
        {"ev": "answers", "applied": ["q2"], "stale": []},
        finished("interrupted", questions=[question("q1", ask("fail"))]),
    )
    assert (await desk.run(run.id)).status == "interrupted"
    assert len(await later(desk)) == 1
    assert (await desk.run(run.id)).status == "error"


async def test_a_question_of_a_run_that_failed_otherwise_waits_for_the_resume(desk: Desk) -> None:
    run = await desk.running()
    error = {"code": "MHV-426", "message": "boom", "hint": ""}
    await desk.tell(run, finished("error", error=error, questions=[question("q1", ask("fail"))]))
    assert await later(desk) == []
    assert (await desk.run(run.id)).error == error
    assert await desk.store.read(approvals.next_due) is None
    await desk.act(operator.resume, run.id, "ana", "")
    assert (await desk.approval(f"{run.id}.q1")).deadline is not None


async def test_a_deadline_that_passed_while_no_server_was_there_takes_effect_once(tmp_path: Path) -> None:
    async with opened(tmp_path / "engine.db") as desk:
        run = await waiting(desk, ask("default", seconds=0.001, default="late"))
    for _ in range(3):  # the second and third start find nothing more to do
        store = await Store.open(tmp_path / "engine.db", lambda _: None)
        await store.write(pass_time)
        await store.close()
    async with opened(tmp_path / "engine.db") as desk:
        # Nobody was there to dispatch it: that is what is left to do, with this one answer.
        dispatch = await desk.claim(await desk.run(run.id))
        assert [item["value"] for item in dispatch.request["answers"]] == ["late"]
        assert await desk.store.read(lambda conn: ledger.get(conn, 2)) is None


async def test_an_answer_not_taken_gives_the_question_its_whole_time_again(desk: Desk) -> None:
    run = await waiting(desk, ask("fail"))
    await answer(desk, run)
    dispatch = await desk.claim(await desk.run(run.id))
    await desk.tell(dispatch.run, finished("interrupted", questions=[question("q1", ask("fail"))]))
    again = await desk.approval(f"{run.id}.q1")
    assert again.status == "pending"
    assert again.deadline is not None
    assert len(await later(desk)) == 1


async def test_a_default_that_cannot_be_an_answer_ends_the_run_and_says_why(desk: Desk) -> None:
    run = await desk.running()
    asked = {**question("q1", ask("default", seconds=7200, default="late")), "schema": {"type": "integer"}}
    await desk.tell(run, finished("interrupted", questions=[asked]))
    (told,) = await later(desk, 7201)
    assert "within 2 hours. Its default answer cannot be given" in told
    assert (await desk.run(run.id)).status == "error"
    assert await desk.store.read(lambda conn: ledger.get(conn, 1)) is None


async def test_a_clock_that_jumps_makes_a_deadline_pass_early_or_late_and_once(desk: Desk) -> None:
    """A deadline is a time of day: it is there when the clock says so, and what it did stays done."""
    run = await waiting(desk, ask("default", default="late"))
    assert await later(desk, -86400) == []
    assert (await desk.approval(f"{run.id}.q1")).status == "pending"
    assert len(await later(desk, 86400)) == 1
    for jump in (-86400, 0, 86400):
        assert await later(desk, jump) == []
    entries = await desk.store.read(lambda conn: ledger.open_of(conn, run.id))
    assert [item.entry.by for item in entries] == ["deadline"]
