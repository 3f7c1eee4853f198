"""Questions about actions: each decided in order, in its own shape, summed up before it is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest
from textual.widgets import Button, Input, TextArea

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.screens.answering.draft import Draft
from mahavishnu_tui.widgets.form.inputs import LineInput
from mahavishnu_tui.widgets.json_editor import JsonEditor
from mahavishnu_tui.widgets.state_tree import StateTree
from tests.snapshots.scenes import approval, world
from tests.unit.screens.driving import drive
from tests.unit.screens.test_approval import answers, opened, other, push

BATCH: dict[str, Any] = {
    "action_requests": [
        {"name": "delete_file", "args": {"path": "/srv/old.log"}, "description": "Frees [b]2 GB[/b]"},
        {"name": "send_mail", "args": {"to": "ana", "body": "done"}},
        {"name": "charge", "args": {"amount": 5}},
    ],
    "review_configs": [
        {"action_name": "delete_file", "allowed_decisions": ["approve", "reject"]},
        {"action_name": "send_mail", "allowed_decisions": ["approve", "edit", "respond"]},
        {
            "action_name": "charge",
            "allowed_decisions": ["approve", "edit"],
            "args_schema": {
                "type": "object",
                "properties": {"amount": {"type": "integer", "maximum": 100}},
                "required": ["amount"],
            },
        },
    ],
}
INBOX = {
    "action_request": {"action": "send_mail", "args": {"to": "ana"}},
    "config": {"allow_accept": True, "allow_edit": False, "allow_respond": True, "allow_ignore": True},
    "description": "A mail is ready.",
}
CALL = {"type": "tool_approval", "tool_call_id": "c1", "name": "drop_table", "args": {"name": "users"}}


async def test_several_actions_are_decided_in_order_and_summed_up() -> None:
    async with drive(world=other(kind="hitl_request", value=BATCH)) as driven:
        screen = await opened(driven)
        await driven.sees("1/3 · delete_file", "Frees [b]2 GB[/b]", "/srv/old.log", "Approve all 3")
        assert "Edit…" not in driven.text
        await push(driven, "Reject…")
        await driven.until(lambda: isinstance(screen.focused, TextArea))
        await driven.type("keep it")
        await push(driven, "Next")
        await driven.sees("2/3 · send_mail", "body", "done")
        assert isinstance(screen.focused, StateTree), "nothing acts before the operator has moved to it"
        await push(driven, "Edit…")
        await driven.until(lambda: isinstance(screen.focused, TextArea))
        editor = screen.query_one("#answer-json", JsonEditor)
        assert editor.value == {"to": "ana", "body": "done"}
        editor.query_one(TextArea).text = "[1]"
        await push(driven, "Next")
        await driven.sees("MHV-106 Arguments must be a JSON object.")
        editor.query_one(TextArea).text = '{"to": "bo"}'
        await push(driven, "Next")
        await driven.sees("3/3 · charge")
        await push(driven, "Edit…")
        await driven.until(lambda: isinstance(screen.focused, LineInput))
        await driven.press("end", "0", "0")
        await push(driven, "Next")
        await driven.sees("MHV-106 amount must be at most 100.")
        await driven.press("backspace")
        await push(driven, "Next")
        await driven.sees("3 decisions: read them once more", "reject: keep it")
        await driven.sees("2 send_mail, edited", '"bo"', "3 charge, edited", "50")
        assert answers(driven) == []
        await push(driven, "Send 3")
        await driven.until(lambda: answers(driven))
        assert answers(driven)[0][2] == {
            "decisions": [
                {"type": "reject", "message": "keep it"},
                {"type": "edit", "edited_action": {"name": "send_mail", "args": {"to": "bo"}}},
                {"type": "edit", "edited_action": {"name": "charge", "args": {"amount": 50}}},
            ]
        }


async def test_all_can_be_approved_at_once_and_one_can_go_back() -> None:
    async with drive(world=other(kind="hitl_request", value=BATCH)) as driven:
        screen = await opened(driven)
        await push(driven, "Approve all 3")
        await driven.sees("3 decisions", "1 delete_file")
        await driven.press("escape")
        await driven.sees("3/3 · charge · so far: approve")
        await push(driven, "Back")
        await driven.sees("2/3 · send_mail")
        await push(driven, "Respond…")
        await driven.until(lambda: isinstance(screen.focused, TextArea))
        await push(driven, "Next")
        await driven.sees("MHV-106 Type the answer first.")
        await driven.press("shift+tab", "shift+tab")
        await driven.type("no mail")
        await push(driven, "Next")
        await push(driven, "Approve")
        await driven.sees("respond: no mail")
        await push(driven, "Send 3")
        await driven.until(lambda: answers(driven))
        assert [item["type"] for item in answers(driven)[0][2]["decisions"]] == [
            "approve",
            "respond",
            "approve",
        ]


async def test_arrows_go_through_the_answers_so_that_enter_presses_the_one_that_was_gone_to() -> None:
    async with drive(world=other(kind="tool_approval", value=CALL)) as driven:
        screen = await opened(driven)
        await driven.press("left", "tab", "tab", "right", "right", "left", "right")
        assert isinstance(screen.focused, Button)
        assert str(screen.focused.label) == "Reject…"
        await driven.press("right", "enter")
        await driven.until(lambda: driven.app.screen is not screen)
        assert answers(driven) == [], "the last button is Close"


async def test_agent_inbox_offers_what_its_request_allows() -> None:
    async with drive(world=other(kind="agent_inbox", value=json.dumps([INBOX]))) as driven:
        screen = await opened(driven)
        await driven.sees("send_mail", "A mail is ready.", "Accept", "Respond…", "Ignore")
        assert "Edit…" not in driven.text
        screen.query_one("#approval-comment", Input).value = "ok"
        await push(driven, "Accept")
        await driven.until(lambda: answers(driven))
        sent = {"type": "accept", "args": {"action": "send_mail", "args": {"to": "ana"}}}
        assert answers(driven)[0][2] == [sent]
        assert answers(driven)[0][4] == "ok"


async def test_one_call_is_answered_with_one_decision_and_a_failed_send_keeps_what_was_typed() -> None:
    async with drive(world=other(kind="tool_approval", value=CALL)) as driven:
        screen = await opened(driven)
        await driven.sees("drop_table", "users", "Approve", "Edit…", "Reject…")
        await push(driven, "Reject…")
        await driven.until(lambda: isinstance(screen.focused, TextArea))
        await driven.type("never")
        driven.connection.client.fail["answer"] = MahavishnuError(ErrorCode.DISK_FULL, "The disk is full.")
        await push(driven, "Send")
        await driven.sees("MHV-006", "what you typed is still")
        assert screen.query_one("#answer-text", TextArea).text == "never"
        driven.connection.client.fail.clear()
        await push(driven, "Send")
        await driven.until(lambda: len(answers(driven)) == 2)
        assert answers(driven)[-1][2] == {"type": "reject", "message": "never"}


async def test_a_long_description_can_be_scrolled_with_the_keyboard() -> None:
    words = "\n".join(f"line {number}" for number in range(40))
    async with drive(world=other(kind="tool_approval", value={**CALL, "description": words})) as driven:
        await opened(driven)
        await driven.sees("line 0")
        await driven.press("shift+tab")
        await driven.until(lambda: getattr(driven.app.screen.focused, "id", "") == "answer-words")
        await driven.press("end")
        await driven.sees("line 39")


async def test_what_was_cut_off_says_so() -> None:
    async with drive(world=other(truncated=True)) as driven:
        await opened(driven)
        await driven.sees("cut off: this is too large to be shown in full")


async def test_hostile_names_and_arguments_reach_no_terminal() -> None:
    evil = "\x1b[2J[red]x[/red]"
    value = {**CALL, "name": evil, "args": {evil: evil}, "description": evil}
    async with drive(world=other(kind="tool_approval", value=value)) as driven:
        await opened(driven)
        await driven.sees("[red]x[/red]")
        assert "\x1b" not in driven.text


def test_a_draft_is_built_step_by_step() -> None:
    draft = Draft(approval(world().runs[0], "ask", BATCH, 1, kind="hitl_request"))
    assert (draft.title, draft.for_all) == ("1/3 · delete_file", True)
    with pytest.raises(MahavishnuError):
        draft.value()
    draft.approve_all()
    assert draft.summing_up
    assert draft.shown == {"1 delete_file": "approve", "2 send_mail": "approve", "3 charge": "approve"}
    assert draft.value() == {"decisions": [{"type": "approve"}] * 3}
    plain = Draft(approval(world().runs[0], "ask", "go on?", 1))
    assert (plain.action, plain.title, plain.shown, plain.summing_up) == (None, "go on?", None, False)
    more = Draft(approval(world().runs[0], "ask", {"question": "go on?", "risk": "go on?"}, 1))
    assert (more.title, more.shown) == ("go on?", {"risk": "go on?"}), "what is the title is said once"
    lines = Draft(approval(world().runs[0], "ask", "go \x1b[1mon?\n\nIt is late.", 1))
    assert (lines.words, lines.shown) == ("It is late.", None), "title and words say all of it"
    lines = Draft(approval(world().runs[0], "ask", {"question": "go on?\nIt is late.", "risk": 1}, 1))
    assert (lines.words, lines.shown) == ("It is late.", {"risk": 1})
    long = "word " * 100
    assert Draft(approval(world().runs[0], "ask", long, 1)).shown == long, "a title that is cut is not all"
