"""Answering: what is shown is what is answered, and nothing is lost on the way."""

from __future__ import annotations

import asyncio
from typing import Any

from textual.widgets import Button, Input, TextArea

from mahavishnu_tui.models import Approval, ErrorCode, MahavishnuError
from mahavishnu_tui.screens.approval import ApprovalScreen
from mahavishnu_tui.widgets.form import SchemaForm
from mahavishnu_tui.widgets.form.inputs import PickInput
from mahavishnu_tui.widgets.json_editor import JsonEditor
from mahavishnu_tui.widgets.state_tree import StateTree
from tests.snapshots.scenes import NOW, World, world
from tests.unit.screens.driving import Drive, drive


def answers(driven: Drive) -> list[tuple[Any, ...]]:
    return [call[1:] for call in driven.calls if call[0] == "answer"]


async def opened(driven: Drive, run_name: str = "brisk-heron") -> ApprovalScreen:
    await driven.cursor_on(run_name)
    await driven.press("a")
    await driven.until(lambda: isinstance(driven.app.screen, ApprovalScreen))
    screen = driven.app.screen
    assert isinstance(screen, ApprovalScreen)
    await driven.until(lambda: screen.query("#close"))
    await driven.settle()
    return screen


async def push(driven: Drive, label: str) -> None:
    """Move the focus to a button and press it, as an operator does."""

    def focused() -> str:
        widget = driven.app.screen.focused
        return str(widget.label) if isinstance(widget, Button) else ""

    for _ in range(12):
        if focused() == label:
            break
        await driven.press("tab")
    assert focused() == label, f"no button {label}"
    button = driven.app.screen.focused
    # Textual swallows a press while it still shows the one before.
    await driven.until(lambda: button is not None and not button.has_class("-active"))
    await driven.press("enter")


def other(**changes: Any) -> World:
    """The world with the first question changed."""
    changed = world()
    changed.approvals[0] = changed.approvals[0].replace(**changes)
    return changed


async def test_the_question_is_seen_however_small_the_terminal_becomes() -> None:
    async with drive(world=other(workflow="export-" * 9)) as driven:
        await opened(driven)
        await driven.sees("…", "· node approve ·")
        await driven.pilot.resize_terminal(59, 14)
        await driven.sees("Deploy 1.4.2 to production?", "Approve")


async def test_the_description_stays_while_one_fills_in_as_far_as_there_are_rows() -> None:
    asked = {"question": "Deploy?\n" + "\n".join(f"Reason {n}." for n in range(9)), "risk": "high"}
    yes = {"type": "object", "properties": {"ok": {"type": "boolean"}}}
    async with drive(world=other(schema=yes, value=asked)) as driven:
        await opened(driven)
        await driven.press("tab", "tab", "enter")
        await driven.sees("( ) yes", "Reason 0.", "Reason 4.", "Send")
        await driven.pilot.resize_terminal(80, 20)
        await driven.sees("( ) yes", "Reason 0.", "Send")
        await driven.until(lambda: "Reason 2." not in driven.text)
    many = {f"key{n}": n for n in range(9)}
    async with drive(world=other(value={**asked, **many})) as driven:
        await opened(driven)
        await driven.press(*["tab"] * 4, "enter")
        await driven.sees("✔ valid JSON", "Deploy?\\nReason 0.", "Send")
        await driven.until(lambda: "\n│ Reason" not in driven.text)  # it needs the rows itself


async def test_a_comment_is_not_lost_by_one_escape() -> None:
    async with drive() as driven:
        await opened(driven)
        await driven.press("tab", *"ok", "escape")
        await driven.sees("esc again leaves; what was typed is not kept")
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is driven.dashboard)


async def test_the_question_is_shown_in_full_and_nothing_acts_at_first() -> None:
    async with drive() as driven:
        screen = await opened(driven)
        await driven.sees("brisk-heron", "node approve", "Deploy 1.4.2 to production?", "feature-x", "risk")
        await driven.sees("yes → deploy or no → fix", "5d1e0c99aa31", "waits 4m")
        assert isinstance(screen.focused, StateTree)
        await driven.press("enter")
        assert answers(driven) == []
        await driven.press("escape")
        await driven.until(lambda: len(driven.app.screen_stack) == 1)


async def test_approve_sends_the_hash_that_was_shown() -> None:
    async with drive() as driven:
        screen = await opened(driven)
        screen.query_one("#approval-comment", Input).value = "looks fine"
        await push(driven, "Approve")
        await driven.sees("brisk-heron: answered (ledger #4821)")
        ((identity, shown, value, by, comment),) = answers(driven)
        assert (identity, shown, value) == ("run-0019.approve", "5d1e0c99aa31", True)
        assert "@" in by
        assert comment == "looks fine"


