"""The timeline of a run: one bar per visit, waiting hollow and apart from work; or one row per node. Pure."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Sequence
from typing import Final

from mahavishnu_tui.models import NodeVisit, Run
from mahavishnu_tui.models.graph import node_title, path_title
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.models.worked import RunTime, VisitTime, run_time, visit_times
from mahavishnu_tui.screens.timescale import Scale, waits_to_squeeze
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.columns import fit
from mahavishnu_tui.widgets.table import Cell, Column, Row

TIMELINE_COLUMNS: Final = (
    Column("number", "#", 3, align="right", priority=3),
    Column("node", "NODE", 22, min_width=12),
    Column("state", "STATE", 11, priority=1),
    Column("took", "WORKED", 7, align="right"),
    Column("waited", "WAITED", 7, align="right", priority=2),
    Column("bar", "TIMELINE", 12, min_width=8, flex=1),
)
TOTALS_COLUMNS: Final = (
    Column("node", "NODE", 28, min_width=12),
    Column("visits", "VISITS", 6, align="right"),
    Column("tries", "TRIES", 5, align="right", priority=2),
    Column("failed", "FAILED", 6, align="right", priority=1),
    Column("worked", "WORKED", 7, align="right"),
    Column("waited", "WAITED", 7, align="right"),
    Column("bar", "SHARE", 12, min_width=8, flex=1),
)


@dataclasses.dataclass(frozen=True)
class Timeline:
    """What a run did when."""

    visits: Sequence[NodeVisit]
    times: dict[int, VisitTime]
    run: RunTime

    @classmethod
    def of(cls, visits: Sequence[NodeVisit], run: Run | None, now: float) -> Timeline:
        """The timeline of a run at a moment."""
        waiting = run is not None and run.status == "interrupted"
        ended = run.ended_at if run is not None else None
        times = visit_times(visits, ended or now, waiting)
        return cls(visits, times, run_time(visits, times, run, ended or now))

    def said(self) -> str:
        """`worked 12s, waited 3m00s`."""
        return f"worked {status.duration(self.run.worked)}, waited {status.duration(self.run.waited)}"


def bar_width(columns: Sequence[Column], table_width: int) -> int:
    """Cells that the bars get in a table of that width."""
    return max(1, fit(columns, table_width - 2)[-1][1])


def timeline_rows(line: Timeline, width: int, ascii_only: bool, squeeze: bool | None = None) -> list[Row]:
    """One row per visit, those in a subgraph indented under its node; all bars on one scale.

    Args:
        line: of the run.
        width: cells of the longest bar.
        ascii_only: draw without glyphs.
        squeeze: cut long waits out of the scale; None where they squash the rest.
    """
    if not line.visits:
        return []
    scale = Scale(line.run, width, waits_to_squeeze(line.run, squeeze))
    return [_row(visit, depth, line.times[visit.number], scale, ascii_only) for visit, depth in _nested(line)]


def _nested(line: Timeline) -> list[tuple[NodeVisit, int]]:
    """Visits in the order in which they began, those in a subgraph right after its node, and their depth."""
    known = {visit.number for visit in line.visits}
    inside: dict[int, list[NodeVisit]] = defaultdict(list)
    for visit in line.visits:
        # A record of before `parent` was kept, or whose head is not here yet, is flat.
        inside[visit.parent if visit.parent in known else 0].append(visit)
    found: list[tuple[NodeVisit, int]] = []
    waiting = [(visit, 0) for visit in reversed(inside[0])]
    while waiting:
        visit, depth = waiting.pop()
        found.append((visit, depth))
        waiting += [(inner, depth + 1) for inner in reversed(inside.pop(visit.number, ()))]
    return found


def _row(visit: NodeVisit, depth: int, time: VisitTime, scale: Scale, ascii_only: bool) -> Row:
    backing_off = visit.outcome == "running" and visit.ended_at is not None
    answered = visit.outcome == "interrupted" and not time.waits
    mark = status.visit_mark("retried" if backing_off else "asked" if answered else visit.outcome)
    title = node_title(visit.node) if depth else path_title(visit.path)
    name = "  " * depth + clean_line(title, 60)
    if visit.which:
        name += f" {clean_line(visit.which, 24)}"
    if visit.attempt > 1:
        name += f" (attempt {visit.attempt})"
    going_on = visit.ended_at is None and visit.outcome == "running"
    return Row(
        str(visit.number),
        (
            Cell(str(visit.number), "muted"),
            name,
            Cell(mark.label(ascii_only), mark.tone),
            (status.age if going_on else status.duration)(time.worked),
            Cell(status.duration(time.waited) if time.waited >= 0.001 else "", "muted"),
            Cell(bar(time, scale, ascii_only), mark.tone),
        ),
    )


def bar(time: VisitTime, scale: Scale, ascii_only: bool) -> str:
    """Blanks, the work, then the wait, hollow: at least one cell, never past the scale's width."""
    full, empty, torn = ("#", "-", "~") if ascii_only else ("█", "░", "⋯")
    first, end, until = scale.cell(time.begin), scale.cell(time.end), scale.cell(time.until)
    if time.worked and not time.waited:
        end = max(first, end if end == first else end - 1)
    cells = [" "] * first + [full] * (end - first + 1)
    if time.waited:
        cells = cells[: max(first + bool(time.worked), end)]
        cells += [empty] * max(1, until - len(cells) + 1)
    cells = cells[: scale.width]
    for at in scale.breaks:
        if at < len(cells) and cells[at] in (empty, " "):
            cells[at] = torn
    return "".join(cells)


def totals_rows(line: Timeline, width: int, ascii_only: bool) -> list[Row]:
    """One row per node, the one that worked longest first; the bar is its share of the longest."""
    by_path: dict[str, list[NodeVisit]] = defaultdict(list)
    for visit in line.visits:
        by_path[visit.path].append(visit)
    worked = {path: sum(line.times[v.number].worked for v in visits) for path, visits in by_path.items()}
    longest = max(worked.values(), default=0.0)
    rows = []
    for path in sorted(by_path, key=lambda path: -worked[path]):
        visits = by_path[path]
        failed = sum(visit.outcome in ("error", "retried", "lost") for visit in visits)
        waited = sum(line.times[visit.number].waited for visit in visits)
        share = round(worked[path] / longest * width) if longest else 0
        rows.append(
            Row(
                str(visits[-1].number),
                (
                    clean_line(path_title(path), 80),
                    str(len({visit.task_id for visit in visits})),
                    str(len(visits)),
                    Cell(str(failed) if failed else "", "error"),
                    status.duration(worked[path]),
                    Cell(status.duration(waited) if waited >= 0.001 else "", "muted"),
                    ("#" if ascii_only else "█") * max(1, share),
                ),
            )
        )
    return rows
