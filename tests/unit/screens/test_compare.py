"""A run beside another: differences first, in words; and what is said when there is none to compare with."""

from __future__ import annotations

import dataclasses

from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.client.api import RunDetail
from mahavishnu_tui.models import ErrorCode, MahavishnuError, NodeVisit, Run
from mahavishnu_tui.screens.compare import CompareScreen, differing_text
from mahavishnu_tui.screens.comparing import Comparison, compare, comparison_rows
from mahavishnu_tui.screens.run.screen import RunScreen
from mahavishnu_tui.widgets.table import Cell, Row
from tests.snapshots.flow_scenes import flows
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
    alone = compared(line("a", ("ask", 1), ("pay", 9)), line("b", ("x", 1), ("y", 5), ("z", 2)))
    assert [node.path for node in alone.nodes] == ["ask", "pay", "x", "y", "z"]
    assert rows[4][2:] == ["+ 9.0s", "+ 3.0s", "+6.0s", "x3.0"]
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


def test_how_many_differ_is_said_in_plain_words() -> None:
    assert differing_text(1, 1, "node") == "the only node differs"
    assert differing_text(0, 1, "node") == "the only node is the same"
    assert differing_text(1, 3, "node") == "1 of 3 nodes differs"
    assert differing_text(2, 3, "node") == "2 of 3 nodes differ"


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


async def test_tabs_show_what_was_given_what_it_came_to_and_what_is_known() -> None:
    async with drive((120, 40)) as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("=")
        await driven.sees("beside mild-owl", "2 Input 2", "3 State 3")
        await driven.press("2")
        await driven.sees("input: 1 removed, 1 changed", "version", "1.4.1", "pace")
        await driven.press("enter")
        await driven.sees("the other", "this run")
        await driven.press("escape", "]")
        await driven.sees("state: 1 added, 1 removed, 1 changed", "deployed")
        await driven.press("4")
        await driven.sees("differ", "interpreter", "state")
        await driven.press("]")
        await driven.sees("NODE", "only there")
        assert ("diff", "run-0020", "latest", "latest") not in driven.calls, "both states are known already"


async def test_two_marked_runs_are_compared_and_three_are_not() -> None:
    async with drive((120, 40)) as driven:
        for name in ("amber-otter", "brisk-heron"):
            await driven.cursor_on(name)
            await driven.press("space")
        await driven.press("=")
        await driven.sees("brisk-heron beside amber-otter")
        await driven.press("escape")
        await driven.cursor_on("calm-wren")
        await driven.press("space", "=")
        await driven.sees("Two runs can be compared, and 3 are marked.")


async def test_flow_runs_are_compared_by_their_tasks_and_parameters() -> None:
    async with drive((120, 40), world=flows()) as driven:
        await driven.cursor_on("eager-eel")
        await driven.press("=")
        await driven.sees("eager-eel beside lazy-lion-0", "4 Facts")
        assert "they part at" not in driven.text, "tasks have no steps"
        await driven.press("2")
        await driven.sees("limit", "5000", "100")
        await driven.press("3")
        await driven.sees("Flow runs keep no state")
        await driven.press("4")
        await driven.sees("deployment", "error")


async def test_states_that_are_not_told_whole_are_compared_where_they_are_stored() -> None:
    async with drive((120, 40)) as driven:
        client = driven.connection.client
        whole = client.run

        async def cut(run_id: str) -> RunDetail:
            return dataclasses.replace(await whole(run_id), values=None)

        client.run = cut  # type: ignore[method-assign]
        await driven.cursor_on("amber-otter")
        await driven.press("=")
        await driven.sees("beside mild-owl")
        await driven.press("3")
        await driven.sees("state: 1 added, 1 removed, 2 changed")
        client.fail["diff"] = MahavishnuError(ErrorCode.HOST_DIED, "The host died.")
        await driven.press("ctrl+r")
        await driven.sees("MHV-424 The host died.")
        await driven.press("1")
        await driven.sees("only there")
