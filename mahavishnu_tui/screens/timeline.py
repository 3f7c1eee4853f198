"""The timeline of a run: one bar per visit, waiting shown hollow. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.table import Cell, Column, Row


def timeline_columns(width: int) -> tuple[Column, ...]:
    """The columns, with a bar as wide as the view allows."""
    bar = max(12, width - 54)
    return (
        Column("number", "#", 4, align="right", priority=2),
        Column("node", "NODE", 20, min_width=10),
        Column("state", "STATE", 11),
        Column("took", "TOOK", 7, align="right"),
        Column("bar", "TIMELINE", bar, min_width=8),
    )


def timeline_rows(visits: Sequence[NodeVisit], now: float, width: int, ascii_only: bool) -> list[Row]:
    """One row per visit, in the order in which they began; all bars on one scale."""
    if not visits:
        return []
    begin = min(visit.started_at for visit in visits)
    end = max((visit.ended_at or now) for visit in visits)
    scale = max(1e-6, end - begin)
    return [_row(visit, begin, scale, now, width, ascii_only) for visit in visits]


def _row(visit: NodeVisit, begin: float, scale: float, now: float, width: int, ascii_only: bool) -> Row:
    mark = status.visit_mark(visit.outcome)
    ended = visit.ended_at if visit.ended_at is not None else now
    name = clean_line(visit.path, 60)
    if visit.branch:
        name += f" {clean_line(visit.branch.removeprefix('send:'), 8)}"
    if visit.attempt > 1:
        name += f" (attempt {visit.attempt})"
    waiting = visit.outcome == "interrupted"
    took = status.age(ended - visit.started_at) if visit.ended_at is None else None
    return Row(
        str(visit.number),
        (
            Cell(str(visit.number), "muted"),
            name,
            Cell(mark.label(ascii_only), mark.tone),
            took or status.duration(ended - visit.started_at),
            Cell(bar(visit.started_at - begin, ended - begin, scale, width, waiting, ascii_only), mark.tone),
        ),
    )


def bar(begin: float, end: float, scale: float, width: int, hollow: bool, ascii_only: bool) -> str:
    """Blanks, then the bar: at least one cell, never past `width`."""
    first = min(width - 1, max(0, int(begin / scale * width)))
    last = min(width, max(first + 1, round(end / scale * width)))
    full, empty = ("#", "-") if ascii_only else ("█", "░")
    return " " * first + (empty if hollow else full) * (last - first)