async def test_the_dialog_closes_only_once_the_server_has_acknowledged() -> None:
    async with drive() as driven:
        await opened(driven)
        gate = driven.connection.client.hold["answer"] = asyncio.Event()
        await push(driven, "Reject")
        await driven.sees("sending …")
        await driven.press("escape")
        await driven.sees("the answer is on its way")
        assert isinstance(driven.app.screen, ApprovalScreen)
        gate.set()
        await driven.until(lambda: len(driven.app.screen_stack) == 1)
        assert [call[2] for call in answers(driven)] == [False]


async def test_a_failed_send_keeps_what_was_typed() -> None:
    async with drive() as driven:
        screen = await opened(driven)
        await push(driven, "Respond…")
        await driven.until(lambda: isinstance(screen.focused, TextArea))
        await driven.type("not today")
        driven.connection.client.fail["answer"] = MahavishnuError(ErrorCode.DISK_FULL, "The disk is full.")
        await push(driven, "Send")
        await driven.sees("MHV-006", "what you typed is still")
        assert screen.query_one("#answer-text", TextArea).text == "not today"
        driven.connection.client.fail.clear()
        await push(driven, "Send")
        await driven.until(lambda: len(driven.app.screen_stack) == 1)
        assert answers(driven)[-1][2] == "not today"


async def test_an_answer_that_may_have_arrived_is_not_called_lost() -> None:
    async with drive() as driven:
        await opened(driven)
        driven.connection.client.fail["answer"] = MahavishnuError(ErrorCode.TIMEOUT, "No answer in 10 s.")
        await push(driven, "Approve")
        await driven.sees("MHV-109", "is not known; sending", "the same again is safe")
        assert "Nothing was answered" not in driven.text


async def test_escape_leaves_the_editor_first_and_keeps_what_was_typed() -> None:
    async with drive() as driven:
        screen = await opened(driven)
        await push(driven, "Respond…")
        await driven.until(lambda: isinstance(screen.focused, TextArea))
        await driven.type("not today")
        await driven.press("escape")
        await driven.until(lambda: isinstance(screen.focused, StateTree))
        await push(driven, "Respond…")
        await driven.sees("not today")
        await driven.press("escape")
        await driven.until(lambda: isinstance(screen.focused, StateTree))
        await driven.press("escape")
        await driven.until(lambda: len(driven.app.screen_stack) == 1)
        assert answers(driven) == []


async def test_a_question_that_changed_is_shown_anew() -> None:
    async with drive() as driven:
        await opened(driven)
        changed = driven.connection.world.approvals[0].replace(
            value={"question": "Deploy 2.0?"}, hash="0ther0ther"
        )
        driven.connection.world.approvals[0] = changed
        driven.connection.client.fail["answer"] = MahavishnuError(
            ErrorCode.QUESTION_CHANGED, "The question has changed."
        )
        await push(driven, "Approve")
        await driven.sees("MHV-104", "Deploy 2.0?", "read it again")
        driven.connection.client.fail.clear()
        await push(driven, "Approve")
        await driven.until(lambda: len(driven.app.screen_stack) == 1)
        assert answers(driven)[-1][1] == "0ther0ther"


async def test_answered_by_somebody_else_while_it_was_open() -> None:
    async with drive() as driven:
        screen = await opened(driven)
        asked = driven.connection.world.approvals[0]
        done = asked.replace(status="applied", answered_by="bo@bastion", answered_at=NOW - 1)
        driven.connection.world.approvals[0] = done
        driven.connection.event("approval", done.id, done)
        await driven.sees("This question was answered by bo@bastion")
        assert "waits" not in driven.text
        assert "goes on with your answer" not in driven.text
        assert [str(button.label) for button in screen.query(Button)] == ["Close"]
        await push(driven, "Close")
        await driven.until(lambda: len(driven.app.screen_stack) == 1)


async def test_what_it_says_of_time_and_claims_stays_true_while_it_is_open() -> None:
    async with drive(world=other(deadline=NOW + 300, on_timeout="fail")) as driven:
        await opened(driven)
        await driven.sees("5m left")
        claimed = driven.connection.world.approvals[0].replace(claimed_by="bo@h", claim_until=NOW + 900)
        driven.connection.event("approval", claimed.id, claimed)
        await driven.sees("bo@h is on it for 15m more")
        driven.app.session.now = lambda: NOW + 280
        await driven.sees("<1m left", "bo@h is on it for 10m more")
        driven.app.session.now = lambda: NOW + 301
        gone = driven.connection.world.approvals[0] = claimed.replace(status="superseded")
        driven.connection.event("approval", gone.id, gone)
        await driven.sees("Nobody answered by the deadline: the run has failed.")


