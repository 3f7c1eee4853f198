"""What of a run's time was work, and what was waiting: for an answer, in the queue, before a retry. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence

from mahavishnu_tui.models.run import NodeVisit, Run

Interval = tuple[float, float]
"""Begin and end, seconds since the epoch."""


@dataclasses.dataclass(frozen=True)
class VisitTime:
    """One visit: when its code ran, and until when its task then waited."""

    begin: float
    end: float
    """When its code ended; now, while it runs."""
    until: float
    """`end`, or the end of the wait that followed: for an answer, or for the next attempt."""
    waits: bool = False
    """It still waits for an answer."""

    @property
    def worked(self) -> float:
        """Seconds."""
        return max(0.0, self.end - self.begin)

    @property
    def waited(self) -> float:
        """Seconds."""
        return max(0.0, self.until - self.end)


@dataclasses.dataclass(frozen=True)
class RunTime:
    """A whole run."""

    begin: float
    end: float
    busy: tuple[Interval, ...]
    """When any of its nodes was at work, in order, without overlaps."""

    @property
    def worked(self) -> float:
        """Seconds in which something was at work."""
        return sum(end - begin for begin, end in self.busy)

    @property
    def waited(self) -> float:
        """Seconds in which nothing was: questions, queue, pauses, back-off."""
        return max(0.0, self.end - self.begin - self.worked)

    def idle(self) -> list[Interval]:
        """The spans between."""
        edges = [self.begin, *(edge for interval in self.busy for edge in interval), self.end]
        return [(edges[n], edges[n + 1]) for n in range(0, len(edges), 2) if edges[n + 1] > edges[n]]


def visit_times(visits: Sequence[NodeVisit], now: float, waiting: bool) -> dict[int, VisitTime]:
    """By number.

    Args:
        visits: of one run, by number.
        now: seconds since the epoch.
        waiting: the run waits for a human now.
    """
    later: dict[str, float] = {}
    """Per task when its next visit began."""
    found: dict[int, VisitTime] = {}
    for visit in reversed(visits):
        end = visit.ended_at if visit.ended_at is not None else now
        until = end
        again = later.get(visit.task_id)
        if visit.outcome in ("interrupted", "retried") and again is not None:
            until = max(end, again)
        elif (visit.outcome == "interrupted" and waiting) or visit.outcome == "running":
            until = max(end, now)
        if visit.outcome == "interrupted" and visit.ended_at is None:
            end = visit.started_at
        found[visit.number] = VisitTime(
            visit.started_at,
            max(visit.started_at, end),
            max(end, until),
            visit.outcome == "interrupted" and waiting and again is None,
        )
        later[visit.task_id] = visit.started_at
    return found


def run_time(
    visits: Sequence[NodeVisit], times: dict[int, VisitTime], run: Run | None, now: float
) -> RunTime:
    """From the moment when the run was made to its end, or to now."""
    if not visits:
        return RunTime(now, now, ())
    begin = min(visit.started_at for visit in visits)
    end = max(time.until for time in times.values())
    if run is not None:
        begin = min(begin, run.created_at)
        end = max(end, run.ended_at or (now if run.status != "paused" else end))
    # The time of a node that runs a graph is that of the nodes in it.
    holders = {visit.parent for visit in visits if visit.parent}
    work = ((times[v.number].begin, times[v.number].end) for v in visits if v.number not in holders)
    return RunTime(begin, end, union(work))


def union(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same time without overlaps, in order."""
    merged: list[Interval] = []
    for begin, end in sorted(intervals):
        if merged and begin <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], end))
        else:
            merged.append((begin, end))
    return tuple(merged)
