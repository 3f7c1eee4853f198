"""How the server, its hosts and its pools are doing."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from mahavishnu_tui.models.record import Record

HostState = Literal["starting", "ready", "blocked", "draining", "lost", "failed", "stopped"]
"""`blocked`: alive, but a node keeps its event loop from turning. `lost`: died, being restarted.
`failed`: cannot be started (`error` says why)."""


@dataclasses.dataclass(frozen=True)
class Host(Record):
    """One engine host process."""

    id: str
    project_id: str
    project_root: str
    interpreter: str
    state: HostState
    pid: int | None = None
    started_at: float | None = None
    running: int = 0
    restarts: int = 0
    lag: float = 0.0
    """Seconds by which its event loop is late."""
    rss: int = 0
    """Resident bytes."""
    isolated: bool = False
    """It has one run only, and ends with it."""
    code: str = ""
    """Changes with the project's files as this host has imported them; empty while it has imported none."""
    versions: dict[str, str] = dataclasses.field(default_factory=dict)
    """`python`, `langgraph`, `langgraph-checkpoint-sqlite` as found in its interpreter."""
    note: str = ""
    error: dict[str, Any] | None = None


@dataclasses.dataclass(frozen=True)
class LangGraphServer(Record):
    """A LangGraph server that somebody else runs, as our server sees it."""

    name: str
    url: str
    state: Literal["starting", "ready", "lost"] = "starting"
    """`lost`: it cannot be reached, or lets nobody in; what is shown of it is of `seen_at`."""
    version: str = ""
    seen_at: float | None = None
    """When everything was last read from it."""
    note: str = ""
    error: dict[str, Any] | None = None

    @property
    def trouble(self) -> str:
        """In three words why it is lost; empty when it is not."""
        if self.state != "lost":
            return ""
        code = (self.error or {}).get("code")
        what = {"MHV-450": "does not answer", "MHV-451": "refuses us"}.get(str(code), "cannot be read")
        return f"{self.name} {what}"


@dataclasses.dataclass(frozen=True)
class ServerInfo(Record):
    """The server about itself."""

    version: str
    pid: int
    epoch: str
    """Identity of `engine.db`; sequence numbers of another epoch mean nothing."""
    started_at: float
    seq: int
    data: str
    socket: str
    log: str
    state: Literal["starting", "ready", "draining"] = "ready"
    queued: int = 0
    running: int = 0
    slots: int = 10
    agent_api: str = ""
    """Where the LangGraph Agent Server API is offered beside the socket, as a URL; empty: nowhere."""
    warn_thread_bytes: int = 50 * 2**20
    """A thread whose checkpoints take more than this is warned of (`langgraph.warn_thread_mb`); 0: never."""
    note: str = ""
    """What is wrong with the server now, in one sentence: `the disk is full; retrying`."""
