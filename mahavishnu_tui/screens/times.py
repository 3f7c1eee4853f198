"""`Times`: how moments and ages are told, the same everywhere in a session. Pure."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Mapping
from typing import Final, Literal, get_args

from mahavishnu_tui.widgets import status

TimeForm = Literal["mixed", "relative", "local", "utc"]
"""`mixed`: ages of what runs or waits, local times of what stands still."""
FORMS: Final[tuple[TimeForm, ...]] = get_args(TimeForm)
SAID: Final[Mapping[TimeForm, str]] = {
    "mixed": "ages of what runs or waits, local times of the rest",
    "relative": "how long ago, or until when",
    "local": "local time",
    "utc": "UTC",
}
DAY: Final = 20 * 3600
"""Seconds after which a time of day alone would mislead."""


@dataclasses.dataclass(frozen=True)
class Times:
    """One look at the clock, and the form in which it is told."""

    form: TimeForm = "mixed"
    now: float = 0.0

    @property
    def fixed(self) -> bool:
        """Whether moments stand in for ages: then nothing ticks but what is at work."""
        return self.form in ("local", "utc")

    @property
    def still(self) -> Times:
        """For what is not drawn again: no age that would grow wrong."""
        return dataclasses.replace(self, form="mixed") if self.form == "relative" else self

    def age_key(self, at: float) -> object:
        """Differs where `began` does; cheap, for thousands of rows."""
        if self.form == "relative":
            return int((self.now - at) // 60)
        return self.form, abs(self.now - at) > DAY

    def clock(self, at: float | None) -> str:
        """A time of day: `14:13:20`, or `3m ago`."""
        return self._told(at, "%H:%M:%S")

    def minute(self, at: float | None) -> str:
        """The time of day without seconds, or the day where that says more: `14:13`, `21Sep`."""
        if at is not None and abs(self.now - at) > DAY:
            return self._told(at, "%d%b")
        return self._told(at, "%H:%M")

    def point(self, at: float | None) -> str:
        """`@14:13`: a moment among lengths, which `14:13` alone would be taken for."""
        return f"@{self.minute(at)}" if at is not None else ""

    def began(self, at: float) -> str:
        """A time of day, or the day where that says more: `14:13:20`, `21 Sep`."""
        return self._told(at, "%d %b" if abs(self.now - at) > DAY else "%H:%M:%S")

    def soon(self, at: float | None) -> str:
        """Date and time without year: `Mon 21 14:13`, `21 Sep 14:13` where that is a week away."""
        near = at is not None and abs(at - self.now) < 6 * 86400
        return self._told(at, "%a %d %H:%M" if near else "%d %b %H:%M")

    def day(self, at: float | None) -> str:
        """Day and time: an audit is read long after."""
        return self._told(at, "%d %b %H:%M:%S")

    def whole(self, at: float | None) -> str:
        """The time with its year and zone: a document is not drawn again."""
        if at is None:
            return ""
        said = self._stamp(at, "%Y-%m-%d %H:%M:%S") + (
            " UTC" if self.form == "utc" else time.strftime(" %Z", time.localtime(at))
        )
        return said

    def line(self, at: float, began: float | None) -> str:
        """Before a line of a log: the time of day, or how long after the beginning it was said."""
        if self.form == "relative":
            return f"+{status.duration(at - (began or at))}".rjust(7)
        return self._stamp(at, "%H:%M:%S")

    def _told(self, at: float | None, pattern: str) -> str:
        if at is None:
            return ""
        return self._ago(at) if self.form == "relative" else self._stamp(at, pattern)

    def _stamp(self, at: float, pattern: str) -> str:
        return time.strftime(pattern, time.gmtime(at) if self.form == "utc" else time.localtime(at))

    def _ago(self, at: float) -> str:
        return status.until(at - self.now) if at > self.now else f"{coarse(self.now - at)} ago"


MIXED: Final = Times()


def coarse(seconds: float) -> str:
    """An age without seconds: nothing runs while a human is awaited, so nothing ticks that fast."""
    return "<1m" if seconds < 60 else status.age(seconds)
