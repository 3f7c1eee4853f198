"""Header, flash line, pane strip, log view, JSON editor."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.color import Color
from textual.widgets import Static

from mahavishnu_tui.widgets.flash import Flash
from mahavishnu_tui.widgets.graph import GraphView
from mahavishnu_tui.widgets.header import EngineState, Header, HeaderState
from mahavishnu_tui.widgets.json_editor import JsonEditor
from mahavishnu_tui.widgets.json_text import parse, pretty
from mahavishnu_tui.widgets.log_lines import broken
from mahavishnu_tui.widgets.log_view import LogView
from mahavishnu_tui.widgets.plain import PlainSigns
from mahavishnu_tui.widgets.state_tree import StateTree
from mahavishnu_tui.widgets.table import Column, Row, VirtualTable
from mahavishnu_tui.widgets.tabs import PaneStrip, PaneTab

from .shapes import LINE, RELEASE_VISITS
from .views import on_screen, painted, settle, shown, text


async def test_header_says_what_needs_attention():
    clock = [1000.0]
    header = Header(now=lambda: clock[0])
    async with shown(header, (80, 3)) as (pilot, _):
        engines = (EngineState("graph", "ready", 999.5), EngineState("prefect", "blocked", 995.0))
        header.show(HeaderState("staging", engines, running=12, failed=3, waiting=2))
        await settle(pilot)
        assert text(header)[0] == (
            " mahavishnu  staging   graph ●   prefect ⚠ blocked 5s  ▶ 12  ✘ 3  ✋ 2 need you"
        )
        header.show(HeaderState("staging", failed=173, more_failed=True))
        await settle(pilot)
        assert "✘ 173+" in text(header)[0], "older runs may have failed too"
        header.show(HeaderState("staging", waiting=1, stale_since=958.0, retry=3, notice="starting it…"))
        await settle(pilot)
        assert "STALE 42s · retry 3  starting it…" in text(header)[0]
        assert text(header)[0].endswith("✋ 1 needs you")
        clock[0] += 2
        header._update()
        assert "STALE 44s" in text(header)[0]
        header.show(HeaderState("main", notice="connecting …", readonly=True, production=True))
        await settle(pilot)
        assert text(header)[0] == " mahavishnu   PROD main   read-only   connecting …"
        header.show(HeaderState("main", production=True, locked=True, colour="blue"))
        await settle(pilot)
        assert text(header)[0].rstrip() == " mahavishnu   PROD main   locked"
        header.show(HeaderState("lab", production=True))
        await settle(pilot)
        assert text(header)[0].rstrip() == " mahavishnu   PROD lab   UNLOCKED"
        engines = (EngineState("graph", "ready"), EngineState("prefect", "off"))
        header.show(
            HeaderState("lab", engines, failed=2, waiting=3, trouble="MHV-461 Notifications to ops fail")
        )
        await settle(pilot)
        assert text(header)[0].startswith(" mahavishnu  lab   graph ●   prefect ○ off  MHV-461 ")
        header.show(HeaderState("lab", engines, trouble="the disk is full; retrying"))
        await settle(pilot)
        assert text(header)[0].rstrip().endswith("prefect ○ off   the disk is full; retrying")
        engines = (EngineState("graph", "ready"), EngineState("prefect", "ready", clock[0], fresh="live"))
        header.show(HeaderState("prod", engines, 2, 3, 5, 7, production=True, locked=True))
        await settle(pilot)
        assert text(header)[0].startswith("   PROD prod   locked   graph ●   prefect ● live ")
        header.show(HeaderState("lab", colour="cyan"))
        await settle(pilot)
        assert text(header)[0].rstrip() == " mahavishnu   lab"
        assert header._timer is None


async def test_header_paints_only_changes_and_keeps_counts():
    header = Header(now=lambda: 1000.0, ascii_only=True)
    async with shown(header, (60, 3)) as (pilot, _):
        state = HeaderState("a very long name of a context, for sure", running=1, queued=40, waiting=2)
        header.show(state)
        await settle(pilot)
        assert text(header)[0].endswith("> 1  . 40  ? 2 need you")
        assert text(header)[0].isascii()
        with painted(header) as lines:
            header.show(HeaderState(**vars(state)))
            await settle(pilot)
        assert lines == set()
        await pilot.resize_terminal(120, 3)
        await settle(pilot)
        assert "40 queued" in text(header)[0]


async def test_flash_shows_one_message_then_the_rest():
    flash = Flash()
    async with shown(flash, (80, 3)) as (pilot, _):
        flash.set_rest("12 of 20,431 · sort started ↓")
        await settle(pilot)
        assert text(flash)[0] == " 12 of 20,431 · sort started ↓"
        for severity, sign in (("info", "·"), ("success", "✔"), ("warning", "⚠"), ("error", "✘")):
            flash.flash("[b]said\x1b[0m", severity)
            await settle(pilot)
            assert text(flash)[0] == f" {sign} [b]said\ufffd[0m"
        for severity, end in (("error", "y y y… :errors"), ("info", "y y y y y y…")):
            flash.flash("y " * 60, severity)
            await settle(pilot)
            assert text(flash)[0].rstrip().endswith(end)
        flash.set_rest("other")
        flash.flash("short", seconds=0.01)
        await pilot.pause(0.05)
        await settle(pilot)
        assert text(flash)[0] == " other"
        flash.dismiss()


TABS = [PaneTab("runs", "Runs", "1"), PaneTab("path", "Path", "2"), PaneTab("ask", "Approvals", "4", "✋2")]


async def test_strip_of_panes():
    strip = PaneStrip(TABS)
    async with shown(strip, (60, 3)) as (pilot, app):
        assert text(strip)[0] == " 1 Runs  2 Path  4 Approvals ✋2"
        await pilot.click(strip, offset=(10, 0))
        await pilot.click(strip, offset=(50, 0))
        await settle(pilot)
        assert [message.tab for message in app.sent(PaneStrip.Selected)] == ["path"]
        assert app.sent(PaneStrip.Selected)[0].control is strip
        with painted(strip) as lines:
            strip.show(TABS, "runs")
            await settle(pilot)
        assert lines == set()
        strip.show(TABS, "path")
        await pilot.resize_terminal(20, 3)
        await settle(pilot)
        assert text(strip)[0] == " 1  2 Path  4 ✋2"


async def test_log_follows_until_one_scrolls_up():
    log = LogView()
    async with shown(log, (40, 6)) as (pilot, _):
        log.set_lines([f"line {n}" for n in range(50)])
        await settle(pilot)
        assert text(log)[-1] == "line 49"
        log.write_lines(["line 50"])
        await settle(pilot)
        assert text(log)[-1] == "line 50"
        await pilot.press("k", "k")
        log.write_lines(["line 51", "line 52"])
        await settle(pilot)
        assert text(log)[-1] == "line 48"
        await pilot.press("G")
        assert log.follow
        await pilot.press("g")
        assert text(log)[0] == "line 0"
        await pilot.press("pagedown", "j", "pageup", "F")
        await settle(pilot)
        assert text(log)[-1] == "line 52"
        log.on_mouse_scroll_up()
        assert not log.follow
        log.clear("no log yet")
        await settle(pilot)
        assert text(log)[0] == "no log yet"


async def test_log_shows_the_end_of_its_longest_line_beside_a_scrollbar():
    log = LogView()
    async with shown(log, (40, 6)) as (pilot, app):
        log.set_lines(["short"] * 20)
        await pilot.press("l")
        await settle(pilot)
        assert log.scroll_offset.x == 0, "there is nothing more at the right"
        log.write_lines(["x" * 60 + "END"])
        await pilot.press(*"llll")
        await settle(pilot)
        assert [line[36:39] for line in on_screen(app)][-1] == "END"


async def test_wrapped_log_is_painted_for_the_width_it_has():
    log = LogView()
    log.follow, log.wrap = False, True
    log.set_lines(["some words in a line", "others"])
    assert log.virtual_size.height == 2  # not a letter a row, while its size is not known
    async with shown(log, (40, 6)) as (pilot, app):
        await settle(pilot)
        assert on_screen(app)[0].startswith("some words in a line")
        await pilot.resize_terminal(12, 6)
        await settle(pilot)
        assert [line.rstrip() for line in on_screen(app)[:3]] == ["some words", "in a line", "others"]


async def test_every_view_can_be_filled_before_it_is_shown():
    log, tree, graph, table = LogView(), StateTree(), GraphView(), VirtualTable([Column("a", "A", 5)])
    log.set_lines(["first", *map(str, range(40)), "last"])
    tree.show({"a": 1})
    graph.show(LINE)
    graph.set_visits(RELEASE_VISITS)
    graph.update_visit(RELEASE_VISITS[0].replace(attempt=2))
    table.set_rows([Row("k", ("cell",))])
    table.sort_by("a")
    table.move_to("k")
    for view, expected in ((log, "last"), (tree, "  a  1"), (graph, "fetch"), (table, "  cell")):
        async with shown(view, (60, 6)) as (pilot, _):
            await settle(pilot)
            assert any(expected in line for line in text(view))


async def test_log_takes_only_what_is_new():
    log = LogView()
    async with shown(log, (40, 6)) as (pilot, _):
        log.set_lines(["a", "b", "c"])
        log.follow = False
        log.set_lines(["b", "c", "d"])
        assert log.text() == "a\nb\nc\nd"
        log.set_lines(["x", "y"])
        assert log.text() == "x\ny"
        log.set_lines(["x", "y"])
        assert log.text() == "x\ny"
        await settle(pilot)


async def test_log_wraps_shifts_and_drops():
    log = LogView(max_lines=100)
    async with shown(log, (20, 6)) as (pilot, _):
        log.set_lines(["short", "ERROR " + "x" * 60, "\x1b[31mred\x1b[0m\ttab", "日本語" * 12])
        await settle(pilot)
        assert not any("\x1b" in line for line in text(log))
        await pilot.press("l")
        assert log.scroll_offset.x == 8
        await pilot.press("w")
        await settle(pilot)
        assert "".join(line for number, line in log._rows if number == 1) == "ERROR " + "x" * 60
        assert log.search("日") == 1
        await pilot.press("g", "w")
        await pilot.resize_terminal(30, 6)
        log.write_lines([f"WARN n{n}" for n in range(200)])
        await pilot.press("g")
        await settle(pilot)
        assert log.dropped == 114
        assert text(log)[0].startswith("… 114 older lines")
        assert len(log.text().splitlines()) == 90
        log.write_lines(["x" * 10_000])
        assert len(log.text().splitlines()[-1]) == 4000


async def test_log_shows_only_the_lines_that_match():
    log = LogView()
    async with shown(log, (40, 6)) as (pilot, _):
        log.set_lines([f"{'ERROR' if n % 10 == 0 else 'info'} line {n}" for n in range(100)])
        await pilot.press("ampersand", *"Error", "enter")
        log.write_lines(["info line 100", "ERROR line 101"])
        await settle(pilot)
        assert text(log)[-3:] == ["ERROR line 90", "ERROR line 101", "&Error  11 of 102 lines"]
        await pilot.press("slash", *"line 3", "enter")
        await settle(pilot)
        assert "ERROR line 30" in text(log)
        assert text(log)[-1] == "&Error  11 of 102 lines  /line 3  1 of 1"
        await pilot.press("escape", "G", "ampersand", *"!info", "enter", "w")
        await settle(pilot)
        assert text(log)[-1] == "&!info  11 of 102 lines"
        await pilot.press("escape")
        await settle(pilot)
        assert text(log)[-2:] == ["info line 100", "ERROR line 101"]
        await pilot.press("ampersand", *"zebra", "escape")
        assert log.only == ""
        await pilot.press("m")
        log.write_lines(["after it"])
        await settle(pilot)
        assert text(log)[-2].startswith("──")
        assert text(log)[-1] == "after it"
        await pilot.press("ctrl+l")
        await settle(pilot)
        assert text(log)[0] == "Cleared: what is new comes here."
        log.set_lines(["info line 100", "ERROR line 101", "after it", "new"])
        await settle(pilot)
        assert log.text() == "new"


async def test_log_search():
    log = LogView()
    async with shown(log, (40, 6)) as (pilot, _):
        log.set_lines([f"line {n}" for n in range(100)])
        await pilot.press("g", "slash", *"line 7", "enter")
        await settle(pilot)
        assert text(log)[-1] == "/line 7  1 of 11"
        await pilot.press("n", "n")
        assert "line 71" in "".join(text(log))
        assert not log.follow
        await pilot.press("N", "w")
        assert "line 70" in "".join(text(log))
        await pilot.press("escape")
        assert text(log)[-1].startswith("line ")
        assert log.search("") == 0
        await pilot.press("slash", *"LINE x y", "ctrl+w", "ctrl+w")
        log.post_message(events.Paste(" 42\nand more"))
        await settle(pilot)
        assert text(log)[-1] == "/LINE 42_  1 of 1"
        await pilot.press("ctrl+u", "enter")
        await settle(pilot)
        assert text(log)[-1].startswith("line ")
        log.set_lines(["x" * 100 + " \x1b[1;31mfar\x1b[0m", "near " + "y" * 100])
        await pilot.press("w", "slash", *"far")
        assert "far" in text(log)[0], "what is found is seen, however far to the right"
        await pilot.press("ctrl+u", *"near")
        assert text(log)[1].startswith("near")
        assert log.text().startswith("x" * 100 + " far\n"), "colours of the text are left out"


@pytest.mark.parametrize(
    ("typed", "error"),
    [
        ("", "empty: expected a JSON value"),
        ('{"a": 1,\n "b": 2\n "c": 3}', "line 3, column 2: expected ','"),
        ('{"a" 1}', "line 1, column 6: expected ':'"),
        ("{a: 1}", "line 1, column 2: expected a name in double quotes"),
        ('"open', "line 1, column 1: this string does not end"),
        ("[1] 2", "line 1, column 5: more text after the value"),
        ("nope", "line 1, column 1: expected a value"),
        ('"a\nb"', "line 1, column 3: a line break or control character within a string"),
        ('"\\q"', "line 1, column 2: an unknown escape after \\"),
        ("NaN", "NaN is not JSON"),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_what_is_wrong_with_json(typed, error):
    assert parse(typed) == (None, error)


@given(st.text())
def test_any_text_is_parsed_or_refused(typed):
    value, error = parse(typed)
    assert error or json.loads(typed) == value


def test_pretty_never_fails():
    deep: object = 1
    for _ in range(10_000):
        deep = [deep]
    assert pretty({"ä": object})
    assert pretty(1) == "1"
    assert pretty(deep)


async def test_editor_judges_while_one_types():
    editor = JsonEditor({"approved": True})
    async with shown(editor, (60, 10)) as (pilot, app):
        verdict = editor.query_one("#verdict", Static)
        assert editor.value == {"approved": True}
        assert str(verdict.render()) == "✔ valid JSON"
        await pilot.press("x")
        await settle(pilot)
        assert editor.error.startswith("line 1, column 1: expected a value")
        assert str(verdict.render()) == f"✘ {editor.error}"
        assert app.sent(JsonEditor.Changed)[-1].error == editor.error
        assert app.sent(JsonEditor.Changed)[-1].control is editor
        with pytest.raises(ValueError, match="expected a value"):
            _ = editor.value
        editor.load([1, "[b]"])
        await settle(pilot)
        assert editor.value == [1, "[b]"]
        assert json.loads(editor.text) == [1, "[b]"]
    assert JsonEditor(text="not yet").error


@given(st.text("a ✋漢\u0301", max_size=40), st.integers(1, 12))
def test_lines_that_are_broken_between_words_lose_none(line: str, width: int) -> None:
    parts = broken(line, width)
    assert "".join("".join(parts).split()) == "".join(line.split())
    assert all(cell_len(part) <= max(width, 2 + width // 2) for part in parts)


def test_in_ascii_only_what_people_wrote_is_anything_else() -> None:
    drawn = "╭─ Ünïcode … ▶ 漢字 ×2 ─╮ ↳ b1 · “so” █▃"
    [segment] = PlainSigns().apply([Segment(drawn)], Color(0, 0, 0))
    assert segment.text == '+- Ünïcode ~ > 漢字 x2 -+ \\ b1 - "so" # '
    assert cell_len(segment.text) == cell_len(drawn)
