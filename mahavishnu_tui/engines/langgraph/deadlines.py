"""The time limits of one dispatch: of the whole of it, and of each attempt at a node."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mahavishnu_tui.models import MahavishnuError, NodeVisit
from mahavishnu_tui.models.overtime import node_timeout, run_timeout

Expired = Callable[[MahavishnuError, "int | None"], None]
"""Called once, with the error and the number of the visit that took too long; None when it was the run."""


class Deadlines:
    """Timers on the event loop; a loop that does not turn has none, and its server minds the limits then.

    Args:
        timeout: seconds that this dispatch may take; 0: no limit.
        whole: the limit of the run, of which earlier dispatches may have used a part.
        node_timeout: seconds for an attempt at a node; 0: no limit.
        limits_node: whether a visit is to be timed; a node that is a subgraph is not, its nodes are.
        expired: what to do.
    """

    def __init__(
        self,
        timeout: float,
        whole: float,
        node_timeout: float,
        limits_node: Callable[[NodeVisit], bool],
        expired: Expired,
    ) -> None:
        self._whole = whole
        self._node_timeout = node_timeout
        self._limits_node = limits_node
        self._expired = expired
        self._over = False
        self._nodes: dict[int, asyncio.TimerHandle] = {}
        self._at_work: dict[int, NodeVisit] = {}
        loop = asyncio.get_running_loop()
        self._run = loop.call_later(timeout, self._run_is_over) if timeout else None

    def note(self, visit: NodeVisit) -> None:
        """A visit began, or changed."""
        if visit.outcome != "running" or visit.ended_at is not None:
            # Failed, and perhaps to be tried again: waiting for that is not the attempt's time.
            self._at_work.pop(visit.number, None)
            timer = self._nodes.pop(visit.number, None)
            if timer is not None:
                timer.cancel()
            return
        self._at_work[visit.number] = visit
        if self._node_timeout and visit.number not in self._nodes and self._limits_node(visit):
            self._nodes[visit.number] = asyncio.get_running_loop().call_later(
                self._node_timeout, self._node_is_over, visit
            )

    def close(self) -> None:
        """The dispatch is over."""
        self._over = True
        for timer in [self._run, *self._nodes.values()]:
            if timer is not None:
                timer.cancel()

    def _run_is_over(self) -> None:
        node = next((visit.path for visit in self._at_work.values()), "")
        self._expire(run_timeout(self._whole, node), None)

    def _node_is_over(self, visit: NodeVisit) -> None:
        self._expire(node_timeout(self._node_timeout, visit.path), visit.number)

    def _expire(self, error: MahavishnuError, number: int | None) -> None:
        if not self._over:
            self._over = True
            self._expired(error, number)
