from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.widgets.columns import GAP, Column, fit, sort_key
from mahavishnu_tui.widgets.table import Cell, Row, VirtualTable

from .views import on_screen, painted, settle, shown, text

COLUMNS = (
    Column("state", "STATE", 10),
    Column("run", "RUN", 12, min_width=6, flex=1),
    Column("for", "FOR", 5, priority=1, align="right"),
    Column("last", "LAST", 10, priority=2),
)


def rows(*keys: str, age: str = "1s", state: str = "running") -> list[Row]:
    return [Row(key, (Cell(f"▶ {state}", "running"), key, age, "✔✔✘")) for key in keys]


def many(count: int) -> list[Row]:
    return rows(*(f"run-{index:06}" for index in range(count)))


async def test_titles_rows_and_alignment():
    table = VirtualTable(COLUMNS)
    async with shown(table, (60, 6)) as (pilot, _):
        table.set_rows(rows("amber-otter"))
        await settle(pilot)
        lines = text(table)
        assert lines[0].split() == ["STATE", "RUN", "FOR", "LAST"]
        assert lines[1].split() == ["▶", "running", "amber-otter", "1s", "✔✔✘"]
        assert lines[0].index("FOR") + 3 == lines[1].index("1s") + 2, "numbers stand at the right"


async def test_a_scrollbar_covers_no_cell():
    table = VirtualTable((Column("run", "RUN", 12, flex=1), Column("for", "FOR", 5, align="right")))
    async with shown(table, (40, 6)) as (pilot, app):

        async def ends(count: int, age: str) -> list[str]:
            table.set_rows(Row(f"r{n}", (f"r{n}", age)) for n in range(count))
            await settle(pilot)
            return [line[37:] for line in on_screen(app)[:3]]

        assert await ends(3, "11s") == ["FOR", "11s", "11s"]
        assert [end[:2] for end in await ends(30, "22s")] == ["OR", "2s", "2s"]
        assert not any(end[2].isalnum() for end in await ends(30, "22s")), "the scrollbar's own cell"
        assert await ends(3, "22s") == ["FOR", "22s", "22s"]


async def test_equal_rows_paint_nothing_and_a_changed_cell_its_line():
    table = VirtualTable(COLUMNS)
    async with shown(table) as (pilot, _):
        table.set_rows(many(1000))
        await settle(pilot)
        with painted(table) as lines:
            table.set_rows(many(1000))
            await settle(pilot)
        assert lines == set()
        with painted(table) as lines:
            changed = many(1000)
            changed[3] = rows("run-000003", age="2s")[0]
            changed[700] = rows("run-000700", age="2s")[0]
            table.set_rows(changed)
            await settle(pilot)
        assert lines == {4}
        assert "2s" in text(table)[4]


async def test_a_range_is_marked_and_escape_takes_all_marks_away():
    table = VirtualTable(COLUMNS, markable=True)
    async with shown(table) as (pilot, _):
        table.set_rows(rows(*"abcdefgh"))
        await pilot.press("g", "j", "space", "G", "k", "ctrl+@")
        assert table.marked == list("bcdefg"), "from the last mark to the cursor"
        await pilot.press("g", "ctrl+space")
        assert table.marked == list("abcdefg")
        table.set_rows(rows("h", "g"), hidden=set("abcdef"))
        assert (table.marked, table.marks_said) == (list("gabcdef"), "7 marked, 6 hidden"), (
            "only filtered out"
        )
        table.set_rows(rows(*"abcdegh"))
        assert table.marks_said == "6 marked", "f is gone"
        await pilot.press("escape")
        assert table.marked == []


async def test_cursor_and_marks_follow_their_keys():
    table = VirtualTable(COLUMNS, markable=True)
    async with shown(table) as (pilot, app):
        table.set_rows(rows("a", "b", "c", "d"))
        await pilot.press("j", "j", "space")
        assert table.cursor_key == "d"
        assert table.marked == ["c"]
        await pilot.press("k")
        table.set_rows(rows("z", "y", "d", "c", "b", "a"))
        await settle(pilot)
        assert table.cursor_key == "c"
        assert table.marked == ["c"]
        assert text(table)[4].startswith("◆")
        table.set_rows(rows("z", "y", "d", "b", "a"))
        await settle(pilot)
        assert table.marked == [], "marks vanish with their rows"
        assert table.cursor_key == "b", "the row that took its place"
        table.set_rows([])
        await settle(pilot)
        assert table.cursor_key == ""
        keys = [message.key for message in app.sent(VirtualTable.CursorMoved)]
        assert keys == ["a", "b", "c", "d", "c", "b", ""]


async def test_rows_above_do_not_move_what_one_reads():
    table = VirtualTable(COLUMNS)
    async with shown(table) as (pilot, _):
        table.set_rows(many(100))
        table.move_to("run-000050")
        await settle(pilot)
        before = [line for line in text(table)[1:] if line]
        table.set_rows([*rows("new-1", "new-2", "new-3"), *many(100)])
        await settle(pilot)
        assert [line for line in text(table)[1:] if line] == before


async def test_keys_reach_every_row():
    table = VirtualTable(COLUMNS)
    async with shown(table) as (pilot, app):
        table.set_rows(many(100))
        await pilot.press("G")
        assert table.cursor_key == "run-000099"
        assert "run-000099" in "".join(text(table))
        await pilot.press("pageup")
        assert table.cursor_key == "run-000088"
        await pilot.press("g", "pagedown", "up", "down", "enter")
        assert table.cursor_key == "run-000011"
        assert [message.key for message in app.sent(VirtualTable.Activated)] == ["run-000011"]
        assert table.move_to("run-000042")
        assert not table.move_to("nobody")
        table.toggle_mark("run-000001")
        table.toggle_mark("nobody")
        assert table.marked == ["run-000001"]
        table.clear_marks()
        table.clear_marks()
        assert table.marked == []
        assert table.row("run-000001") is not None
        assert table.row("nobody") is None
        await settle(pilot)
        assert app.sent(VirtualTable.MarksChanged)[0].control is table


