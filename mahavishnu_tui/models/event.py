"""The durable, sequenced event log."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from mahavishnu_tui.models.record import Record

EventKind = Literal[
    "run", "visit", "approval", "workflow", "host", "server", "act", "gone", "prefect", "catalog", "need"
]
"""`gone`: `{"id": …}`, a run that was deleted where it lived. `prefect`: a `PrefectInfo`.
`catalog`: `{"what": …}` says which list has changed there and is to be asked for again:
`deployments`, `schedules`, `pools`, `troubles` or `notifications`. `need`: a `Need`; its field `gone` says
that it is none any more."""


@dataclasses.dataclass(frozen=True)
class Event(Record):
    """One change: `data` is the whole record of that kind after the change (an upsert)."""

    seq: int
    at: float
    kind: EventKind
    key: str
    """`id` of the record; for a visit `<run id>#<number>`."""
    data: dict[str, Any]
