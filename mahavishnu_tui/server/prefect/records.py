"""Deployments, schedules, pools and limits as our records. Pure."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from mahavishnu_tui.engines.prefect.schedules.occurrences import estimate
from mahavishnu_tui.engines.prefect.schedules.rules import check_rule
from mahavishnu_tui.engines.prefect.states import moment
from mahavishnu_tui.models import Deployment, MahavishnuError, Run, Schedule, ScheduleRule
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.prefect.catalog import Listing
from mahavishnu_tui.server.prefect.mapping import Names, mapping, text

_MOST_COMING = 20
_READY_SECONDS = 120.0

_CHANGEABLE = (
    "paused",
    "description",
    "tags",
    "parameters",
    "work_pool_name",
    "work_queue_name",
    "concurrency_limit",
    "global_concurrency_limit",
    "job_variables",
    "version",
    "entrypoint",
)


def mark(*values: Any) -> str:
    """What changes with what people see of a thing."""
    return hashlib.sha256(codec.dumps(values)).hexdigest()[:16]


def deployment(told: dict[str, Any], names: Names, now: float) -> Deployment:
    """One deployment."""
    schedules = _objects(told.get("schedules"))
    polled = moment(told.get("last_polled"))
    limit = mapping(told.get("global_concurrency_limit")).get("limit") or told.get("concurrency_limit")
    schema = told.get("parameter_openapi_schema")
    by = mapping(told.get("updated_by")) or mapping(told.get("created_by"))
    return Deployment(
        id=str(told["id"]),
        name=text(told.get("name")),
        flow=text(names.flows.get(str(told.get("flow_id")))) or "(flow not known)",
        flow_id=str(told.get("flow_id") or ""),
        pool=text(told.get("work_pool_name")),
        queue=text(told.get("work_queue_name")),
        paused=told.get("paused") is True,
        ready=told.get("status") == "READY" or bool(polled and now - polled < _READY_SECONDS),
        description=text(told.get("description"), 4000),
        version=text(told.get("version"), 80),
        tags=[text(tag) for tag in told.get("tags") or [] if isinstance(tag, str)],
        entrypoint=text(told.get("entrypoint"), 500),
        path=text(told.get("path"), 500),
        parameters=mapping(told.get("parameters")),
        schema=schema if isinstance(schema, dict) else None,
        enforce_schema=told.get("enforce_parameter_schema") is not False,
        job_variables=mapping(told.get("job_variables")),
        limit=number(limit),
        schedules=len(schedules),
        active_schedules=sum(item.get("active") is not False for item in schedules),
        created_at=moment(told.get("created")),
        updated_at=moment(told.get("updated")),
        created_by=text(by.get("display_value"), 80),
        workflow=workflow_of(told),
        seen=mark(*(told.get(name) for name in _CHANGEABLE)),
    )


def workflow_of(told: Mapping[str, Any]) -> str:
    """The LangGraph workflow that a deployment starts; empty for a flow of one's own."""
    labels = mapping(told.get("labels"))
    return text(labels.get("mahavishnu.workflow"), 200)


def rule(told: Mapping[str, Any]) -> ScheduleRule:
    """A schedule's rule."""
    zone = text(told.get("timezone"), 60) or "UTC"
    if isinstance(told.get("cron"), str):
        return ScheduleRule(
            "cron", cron=text(told["cron"]), day_or=told.get("day_or") is not False, timezone=zone
        )
    if told.get("interval") is not None:
        return ScheduleRule(
            "interval",
            interval=_seconds(told["interval"]),
            anchor=text(told.get("anchor_date"), 60),
            timezone=zone,
        )
    return ScheduleRule("rrule", rrule=str(told.get("rrule") or "")[:6500], timezone=zone)


def schedules(
    listing: Listing,
    names: Names,
    coming: Mapping[str, list[float]],
    single: Iterable[Run],
    late: Mapping[str, Sequence[Run]],
    now: float,
) -> list[Schedule]:
    """Every schedule, the next to start first.

    Args:
        listing: the deployments.
        names: of flows.
        coming: when the runs that schedules have made are to begin, by schedule.
        single: scheduled runs that no schedule has made.
        late: runs that schedules have made and whose time has come, by schedule.
        now: by Prefect's clock.
    """
    found = []
    for told in listing.deployments.values():
        of = deployment(told, names, now)
        for item in _objects(told.get("schedules")):
            dates = coming.get(str(item.get("id")), [])
            overdue = [run.due_at or run.created_at for run in late.get(str(item.get("id")), [])]
            found.append(_reckoned(_schedule(of, item, dates, overdue), now))
    for run in single:
        told_of = listing.deployments.get(run.deployment_id)
        if told_of is not None:
            found.append(once(deployment(told_of, names, now), run))
    return sorted(found, key=lambda item: (item.next_at is None, item.next_at or 0.0, item.name, item.id))


def _schedule(of: Deployment, told: dict[str, Any], dates: list[float], overdue: list[float]) -> Schedule:
    spec = rule(mapping(told.get("schedule")))
    active = told.get("active") is not False
    return Schedule(
        id=f"{of.id}.{told.get('id')}",
        name=of.workflow or of.title,
        rule=spec.text,
        next_at=dates[0] if dates else None,
        active=active,
        note="the deployment is paused" if of.paused and active else "",
        spec=spec.to_json(),
        deployment_id=of.id,
        schedule_id=str(told.get("id") or ""),
        timezone=spec.timezone,
        coming=dates[:_MOST_COMING],
        parameters=mapping(told.get("parameters")),
        slug=text(told.get("slug")),
        late=len(overdue),
        late_since=min(overdue, default=None),
        deployment_paused=of.paused,
        workflow=of.workflow,
        seen=mark(told.get("schedule"), active, told.get("parameters"), told.get("slug")),
    )


def _reckoned(schedule: Schedule, now: float) -> Schedule:
    """With its next start by our own reckoning, where it makes runs and Prefect has made none yet."""
    if schedule.coming or not schedule.runs:
        return schedule
    at = _next_start(ScheduleRule.from_json(schedule.spec), now // 60 * 60)
    return schedule if at is None else schedule.replace(next_at=at, estimated=True)


@functools.lru_cache(maxsize=4096)
def _next_start(rule: ScheduleRule, minute: float) -> float | None:
    """The first start of a rule after this minute; None where it has none, or nobody here can say."""
    if rule.kind == "interval" and not rule.anchor:
        return None  # it counts from a moment that was not told
    try:
        check_rule(rule, minute)
        return next(iter(estimate(rule, 1, minute + 60)), None)
    except (MahavishnuError, ValueError):
        return None  # what makes no sense here is Prefect's to judge


def once(of: Deployment, run: Run) -> Schedule:
    """A single run at a moment, as a schedule."""
    spec = ScheduleRule("once", at=run.due_at)
    return Schedule(
        id=f"{of.id}.run.{run.id}",
        name=of.workflow or of.title,
        rule=spec.text,
        next_at=run.due_at,
        note=run.name,
        spec=spec.to_json(),
        deployment_id=of.id,
        timezone="UTC",
        coming=[run.due_at] if run.due_at else [],
        deployment_paused=of.paused,
        workflow=of.workflow,
        seen=mark(run.id, run.version),
    )


def _seconds(value: Any) -> float:
    """An interval: Prefect tells seconds, older servers ISO 8601 too."""
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else 0.0


def number(value: Any) -> int:
    """A positive whole number; 0 for anything else."""
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
