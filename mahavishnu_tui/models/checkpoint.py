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
    branch: str = ""
    """Empty on the line that leads to the latest checkpoint; `b1`, `b2` … on lines that were left behind."""
    tags: list[str] = dataclasses.field(default_factory=list)
    """Names that operators gave it; a checkpoint with one is never pruned."""
    note: str = ""
    pinned: bool = False
    """Its thread is pinned: nothing of it is ever pruned."""
    label: str = ""
    """What the one who edited the state, or made this checkpoint by hand, said of it."""


@dataclasses.dataclass(frozen=True)
class StateView(Record):
    """The values of one checkpoint, made JSON-safe and bounded by the host."""

    checkpoint: dict[str, Any]
    values: Json
    tasks: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    truncated: bool = False


@dataclasses.dataclass(frozen=True)
class EditPreview(Record):
    """What an edit of the state would do; nothing is written yet."""

    checkpoint_id: str
    """The checkpoint that it starts from."""
    latest_id: str
    """The thread's latest checkpoint: the edit is made only if it still is."""
    as_node: str
    """The node whose writing it stands for."""
    diff: dict[str, Any]
    """A `StateDiff`: what the reducers make of the values."""
    next: list[str] = dataclasses.field(default_factory=list)
    """The nodes that run when one goes on from there."""
    drops: list[str] = dataclasses.field(default_factory=list)
    """Open questions that would be gone, a line each."""
    warnings: list[str] = dataclasses.field(default_factory=list)


@dataclasses.dataclass(frozen=True)
class Match(Record):
    """One checkpoint in which a search found something."""

    checkpoint_id: str
    step: int
    created_at: float
    places: list[list[str]] = dataclasses.field(default_factory=list)
    """Path and text of each place, the first few."""
    more: int = 0
    """Places that are not listed."""


@dataclasses.dataclass(frozen=True)
class SearchPage(Record):
    """What one stretch of a thread holds of a text."""

    matches: list[dict[str, Any]]
    scanned: int = 0
    before: str = ""
    """Where to go on; empty when the whole thread was searched."""


@dataclasses.dataclass(frozen=True)
class ThreadSize(Record):
    """The room that one thread takes."""

    thread_id: str
    checkpoints: int = 0
    bytes: int = 0
    """Of all its checkpoints and writes, subgraphs included."""
    latest: int = 0
    """Bytes of its latest checkpoint."""
    growth: int = 0
    """Bytes by which a checkpoint is larger than the one before, on average."""
    pinned: bool = False
    warning: str = ""
    """One sentence when it is large or grows so that it will be."""
    runs: list[str] = dataclasses.field(default_factory=list)
    """Names of its runs; empty for threads that this server did not make."""


@dataclasses.dataclass(frozen=True)
class PrunePlan(Record):
    """What a pruning removes, or removed."""

    checkpoints: int
    bytes: int
    threads: int = 0
    """In how many threads."""
    kept: list[str] = dataclasses.field(default_factory=list)
    """Why threads were left alone, a line each."""
    removed: dict[str, int] = dataclasses.field(default_factory=dict)
    """How many checkpoints each thread has lost; a host tells the server."""
    freed: int = 0
    """Bytes by which the file became smaller; the rest of the room is used again."""
    done: bool = False
