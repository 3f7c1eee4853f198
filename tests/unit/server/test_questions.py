import asyncio
from typing import Any

import pytest

from mahavishnu_tui.models import ErrorCode, LedgerEntry, MahavishnuError
from mahavishnu_tui.models.ledger_filter import LedgerFilter
from mahavishnu_tui.server.store import ledger, ledger_search
from mahavishnu_tui.server.transitions import questions
from tests.unit.server.conftest import Desk, finished, question


async def answer(desk: Desk, approval_id: str, seen: str, **fields: object) -> LedgerEntry:
    given = {"value": True, "by": "ana", "comment": "", **fields}
    return await desk.act(questions.answer, approval_id, seen=seen, **given)


async def test_an_answer_goes_to_the_ledger_and_its_run_to_the_queue(desk: Desk) -> None:
    run = await desk.interrupted()
    assert (run.status, run.waiting, run.where) == ("interrupted", 1, ["approve"])
    entry = await answer(desk, f"{run.id}.q1", "h1-q1", comment="fine")
    assert (entry.seq, entry.by, entry.answer, entry.question, entry.comment) == (
        1,
        "ana",
        True,
        "Ship?",
        "fine",
    )
    after = await desk.run(run.id)
    assert (after.status, after.note, after.waiting) == ("queued", "answered by ana", 0)
    assert (await desk.approval(f"{run.id}.q1")).status == "answered"
    dispatch = await desk.claim(after)
    assert dispatch.request["mode"] == "continue"
    assert dispatch.request["answers"] == [{"interrupt_id": "q1", "hash": "h1-q1", "value": True}]
    await desk.tell(dispatch.run, {"ev": "answers", "applied": ["q1"], "stale": []}, finished("success"))
    stored = await desk.store.read(lambda conn: ledger.get(conn, 1))
    assert stored is not None
    assert stored.applied_at is not None
    assert (await desk.approval(f"{run.id}.q1")).status == "applied"
    assert (await desk.run(run.id)).status == "success"


async def test_an_answer_to_another_question_than_the_one_shown_is_refused(desk: Desk) -> None:
    run = await desk.interrupted()
    with pytest.raises(MahavishnuError) as refused:
        await answer(desk, f"{run.id}.q1", "h0-q1")
    assert refused.value.code is ErrorCode.QUESTION_CHANGED
    assert (await desk.run(run.id)).status == "interrupted"
    assert await desk.store.read(lambda conn: ledger_search.search(conn, LedgerFilter(), 10)) == []


async def test_an_unknown_question_is_refused(desk: Desk) -> None:
    with pytest.raises(MahavishnuError) as refused:
        await answer(desk, "none", "h")
    assert refused.value.code is ErrorCode.APPROVAL_UNKNOWN


async def test_the_same_answer_again_is_the_same_entry_and_another_one_is_refused(desk: Desk) -> None:
    run = await desk.interrupted()
    first = await answer(desk, f"{run.id}.q1", "h1-q1", value={"a": [1]})
    assert await answer(desk, f"{run.id}.q1", "h1-q1", value={"a": [1]}) == first
    for other in ({"value": {"a": [2]}}, {"by": "bob", "value": {"a": [1]}}):
        with pytest.raises(MahavishnuError) as refused:
            await answer(desk, f"{run.id}.q1", "h1-q1", **other)
        assert refused.value.code is ErrorCode.ALREADY_ANSWERED
        assert "answered by ana at" in refused.value.message
        assert "UTC" in refused.value.message


async def test_of_many_people_who_answer_at_once_one_is_heard(desk: Desk) -> None:
    run = await desk.interrupted()
    names = [f"p{number}" for number in range(12)]
    results = await asyncio.gather(
        *(answer(desk, f"{run.id}.q1", "h1-q1", by=name) for name in names), return_exceptions=True
    )
    assert sum(isinstance(result, LedgerEntry) for result in results) == 1


async def test_with_one_of_two_questions_answered_the_run_goes_on(desk: Desk) -> None:
    run = await desk.interrupted("q1", "q2")
    assert run.waiting == 2
    await answer(desk, f"{run.id}.q1", "h1-q1")
    after = await desk.run(run.id)
    assert (after.status, after.waiting) == ("queued", 1)
    dispatch = await desk.claim(after)
    await desk.tell(
        dispatch.run,
        {"ev": "answers", "applied": ["q1"], "stale": []},
        finished("interrupted", questions=[question("q2")]),
    )
    assert (await desk.run(run.id)).waiting == 1
    assert (await desk.approval(f"{run.id}.q1")).status == "applied"
    assert (await desk.approval(f"{run.id}.q2")).status == "pending"


async def test_an_answer_that_comes_while_the_run_works_is_given_next(desk: Desk) -> None:
    run = await desk.interrupted("q1", "q2")
    await answer(desk, f"{run.id}.q1", "h1-q1")
    dispatch = await desk.claim(await desk.run(run.id))
    await answer(desk, f"{run.id}.q2", "h1-q2", by="bob")
    assert (await desk.run(run.id)).status == "running"
    await desk.tell(
        dispatch.run,
        {"ev": "answers", "applied": ["q1"], "stale": []},
        finished("interrupted", questions=[question("q2")]),
    )
    after = await desk.run(run.id)
    assert (after.status, after.waiting) == ("queued", 0)
    assert (await desk.approval(f"{run.id}.q2")).status == "answered"
    again = await desk.claim(after)
    assert [item["interrupt_id"] for item in again.request["answers"]] == ["q2"]


