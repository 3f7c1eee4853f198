"""Claims, and one answer to many questions, as an operator's keys do them."""

from __future__ import annotations

from typing import Any

from textual.widgets import Button, Input, TextArea

from mahavishnu_tui.client.calls.approvals import BatchResult
from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.screens import rows
from mahavishnu_tui.screens.approval import ApprovalScreen
from mahavishnu_tui.screens.batch import BatchScreen
from mahavishnu_tui.screens.confirm import ConfirmScreen
from mahavishnu_tui.screens.times import Times
from tests.snapshots.scenes import NOW, World, world
from tests.unit.screens.driving import Drive, drive


def alike(count: int = 3) -> World:
    given = world()
    first = given.approvals[0]
    given.approvals += [
        first.replace(id=f"more-{n}", run_name=f"more-{n}", hash=f"hash-{n}", asked_at=NOW - 50 + n)
        for n in range(count - 1)
    ]
    return given


def held(by: str) -> World:
    given = world()
    given.approvals[0] = given.approvals[0].replace(claimed_by=by, claim_until=NOW + 600)
    return given


def asked(driven: Drive, name: str) -> list[tuple[Any, ...]]:
    return [call[1:] for call in driven.calls if call[0] == name]


async def inbox(driven: Drive, key: str = "run-0019.approve") -> None:
    await driven.press("4")
    table = driven.dashboard.room.approvals.table
    await driven.until(lambda: table.move_to(key))


async def mark(driven: Drive, *keys: str) -> None:
    table = driven.dashboard.room.approvals.table
    for key in keys:
        await driven.until(lambda key=key: table.move_to(key))
        await driven.press("space")
    assert set(table.marked) == set(keys)


async def batch(driven: Drive) -> BatchScreen:
    await driven.press("A")
    await driven.until(lambda: isinstance(driven.app.screen, BatchScreen))
    screen = driven.app.screen
    assert isinstance(screen, BatchScreen)
    await driven.settle()
    return screen


async def push(driven: Drive, label: str) -> None:
    def labelled() -> list[Button]:
        return [item for item in driven.app.screen.query(Button) if str(item.label) == label]

    await driven.until(labelled)
    await driven.settle()
    (button,) = labelled()
    button.focus()
    await driven.until(lambda: button.has_focus and not button.has_class("-active"))
    await driven.press("enter")


ALIKE = ("run-0019.approve", "more-0", "more-1")


async def test_a_claim_is_made_and_let_go_with_one_key() -> None:
    async with drive() as driven:
        await inbox(driven)
        await driven.press("C")
        await driven.sees("you are on it for 15 minutes")
        assert asked(driven, "claim") == [("run-0019.approve", "")]
        mine = driven.connection.world.approvals[0].replace(
            claimed_by=driven.app.session.who, claim_until=NOW + 900
        )
        driven.connection.event("approval", mine.id, mine)
        await driven.until(lambda: driven.app.session.mirror.approvals[mine.id].claimed_by)
        await driven.press("C")
        await driven.sees("nobody is on it")
        assert asked(driven, "release") == [("run-0019.approve", "")]


async def test_somebody_elses_claim_is_shown_and_taken_over_after_asking() -> None:
    async with drive(world=held("bob@bastion-1")) as driven:
        await inbox(driven)
        await driven.sees("✎ bob")
        await driven.press("C")
        await driven.until(lambda: isinstance(driven.app.screen, ConfirmScreen))
        await driven.sees("Take this question over from bob@bastion-1?", "on it for 10m more")
        await driven.press("enter")  # the focus is on going back
        assert asked(driven, "claim") == []
        await driven.press("C")
        await driven.until(lambda: isinstance(driven.app.screen, ConfirmScreen))
        await push(driven, "Take it over")
        await driven.until(lambda: asked(driven, "claim") == [("run-0019.approve", "bob@bastion-1")])


async def test_answering_over_a_claim_is_asked_about_and_possible() -> None:
    async with drive(world=held("bob@bastion-1")) as driven:
        await driven.cursor_on("brisk-heron")
        await driven.press("a")
        await driven.until(lambda: isinstance(driven.app.screen, ApprovalScreen))
        await driven.sees("bob@bastion-1 is on it", "Deploy 1.4.2")
        await push(driven, "Approve")
        await driven.until(lambda: isinstance(driven.app.screen, ConfirmScreen))
        assert asked(driven, "answer") == []
        await driven.press("escape")
        await driven.until(lambda: isinstance(driven.app.screen, ApprovalScreen))
        await push(driven, "Approve")
        await driven.until(lambda: isinstance(driven.app.screen, ConfirmScreen))
        await push(driven, "Answer anyway")
        await driven.until(lambda: len(asked(driven, "answer")) == 1)


