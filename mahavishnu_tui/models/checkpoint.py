"""Checkpoints of a thread, and the state stored in one."""

from __future__ import annotations

import dataclasses
from typing import Any

from mahavishnu_tui.models.record import Json, Record


@dataclasses.dataclass(frozen=True)
class Checkpoint(Record):
    """One stored checkpoint, without its values."""

    id: str
    thread_id: str
    created_at: float
    step: int
    source: str
    """`input`, `loop`, `update` or `fork`, as LangGraph calls it."""
    namespace: str = ""
    parent_id: str | None = None
    next: list[str] = dataclasses.field(default_factory=list)
    """The nodes that would run when one resumes from here."""
    size: int = 0
    """Bytes of the stored blob."""
    interrupts: int = 0
    changed: list[str] = dataclasses.field(default_factory=list)
    """The state keys that differ from the parent checkpoint."""
    latest: bool = False


@dataclasses.dataclass(frozen=True)
class StateView(Record):
    """The values of one checkpoint, made JSON-safe and bounded by the host."""

    checkpoint: dict[str, Any]
    values: Json
    tasks: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    truncated: bool = False