async def test_a_stale_answer_opens_its_question_again_and_stays_in_the_ledger(desk: Desk) -> None:
    run = await desk.interrupted()
    await answer(desk, f"{run.id}.q1", "h1-q1")
    dispatch = await desk.claim(await desk.run(run.id))
    await desk.tell(
        dispatch.run,
        {"ev": "answers", "applied": [], "stale": ["q1"]},
        finished("interrupted", questions=[question("q1", "Ship it by air?", "h2")]),
    )
    after = await desk.run(run.id)
    assert (after.status, after.waiting) == ("interrupted", 1)
    assert "not used" in after.note
    reopened = await desk.approval(f"{run.id}.q1")
    assert (reopened.status, reopened.value, reopened.hash) == ("pending", "Ship it by air?", "h2-q1")
    entry = await desk.store.read(lambda conn: ledger.get(conn, 1))
    assert entry is not None
    assert entry.applied_at is None
    assert "changed" in entry.not_applied
    second = await answer(desk, f"{run.id}.q1", "h2-q1")
    assert second.seq == 2


async def test_an_answer_that_the_graph_refuses_is_not_given_for_ever(desk: Desk) -> None:
    run = await desk.interrupted()
    await answer(desk, f"{run.id}.q1", "h1-q1", value="nonsense")
    dispatch = await desk.claim(await desk.run(run.id))
    refusal = {"code": "MHV-106", "message": "It must be a number.", "hint": ""}
    await desk.tell(dispatch.run, finished("interrupted", questions=[question("q1")], error=refusal))
    after = await desk.run(run.id)
    assert (after.status, after.waiting, after.error) == ("interrupted", 1, None)
    assert "It must be a number." in after.note
    assert (await desk.approval(f"{run.id}.q1")).status == "pending"


async def test_a_question_that_vanished_is_superseded(desk: Desk) -> None:
    run = await desk.interrupted("q1", "q2")
    await answer(desk, f"{run.id}.q1", "h1-q1")
    dispatch = await desk.claim(await desk.run(run.id))
    await desk.tell(dispatch.run, finished("interrupted", questions=[question("q3")]))
    assert (await desk.approval(f"{run.id}.q2")).status == "superseded"
    assert (await desk.approval(f"{run.id}.q3")).status == "pending"
    # The answer was carried and its question is gone: it was taken.
    assert (await desk.approval(f"{run.id}.q1")).status == "applied"
    with pytest.raises(MahavishnuError) as refused:
        await answer(desk, f"{run.id}.q2", "h1-q2")
    assert refused.value.code is ErrorCode.QUESTION_CHANGED
    assert "no longer asks" in refused.value.message


async def test_an_answer_stays_open_over_a_failure_and_is_given_at_the_retry(desk: Desk) -> None:
    run = await desk.interrupted()
    await answer(desk, f"{run.id}.q1", "h1-q1")
    dispatch = await desk.claim(await desk.run(run.id))
    error = {"code": "MHV-426", "message": "boom", "hint": "", "node": "approve"}
    await desk.tell(dispatch.run, finished("error", error=error, questions=[question("q1")]))
    from mahavishnu_tui.server.transitions import acts

    failed = await desk.run(run.id)
    assert (failed.status, failed.where, failed.error) == ("error", ["approve"], error)
    await desk.act(acts.resume, run.id, "bob", "")
    again = await desk.claim(await desk.run(run.id))
    assert [item["interrupt_id"] for item in again.request["answers"]] == ["q1"]


async def test_a_run_that_ends_leaves_no_question_open(desk: Desk) -> None:
    run = await desk.interrupted("q1", "q2")
    await answer(desk, f"{run.id}.q1", "h1-q1")
    dispatch = await desk.claim(await desk.run(run.id))
    await answer(desk, f"{run.id}.q2", "h1-q2")
    await desk.tell(dispatch.run, finished("success"))
    assert (await desk.approval(f"{run.id}.q1")).status == "applied"
    assert (await desk.approval(f"{run.id}.q2")).status == "superseded"
    late = await desk.store.read(lambda conn: ledger.get(conn, 2))
    assert late is not None
    assert late.not_applied


BATCH = {
    "action_requests": [{"name": "mail", "args": {}}, {"name": "rm", "args": {}}],
    "review_configs": [
        {"action_name": "mail", "allowed_decisions": ["approve", "reject"]},
        {"action_name": "rm", "allowed_decisions": ["reject"]},
    ],
}
NUMBER = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}


@pytest.mark.parametrize(
    ("asked", "wrong", "where", "right"),
    [
        ({"kind": "hitl_request", "value": BATCH}, True, [], None),
        (
            {"kind": "hitl_request", "value": BATCH},
            {"decisions": [{"type": "approve"}, {"type": "approve"}]},
            ["decisions", 1],
            {"decisions": [{"type": "approve"}, {"type": "reject"}]},
        ),
        ({"schema": NUMBER}, {"n": "one"}, ["n"], {"n": 1}),
        ({"schema": NUMBER}, {}, ["n"], {"n": 1}),
        ({"kind": "breakpoint"}, False, [], True),
    ],
)
async def test_an_answer_that_cannot_be_one_is_refused_and_nothing_is_recorded(
    desk: Desk, asked: dict[str, Any], wrong: object, where: list[object], right: object
) -> None:
    run = await desk.running()
    await desk.tell(run, finished("interrupted", questions=[{**question("q1"), **asked}]))
    with pytest.raises(MahavishnuError) as refused:
        await answer(desk, f"{run.id}.q1", "h1-q1", value=wrong)
    assert refused.value.code is ErrorCode.ANSWER_INVALID
    assert refused.value.details["problems"][0]["path"] == where
    assert (await desk.run(run.id)).status == "interrupted"
    assert (await desk.approval(f"{run.id}.q1")).status == "pending"
    assert await desk.store.read(lambda conn: ledger.get(conn, 1)) is None
    if right is not None:
        assert (await answer(desk, f"{run.id}.q1", "h1-q1", value=right)).seq == 1
