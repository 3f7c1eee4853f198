"""Prefect as our server sees it, and what only flow runs have."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from mahavishnu_tui.models.record import Json, Record

PrefectMode = Literal["auto", "embedded", "remote", "off"]
PrefectState = Literal["off", "starting", "ready", "lost", "failed"]
"""`lost`: it cannot be reached, or lets nobody in; what is shown is of `seen_at`. `failed`: the embedded one
cannot be started (`error` says why)."""


@dataclasses.dataclass(frozen=True)
class PrefectInfo(Record):
    """The Prefect server behind the mirror, and how old the mirror is."""

    mode: PrefectMode
    state: PrefectState = "off"
    embedded: bool = False
    """Whether we started it and keep it alive."""
    url: str = ""
    version: str = ""
    seen_at: float | None = None
    """When the mirror last agreed with it; beats of the stream bring it up to date."""
    kept_at: float | None = None
    """When an earlier server of ours last saw it so, whose flow runs are still shown; see `shown_at`."""
    since: float = 0.0
    """When this state began."""
    live: bool = False
    """Whether it tells of changes by itself (events); else it is polled."""
    interval: float = 0.0
    """Seconds between two looks at it now: how old what is shown may be while all is well."""
    slow: float = 0.0
    """Seconds that each of its answers takes, where that is long; 0: they come at once."""
    runs: int = 0
    """Flow runs in the mirror."""
    hours: float = 0.0
    """How far back the mirror goes; older runs are fetched when they are asked for."""
    pid: int | None = None
    worker: str = ""
    """State of the process worker that we keep beside it: `ready`, `starting`, `lost`; empty without one."""
    limited_until: float | None = None
    """Until then its rate limit keeps us from asking."""
    note: str = ""
    error: dict[str, Any] | None = None
    findings: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    """What the self-test found wrong with it: `Finding`s as JSON."""
    source: str = ""
    """What named the address: `prefect.api_url`, `PREFECT_API_URL`, a profile; empty for an embedded one."""

    @property
    def shown_at(self) -> float | None:
        """Of when the flow runs are that are shown; None where none were ever read."""
        return self.kept_at if self.seen_at is None else self.seen_at

    @property
    def trouble(self) -> str:
        """Why it is not ready, in a few words; empty when it is, or is not wanted."""
        if self.state not in ("lost", "failed"):
            return ""
        return str((self.error or {}).get("message") or self.note or "Prefect cannot be reached.")

    @property
    def unread(self) -> str:
        """Why nothing of it is known; empty where something was read of it once, or none is wanted."""
        return self.trouble if self.seen_at is None else ""


@dataclasses.dataclass(frozen=True)
class StateChange(Record):
    """One state that a flow run was in."""

    at: float
    type: str
    """One of Prefect's nine types: `SCHEDULED`, `PENDING`, `RUNNING` …"""
    name: str
    """`Late`, `AwaitingRetry`, `Suspended` …"""
    message: str = ""


@dataclasses.dataclass(frozen=True)
class Artifact(Record):
    """Something that a run has put on show."""

    id: str
    key: str
    type: str
    """`markdown`, `table`, `link`, `progress`, `image`, `result` …"""
    description: str = ""
    data: Json = None
    updated_at: float | None = None
    visit: int = 0
    """The visit (task run) that made it; 0: the flow itself."""


@dataclasses.dataclass(frozen=True)
class RunMetrics(Record):
    """What a flow run took. None: nobody measures it (and `note` says why)."""

    tasks: int
    by_state: dict[str, int]
    seconds: float
    """From its start to its end, or until now."""
    task_seconds: float
    """All task runs together."""
    average_task_seconds: float | None
    retries: int
    cache_hits: int
    peak_memory_mb: float | None = None
    cpu_percent: float | None = None
    note: str = ""


TroubleKind = Literal["zombie", "cancelling", "pending", "late"]
"""`zombie`: running without a heartbeat; `cancelling`, `pending`: stuck there; `late`: nobody takes it."""
Cure = Literal["crash", "force-cancel", "reschedule", "skip"]
"""`crash`: set it to Crashed; `force-cancel`: set it to Cancelled; `reschedule`: put it back into the queue;
`skip`: delete runs whose time has passed."""


@dataclasses.dataclass(frozen=True)
class Trouble(Record):
    """A run that will not come right by itself."""

    kind: TroubleKind
    run_id: str
    run_name: str
    workflow: str
    since: float
    why: str
    """The evidence, in one sentence."""
    cure: Cure
    pool: str = ""
    version: int = 0
    """The run's, for the cure."""


@dataclasses.dataclass(frozen=True)
class BulkResult(Record):
    """What became of one run of a bulk act."""

    id: str
    ok: bool
    note: str = ""
    error: dict[str, Any] | None = None
