"""A change of a thread's state: what an operator orders, the server queues and a host carries out."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

from mahavishnu_tui.models.record import Json, Record

COPY: Final = "__copy__"
"""As the node of an edit: a checkpoint once more, as the latest, with nothing changed."""


@dataclasses.dataclass(frozen=True)
class StateEdit(Record):
    """One order; see docs/protocols.md."""

    values: Json = None
    """A JSON object of state keys; None to copy a checkpoint or to end a thread."""
    as_node: str = ""
    """Whose writing it stands for, or `__copy__`, `__end__`, `__input__`; empty: who wrote last."""
    checkpoint_id: str = ""
    """Where it starts; empty: at the latest."""
    seen: str = ""
    """The latest checkpoint that the operator saw; when there is another one now, nothing is done."""
    label: str = ""

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> StateEdit:
        """Read the fields of an order beside others."""
        texts = ("as_node", "checkpoint_id", "seen", "label")
        return cls(data.get("values"), **{name: str(data.get(name) or "") for name in texts})
