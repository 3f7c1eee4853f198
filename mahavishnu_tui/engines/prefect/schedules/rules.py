"""Rules by which runs start: what Prefect takes, said before it is sent, and to and from its JSON."""

from __future__ import annotations

import difflib
import functools
import math
import re
import time
import zoneinfo
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from croniter import CroniterBadCronError, CroniterBadDateError, CroniterError, croniter

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.schedules import recurrence
from mahavishnu_tui.engines.prefect.states import iso
from mahavishnu_tui.models import ErrorCode, ScheduleRule
from mahavishnu_tui.models.text import clean_line

SHORTEST = 1.0
LONGEST = 366 * 86400.0
"""Seconds of an interval."""
LONGEST_RRULE = 6500
"""Characters that Prefect takes."""
_LONGEST_CRON = 500
_RANDOM = re.compile(r"(?i)(^|[\s,])[rh](?=[\s,(/]|$)")
_NEAREST_WEEKDAY = re.compile(r"(?i)(^|,)(\d+w|lw)(,|$)")
_GRACE = 60.0
"""Seconds by which a moment may be past: it was typed a while ago, or the clocks disagree."""
CRON_HINT = "Five fields: minute hour day month weekday, as in `30 2 * * 1-5`; a sixth is seconds."


def check_rule(rule: ScheduleRule, now: float | None = None) -> None:
    """Refuse what Prefect would refuse, and what it would take although it never starts a run.

    Args:
        rule: what was typed.
        now: seconds since the epoch.

    Raises:
        AdapterError: MHV-404; its detail `field` names the field.
    """
    moment_now = time.time() if now is None else now
    check_timezone(rule.timezone)
    if rule.kind == "cron":
        _check_cron(rule, moment_now)
    elif rule.kind == "interval":
        _check_interval(rule)
    elif rule.kind == "rrule":
        _check_rrule(rule, moment_now)
    elif rule.kind == "once":
        _check_once(rule, moment_now)
    else:
        raise refusal("kind", f"{rule.kind!r} is no kind of schedule", "cron, interval, rrule or once.")


def check_timezone(name: str) -> None:
    """Refuse a time zone that nobody knows.

    Raises:
        AdapterError: MHV-404.
    """
    if name in _zones():
        return
    close = difflib.get_close_matches(name, _zones(), 3, 0.5)
    meant = f"Perhaps {' or '.join(close)} is meant." if close else "As in Europe/Paris."
    raise refusal("timezone", f"there is no time zone {clean_line(name, 60)!r}", meant)


def to_prefect(rule: ScheduleRule, now: float | None = None) -> dict[str, Any]:
    """The rule as Prefect's API takes it.

    Raises:
        ValueError: `once` is no schedule there, but a run.
    """
    zone = rule.timezone or "UTC"
    if rule.kind == "cron":
        return {"cron": rule.cron.strip(), "timezone": zone, "day_or": rule.day_or}
    if rule.kind == "interval":
        anchor = {"anchor_date": _anchor(rule).isoformat()} if rule.anchor else {}
        return {"interval": rule.interval, "timezone": zone, **anchor}
    if rule.kind == "rrule":
        text = recurrence.anchored(rule.rrule.strip(), zone, time.time() if now is None else now)
        return {"rrule": text, "timezone": zone}
    raise ValueError("`once` is a run, not a schedule")


def from_prefect(schedule: Mapping[str, Any]) -> ScheduleRule:
    """The rule of one of Prefect's schedules."""
    zone = str(schedule.get("timezone") or "UTC")
    if "cron" in schedule:
        return ScheduleRule(
            "cron", cron=str(schedule["cron"]), day_or=schedule.get("day_or") is not False, timezone=zone
        )
    if "rrule" in schedule:
        return ScheduleRule("rrule", rrule=str(schedule["rrule"]), timezone=zone)
    seconds = schedule.get("interval")
    return ScheduleRule(
        "interval",
        interval=float(seconds) if isinstance(seconds, (int, float)) else 0.0,
        anchor=str(schedule.get("anchor_date") or ""),
        timezone=zone,
    )


def scheduled_state(at: float) -> dict[str, Any]:
    """The state of a run that is to start at a moment: what `once` is."""
    return {"type": "SCHEDULED", "state_details": {"scheduled_time": iso(at)}}


