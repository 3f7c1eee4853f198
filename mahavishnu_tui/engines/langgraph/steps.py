"""The `step` notices: a checkpoint is told of once it is stored, and not before."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


class StepNotices:
    """Brings together what the stream says of a checkpoint and when the saver has committed it.

    The stream shows a checkpoint as soon as it is made. A server that believed it then would not repeat an
    order of which a crash left nothing.
    """

    def __init__(self, send: Callable[[dict[str, Any]], None]) -> None:
        self._send = send
        self._seen: dict[str, dict[str, Any]] = {}
        self._stored: set[str] = set()
        self._begun: dict[str, int] = {}

    def seen(self, step: int, checkpoint: dict[str, Any]) -> None:
        """The stream shows a checkpoint of the root graph."""
        checkpoint_id = str(
            ((checkpoint.get("config") or {}).get("configurable") or {}).get("checkpoint_id", "")
        )
        self._seen[checkpoint_id] = {
            "ev": "step",
            "step": step,
            "next": [name for name in checkpoint["next"] if name != "__start__"],
            "checkpoint_id": checkpoint_id,
        }
        self._tell(checkpoint_id)

    def begun(self, checkpoint_id: str, stored_by: int) -> None:
        """The dispatch begins with this checkpoint, which the dispatch of that lease has stored."""
        self._begun[checkpoint_id] = stored_by
        self.stored(checkpoint_id)

    def stored(self, checkpoint_id: str) -> None:
        """The saver has committed a checkpoint of the root graph."""
        self._stored.add(checkpoint_id)
        self._tell(checkpoint_id)

    def _tell(self, checkpoint_id: str) -> None:
        if checkpoint_id in self._seen and checkpoint_id in self._stored:
            self._stored.discard(checkpoint_id)
            notice = self._seen.pop(checkpoint_id)
            if checkpoint_id in self._begun:
                notice["stored_by"] = self._begun.pop(checkpoint_id)
            self._send(notice)
