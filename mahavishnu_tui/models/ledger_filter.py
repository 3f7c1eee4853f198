"""What is looked for in the ledger: the same words from a client to the store."""

from __future__ import annotations

import dataclasses
from typing import Literal

from mahavishnu_tui.models.record import Record

Applied = Literal["", "yes", "no"]


@dataclasses.dataclass(frozen=True)
class LedgerFilter(Record):
    """An empty field asks for nothing."""

    run: str = ""
    """Id or name of a run; the store knows ids."""
    text: str = ""
    """Somewhere in run, workflow, node, question, answer, person or comment; case matters not."""
    by: str = ""
    """A part of the person's name."""
    workflow: str = ""
    node: str = ""
    since: float | None = None
    until: float | None = None
    applied: Applied = ""
    before: int | None = None
    """Only entries with a lower number."""
    after: int = 0
    """Only entries with a higher number."""