async def test_click_selects_then_opens():
    table = VirtualTable(COLUMNS)
    async with shown(table) as (pilot, app):
        table.set_rows(many(3))
        await settle(pilot)
        await pilot.click(table, offset=(4, 2))
        assert table.cursor_key == "run-000001"
        await pilot.click(table, offset=(4, 2))
        await pilot.click(table, offset=(4, 0))
        await pilot.click(table, offset=(4, 9))
        await settle(pilot)
        assert [message.key for message in app.sent(VirtualTable.Activated)] == ["run-000001"]


async def test_sorted_by_value_and_stays_so():
    table = VirtualTable(COLUMNS)
    async with shown(table) as (pilot, _):
        given = [*rows("slow", age="2h"), *rows("quick", age="40ms"), *rows("medium", age="4m12s")]
        table.set_rows(given)
        table.sort_by("for")
        assert [row.key for row in table.rows] == ["quick", "medium", "slow"]
        await settle(pilot)
        assert "FOR ▲" in text(table)[0]
        table.set_rows([*rows("slow", age="2h"), *rows("quick", age="3h"), *rows("medium", age="4m12s")])
        assert [row.key for row in table.rows] == ["medium", "slow", "quick"]
        table.sort_by("for", reverse=True)
        assert [row.key for row in table.rows] == ["quick", "slow", "medium"]
        table.sort_by(None)
        assert [row.key for row in table.rows] == ["slow", "quick", "medium"]


async def test_placeholders_look_different():
    table = VirtualTable(COLUMNS)
    async with shown(table, (70, 6)) as (pilot, _):
        looks = {}
        for kind in ("loading", "empty", "filtered", "error", "absent"):
            table.set_placeholder(kind, "the same words")
            await settle(pilot)
            strips = [table.render_line(y) for y in range(3)]
            looks[kind] = "".join(f"{s.text}{[x.style for x in s]}" for s in strips)
        assert len(set(looks.values())) == 5
        table.set_placeholder(
            "error", "one sentence that is too long for a single line of this very narrow view\x1b[2J"
        )
        await settle(pilot)
        assert "\x1b" not in "".join(text(table))
        assert text(table)[0] == "", "without rows that will come there are no titles"
        assert text(table)[1].startswith("  ✘ one sentence")
        assert text(table)[2].strip()
        table.set_rows(rows("a"))
        await settle(pilot)
        assert "one sentence" not in "".join(text(table))


async def test_stale_dims_and_narrow_drops_columns():
    table = VirtualTable(COLUMNS)
    async with shown(table, (60, 6)) as (pilot, _):
        table.set_rows(rows("a"))
        await settle(pilot)
        table.stale = True
        await settle(pilot)
        assert all(
            segment.style.dim for segment in table.render_line(1) if segment.text.strip() and segment.style
        )
        await pilot.resize_terminal(26, 6)
        await settle(pilot)
        assert text(table)[0].split() == ["STATE", "RUN"]


async def test_hostile_cells():
    table = VirtualTable(COLUMNS)
    async with shown(table) as (pilot, _):
        table.set_rows([Row("k", ("\x1b[b]x[/b]", "a\nb\r\n日本語" * 9, Cell("\u202e", "error")))])
        await settle(pilot)
        line = table.render_line(1)
        assert not any(ord(char) < 32 or char == "\u202e" for char in line.text)
        assert "[b]x[/b]" in line.text
        assert line.cell_length == table.size.width


async def test_a_hundred_thousand_rows():
    table = VirtualTable(COLUMNS)
    async with shown(table, (120, 40)) as (pilot, _):
        big = many(100_000)
        begin = time.process_time()
        table.set_rows(big)
        await settle(pilot)
        filled = time.process_time() - begin
        begin = time.process_time()
        big[3] = rows("run-000003", age="2s")[0]
        table.set_rows(big)
        await pilot.press("G")
        await settle(pilot)
        moved = time.process_time() - begin
        assert table.cursor_key == "run-099999"
        assert filled < 1.5
        assert moved < 0.5


column = st.builds(
    Column,
    st.text(max_size=3),
    st.just("T"),
    st.integers(1, 30),
    st.integers(0, 30),
    st.integers(0, 3),
    st.integers(0, 3),
)


@given(st.lists(column, max_size=8), st.integers(0, 200))
def test_columns_fit_and_none_that_matters_drops(columns, width):
    shown_columns = fit(columns, width)
    total = sum(cells for _, cells in shown_columns) + GAP * max(0, len(shown_columns) - 1)
    indexes = [index for index, _ in shown_columns]
    assert indexes == sorted(indexes)
    assert set(indexes) >= {index for index, column in enumerate(columns) if not column.priority}
    if any(columns[index].priority for index in indexes):
        assert total <= width
    if total > width:
        assert all(cells == columns[index].least for index, cells in shown_columns)
    elif any(columns[index].flex for index in indexes):
        assert total == width


@pytest.mark.parametrize(
    "ordered",
    [
        ["40ms", "2.1s", "12s", "4m", "4m12s", "2h", "3d", "text", ""],
        ["-3", "0", "7", "1,000", "a"],
        ["2/10", "3/10", "10/10"],
        ["⊘ cancelled", "✔ done", "▶ running"],
        ["312 B", "3.1 KB", "46 MB", "1.0 GB"],
    ],
)
def test_sort_key(ordered):
    backwards = ordered[::-1]
    assert sorted(backwards, key=sort_key) == ordered
