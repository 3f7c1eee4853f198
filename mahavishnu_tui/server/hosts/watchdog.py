"""Time limits of an isolated run whose own code keeps its host from minding them."""

from __future__ import annotations

import dataclasses
import time
from typing import Any

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.overtime import node_timeout, run_timeout

GRACE = 3.0
"""Seconds that the host itself has for ending what is out of time."""


@dataclasses.dataclass(frozen=True)
class Watchdog:
    """Set on a host that has one run only: ending it harms nobody else.

    Attributes:
        run_id, lease: the dispatch.
        timeout: seconds that this dispatch may take; 0: no limit.
        timeout_seconds: the whole limit of the run, for the sentence.
        node_timeout: seconds for an attempt at a node; 0: no limit.
        began: monotonic time of the dispatch.
    """

    run_id: str
    lease: int
    timeout: float
    timeout_seconds: float
    node_timeout: float
    began: float = dataclasses.field(default_factory=time.monotonic)

    def overdue(self, lag: float, where: str) -> dict[str, Any] | None:
        """The notice of a limit that was passed long enough ago; None while there is none.

        Args:
            lag: seconds by which the host's event loop is late: so long has a node blocked it.
            where: what blocks it.
        """
        error: MahavishnuError | None = None
        node = where.partition(" of run ")[0] if " of run " in where else ""
        if self.timeout and time.monotonic() - self.began > self.timeout + GRACE:
            error = run_timeout(self.timeout_seconds, node)
        elif node and self.node_timeout and lag > self.node_timeout + GRACE:
            error = node_timeout(self.node_timeout, node)
        if error is None:
            return None
        return {
            "ev": "overdue",
            "run_id": self.run_id,
            "lease": self.lease,
            "nodes": [node] if node else [],
            "error": error.to_json(),
        }
