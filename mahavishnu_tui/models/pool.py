"""Pools: where runs find a slot. Our own engine, LangGraph servers, and Prefect's work pools."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from mahavishnu_tui.models.record import Record

PoolStatus = Literal["healthy", "degraded", "unhealthy"]
PoolSelector = Literal["least-loaded", "round-robin", "random", "affinity"]
"""How a launch chooses among pools: by running and queued over slots; in turns; by chance; the pool that ran
the same workflow last, as long as it is healthy."""

UNREAD = "Prefect server"
"""The kind of the line that stands for the work pools of a Prefect that was never read."""


@dataclasses.dataclass(frozen=True)
class WorkQueue(Record):
    """A queue of a work pool; 1 is the highest priority."""

    id: str
    name: str
    priority: int = 0
    paused: bool = False
    slots: int = 0
    """Runs of it that may be at work; 0: no limit of its own."""
    late: int = 0
    """Runs of it whose time has come and that no worker has taken."""
    healthy: bool = True


@dataclasses.dataclass(frozen=True)
class Worker(Record):
    """A process that takes runs from a work pool."""

    name: str
    online: bool
    """As we reckon it: its last heartbeat is younger than three intervals. Its server says so later."""
    seen_at: float | None = None
    interval: float = 30.0
    """Seconds between two heartbeats."""
    ours: bool = False
    """The one that this server has started."""


@dataclasses.dataclass(frozen=True)
class Pool(Record):
    """Where runs find a slot. Each server has one of its own: the LangGraph engine."""

    name: str
    kind: str
    """`engine hosts`, `LangGraph server`, `UNREAD`, or a work pool's type: `process`, `docker` …"""
    status: PoolStatus
    slots: int
    """0: nobody says how many."""
    used: int
    queued: int
    note: str = ""
    engine: str = "langgraph"
    paused: bool = False
    late: int = 0
    """Runs whose time has come and that no worker has taken."""
    queues: list[WorkQueue] = dataclasses.field(default_factory=list)
    workers: list[Worker] = dataclasses.field(default_factory=list)
    description: str = ""
    seen: str = ""
    """Changes with what can be changed of it; a write names the one that its operator saw."""

    def to_json(self) -> dict[str, Any]:
        """The pool with its queues and workers as one JSON object."""
        return {
            **super().to_json(),
            "queues": [queue.to_json() for queue in self.queues],
            "workers": [worker.to_json() for worker in self.workers],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Pool:
        """Read what `to_json` wrote."""
        names = cls.__dataclass_fields__
        plain = {key: value for key, value in data.items() if key in names}
        plain["queues"] = [WorkQueue.from_json(item) for item in data.get("queues", [])]
        plain["workers"] = [Worker.from_json(item) for item in data.get("workers", [])]
        return cls(**plain)


@dataclasses.dataclass(frozen=True)
class PoolChoice(Record):
    """Which pool a launch would go to, and why."""

    pool: str
    queue: str = ""
    selector: str = ""
    reason: str = ""
    """One sentence: `local: 3 of 10 slots, the others are fuller`."""


@dataclasses.dataclass(frozen=True)
class ConcurrencyLimit(Record):
    """A limit that runs or tasks share: by tag, or global."""

    name: str
    limit: int
    used: int
    active: bool = True
    kind: Literal["tag", "global"] = "global"
