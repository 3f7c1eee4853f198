"""`Pace`: how often that is painted which changes by itself, and the clock that keeps to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Final


@dataclasses.dataclass(frozen=True)
class Pace:
    """The pace of a dashboard."""

    gather: float
    """Seconds between two looks at what changed, while much changes."""
    step: float
    """Seconds after which all ages move, at once."""


LIVELY: Final = Pace(0.1, 1.0)
"""Together: each in its own moment would be a frame each."""
THRIFTY: Final = Pace(1.0, 10.0)
"""Over a slow line."""
UNSEEN: Final = Pace(2.0, 10.0)
"""While the terminal does not have the focus: it may still be looked at, beside another window."""


class Clock:
    """The time by which ages are reckoned. It moves in the steps of the pace.

    Args:
        exact: the clock itself, seconds since the epoch.
    """

    def __init__(self, exact: Callable[[], float]) -> None:
        self.exact = exact
        self.slow = False
        """Whether the line to the terminal is slow."""
        self.seen = True
        """Whether the terminal has the focus."""
        self.frozen = False
        """Whether the operator wants everything to stand still; the clock then does too."""
        self._told = 0.0

    @property
    def pace(self) -> Pace:
        """The pace to be kept now."""
        if not self.seen:
            return UNSEEN
        return THRIFTY if self.slow else LIVELY

    def now(self) -> float:
        """The time, as of the last step; it never goes back by one."""
        if self.frozen and self._told:
            return self._told
        exact, step = self.exact(), self.pace.step
        floor = exact - exact % step
        self._told = self._told if floor <= self._told <= exact else floor
        return self._told

    def unheld(self) -> float:
        """As `now`, also while all else stands still: how old data is goes on to be told."""
        return self.exact() if self.frozen else self.now()

    def until_step(self) -> float:
        """Seconds until `now` moves on."""
        return self.pace.step - self.exact() % self.pace.step
