"""The form as it is filled in with the keyboard."""

from __future__ import annotations

from typing import Any

from textual.widgets import TextArea

from mahavishnu_tui.screens.hints import live_hints
from mahavishnu_tui.widgets.form import SchemaForm
from mahavishnu_tui.widgets.form.choice import ChoiceInput
from mahavishnu_tui.widgets.form.inputs import AnyInput, LineInput, PickInput
from tests.unit.widgets.views import on_screen, settle, shown

SCHEMA: dict[str, Any] = {
    "$defs": {
        "Address": {
            "type": "object",
            "properties": {"street": {"type": "string"}, "country": {"type": "string", "default": "DE"}},
            "required": ["street"],
        }
    },
    "type": "object",
    "required": ["version", "approved", "amount"],
    "properties": {
        "version": {
            "type": "string",
            "description": "What is deployed, as a tag [bold]of[/bold] the repository",
        },
        "approved": {"type": "boolean"},
        "amount": {"type": "integer", "minimum": 1, "maximum": 100, "default": 5},
        "currency": {"enum": ["EUR", "USD", "GBP"], "default": "EUR"},
        "when": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "items": {"type": "string"}},
        "address": {"anyOf": [{"$ref": "#/$defs/Address"}, {"type": "null"}], "default": None},
        "kind": {"const": "release"},
    },
}


def seen(app: Any) -> str:
    return "\n".join(line.rstrip() for line in on_screen(app))


async def test_it_is_filled_in_with_the_keyboard_and_read_as_typed_values() -> None:
    form = SchemaForm(SCHEMA)
    async with shown(form, (80, 30)) as (pilot, app):
        assert isinstance(app.focused, LineInput), "the first field has the focus"
        assert "[bold]of[/bold]" in seen(app), "no markup is parsed"
        await pilot.press(*"1.4", "enter")
        await pilot.press("n", "right", "down")
        await pilot.press("backspace", "7", "down", "u", "tab")
        await settle(pilot)
        assert form.value == {
            "version": "1.4",
            "approved": True,
            "amount": 7,
            "currency": "USD",
            "address": None,
            "kind": "release",
        }
        assert form.problems == []
        assert app.sent(SchemaForm.Changed)[0].control is form


async def test_a_field_says_what_is_wrong_once_it_is_left_and_stops_when_it_is_right() -> None:
    form = SchemaForm(SCHEMA)
    async with shown(form, (80, 30)) as (pilot, app):
        await settle(pilot)
        assert "✘" not in seen(app)
        await pilot.press("tab", "tab", "backspace", *"900")
        await settle(pilot)
        assert "is required" in seen(app), "the fields before have been left"
        assert "at most" not in seen(app), "not while one types"
        await pilot.press("tab")
        await settle(pilot)
        assert "✘ must be at most 100" in seen(app)
        await pilot.press("shift+tab", "backspace", "backspace")
        await settle(pilot)
        assert "at most" not in seen(app)
        assert [problem.sentence() for problem in form.problems] == [
            "version is required.",
            "approved is required.",
        ]


async def test_reveal_says_all_and_goes_to_the_first() -> None:
    form = SchemaForm(SCHEMA, {"version": "1", "approved": True, "amount": 5, "when": "later"})
    async with shown(form, (80, 30)) as (pilot, app):
        found = form.reveal()
        await settle(pilot)
        assert [problem.where for problem in found] == ["when"]
        assert "✘ must be a date and time such as" in seen(app)
        assert isinstance(app.focused, LineInput)
        assert app.focused.field.label == "when"


async def test_what_does_not_read_is_said_before_the_schema_is_asked() -> None:
    form = SchemaForm(SCHEMA)
    async with shown(form, (80, 30)) as (pilot, app):
        await pilot.press("tab", "tab", "x", "tab")
        await settle(pilot)
        assert "✘ must be a whole number" in seen(app)
        assert [problem.where for problem in form.problems] == ["version", "approved", "amount"]