def refusal(field: str, what: str, hint: str) -> AdapterError:
    """The error about one field of a rule."""
    return AdapterError(
        ErrorCode.PREFECT_SCHEDULE_INVALID,
        f"{field}: {clean_line(what, 300).rstrip('.')}.",
        hint,
        field=field,
    )


@functools.cache
def _zones() -> frozenset[str]:
    return frozenset(zoneinfo.available_timezones())


def _check_cron(rule: ScheduleRule, now: float) -> None:
    text = rule.cron.strip()
    shown = clean_line(text, 100)
    if not text or len(text) > _LONGEST_CRON:
        raise refusal("cron", f"it has {len(text)} characters", CRON_HINT)
    fields = text.split()
    if _RANDOM.search(text) or text.lower().startswith(("@random", "@hashed")):
        raise refusal("cron", f"{shown!r} is random or hashed, which Prefect does not take", CRON_HINT)
    if len(fields) > 2 and _NEAREST_WEEKDAY.search(fields[2]):
        raise refusal("cron", f"{shown!r} has a W, which Prefect does not know", CRON_HINT)
    if not text.startswith("@") and not 5 <= len(fields) <= 7:
        raise refusal("cron", f"{shown!r} has {len(fields)} fields", CRON_HINT)
    try:
        start = datetime.fromtimestamp(now, zoneinfo.ZoneInfo(rule.timezone)).replace(tzinfo=None)
        croniter(text, start, day_or=rule.day_or).get_next(datetime)
    except CroniterBadDateError:
        raise refusal("cron", f"{shown!r} never comes true", "No run would ever start.") from None
    except (CroniterBadCronError, CroniterError, ValueError, KeyError, AttributeError) as error:
        why = str(error).partition("\n")[0].replace(text, "").strip(" []")
        raise refusal("cron", f"{shown!r} is no cron rule{f' ({why})' if why else ''}", CRON_HINT) from None


def _check_interval(rule: ScheduleRule) -> None:
    if not math.isfinite(rule.interval) or not SHORTEST <= rule.interval <= LONGEST:
        raise refusal(
            "interval", f"{rule.interval:g} s is not between 1 s and a year", "As in 600, 10m or 1d."
        )
    if rule.anchor:
        _anchor(rule)


def _anchor(rule: ScheduleRule) -> datetime:
    try:
        found = datetime.fromisoformat(rule.anchor)
        return found if found.tzinfo else found.replace(tzinfo=zoneinfo.ZoneInfo(rule.timezone))
    except ValueError:
        shown = clean_line(rule.anchor, 60)
        raise refusal("anchor", f"{shown!r} is no time", "As in 2026-03-31T14:00:00Z.") from None


def _check_rrule(rule: ScheduleRule, now: float) -> None:
    text = rule.rrule.strip()
    hint = "As in `FREQ=WEEKLY;BYDAY=MO,FR;BYHOUR=9;BYMINUTE=0;BYSECOND=0`."
    if not text or len(text) > LONGEST_RRULE:
        raise refusal("rrule", f"it has {len(text)} characters; 1 to {LONGEST_RRULE} are taken", hint)
    try:
        parts = recurrence.parse(text, rule.timezone)
    except recurrence.Unreadable as error:
        raise refusal("rrule", f"{clean_line(text, 60)!r} is no recurrence rule: {error}", hint) from None
    if why := recurrence.never(parts, now):
        raise refusal("rrule", why, "No run would ever start.")
    if why := recurrence.too_costly(parts, now):
        raise refusal("rrule", why, "Give it a DTSTART that is nearer to now.")


def _check_once(rule: ScheduleRule, now: float) -> None:
    if rule.at is None or not math.isfinite(rule.at):
        raise refusal("at", "a moment is needed", "As in 2026-03-31T14:00:00Z.")
    if rule.at < now - _GRACE:
        raise refusal(
            "at", f"{datetime.fromtimestamp(rule.at, UTC):%Y-%m-%d %H:%M:%S} UTC is past", "Run it now."
        )


def anchor_of(rule: ScheduleRule) -> float | None:
    """From when intervals are counted, in seconds since the epoch; None: the server will say."""
    return _anchor(rule).timestamp() if rule.anchor else None
