"""Recurrence rules (RFC 5545) as Prefect reads them, without the loops that never end.

dateutil, which Prefect uses too, walks every occurrence from the rule's start, and on to the year 9999 where
none comes. What follows asks it for dates only where that is bounded.
"""

from __future__ import annotations

import calendar
import dataclasses
import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any

from dateutil import rrule as recurring
from dateutil import tz

START = datetime(2020, 1, 1)
"""From where Prefect counts when the rule has no DTSTART."""
_UNITS = {
    recurring.WEEKLY: timedelta(weeks=1),
    recurring.DAILY: timedelta(days=1),
    recurring.HOURLY: timedelta(hours=1),
    recurring.MINUTELY: timedelta(minutes=1),
    recurring.SECONDLY: timedelta(seconds=1),
}
_MOST_STEPS = 1_000_000
"""Occurrences that the server may be made to walk through each time it looks at a rule."""
_MOST_COUNTED = 100_000
"""The same for us, of a rule with COUNT, whose start cannot be moved."""


class Unreadable(ValueError):
    """The text is no recurrence rule."""


class Unbounded(ValueError):
    """Its dates cannot be reckoned in a bounded time."""


@dataclasses.dataclass(frozen=True)
class Recurrence:
    """One rule or a set of rules, read."""

    zone: tzinfo
    rules: list[Any]
    exceptions: list[Any]
    dates: list[datetime]
    left_out: list[datetime]
    anchored: bool
    """Whether the text has a DTSTART."""


def parse(text: str, timezone: str) -> Recurrence:
    """Read a rule.

    Raises:
        Unreadable: it is none.
    """
    try:
        found: Any = recurring.rrulestr(text, dtstart=START)
        whole = isinstance(found, recurring.rruleset)
        parts = Recurrence(
            # Not zoneinfo: this one knows no changes of the clocks after 2037, as Prefect does not.
            tz.gettz(timezone) or UTC,
            list(found._rrule) if whole else [found],
            list(found._exrule) if whole else [],
            list(found._rdate) if whole else [],
            list(found._exdate) if whole else [],
            "DTSTART" in text.upper(),
        )
    except (ValueError, TypeError, AttributeError, KeyError, IndexError, OverflowError) as error:
        raise Unreadable(str(error) or type(error).__name__) from None
    for rule in (*parts.rules, *parts.exceptions):
        if rule._interval < 1:
            raise Unreadable("INTERVAL must be at least 1")
    return parts


def anchored(text: str, timezone: str, now: float) -> str:
    """The rule with the start that Prefect would give it, where its check of the rule needs one.

    Prefect checks a rule as if it began now, and refuses `FREQ=HOURLY;INTERVAL=2;BYHOUR=2` at odd hours;
    afterwards it gives the rule this start.
    """
    parts = parse(text, timezone)
    rule = parts.rules[0] if len(parts.rules) == 1 else None
    if parts.anchored or rule is None or rule._freq < recurring.HOURLY or rule._interval == 1:
        return text
    begin = START
    if rule._freq > recurring.HOURLY and rule._count is None:
        step = _UNITS[rule._freq] * rule._interval
        begin += (datetime.fromtimestamp(now, parts.zone).replace(tzinfo=None) - begin) // step * step
    return f"DTSTART:{begin:%Y%m%dT%H%M%S}\n{'' if ':' in text else 'RRULE:'}{text}"


def never(parts: Recurrence, now: float) -> str:
    """Why no run would ever start, in one sentence; empty when one would, or when that cannot be told."""
    if parts.dates:
        return ""
    if parts.rules and all(map(_impossible, parts.rules)):
        return "no month has that day"
    try:
        coming = next(occurrences(parts, now), None)
    except Unbounded:
        return ""
    if coming is not None:
        return ""
    if any(rule._count for rule in parts.rules) and not parts.anchored:
        return f"it has ended: without a DTSTART its COUNT is counted from {START:%Y-%m-%d}"
    return "it has ended, or never comes true"


def too_costly(parts: Recurrence, now: float) -> str:
    """Why the server would be kept busy by it, in one sentence; empty when it would not."""
    for rule in (*parts.rules, *parts.exceptions):
        steps = _steps(parts, rule, now)
        if rule._count is not None:
            steps = min(steps, rule._count)
        elif not parts.anchored and rule._freq in (recurring.MINUTELY, recurring.SECONDLY):
            steps = 0  # Prefect gives it a start near to now itself
        if steps > _MOST_STEPS:
            return f"the server would count {steps:,} occurrences each time to find the next one"
    return ""


def occurrences(parts: Recurrence, start: float) -> Iterator[float]:
    """The dates from a moment on, as seconds since the epoch, in order.

    Raises:
        Unbounded: they cannot be reckoned in a bounded time.
    """
    for rule in (*parts.rules, *parts.exceptions):
        if _exotic(rule) or (rule._count is not None and rule._count > _MOST_COUNTED):
            raise Unbounded("such a rule is not reckoned here")
        if _impossible(rule):
            return iter(())
    whole = recurring.rruleset()
    for rule in parts.rules:
        whole.rrule(_localized(parts, rule, start))
    for rule in parts.exceptions:
        whole.exrule(_localized(parts, rule, start))
    for date in parts.dates:
        whole.rdate(date.replace(tzinfo=parts.zone))
    for date in parts.left_out:
        whole.exdate(date.replace(tzinfo=parts.zone))
    begin = datetime.fromtimestamp(start, parts.zone)
    return (date.timestamp() for date in itertools.dropwhile(lambda date: date < begin, whole))


def _localized(parts: Recurrence, rule: Any, start: float) -> Any:
    """The rule in its zone; one without COUNT begins shortly before `start`, in step with its own start."""
    begin = rule._dtstart.replace(tzinfo=None)
    unit = _UNITS.get(rule._freq)
    if rule._count is None and unit is not None:
        step = unit * rule._interval
        # Two days, since a wall clock may be set back.
        wanted = datetime.fromtimestamp(start, parts.zone).replace(tzinfo=None) - timedelta(days=2)
        begin += max(0, (wanted - begin) // step) * step
    until = {"until": rule._until.replace(tzinfo=parts.zone)} if rule._until else {}
    return rule.replace(dtstart=begin.replace(tzinfo=parts.zone), **until)


def _steps(parts: Recurrence, rule: Any, now: float) -> int:
    unit = _UNITS.get(rule._freq)
    if unit is None:
        return 0
    begin = rule._dtstart.replace(tzinfo=parts.zone).timestamp()
    return max(0, int((now - begin) / (unit.total_seconds() * rule._interval)))


def _exotic(rule: Any) -> bool:
    """Whether its parts may exclude each other in ways that only a walk to the year 9999 would show."""
    return bool(rule._bysetpos or rule._byweekno or rule._byyearday or rule._byeaster is not None) and (
        rule._freq >= recurring.WEEKLY or bool(rule._bymonth)
    )


def _impossible(rule: Any) -> bool:
    """Whether it wants a day that no month has."""
    months = rule._bymonth or range(1, 13)
    longest = max(calendar.monthrange(2024, month)[1] for month in months)
    days = [*(rule._bymonthday or ()), *(-day for day in rule._bynmonthday or ())]
    if days and min(days) > longest:
        return True
    nth = [abs(number) for _, number in rule._bynweekday or ()]
    most = 53 if rule._freq == recurring.YEARLY and not rule._bymonth else 5
    return bool(nth) and not rule._byweekday and min(nth) > most