async def test_a_group_that_may_be_left_out_comes_in_when_it_is_touched() -> None:
    form = SchemaForm(SCHEMA)
    async with shown(form, (80, 30)) as (pilot, _):
        street = next(item for item in form.query(LineInput) if item.field.label == "street")
        assert form.value["address"] is None
        street.focus()
        await pilot.press(*"Elm 1")
        assert form.value["address"] == {"street": "Elm 1", "country": "DE"}
        await pilot.press("home", "ctrl+k")
        assert form.value["address"] is None


async def test_lists_are_lines_and_anything_else_is_json() -> None:
    schema = {
        "type": "object",
        "properties": {
            "sizes": {"type": "array", "items": {"type": "integer"}},
            "rest": {"type": "object"},
            "note": {"type": "string", "maxLength": 4000},
        },
        "required": ["rest"],
    }
    form = SchemaForm(schema, {"sizes": [1, 2], "rest": {"a": [1]}, "kept": True})
    async with shown(form, (80, 30)) as (pilot, app):
        assert "enter" not in dict(live_hints(app.screen)), "it makes a line here"
        await pilot.press("down", "end", "enter", "x", "tab")
        await settle(pilot)
        assert "✘ line 3 must be a whole number" in seen(app)
        await pilot.press("shift+tab", "end", "backspace", "3")
        assert form.value == {"sizes": [1, 2, 3], "rest": {"a": [1]}, "kept": True}
        rest = form.query_one(AnyInput)
        rest.query_one(TextArea).text = "{"
        await settle(pilot)
        assert "is not JSON" in form.problems[0].message
        rest.query_one(TextArea).text = ""
        await settle(pilot)
        assert [problem.sentence() for problem in form.problems] == ["rest is required."]
        rest.query_one(TextArea).text = '{"a": 1}'
        form.query(TextArea).last().text = "first\nsecond"
        await settle(pilot)
        assert form.value == {"sizes": [1, 2, 3], "rest": {"a": 1}, "note": "first\nsecond", "kept": True}


async def test_one_value_is_a_form_of_one_row() -> None:
    form = SchemaForm({"type": "integer", "minimum": 3})
    async with shown(form, (60, 8)) as (pilot, app):
        await pilot.press("2", "tab")
        assert form.value == 2
        form.reveal()
        await settle(pilot)
        assert "✘ must be at least 3" in seen(app)


async def test_a_fault_of_the_whole_is_said_at_the_top() -> None:
    form = SchemaForm({"type": "object", "properties": {"a": {"type": "string"}}, "minProperties": 1})
    async with shown(form, (60, 8)) as (pilot, app):
        form.reveal()
        await settle(pilot)
        assert "✘ needs at least 1 entries" in seen(app)


async def test_another_schema_can_be_loaded() -> None:
    form = SchemaForm({"type": "integer"})
    async with shown(form, (60, 8)) as (pilot, app):
        await form.load({"type": "object", "properties": {"name": {"type": "string"}}}, {"name": "ana"})
        await settle(pilot)
        assert form.value == {"name": "ana"}
        assert "name" in seen(app)
        form.focus()
        await pilot.press("end", "!")
        assert form.value == {"name": "ana!"}


async def test_many_values_are_gone_through_one_at_a_time() -> None:
    values = [f"region-{number}" for number in range(30)] + ["\x1b[2J", "zone"]
    choice = ChoiceInput(values)
    async with shown(choice, (60, 3)) as (pilot, app):
        assert "none chosen" in seen(app)
        await pilot.press("left")
        assert choice.value == "zone"
        await pilot.press("left")
        await settle(pilot)
        assert "\x1b" not in seen(app)
        assert "31 of 32" in seen(app)
        await pilot.press("r", "r")
        assert choice.value == "region-1"
        await pilot.press("end", "home")
        assert choice.value == "region-0"
        await pilot.press("x")
        assert choice.value == "region-0"
        await pilot.press("backspace")
        assert choice.index == -1
        assert app.sent(ChoiceInput.Changed)[0].control is choice


async def test_a_value_is_chosen_with_the_mouse_too() -> None:
    form = SchemaForm({"type": "object", "properties": {"go": {"type": "boolean"}}})
    async with shown(form, (60, 4)) as (pilot, _):
        row = form.query_one(PickInput)
        await pilot.click(row, offset=(10, 0))
        assert form.value == {"go": False}
        await pilot.click(row, offset=(30, 0))
        assert form.value == {"go": False}
