"""Schedules: the rules by which runs start."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from mahavishnu_tui.models.record import Record

ScheduleKind = Literal["cron", "interval", "rrule", "once"]
"""`once` is no schedule of Prefect's: it is one run whose time has not come."""


@dataclasses.dataclass(frozen=True)
class ScheduleRule(Record):
    """When runs start. Which fields count depends on `kind`."""

    kind: ScheduleKind
    cron: str = ""
    """Five or six fields (seconds last), or `@daily` and its like."""
    day_or: bool = True
    """Whether day of month and day of week are alternatives, as in cron; else both must hold."""
    interval: float = 0.0
    """Seconds, 1 to a year."""
    anchor: str = ""
    """ISO 8601 time from which intervals are counted; empty: when it was made."""
    rrule: str = ""
    timezone: str = "UTC"
    at: float | None = None
    """For `once`."""

    @property
    def text(self) -> str:
        """The rule in a few words: `0 2 * * *`, `every 10m`, the RRULE, `once`."""
        if self.kind == "interval":
            return f"every {_span(self.interval)}"
        return {"cron": self.cron, "rrule": self.rrule.replace("\n", " "), "once": "once"}[self.kind]


@dataclasses.dataclass(frozen=True)
class Schedule(Record):
    """A schedule of a deployment."""

    id: str
    """`<deployment id>.<schedule id>`; for `once` `<deployment id>.run.<run id>`."""
    name: str
    """`flow/deployment`, or the workflow that it runs."""
    rule: str
    """`ScheduleRule.text`."""
    next_at: float | None = None
    active: bool = True
    note: str = ""
    spec: dict[str, Any] = dataclasses.field(default_factory=dict)
    """The `ScheduleRule` as JSON."""
    deployment_id: str = ""
    schedule_id: str = ""
    timezone: str = ""
    coming: list[float] = dataclasses.field(default_factory=list)
    """The next starts, as its server has already made runs for them."""
    estimated: bool = False
    """`next_at` is our own reckoning: its server has made no run yet."""
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict)
    slug: str = ""
    late: int = 0
    """Runs that it has made, whose time has come and that nobody has taken."""
    late_since: float | None = None
    deployment_paused: bool = False
    workflow: str = ""
    """The LangGraph workflow that it starts; empty for a flow of one's own."""
    seen: str = ""
    """Changes with every change of it; a write names what its operator saw (MHV-101 if it is another)."""

    @property
    def runs(self) -> bool:
        """Whether it makes runs now."""
        return self.active and not self.deployment_paused


@dataclasses.dataclass(frozen=True)
class SchedulePreview(Record):
    """What a rule would do."""

    dates: list[float]
    exact: bool
    """As the server itself reckons; else an estimate."""
    note: str = ""
    conflicts: list[str] = dataclasses.field(default_factory=list)
    """Sentences on schedules of the same deployment that would start runs at the same times."""


def _span(seconds: float) -> str:
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{seconds:g}s"