async def test_looking_at_ones_own_question_keeps_it() -> None:
    async with drive() as driven:
        who = driven.app.session.who
        mine = driven.connection.world.approvals[0].replace(claimed_by=who, claim_until=NOW + 5)
        driven.connection.event("approval", mine.id, mine)
        await driven.until(lambda: driven.app.session.mirror.approvals[mine.id].claimed_by)
        await driven.cursor_on("brisk-heron")
        await driven.press("a")
        await driven.until(lambda: asked(driven, "claim") == [(mine.id, "")])
        await driven.sees("are on it for")


async def test_marked_questions_get_one_answer_once_their_number_is_typed() -> None:
    async with drive(world=alike()) as driven:
        await inbox(driven)
        await mark(driven, *ALIKE)
        screen = await batch(driven)
        await driven.sees("One answer to 3 questions", "more-1", "node approve")
        await driven.press("enter")
        await push(driven, "Approve")
        await driven.sees("Type 3 first")
        assert asked(driven, "answer_many") == []
        assert driven.app.screen.focused is screen.query_one("#batch-count", Input)
        await driven.type("3")
        await driven.until(lambda: "Type 3 first" not in driven.text)
        screen.query_one("#batch-comment", Input).value = "all green"
        await push(driven, "Approve")
        await driven.sees("3 questions answered; :ledger has them")
        ((keys, value, count, comment),) = asked(driven, "answer_many")
        assert (sorted(keys), value, count, comment) == (sorted(ALIKE), True, 3, "all green")
        assert driven.dashboard.room.approvals.table.marked == []


async def test_what_could_not_be_answered_is_said_run_by_run() -> None:
    async with drive(world=alike(2)) as driven:
        error = MahavishnuError(ErrorCode.ALREADY_ANSWERED, "bob was quicker.")
        driven.connection.client.refuse["more-0"] = BatchResult("more-0", error=error)
        await inbox(driven)
        await mark(driven, *ALIKE[:2])
        screen = await batch(driven)
        screen.query_one("#batch-count", Input).value = "2"
        await push(driven, "Reject")
        await driven.sees("1 of 2 answered", "✔ answered", "MHV-105 bob was quicker.")
        await push(driven, "Close")
        await driven.sees("1 question answered")


async def test_a_lost_server_loses_nothing_typed() -> None:
    async with drive(world=alike(2)) as driven:
        driven.connection.client.fail["answer_many"] = MahavishnuError(ErrorCode.TIMEOUT, "No answer.")
        await inbox(driven)
        await mark(driven, *ALIKE[:2])
        screen = await batch(driven)
        screen.query_one("#batch-count", Input).value = "2"
        await push(driven, "Approve")
        await driven.sees("MHV-109", "Sending the same again is safe")
        driven.connection.client.fail.clear()
        await driven.settle()
        await push(driven, "Approve")
        await driven.sees("2 questions answered")
        assert [call[1] for call in asked(driven, "answer_many")] == [True] * 2


async def test_a_text_goes_to_all_and_escape_goes_back_one_step() -> None:
    async with drive(world=alike(2)) as driven:
        await inbox(driven)
        await mark(driven, *ALIKE[:2])
        screen = await batch(driven)
        await push(driven, "Respond…")
        await driven.press("escape")
        assert driven.app.screen is screen
        screen.query_one("#batch-comment", Input).value = "as agreed"
        await driven.press("escape")
        await driven.sees("esc again leaves; what was typed is not kept")
        screen.query_one("#batch-count", Input).value = "2"
        await push(driven, "Respond…")
        screen.query_one("#answer-text", TextArea).load_text("not today")
        await push(driven, "Send")
        await driven.until(lambda: [call[1] for call in asked(driven, "answer_many")] == ["not today"])


async def test_without_marks_or_with_different_ones_nothing_is_opened() -> None:
    async with drive(world=alike(2)) as driven:
        await inbox(driven)
        await driven.press("A")
        await driven.sees("Mark questions with space first")
        await mark(driven, "run-0019.approve", "run-0017.ask")
        await driven.press("A")
        await driven.sees("One answer cannot go to all 2.", "different workflows")
        assert len(driven.app.screen_stack) == 1


async def test_a_read_only_dashboard_neither_claims_nor_answers_many() -> None:
    async with drive(readonly=True) as driven:
        await inbox(driven)
        await mark(driven, "run-0019.approve")
        await driven.press("A", "C")
        assert asked(driven, "claim") == asked(driven, "answer_many") == []
        assert len(driven.app.screen_stack) == 1


def test_what_is_escalated_stands_first_and_says_so() -> None:
    brisk, swift = world().approvals
    late = brisk.replace(escalated=2, asked_at=NOW)
    assert rows.order_approvals([brisk, swift, late.replace(id="late")])[0].id == "late"
    assert rows.approval_row(late, Times(now=NOW), False).cells[3] == rows.Cell(
        "ESCALATED 2× · Deploy 1.4.2 to production?", "error"
    )
    assert "escalated" in rows.approval_attributes(late, NOW)["state"]
