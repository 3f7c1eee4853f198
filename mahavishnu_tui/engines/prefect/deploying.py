"""What a deployment is to be like: checked against its work pool before anything is registered."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.schedules import check_rule, to_prefect
from mahavishnu_tui.models import ErrorCode, ScheduleRule
from mahavishnu_tui.models.text import clean_line

_FORBIDDEN = set("/%&<>")


@dataclasses.dataclass(frozen=True)
class NewSchedule:
    """A schedule that a deployment gets."""

    rule: ScheduleRule
    parameters: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    active: bool = True
    slug: str = ""

    def to_json(self) -> dict[str, Any]:
        """As the child that registers takes it."""
        rule = self.rule
        if rule.kind == "rrule":
            rule = rule.replace(rrule=to_prefect(rule)["rrule"])
        found: dict[str, Any] = {"rule": rule.to_json(), "active": self.active}
        if self.parameters:
            found["parameters"] = dict(self.parameters)
        return {**found, "slug": self.slug} if self.slug else found


@dataclasses.dataclass(frozen=True)
class DeploymentConfig:
    """A deployment of a flow that is in a file or a module.

    Args:
        name: its own name, beside its flow's.
        entrypoint: `file.py:function`, or as docs/protocols.md says.
        flow: which flow, where the file has several.
        pool: its work pool; by default the adapter's.
        kind: the pool's type (`process`, `docker`, `kubernetes` …), if it is to be checked.
        queue: a queue of the pool.
        parameters: defaults of its runs.
        env: environment variables of its runs.
        image: their container image (`docker`, `kubernetes`).
        namespace: theirs in Kubernetes.
        memory: their limit, as the pool takes it: `512m` for `docker`.
        job_variables: whatever else the pool takes.
        schedules: when runs start by themselves; None keeps those there are.
        tags: of its runs.
        description: for people.
        version: for people.
        limit: runs of it at the same time.
        paused: whether its schedules rest.
        enforce_schema: whether runs with parameters that the flow forbids are refused.
    """

    name: str
    entrypoint: str
    flow: str = ""
    pool: str = ""
    kind: str = ""
    queue: str = ""
    parameters: Mapping[str, Any] | None = None
    env: Mapping[str, str] = dataclasses.field(default_factory=dict)
    image: str = ""
    namespace: str = ""
    memory: str = ""
    job_variables: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    schedules: Sequence[NewSchedule] | None = None
    tags: Sequence[str] | None = None
    description: str | None = None
    version: str | None = None
    limit: int | None = None
    paused: bool | None = None
    enforce_schema: bool | None = None

    def validate(self, pool: Mapping[str, Any] | None = None) -> None:
        """Refuse what cannot be deployed.

        Args:
            pool: its work pool as Prefect gives it; without it only what needs no pool is checked.

        Raises:
            AdapterError: MHV-010 its name, MHV-404 a schedule, MHV-405 what its pool does not take.
        """
        name = self.name.strip()
        if not name or _FORBIDDEN & set(name):
            what = f"{clean_line(self.name, 60)!r} is no name for a deployment."
            raise AdapterError(ErrorCode.BAD_INPUT, what, "Use a name without / % & < >.")
        if self.limit is not None and self.limit < 1:
            raise AdapterError(ErrorCode.BAD_INPUT, f"limit: {self.limit} is not 1 or more.")
        for schedule in self.schedules or ():
            if schedule.rule.kind == "once":
                raise AdapterError(
                    ErrorCode.PREFECT_SCHEDULE_INVALID,
                    "kind: `once` is a run and no schedule.",
                    "Start a run at that time instead.",
                    field="kind",
                )
            check_rule(schedule.rule)
        if pool is not None:
            self._check_pool(pool)

    def variables(self) -> dict[str, Any]:
        """All job variables, those with a name of their own among them."""
        named = {
            "env": dict(self.env),
            "image": self.image,
            "namespace": self.namespace,
            "mem_limit": self.memory,
        }
        return {**{key: value for key, value in named.items() if value}, **self.job_variables}

    def request(self, pool: str, update: bool | str) -> dict[str, Any]:
        """What the child that registers is asked; see docs/protocols.md."""
        found = {
            "entrypoint": self.entrypoint,
            "flow": self.flow or None,
            "name": self.name.strip(),
            "pool": pool or None,
            "queue": self.queue or None,
            "parameters": None if self.parameters is None else dict(self.parameters),
            "job_variables": self.variables() or None,
            "schedules": None if self.schedules is None else [item.to_json() for item in self.schedules],
            "tags": None if self.tags is None else list(self.tags),
            "description": self.description,
            "version": self.version,
            "limit": self.limit,
            "paused": self.paused,
            "enforce_schema": self.enforce_schema,
            "update": None if update is True else update,
        }
        return {key: value for key, value in found.items() if value is not None}

    def _check_pool(self, pool: Mapping[str, Any]) -> None:
        name, kind = clean_line(pool.get("name"), 60), str(pool.get("type") or "")
        if self.kind and self.kind != kind:
            raise AdapterError(
                ErrorCode.PREFECT_WORK_POOL,
                f"Work pool {name} is of the type {clean_line(kind, 40)}, not {clean_line(self.kind, 40)}.",
                "A deployment is of its work pool's type; choose a pool of that type.",
            )
        template = pool.get("base_job_template") or {}
        taken = ((template.get("variables") or {}).get("properties") or {}).keys()
        unknown = sorted(set(self.variables()) - set(taken))
        if taken and unknown:
            raise AdapterError(
                ErrorCode.PREFECT_WORK_POOL,
                f"Work pool {name} takes no {clean_line(', '.join(unknown), 100)}.",
                f"It takes: {clean_line(', '.join(sorted(taken)), 200)}.",
            )
