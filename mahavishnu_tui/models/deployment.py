"""Deployments: flows that their server knows how to start."""

from __future__ import annotations

import dataclasses
from typing import Any

from mahavishnu_tui.models.record import Record


@dataclasses.dataclass(frozen=True)
class Deployment(Record):
    """A deployment of a flow. Times are seconds since the epoch (UTC)."""

    id: str
    name: str
    flow: str
    flow_id: str
    pool: str = ""
    queue: str = ""
    paused: bool = False
    ready: bool = True
    """Whether a worker of its pool, or a served process, was there lately."""
    description: str = ""
    version: str = ""
    versions: int = 0
    """How many versions its server keeps; 0 where it does not tell."""
    tags: list[str] = dataclasses.field(default_factory=list)
    entrypoint: str = ""
    path: str = ""
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict)
    """Its defaults."""
    schema: dict[str, Any] | None = None
    """JSON schema of the parameters."""
    enforce_schema: bool = True
    job_variables: dict[str, Any] = dataclasses.field(default_factory=dict)
    limit: int = 0
    """Runs of it that may be at work at the same time; 0: no limit."""
    schedules: int = 0
    """How many schedules it has."""
    active_schedules: int = 0
    created_at: float | None = None
    updated_at: float | None = None
    created_by: str = ""
    workflow: str = ""
    """The LangGraph workflow that its runs start; empty for a flow of one's own."""
    seen: str = ""
    """Changes with every change of it; a write names what its operator saw (MHV-101 if it is another)."""

    @property
    def title(self) -> str:
        """`flow/deployment`, as people and commands name it."""
        return f"{self.flow}/{self.name}"
