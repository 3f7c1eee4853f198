from __future__ import annotations

import json
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.widgets.state_lines import StateLines
from mahavishnu_tui.widgets.state_tree import StateTree

from .views import settle, shown, text

STATE = {
    "question": "Deploy 1.4.2 to prod?",
    "count": 3,
    "ok": True,
    "nothing": None,
    "plan": {"steps": ["build", "test", {"name": "deploy", "deep": {"x": 1}}]},
    "essay": "line one\nline two " + "word " * 100,
}

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=70),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.text(max_size=5), inner, max_size=6),
    max_leaves=30,
)


async def test_keys_values_and_folds():
    tree = StateTree()
    async with shown(tree, (60, 16)) as (pilot, app):
        tree.show(STATE)
        await settle(pilot)
        lines = text(tree)
        assert lines[0] == '  question  "Deploy 1.4.2 to prod?"'
        assert lines[1].split() == ["count", "3"]
        assert lines[2].split() == ["ok", "true"]
        assert lines[3].split() == ["nothing", "null"]
        assert lines[4].startswith("▾ plan  {steps}")
        assert lines[5].strip().startswith("▸ steps  [3]")
        await pilot.press("j", "j", "j", "j", "j", "enter")
        assert tree.cursor_path == ("plan", "steps")
        assert tree.cursor_value == STATE["plan"]["steps"]
        assert text(tree)[6].split() == ["0", '"build"']
        await pilot.press("j", "j", "j", "l", "l", "l", "j", "l")
        assert tree.cursor_path == ("plan", "steps", 2, "deep")
        await pilot.press("h", "h", "h")
        assert tree.cursor_path == ("plan", "steps", 2)
        await pilot.press("h", "h", "h")
        assert tree.cursor_path == ("plan",)
        assert app.sent(StateTree.CursorMoved)[-1].path == ("plan",)
        assert app.sent(StateTree.CursorMoved)[-1].control is tree


async def test_long_strings_open():
    tree = StateTree()
    async with shown(tree, (60, 24)) as (pilot, _):
        tree.show(STATE)
        await settle(pilot)
        assert "(518 characters)" in text(tree)[6]
        await pilot.press("G", "enter")
        await settle(pilot)
        assert text(tree)[7].strip() == "line one"
        assert text(tree)[8].strip().startswith("line two word")
        await pilot.press("j", "enter")
        assert "line two word" not in text(tree)[8]


async def test_what_is_open_and_the_cursor_stay_when_the_value_changes():
    tree = StateTree()
    async with shown(tree, (60, 16)) as (pilot, _):
        tree.show(STATE)
        tree.search("steps")
        await pilot.press("l", "j", "j")
        assert tree.cursor_path == ("plan", "steps", 1)
        tree.show({"first": 1, **STATE}, note="truncated by the host")
        await settle(pilot)
        assert tree.cursor_path == ("plan", "steps", 1)
        tree.show({"plan": 1})
        assert tree.cursor_path == ("plan",)
        tree.clear("no checkpoint is selected")
        await settle(pilot)
        assert text(tree)[0] == "no checkpoint is selected"
        assert tree.raw_text() == ""
        assert tree.cursor_path == ()
        assert tree.cursor_value is None
        await pilot.press("enter", "h", "l", "j", "y", "slash", "x", "enter", "n")
        tree.show("only text", note="truncated by the host")
        await pilot.press("y")
        await settle(pilot)
        assert text(tree)[:2] == ['  "only text"', "  truncated by the host"]


async def test_search_opens_what_encloses_a_match():
    tree = StateTree()
    async with shown(tree, (60, 10)) as (pilot, _):
        tree.show({"a": [{"deep": {"deeper": "the needle"}}], "b": "another NEEDLE", "needle": 1})
        await pilot.press("slash", *"needle")
        await settle(pilot)
        assert text(tree)[-1] == "/needle_  1 of 3"
        assert tree.cursor_path == ("a", 0, "deep", "deeper")
        await pilot.press("enter", "n")
        assert tree.cursor_path == ("b",)
        await pilot.press("n", "n", "N")
        assert tree.cursor_path == ("needle",)
        await pilot.press("escape")
        assert tree.needle == ""
        await pilot.press("slash", "q", "q", "backspace")
        assert text(tree)[-1] == "/q_  no match"
        await pilot.press("escape")
        assert "/" not in text(tree)[-1]
        await pilot.press("n")
        assert text(tree)[-1].startswith("/_"), "nothing is searched for: it asks"


