"""What people, and deadlines in their place, did to a run."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from mahavishnu_tui.models.record import Record

Deed = Literal[
    "start",
    "pause",
    "resume",
    "retry",
    "fork",
    "cancel",
    "priority",
    "move",
    "answer",
    "claim",
    "release",
    "see",
    "escalate",
    "expire",
    "edit",
    "rewind",
    "tag",
    "untag",
    "pin",
    "unpin",
    "prune",
    "delete",
    "crash",
    "force-cancel",
    "reschedule",
    "skip",
    "change",
]


@dataclasses.dataclass(frozen=True)
class Act(Record):
    """One line of a run's audit, for ever."""

    seq: int
    run_id: str
    at: float
    by: str
    what: str
    """A `Deed`; a newer server may know more of them."""
    details: dict[str, Any] = dataclasses.field(default_factory=dict)