async def test_a_run_that_went_on_withdraws_its_question() -> None:
    async with drive() as driven:
        await opened(driven)
        gone = driven.connection.world.approvals.pop(0)
        driven.connection.event("approval", gone.id, gone.replace(status="superseded"))
        await driven.sees("went on without an answer")


async def test_reloading_may_fail_too() -> None:
    async with drive() as driven:
        await opened(driven)
        client = driven.connection.client
        client.fail["answer"] = MahavishnuError(ErrorCode.ALREADY_ANSWERED, "Bo answered it.")
        client.fail["approvals"] = MahavishnuError(ErrorCode.SERVER_UNREACHABLE, "No server.")
        await push(driven, "Approve")
        await driven.sees("MHV-002 No server.")


async def test_edit_starts_with_the_payload_and_refuses_what_is_not_json() -> None:
    async with drive() as driven:
        screen = await opened(driven)
        await push(driven, "Edit…")
        await driven.until(lambda: isinstance(screen.focused, TextArea))
        editor = screen.query_one(JsonEditor)
        assert editor.value["risk"] == "high"
        editor.query_one(TextArea).text = "{nope"
        await push(driven, "Send")
        await driven.sees("MHV-010", "not JSON")
        assert answers(driven) == []
        await push(driven, "Back")
        await driven.sees("Respond…")
        await push(driven, "Edit…")
        await driven.until(lambda: isinstance(screen.focused, TextArea))
        assert editor.text == "{nope", "what was typed is kept"
        editor.query_one(TextArea).text = '{"go": 1}'
        await push(driven, "Send")
        await driven.until(lambda: answers(driven))
        assert answers(driven)[0][2] == {"go": 1}


async def test_a_schema_is_a_form_and_is_checked_before_it_is_sent() -> None:
    schema = {
        "type": "object",
        "properties": {"ok": {"type": "boolean"}, "count": {"type": "integer", "default": 3}},
        "required": ["ok"],
    }
    async with drive(world=other(schema=schema)) as driven:
        await opened(driven)
        await push(driven, "Fill in…")
        await driven.sees("ok *", "( ) yes", "feature-x")
        await push(driven, "Send")
        await driven.sees("MHV-106 ok is required.", "✘ is required")
        assert answers(driven) == []
        await driven.press("y")
        await push(driven, "Send")
        await driven.until(lambda: answers(driven))
        assert answers(driven)[0][2] == {"ok": True, "count": 3}


async def test_keys_that_come_all_at_once_go_to_the_fields_that_they_are_meant_for() -> None:
    schema = {
        "type": "object",
        "properties": {"ok": {"type": "boolean"}, "why": {"type": "string"}, "by": {"type": "string"}},
    }
    async with drive(world=other(schema=schema)) as driven:
        screen = await opened(driven)
        await push(driven, "Fill in…")
        await driven.until(lambda: isinstance(screen.focused, PickInput))
        driven.burst("y", "tab", *"lag", "tab", "x")
        form = screen.query_one(SchemaForm)
        await driven.until(lambda: form.value == {"ok": True, "why": "lag", "by": "x"})


async def test_options_of_the_question_are_the_buttons() -> None:
    async with drive() as driven:
        await driven.press("4", "enter")
        await driven.until(lambda: isinstance(driven.app.screen, ApprovalScreen))
        await driven.sees("refuse", "escalate", "25m left, until")
        await push(driven, "escalate")
        await driven.until(lambda: answers(driven))
        assert answers(driven)[0][:3] == ("run-0017.ask", "99aa315d1e0c", "escalate")


async def test_a_breakpoint_goes_on() -> None:
    async with drive(world=other(kind="breakpoint", value=None)) as driven:
        await opened(driven)
        await driven.sees("Goes on when you say so.")
        await push(driven, "Continue")
        await driven.until(lambda: answers(driven))


async def test_a_run_that_asks_nothing_says_where_questions_are() -> None:
    async with drive() as driven:
        await driven.cursor_on("amber-otter")
        await driven.until(lambda: "a answer" not in driven.text)
        await driven.press("a")
        await driven.sees("amber-otter asks nothing", "question", "(:approvals)")
        await driven.cursor_on("brisk-heron")
        await driven.sees("a answer")


def test_the_world_is_as_the_tests_think() -> None:
    assert isinstance(world().approvals[0], Approval)
