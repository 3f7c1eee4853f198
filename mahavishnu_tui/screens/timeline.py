"""The timeline of a run: one bar per visit, waiting shown hollow. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.columns import fit
from mahavishnu_tui.widgets.table import Cell, Column, Row

TIMELINE_COLUMNS: Final = (
    Column("number", "#", 3, align="right", priority=2),
    Column("node", "NODE", 20, min_width=12),
    Column("state", "STATE", 11),
    Column("took", "TOOK", 7, align="right"),
    Column("bar", "TIMELINE", 12, min_width=8, flex=1),
)


def bar_width(table_width: int) -> int:
    """Cells that the bars get in a table of that width."""
    return max(1, fit(TIMELINE_COLUMNS, table_width - 2)[-1][1])


def timeline_rows(
    visits: Sequence[NodeVisit], now: float, width: int, ascii_only: bool, waiting: bool = False
) -> list[Row]:
    """One row per visit, in the order in which they began; all bars on one scale.

    Args:
        visits: the path of the run, by number.
        now: the time, seconds since the epoch.
        width: cells of the longest bar.
        ascii_only: draw without glyphs.
        waiting: the run waits for a human now.
    """
    if not visits:
        return []
    ends = {visit.number: _end(visit, visits, now, waiting) for visit in visits}
    begin = min(visit.started_at for visit in visits)
    scale = max(1e-6, max(ends.values()) - begin)
    return [_row(visit, begin, scale, ends[visit.number], width, ascii_only) for visit in visits]


def _end(visit: NodeVisit, visits: Sequence[NodeVisit], now: float, waiting: bool) -> float:
    """When a visit ended. One that asked goes on, hollow, until the answer brought its task back."""
    if visit.outcome == "interrupted":
        again = [
            other.started_at
            for other in visits
            if other.task_id == visit.task_id and other.number > visit.number
        ]
        if again or waiting:
            return min(again, default=now)
    return visit.ended_at if visit.ended_at is not None else now


def _row(visit: NodeVisit, begin: float, scale: float, ended: float, width: int, ascii_only: bool) -> Row:
    mark = status.visit_mark(visit.outcome)
    name = clean_line(visit.path, 60)
    if visit.branch:
        name += f" {clean_line(visit.branch.removeprefix('send:'), 8)}"
    if visit.attempt > 1:
        name += f" (attempt {visit.attempt})"
    waiting = visit.outcome == "interrupted"
    going_on = visit.ended_at is None and not waiting
    return Row(
        str(visit.number),
        (
            Cell(str(visit.number), "muted"),
            name,
            Cell(mark.label(ascii_only), mark.tone),
            (status.age if going_on else status.duration)(ended - visit.started_at),
            Cell(bar(visit.started_at - begin, ended - begin, scale, width, waiting, ascii_only), mark.tone),
        ),
    )


def bar(begin: float, end: float, scale: float, width: int, hollow: bool, ascii_only: bool) -> str:
    """Blanks, then the bar: at least one cell, never past `width`."""
    first = min(width - 1, max(0, int(begin / scale * width)))
    last = min(width, max(first + 1, round(end / scale * width)))
    full, empty = ("#", "-") if ascii_only else ("█", "░")
    return " " * first + (empty if hollow else full) * (last - first)
