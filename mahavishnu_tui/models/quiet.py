"""Quiet hours: `22:00-07:00`, by the clock on somebody's wall. Pure."""

from __future__ import annotations

import dataclasses
import datetime
import re

_SPAN = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)\s*-\s*([01]?\d|2[0-3]):([0-5]\d)")
_DAY = 24 * 60


@dataclasses.dataclass(frozen=True)
class QuietHours:
    """Each day from one minute to another, over midnight where the end is the earlier one."""

    begin: int
    """Minutes after midnight."""
    end: int

    @classmethod
    def read(cls, text: str) -> QuietHours:
        """From `22:00-07:00`; raises ValueError with a sentence."""
        found = _SPAN.fullmatch(text.strip())
        if found is None:
            raise ValueError("quiet hours are written like 22:00-07:00")
        hour, minute, until, rest = map(int, found.groups())
        span = cls(hour * 60 + minute, until * 60 + rest)
        if span.begin == span.end:
            raise ValueError("quiet hours begin and end at the same time; a rule that is never loud is none")
        return span

    def __str__(self) -> str:
        return "-".join(f"{at // 60:02d}:{at % 60:02d}" for at in (self.begin, self.end))

    def until(self, at: float, zone: datetime.tzinfo | None) -> float | None:
        """The end of the quiet hours that a moment is in; None when it is in none.

        Args:
            at: seconds since the epoch.
            zone: whose wall; None: this machine's.
        """
        wall = datetime.datetime.fromtimestamp(at, zone)
        minute = wall.hour * 60 + wall.minute
        past = (minute - self.begin) % _DAY
        if past >= (self.end - self.begin) % _DAY:
            return None
        end = wall.replace(hour=self.end // 60, minute=self.end % 60, second=0, microsecond=0)
        if self.end <= minute:
            end += datetime.timedelta(days=1)
        # A clock that is set back shows the end twice: then it is the second time.
        return end.timestamp() if end.timestamp() > at else end.replace(fold=1).timestamp()
