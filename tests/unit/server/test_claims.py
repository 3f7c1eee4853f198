from typing import Any

import pytest

from mahavishnu_tui.models import Approval, ErrorCode, MahavishnuError
from mahavishnu_tui.server.store import acts
from mahavishnu_tui.server.store.tx import Tx
from mahavishnu_tui.server.transitions import claims, questions
from mahavishnu_tui.server.transitions.deadlines import pass_time
from tests.unit.server.conftest import Desk


async def act(desk: Desk, change: Any, key: str, by: str, holder: str = "", seen: str = "h1-q1") -> Approval:
    return await desk.act(change, key, seen=seen, by=by, holder=holder)


async def test_a_claim_is_seen_and_kept_by_the_same_person(desk: Desk) -> None:
    run = await desk.interrupted()
    key = f"{run.id}.q1"
    first = await act(desk, claims.claim, key, "ana")
    assert first.claim_until is not None
    assert first.holder(first.claim_until - 1) == "ana"
    assert first.holder(first.claim_until + 1) == ""
    again = await act(desk, claims.claim, key, "ana")
    assert again.claim_until is not None
    assert again.claim_until >= first.claim_until
    told = await desk.store.read(lambda conn: acts.of_run(conn, run.id, 0, 10))
    assert [(item.what, item.by) for item in told] == [("start", "ana"), ("claim", "ana")]


async def test_another_persons_claim_is_taken_over_only_by_who_has_seen_it(desk: Desk) -> None:
    run = await desk.interrupted()
    key = f"{run.id}.q1"
    await act(desk, claims.claim, key, "ana")
    for change in (claims.claim, claims.release):
        with pytest.raises(MahavishnuError) as refused:
            await act(desk, change, key, "bob")
        assert refused.value.code is ErrorCode.CLAIMED
        assert refused.value.details["claimed_by"] == "ana"
    assert (await act(desk, claims.claim, key, "bob", holder="ana")).claimed_by == "bob"


async def test_a_released_question_is_free(desk: Desk) -> None:
    run = await desk.interrupted()
    key = f"{run.id}.q1"
    await act(desk, claims.claim, key, "ana")
    assert (await act(desk, claims.release, key, "ana")).claimed_by == ""
    assert (await act(desk, claims.release, key, "bob")).claimed_by == ""
    assert (await act(desk, claims.claim, key, "bob")).claimed_by == "bob"


async def test_a_claim_lapses(desk: Desk) -> None:
    run = await desk.interrupted()
    await act(desk, claims.claim, f"{run.id}.q1", "ana")

    def later(tx: Tx) -> None:
        tx.now += claims.CLAIM_SECONDS + 1
        pass_time(tx)

    await desk.store.write(later)
    free = await desk.approval(f"{run.id}.q1")
    assert (free.status, free.claimed_by, free.claim_until) == ("pending", "", None)


async def test_a_question_that_is_not_as_it_was_shown_cannot_be_claimed(desk: Desk) -> None:
    run = await desk.interrupted()
    key = f"{run.id}.q1"
    with pytest.raises(MahavishnuError) as changed:
        await act(desk, claims.claim, key, "ana", seen="h0")
    assert changed.value.code is ErrorCode.QUESTION_CHANGED
    await desk.act(questions.answer, key, seen="h1-q1", value=1, by="bob", comment="")
    with pytest.raises(MahavishnuError) as answered:
        await act(desk, claims.claim, key, "ana")
    assert answered.value.code is ErrorCode.ALREADY_ANSWERED


async def test_a_claim_keeps_nobody_from_answering_and_the_audit_says_whose_it_was(desk: Desk) -> None:
    run = await desk.interrupted()
    key = f"{run.id}.q1"
    await act(desk, claims.claim, key, "ana")
    await desk.act(questions.answer, key, seen="h1-q1", value=1, by="bob", comment="urgent")
    answered = await desk.approval(key)
    assert (answered.status, answered.claimed_by) == ("answered", "")
    (*_, last) = await desk.store.read(lambda conn: acts.of_run(conn, run.id, 0, 10))
    assert (last.what, last.by) == ("answer", "bob")
    assert last.details == {"ledger": 1, "node": "approve", "comment": "urgent", "claimed_by": "ana"}
