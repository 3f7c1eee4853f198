"""A run beside another: differences first, in words; and what is said when there is none to compare with."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models import ErrorCode, MahavishnuError, NodeVisit, Run
from mahavishnu_tui.screens.compare import CompareScreen
from mahavishnu_tui.screens.comparing import Comparison, compare, comparison_rows
from mahavishnu_tui.screens.run.screen import RunScreen
from mahavishnu_tui.widgets.table import Cell, Row
from tests.snapshots.scenes import NOW, run, visit
from tests.unit.screens.driving import drive


def texts(row: Row) -> list[str]:
    return [cell.text if isinstance(cell, Cell) else cell for cell in row.cells]


def ended(number: int) -> Run:
    return run(number, f"run-{number}", "release", "success", 100).replace(ended_at=NOW)


def line(run_id: str, *nodes: tuple[str, float], **more: str) -> list[NodeVisit]:
    """One node after the other, each with its seconds; `more` gives outcomes by node."""
    begin, found = 100.0, []
    for number, (node, took) in enumerate(nodes, 1):
        found.append(visit(run_id, number, node, begin, took, outcome=more.get(node, "success")))
        begin -= took
    return found


def compared(here: list[NodeVisit], there: list[NodeVisit]) -> Comparison:
    return compare(ended(1), here, ended(2), there, NOW)


def test_differences_come_first_and_are_said_in_words() -> None:
    found = compared(
        line(
            "a",
            ("same", 2),
            ("slow", 9),
            ("loop", 1),
            ("loop", 1),
            ("quick", 1),
            ("pay", 1),
            ("x", 1),
            pay="error",
        ),
        line("b", ("same", 2), ("slow", 3), ("loop", 1), ("quick", 4), ("pay", 1), ("y", 1)),
    )
    rows = [texts(row) for row in comparison_rows(found, ascii_only=True)]
    assert [(row[0], row[1]) for row in rows] == [
        ("x", "only here"),
        ("y", "only there"),
        ("pay", "failed, not done"),
        ("loop", "1 more visit"),
        ("slow", "slower"),
        ("quick", "faster"),
        ("same", "the same"),
    ]
    assert rows[4][2:] == ["+ 9.0s", "+ 3.0s", "x3.0"]
    assert rows[3][2:4] == ["+ 2.0s x2", "+ 1.0s"]
    assert (rows[0][3], rows[1][2]) == ("-", "-")
    assert found.differing == 6
    assert found.lines[2] == "they part at step 4: loop here, quick there"


def test_small_times_are_no_difference_and_branches_have_no_order() -> None:
    here = [visit("a", 1, "l", 9, 0.01, step=1), visit("a", 2, "r", 9, 1, step=1)]
    there = [visit("b", 1, "r", 9, 1.2, step=1), visit("b", 2, "l", 9, 0.09, step=1)]
    found = compared(here, there)
    assert found.differing == 0
    assert found.lines[2] == "both went the same way"


def test_one_that_stopped_earlier_parts_with_nothing_more() -> None:
    found = compared(line("a", ("build", 1)), line("b", ("build", 1), ("deploy", 1)))
    assert found.lines[2] == "they part at step 2: nothing more here, deploy there"
    nothing = compared([], [])
    assert (nothing.nodes, nothing.differing, len(nothing.lines)) == ((), 0, 2)


paths = st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 100)), max_size=12)


@given(paths, paths)
def test_the_other_way_round_says_the_opposite(
    one: list[tuple[str, float]], two: list[tuple[str, float]]
) -> None:
    here, there = line("a", *one), line("b", *two)
    forth = {node.path: node.kind for node in compared(here, there).nodes}
    back = {node.path: node.kind for node in compared(there, here).nodes}
    opposite = {"only here": "only there", "only there": "only here", "slower": "faster", "faster": "slower"}
    assert {path: opposite.get(kind, kind) for path, kind in forth.items()} == back
    assert set(forth) == {node for node, _ in (*one, *two)}
    same = compared(here, here)
    assert same.differing == 0


async def test_a_key_compares_with_the_last_success() -> None:
    async with drive((120, 40)) as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("=")
        await driven.sees("amber-otter beside mild-owl", "announce", "only there", "they part at step 5")
        assert isinstance(driven.app.screen, CompareScreen)
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
        await driven.press("escape", "escape")
        await driven.until(lambda: driven.app.screen is driven.dashboard)


async def test_a_command_names_the_other_run() -> None:
    async with drive((120, 40)) as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("enter", ":")
        await driven.type("compare brisk-heron")
        await driven.press("enter")
        await driven.sees("amber-otter beside brisk-heron", "waiting, worked 11s")
        await driven.press("ctrl+r")
        await driven.until(lambda: driven.calls.count(("run", "brisk-heron")) == 2)


async def test_without_another_success_or_an_answer_it_says_so() -> None:
    async with drive((120, 40)) as driven:
        await driven.cursor_on("evil\x1b[31m[red]name\x9b2J\u202e")
        await driven.press("=")
        await driven.sees("No other run of", "has succeeded yet", ":compare NAME")
        await driven.press("escape")
        driven.connection.client.fail["visits"] = MahavishnuError(
            ErrorCode.DATABASE_LOCKED, "Locked.", "Wait."
        )
        await driven.cursor_on("amber-otter")
        await driven.press("=")
        await driven.sees("MHV-004", "Locked.")
