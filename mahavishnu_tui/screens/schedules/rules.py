"""Reads what an operator types as the rule of a schedule, or as a moment. Pure."""

from __future__ import annotations

import datetime
import os
import zoneinfo
from pathlib import Path
from typing import Final

from mahavishnu_tui.models import ErrorCode, MahavishnuError, moments, spans
from mahavishnu_tui.models.schedule import ScheduleKind, ScheduleRule

KINDS: Final[tuple[ScheduleKind, ...]] = ("cron", "interval", "rrule", "once")
EXAMPLES: Final[dict[ScheduleKind, str]] = {
    "cron": "0 2 * * *    minute hour day month weekday; also @daily",
    "interval": "10m    also 90s, 1h30m, 1d",
    "rrule": "FREQ=WEEKLY;BYDAY=MO,WE;BYHOUR=9;BYMINUTE=0",
    "once": "2026-12-01 02:00    also 02:00, in 2h30m",
}


def read_rule(kind: ScheduleKind, text: str, zone: str, now: float, day_or: bool = True) -> ScheduleRule:
    """The rule that was typed; the server says whether it makes sense.

    Raises:
        MahavishnuError: MHV-010, it cannot be read as that kind.
    """
    text, zone = text.strip(), zone.strip() or "UTC"
    if kind == "interval":
        return ScheduleRule("interval", interval=read_span(text), timezone=zone)
    if kind == "once":
        return ScheduleRule("once", at=read_moment(text, zone, now), timezone=zone)
    if not text:
        raise MahavishnuError(ErrorCode.BAD_INPUT, "There is no rule yet.", f"For example {EXAMPLES[kind]}.")
    if kind == "rrule":
        return ScheduleRule("rrule", rrule=text.replace("\\n", "\n"), timezone=zone)
    return ScheduleRule("cron", cron=text, timezone=zone, day_or=day_or)


def read_span(text: str) -> float:
    """Seconds of what `ScheduleRule.text` writes, or an operator: `every 10m`, `1h30m`. Raises MHV-010."""
    return spans.read_span(text.strip().lower().removeprefix("every "))


def read_moment(text: str, zone: str, now: float) -> float:
    """When `in 2h`, `02:00` (the next one) or `2026-12-01 02:00` is; nothing is now.

    Args:
        text: what was typed.
        zone: the name of that of times that name none.
        now: the present moment.

    Raises:
        MahavishnuError: MHV-010, it is no moment, or the zone is not known.
    """
    try:
        where = zoneinfo.ZoneInfo(zone)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f"There is no time zone {zone}.", "Write it like Europe/Paris, or UTC."
        ) from None
    return moments.read_moment(text, where, now=now) if text.strip() else now


def typed(rule: ScheduleRule) -> str:
    """A rule as it would be typed."""
    if rule.kind == "interval":
        return rule.text.removeprefix("every ")
    if rule.kind == "once":
        return "" if rule.at is None else written(rule.at, rule.timezone)
    return rule.cron if rule.kind == "cron" else rule.rrule.replace("\n", "\\n")


def written(at: float, zone: str) -> str:
    """A moment in a time zone: `Tue 2026-12-01 02:00:00 +01:00`."""
    try:
        where: datetime.tzinfo = zoneinfo.ZoneInfo(zone)
    except (OSError, ValueError, zoneinfo.ZoneInfoNotFoundError):
        where = datetime.UTC
    found = datetime.datetime.fromtimestamp(at, where)
    return f"{found:%Y-%m-%d %H:%M:%S}{found:%z}"


def local_zone() -> str:
    """The name of this machine's time zone; UTC where it has none."""
    named = os.environ.get("TZ", "").lstrip(":")
    if not named:
        found = str(Path("/etc/localtime").resolve())
        named = found.partition("zoneinfo/")[2]
    return named if named in zoneinfo.available_timezones() else "UTC"