async def test_raw_json():
    tree = StateTree(ascii_only=True)
    async with shown(tree, (60, 8)) as (pilot, _):
        tree.show(STATE)
        await pilot.press("y")
        await settle(pilot)
        assert tree.raw
        assert text(tree)[0] == "{"
        assert json.loads(tree.raw_text()) == STATE
        assert tree.search("deploy") == 2
        await pilot.press("n", "j", "G", "g", "pagedown", "enter", "h", "l")
        assert tree.raw
        await pilot.press("y")
        await settle(pilot)
        assert text(tree)[4].startswith("- plan")


async def test_click_selects_then_folds():
    tree = StateTree()
    async with shown(tree, (60, 12)) as (pilot, _):
        tree.show(STATE)
        await settle(pilot)
        await pilot.click(tree, offset=(3, 4))
        assert tree.cursor_path == ("plan",)
        await pilot.click(tree, offset=(3, 4))
        await pilot.click(tree, offset=(3, 11))
        assert text(tree)[4].startswith("▸ plan")


async def test_a_megabyte_does_not_freeze():
    big = {
        "rows": [{"id": index, "text": "x" * 40} for index in range(12_630)],
        "blob": "y" * 1_000_000,
        "lines": "z\n" * 300_000,
    }
    tree = StateTree()
    async with shown(tree, (80, 24)) as (pilot, _):
        begin = time.process_time()
        tree.show(big)
        await pilot.press("l")
        await settle(pilot)
        assert "… 12,430 more" in [line.text for line in tree._lines if line.kind == "more"]
        await pilot.press("G", "k", "enter")
        assert len(tree._lines) < 2000
        await pilot.press("G", "enter")
        await settle(pilot)
        assert len(tree._lines) < 2500
        assert tree.search("no such text") == 0
        assert time.process_time() - begin < 4


async def test_more_children_on_request():
    tree = StateTree()
    async with shown(tree, (80, 24)) as (pilot, _):
        tree.show(list(range(1500)))
        await pilot.press("G", "enter")
        assert tree.cursor_value == 200
        await pilot.press("G")
        assert [line.text for line in tree._lines if line.kind == "more"] == ["… 500 more"]
        tree.search("1400")
        assert tree.cursor_path == (1400,)


async def test_hostile_text():
    tree = StateTree()
    async with shown(tree, (80, 12)) as (pilot, _):
        tree.show({"\x1b[2J": "\x1b]0;t\x07[bold]x[/bold]\u202e", "s": "a\x00\nb\x1bc\n" + "w" * 90})
        await pilot.press("G", "enter")
        await settle(pilot)
        screen = "".join(text(tree))
        assert not any(ord(char) < 32 or char == "\u202e" for char in screen)
        assert "[bold]x[/bold]" in screen
        await pilot.press("y")
        assert "\x1b" not in "".join(text(tree))


@given(json_values, st.integers(10, 120))
def test_every_value_has_a_line_when_all_is_open(value, width):
    lines = StateLines(value)
    count = 0
    stack = [((), value)]
    while stack:
        path, item = stack.pop()
        lines.opened[path] = isinstance(item, (dict, list))
        if isinstance(item, (dict, list)):
            pairs = item.items() if isinstance(item, dict) else enumerate(item)
            stack += [((*path, key), child) for key, child in pairs]
        count += bool(path) or not isinstance(item, (dict, list))
    assert len([line for line in lines.lines(width) if line.kind == "value"]) == count


@given(json_values)
def test_whatever_is_found_can_be_revealed(value):
    lines = StateLines(value)
    for path in lines.find("1")[:5]:
        lines.reveal(path)
        assert path == () or path in [line.path for line in lines.lines(80)]


@pytest.mark.parametrize("depth", [100, 20_000])
def test_deep_values(depth):
    value: object = 1
    for _ in range(depth):
        value = [value]
    lines = StateLines(value)
    assert lines.find("1")
    assert lines.lines(80)
