"""Schedules as a request gives them, made into Prefect's, which validates them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from .reply import SCHEDULE, Refusal

YEAR = 366 * 86400
_KINDS = ("cron", "interval", "rrule")


def read_schedules(given: Any) -> list[Any]:
    """Prefect's `DeploymentScheduleCreate` objects, of what docs/protocols.md calls a schedule.

    Raises:
        Refusal: MHV-404 one of them is none.
    """
    if not isinstance(given, list):
        raise Refusal(SCHEDULE, "Schedules are a list.", "Give a list, empty for none.")
    return [_schedule(each) for each in given]


def _schedule(given: Any) -> Any:
    from prefect.client.schemas.actions import DeploymentScheduleCreate

    rule = given.get("rule") if isinstance(given, dict) else None
    if not isinstance(rule, dict) or rule.get("kind") not in _KINDS:
        raise Refusal(SCHEDULE, f"{given!r} is no schedule.", f"Its rule is of the kind {', '.join(_KINDS)}.")
    about = {name: given[name] for name in ("parameters", "slug") if given.get(name)}
    try:
        return DeploymentScheduleCreate(
            schedule=_timing(rule), active=given.get("active") is not False, **about
        )
    except (ValueError, TypeError) as error:
        raise Refusal(
            SCHEDULE,
            f"{rule.get(rule['kind'])!r} is no {rule['kind']} schedule: {_said(error)}.",
            "Correct it.",
            str(error),
        ) from error


def _timing(rule: dict[str, Any]) -> Any:
    from prefect.client.schemas.schedules import CronSchedule, IntervalSchedule, RRuleSchedule

    zone = str(rule.get("timezone") or "UTC")
    _check_timezone(zone)
    if rule["kind"] == "cron":
        return CronSchedule(
            cron=str(rule.get("cron") or ""), timezone=zone, day_or=rule.get("day_or") is not False
        )
    if rule["kind"] == "rrule":
        return RRuleSchedule(rrule=str(rule.get("rrule") or ""), timezone=zone)
    if not 1 <= float(rule["interval"]) <= YEAR:
        raise ValueError("an interval is of 1 second to a year")
    anchor = {"anchor_date": rule["anchor"]} if rule.get("anchor") else {}
    return IntervalSchedule(interval=timedelta(seconds=float(rule["interval"])), timezone=zone, **anchor)


def _check_timezone(name: str) -> None:
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error


def _said(error: Exception) -> str:
    listed = getattr(error, "errors", None)
    if callable(listed):
        return "; ".join(
            f"{'.'.join(str(p) for p in each['loc'])}: {each['msg']}".lstrip(": ") for each in listed()
        )
    return str(error)


def unfillable(
    schema: dict[str, Any], parameters: dict[str, Any], schedules: list[Any]
) -> list[tuple[str, list[str]]]:
    """Schedules whose runs lack a parameter that the flow needs: where, and which."""
    required = [name for name in schema.get("required", []) if name not in parameters]
    found = []
    for number, schedule in enumerate(schedules, 1):
        missing = [name for name in required if name not in (schedule.parameters or {})]
        if missing:
            found.append((schedule.slug or f"schedule {number}", missing))
    return found
