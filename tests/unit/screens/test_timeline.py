"""Work and waiting apart, nested visits under their node, and bars that stay where they belong."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mahavishnu_tui.models import NodeVisit, Run
from mahavishnu_tui.models.worked import RunTime, VisitTime, union, visit_times
from mahavishnu_tui.screens.timeline import Timeline, bar, timeline_rows, totals_rows
from mahavishnu_tui.screens.timescale import Scale, waits_to_squeeze
from mahavishnu_tui.widgets.table import Cell, Row
from tests.snapshots.scenes import NOW, run, visit, world
from tests.unit.screens.driving import drive

WORLD = world()
BY_NAME = {item.name: item for item in WORLD.runs}


def texts(row: Row) -> list[str]:
    return [cell.text if isinstance(cell, Cell) else cell for cell in row.cells]


def asked_for_an_hour() -> tuple[list[NodeVisit], Run]:
    """Two seconds of work, an hour for an answer, a retry after ten seconds, three seconds of work."""
    flow = run(1, "r", "release", "success", 3700).replace(ended_at=NOW - 3700 + 2 + 3600 + 1 + 10 + 3)
    begin = 3700.0
    visits = [
        visit(flow.id, 1, "ask", begin, 2, outcome="interrupted").replace(task_id="t"),
        visit(flow.id, 2, "ask", begin - 3602, 1, outcome="retried", attempt=1).replace(task_id="t"),
        visit(flow.id, 3, "ask", begin - 3613, 3, attempt=2).replace(task_id="t"),
    ]
    return visits, flow


def test_work_and_waiting_are_told_apart() -> None:
    line = Timeline.of(*asked_for_an_hour(), NOW)
    assert [(round(t.worked), round(t.waited)) for t in line.times.values()] == [(3, 0), (1, 10), (2, 3600)]
    assert line.said() == "worked 6.0s, waited 1h00m"
    rows = [texts(row) for row in timeline_rows(line, 40, ascii_only=True)]
    assert [row[3:5] for row in rows] == [["2.0s", "1h00m"], ["1.0s", "10s"], ["3.0s", ""]]


def test_long_waits_are_squeezed_unless_the_operator_wants_their_length() -> None:
    line = Timeline.of(*asked_for_an_hour(), NOW)
    squeezed = [texts(row)[-1] for row in timeline_rows(line, 40, ascii_only=False)]
    assert squeezed[0].startswith("█████")
    assert "⋯" in squeezed[0]
    assert squeezed[2].rstrip().endswith("████████████████")
    real = [texts(row)[-1] for row in timeline_rows(line, 40, ascii_only=False, squeeze=False)]
    assert not any("⋯" in text for text in real)
    assert real[0].count("░") > 35
    steady = Timeline.of([visit("r", 1, "a", 10, 10)], None, NOW)
    assert waits_to_squeeze(steady.run, None) == waits_to_squeeze(steady.run, True) == []


def test_the_queue_counts_as_waiting() -> None:
    flow = run(1, "r", "release", "running", 100)
    line = Timeline.of([visit(flow.id, 1, "a", 40, None)], flow, NOW)
    assert (line.run.worked, line.run.waited) == (40, 60)


def test_an_open_question_waits_until_now_and_a_failed_attempt_too() -> None:
    asks = visit("r", 1, "a", 50, 10, outcome="interrupted")
    backing_off = visit("r", 2, "b", 50, 20, outcome="running", error="no")
    assert visit_times([asks], NOW, waiting=True)[1] == VisitTime(NOW - 50, NOW - 40, NOW, waits=True)
    assert visit_times([asks], NOW, waiting=False)[1].waited == 0
    assert visit_times([backing_off], NOW, waiting=False)[2] == VisitTime(NOW - 50, NOW - 30, NOW)
    row = texts(timeline_rows(Timeline.of([backing_off], None, NOW), 20, ascii_only=True)[0])
    assert row[2:5] == ["~ retried", "20s", "30s"]
    waiting = run(1, "r", "w", "interrupted", 100)
    again = visit("r", 2, "a", 20, 10, outcome="interrupted").replace(task_id=asks.task_id)
    rows = timeline_rows(Timeline.of([asks, again], waiting, NOW), 20, ascii_only=True)
    assert [texts(row)[2] for row in rows] == ["? asked", "? waiting"]


def test_visits_in_a_subgraph_stand_under_their_node_and_are_not_counted_twice() -> None:
    visits = [
        visit("r", 1, "sub", 30, 20),
        visit("r", 2, "sub", 30, 20),
        visit("r", 3, "x", 30, 5, namespace="sub", parent=1),
        visit("r", 4, "x", 30, 5, namespace="sub", parent=2, branch="send:1", argument="id=7"),
        visit("r", 5, "y", 12, 2, namespace="sub", parent=1),
        visit("r", 6, "z", 5, 5),
    ]
    line = Timeline.of(visits, None, NOW)
    assert line.run.worked == 12
    rows = [texts(row)[:2] for row in timeline_rows(line, 30, ascii_only=False)]
    assert rows == [["1", "sub"], ["3", "  x"], ["5", "  y"], ["2", "sub"], ["4", "  x id=7"], ["6", "z"]]
    # What was recorded before visits had parents is shown flat.
    flat = Timeline.of([item.replace(parent=0) for item in visits], None, NOW)
    assert [row.key for row in timeline_rows(flat, 30, ascii_only=False)] == list("123456")


def test_totals_put_the_node_that_worked_longest_first() -> None:
    line = Timeline.of(*asked_for_an_hour(), NOW)
    assert [texts(row)[:6] for row in totals_rows(line, 20, ascii_only=True)] == [
        ["ask", "1", "3", "1", "6.0s", "1h00m"]
    ]
    etl = Timeline.of(WORLD.visits[BY_NAME["dusty-lynx"].id], BY_NAME["dusty-lynx"], NOW)
    rows = [texts(row) for row in totals_rows(etl, 20, ascii_only=True)]
    assert rows[0][0] == "load_2"
    assert rows[0][-1] == "#" * 20
    assert totals_rows(Timeline.of([], None, NOW), 20, ascii_only=True) == []


@pytest.mark.parametrize("name", ["dusty-lynx", "brisk-heron", "amber-otter"])
def test_there_is_a_bar_for_every_visit(name: str) -> None:
    visits = WORLD.visits[BY_NAME[name].id]
    found = timeline_rows(Timeline.of(visits, BY_NAME[name], NOW), 30, ascii_only=False)
    assert len(found) == len(visits)
    bars = [texts(row)[-1] for row in found]
    assert all(0 < len(text) <= 30 and text.strip() for text in bars)
    assert timeline_rows(Timeline.of([], None, NOW), 30, ascii_only=False) == []


moments = st.floats(0, 1e6)


@given(
    st.lists(st.tuples(moments, moments).map(sorted), max_size=8),
    st.tuples(moments, moments, moments).map(sorted),
    st.integers(1, 200),
    st.sampled_from([None, True, False]),
)
def test_a_bar_never_leaves_its_room(
    work: list[list[float]], span: list[float], width: int, squeeze: bool | None
) -> None:
    time = RunTime(0.0, 1e6, union((begin, end) for begin, end in work))
    scale = Scale(time, width, waits_to_squeeze(time, squeeze))
    text = bar(VisitTime(*span), scale, ascii_only=True)
    assert 0 < len(text) <= width
    assert text.strip()
    cells = [scale.cell(moment) for moment in sorted([*span, *(edge for one in work for edge in one)])]
    assert cells == sorted(cells)
    assert all(0 <= cell < width for cell in cells)


async def test_keys_squeeze_waits_and_show_totals() -> None:
    async with drive((120, 40)) as driven:
        await driven.cursor_on("brisk-heron")
        await driven.press("enter", "2")
        await driven.sees("TIMELINE", "worked 11s, waited 4m", "long waits squeezed")
        await driven.press("w")
        await driven.until(lambda: "long waits squeezed" not in driven.text)
        await driven.press("b")
        await driven.sees("SHARE", "VISITS")
        await driven.press("enter")
        await driven.sees("state at")
