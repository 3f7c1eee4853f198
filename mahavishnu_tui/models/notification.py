"""What was told to whom, and how the targets are."""

from __future__ import annotations

import dataclasses
from typing import Literal

from mahavishnu_tui.models.record import Record

NotificationState = Literal["waiting", "sending", "sent", "failed", "cancelled"]
"""`failed`: it was given up after many tries. `cancelled`: what it was about was over before it was due."""


@dataclasses.dataclass(frozen=True)
class Notification(Record):
    """One thing told, or to be told, to one target."""

    seq: int
    target: str
    kind: str
    """A `NoticeKind`."""
    state: NotificationState
    where: str
    what: str
    created_at: float
    due_at: float
    sent_at: float | None = None
    attempts: int = 0
    error: str = ""
    """Why the last try failed, or why it was cancelled."""
    message: str = ""
    """Those that went out together have the same one."""
    run_id: str = ""
    repeat: int = 0
    """Which repetition it is; 0: it was not told before."""


@dataclasses.dataclass(frozen=True)
class NotificationTarget(Record):
    """Where notifications go. Its address stays in the server."""

    name: str
    service: str
    """The scheme of its address: `mailto`, `slack`, `json` …"""
    state: Literal["ready", "failing"] = "ready"
    failures: int = 0
    """Tries in a row that failed."""
    error: str = ""
    since: float | None = None
    """When it began to fail."""
    retry_at: float | None = None
    sent_at: float | None = None
    """When something last went out, as long as this server is up."""


@dataclasses.dataclass(frozen=True)
class SendResult(Record):
    """How one sending went."""

    target: str
    ok: bool
    error: str = ""
    seconds: float = 0.0
