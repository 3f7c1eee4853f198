"""Where a moment of a run stands on its timeline, with long waits squeezed to a break. Pure."""

from __future__ import annotations

from typing import Final

from mahavishnu_tui.models.worked import Interval, RunTime

MOST_BREAKS: Final = 5
"""Squeezed waits on one timeline."""
SQUASHED: Final = 0.5
"""Waits that take more than this part of a run squash the rest, and are squeezed by themselves."""


class Scale:
    """A linear scale from which some waits are cut out; each is one cell, the break.

    Args:
        time: of the run.
        width: cells.
        squeezed: the waits to cut out, in order, without overlaps.
    """

    def __init__(self, time: RunTime, width: int, squeezed: list[Interval]) -> None:
        self.begin = time.begin
        self.width = width
        self.squeezed = squeezed if width > 3 * len(squeezed) else []
        cut = sum(end - begin for begin, end in self.squeezed)
        self.seconds = max(1e-6, time.end - time.begin - cut)
        self._cells = max(1, width - len(self.squeezed))
        self.breaks = {self.cell(begin + (end - begin) / 2) for begin, end in self.squeezed}
        """The cells of the breaks."""

    def cell(self, moment: float) -> int:
        """The cell of a moment, 0 to `width` - 1."""
        kept = moment - self.begin
        before = 0
        for begin, end in self.squeezed:
            if moment < begin:
                break
            if moment < end:
                return self._at(kept - (moment - begin)) + before
            kept -= end - begin
            before += 1
        return min(self.width - 1, self._at(kept) + before)

    def _at(self, seconds: float) -> int:
        return min(self._cells - 1, max(0, int(seconds / self.seconds * self._cells)))


def waits_to_squeeze(time: RunTime, wanted: bool | None) -> list[Interval]:
    """The waits to cut out of a timeline.

    Args:
        time: of the run.
        wanted: as the operator chose; None cuts only where waits squash the rest.
    """
    if wanted is False or not time.worked:
        return []
    if wanted is None and time.waited <= SQUASHED * (time.end - time.begin):
        return []
    long = [span for span in time.idle() if span[1] - span[0] > time.worked / 4]
    longest = sorted(long, key=lambda span: span[0] - span[1])[:MOST_BREAKS]
    return sorted(longest)
