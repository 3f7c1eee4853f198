"""Playback: the path of a run as it was at a moment. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mahavishnu_tui.models import NodeVisit


READING = 0.7
"""Seconds that a step stays while it plays."""
WHOLE = 60.0
"""Seconds that a run of any length plays at most, as far as `FASTEST` allows."""
FASTEST = 0.1


@dataclasses.dataclass(frozen=True)
class Frame:
    """One moment of a run."""

    step: int
    """1 for the first visit; one past the last visit for the end."""
    steps: int
    """How many visits there are."""
    at: float
    """When it was, seconds since the epoch."""
    visits: tuple[NodeVisit, ...]
    """Those that had begun, as they were: what ended later is still at work."""

    @property
    def current(self) -> NodeVisit | None:
        """The visit that has just begun; None at the end."""
        return self.visits[-1] if self.visits and self.step <= self.steps else None

    @property
    def number(self) -> int:
        """The number of the last visit that had begun; 0 before all."""
        return self.visits[-1].number if self.visits else 0


class Playback:
    """Steps through the visits of a run, in the order in which they began.

    Args:
        visits: all that are known of the run.
        step: where to be: clamped to 1 and one past the last visit.
    """

    def __init__(self, visits: Iterable[NodeVisit], step: int = 1) -> None:
        self.visits = sorted(visits, key=lambda visit: visit.number)
        self.step = max(1, min(step, len(self.visits) + 1))

    @property
    def ended(self) -> bool:
        """Whether nothing comes after the step that is shown."""
        return self.step > len(self.visits)

    def moved(self, by: int) -> Playback:
        """The same run, some steps later or earlier."""
        return Playback(self.visits, self.step + by)

    def seconds(self) -> float:
        """How long a step stays."""
        return min(READING, max(FASTEST, WHOLE / max(1, len(self.visits))))

    def frame(self) -> Frame:
        """What is shown."""
        count = len(self.visits)
        if self.ended:
            ends = [visit.ended_at or visit.started_at for visit in self.visits]
            return Frame(count + 1, count, max(ends, default=0.0), tuple(self.visits))
        at = self.visits[self.step - 1].started_at
        begun = self.visits[: self.step]
        return Frame(self.step, count, at, tuple(_as_it_was(visit, at) for visit in begun))


def _as_it_was(visit: NodeVisit, at: float) -> NodeVisit:
    if visit.ended_at is None and visit.outcome == "interrupted":
        return visit
    if visit.ended_at is None or visit.ended_at > at or visit.started_at >= at:
        return visit.replace(outcome="running", ended_at=None, error=None)
    return visit
