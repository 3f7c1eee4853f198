"""When a rule starts runs, reckoned here: an estimate, since the server has the last word.

It agrees with Prefect's own dates except within an hour of a change of the clocks, where Prefect's versions
do not agree with each other (a daily 02:30 in Paris is run at 01:30, or at 03:30, on the day it does not
exist), and but for intervals of days with a rest, which some count by the wall clock.
"""

from __future__ import annotations

import heapq
import itertools
import time
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from croniter import CroniterError, croniter

from mahavishnu_tui.engines.prefect.schedules import recurrence
from mahavishnu_tui.engines.prefect.schedules.rules import anchor_of
from mahavishnu_tui.models import ScheduleRule

_COMPARED = 200
"""Dates of each rule that are compared."""
_WINDOW = 400 * 86400.0
_MOST_SKIPPED = 1000


def estimate(rule: ScheduleRule, count: int, start: float | None = None) -> list[float]:
    """The next dates of a rule that `check_rule` has passed, in seconds since the epoch.

    Args:
        rule: when runs start.
        count: how many dates.
        start: the first date is not before; by default now.

    Raises:
        ValueError: they cannot be reckoned here.
    """
    begin = time.time() if start is None else start
    return list(itertools.islice(_distinct(_dates(rule, begin)), count))


def conflicts(
    rule: ScheduleRule, others: Iterable[tuple[str, ScheduleRule]], start: float | None = None
) -> list[str]:
    """Sentences on schedules of the same deployment that start runs at the same times.

    Args:
        rule: the new one.
        others: what to call the schedules there are, and their rules.
        start: from when on; by default now.
    """
    begin = time.time() if start is None else start
    try:
        ours = estimate(rule, _COMPARED, begin)
    except ValueError:
        ours = []
    found = []
    for name, other in others:
        if _same(rule, other):
            found.append(f"{_called(name, other)} has the same rule already.")
            continue
        try:
            theirs = estimate(other, _COMPARED, begin)
        except ValueError:
            continue
        both = _shared(ours, theirs)
        if both:
            first = datetime.fromtimestamp(both[0], UTC).strftime("%Y-%m-%d %H:%M:%S")
            times = "once" if len(both) == 1 else f"{len(both)} times"
            found.append(
                f"{_called(name, other)} starts a run at the same moment {times} soon, first {first} UTC."
            )
    return found


def _called(name: str, rule: ScheduleRule) -> str:
    return f"The schedule {name}" if name == rule.text else f"The schedule {name} ({rule.text})"


def _shared(ours: list[float], theirs: list[float]) -> list[float]:
    """Moments of both, within the time that both lists cover."""
    if not ours or not theirs:
        return []
    ends = [dates[-1] for dates in (ours, theirs) if len(dates) == _COMPARED]
    last = min([*ends, ours[0] + _WINDOW])
    return sorted(moment for moment in set(ours) & set(theirs) if moment <= last)


def _same(one: ScheduleRule, other: ScheduleRule) -> bool:
    def key(rule: ScheduleRule) -> tuple[object, ...]:
        anchor = anchor_of(rule) if rule.kind == "interval" else None
        text = " ".join(rule.cron.split()), rule.rrule.strip().upper()
        return rule.kind, *text, rule.interval, anchor, rule.day_or, rule.timezone, rule.at

    return key(one) == key(other)


def _dates(rule: ScheduleRule, start: float) -> Iterator[float]:
    if rule.kind == "cron":
        return _cron(rule, start)
    if rule.kind == "interval":
        return _interval(rule, start)
    if rule.kind == "rrule":
        return recurrence.occurrences(recurrence.parse(rule.rrule.strip(), rule.timezone), start)
    return iter([rule.at] if rule.at is not None and rule.at >= start else [])


def _cron(rule: ScheduleRule, start: float) -> Iterator[float]:
    """Croniter on the wall clock, as Prefect does it; each date is put into the zone afterwards."""
    zone = ZoneInfo(rule.timezone)
    local = datetime.fromtimestamp(start, zone).replace(tzinfo=None) - timedelta(seconds=1)
    if local.microsecond:
        local += timedelta(seconds=1)
    walk = croniter(rule.cron.strip(), local, day_or=rule.day_or)
    while True:
        try:
            found: datetime = walk.get_next(datetime)
        except CroniterError:
            return
        yield found.replace(tzinfo=zone).timestamp()


def _interval(rule: ScheduleRule, start: float) -> Iterator[float]:
    """Less than a day: exact seconds. Days: the wall clock's, and the rest in exact seconds."""
    zone = ZoneInfo(rule.timezone)
    step = timedelta(seconds=rule.interval)
    days, rest = timedelta(days=step.days), step - timedelta(days=step.days)
    anchor = anchor_of(rule)
    begin = start if anchor is None else anchor
    begin += int((start - begin) / rule.interval) * rule.interval
    at = datetime.fromtimestamp(begin, zone)
    while True:
        if at.timestamp() >= start:
            yield at.timestamp()
        moved = (at.replace(tzinfo=None) + days).replace(tzinfo=zone, fold=at.fold) if days else at
        at = (moved.astimezone(UTC) + rest).astimezone(zone)


def _distinct(dates: Iterator[float]) -> Iterator[float]:
    """In order and each once: two wall clock times can be one moment, and the later one the earlier."""
    ahead = list(itertools.islice(dates, 8))
    heapq.heapify(ahead)
    last, skipped = float("-inf"), 0
    while ahead and skipped < _MOST_SKIPPED:
        found = heapq.heappop(ahead)
        for following in itertools.islice(dates, 1):
            heapq.heappush(ahead, following)
        if found > last:
            last, skipped = found, 0
            yield found
        else:
            skipped += 1
