"""Lists follow the column that the operator chooses: by value, by key, per view."""

from __future__ import annotations

from mahavishnu_tui.widgets.columns import Column
from mahavishnu_tui.widgets.rows import Cell, Row
from mahavishnu_tui.widgets.table import VirtualTable
from tests.snapshots.scenes import NOW, World, run, world
from tests.unit.screens.driving import Drive, drive


def names(driven: Drive) -> list[str]:
    table = driven.dashboard.room.runs.table
    at = next(index for index, column in enumerate(table.columns) if column.key == "run")
    return [str(row.cells[at]) for row in table.rows]


async def said(driven: Drive, line: str) -> None:
    await driven.press(":")
    await driven.type(line)
    await driven.press("enter")


async def test_keys_move_the_sort_through_the_columns_and_back_to_as_given() -> None:
    async with drive((200, 50)) as driven:
        await driven.cursor_on("amber-otter")
        given = names(driven)
        table = driven.dashboard.room.runs.table
        await driven.press(">", ">")
        await driven.sees("RUN ▲", "· sort run ↑")
        assert names(driven) == sorted(given)
        await driven.press("I")
        await driven.sees("RUN ▼", "· sort run ↓")
        assert names(driven) == sorted(given, reverse=True)
        assert driven.dashboard.room.runs.current.name == "amber-otter"  # type: ignore[union-attr]
        await driven.press("<", "<")
        assert names(driven) == given
        assert table.sort_said == ""
        await driven.press("<")
        await driven.sees("BEGAN ▲")


async def test_times_and_lengths_by_value() -> None:
    async with drive((200, 50)) as driven:
        await said(driven, "sort -for")
        await driven.sees("sort for ↓")
        # Of what is at work, what began first; then what took longest.
        assert names(driven)[:4] == ["swift-ibis", "frosty-gnu", "brisk-heron", "calm-wren"]
        assert names(driven)[-1].startswith("evil")
        await said(driven, "sort -started")
        await driven.sees("sort began ↓")
        assert names(driven)[:2] == ["eager-mole", "amber-otter"]
        await said(driven, "sort")
        await driven.sees("as given")
        assert names(driven)[0] == "brisk-heron"


async def test_each_view_has_its_own_and_pools_none() -> None:
    async with drive((200, 50)) as driven:
        await said(driven, "sort run")
        await driven.press("4", ">")
        await driven.sees("4 Approvals", "2 · sort state ↑")
        await driven.press("1")
        await driven.sees("16 · sort run ↑")
        await driven.press("6")
        assert not driven.dashboard.room.pools.table.check_action("sort_column", (1,))
        await said(driven, "sort nonsense")
        await driven.sees("No column nonsense here; there are state, run,")


async def test_what_is_sorted_is_only_what_is_known() -> None:
    known = [run(n, f"run-{n}", "release", "success", 60 * n, ended_at=NOW) for n in range(1, 4)]
    older = [run(100 + n, f"old-{n}", "release", "success", 90_000, ended_at=NOW) for n in range(300)]
    async with drive(world=World(known, [], [], [], {}, {}, [], older=older)) as driven:
        await driven.until(lambda: driven.dashboard.room.runs.archive.count is not None)
        await said(driven, "sort began")
        await driven.sees("sorted: newest 3 of 303 · sort began ↑")


async def test_completion_knows_the_columns() -> None:
    async with drive() as driven:
        await driven.press(":")
        await driven.type("sort -workf")
        await driven.press("tab", "enter")
        await driven.sees("sort workflow ↓")


def test_rows_without_a_value_come_last_either_way() -> None:
    table = VirtualTable((Column("n", "N", 4),), sortable=True)
    table.set_rows([Row("none", ("",)), Row("two", (Cell("b", by=2),)), Row("one", (Cell("z", by=1),))])
    table.sort_by("n")
    assert [row.key for row in table.rows] == ["one", "two", "none"]
    table.sort_by("n", reverse=True)
    assert [row.key for row in table.rows] == ["two", "one", "none"]


async def test_a_list_over_the_dashboard_is_sorted_too() -> None:
    async with drive((120, 40), world=world()) as driven:
        await said(driven, "ledger")
        await driven.sees("ledger ·", "answers")
        await driven.press(">")
        await driven.sees("# ▲")
