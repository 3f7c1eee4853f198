"""Fan-out of committed events to the clients that listen."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable

from mahavishnu_tui.server.store.tx import Line

log = logging.getLogger(__name__)

BACKLOG = 10_000
"""Events that a client may be behind before it is dropped; it comes back with its `after`."""


class Subscriber:
    """One listening client: the events since it began to listen."""

    def __init__(self) -> None:
        self._lines: deque[Line] = deque()
        self._woken = asyncio.Event()
        self.marks: dict[str, int] = {}
        """Runs whose code has said more: the number of the newest line. Only the last word counts."""
        self.paths: set[str] = set()
        """Flow runs whose task runs have changed."""
        self.dropped = False
        """It fell too far behind, or the server ends."""

    def push(self, lines: list[Line]) -> None:
        """Give it events; called by the feed."""
        if self.dropped:
            return
        if len(self._lines) + len(lines) > BACKLOG:
            self.drop()
            return
        self._lines.extend(lines)
        self._woken.set()

    def mark(self, run_id: str, last: int) -> None:
        """Tell it of a run's newest line; not kept for those that are away."""
        if not self.dropped:
            self.marks[run_id] = last
            self._woken.set()

    def mark_path(self, run_id: str) -> None:
        """Tell it that task runs of a flow run have changed."""
        if not self.dropped:
            self.paths.add(run_id)
            self._woken.set()

    def drop(self) -> None:
        """End it; what it has not taken is forgotten."""
        self.dropped = True
        self._lines.clear()
        self._woken.set()

    async def take(self, timeout: float) -> list[Line]:
        """The events that have gathered; empty after `timeout` seconds without news, or when dropped."""
        if not (self._lines or self.marks or self.paths or self.dropped):
            try:
                async with asyncio.timeout(timeout):
                    await self._woken.wait()
            except TimeoutError:
                return []
        self._woken.clear()
        taken = list(self._lines)
        self._lines.clear()
        return taken


class Feed:
    """Who listens now."""

    def __init__(self) -> None:
        self._subscribers: set[Subscriber] = set()
        self._ears: list[tuple[str, Callable[[Line], None]]] = []
        self._closed = False

    def __len__(self) -> int:
        return len(self._subscribers)

    def publish(self, lines: list[Line]) -> None:
        """Give the events of one commit to everyone; called in the order of commits."""
        for subscriber in self._subscribers:
            subscriber.push(lines)
        for kind, ear in self._ears:
            for line in lines:
                if line.kind == kind:
                    try:
                        ear(line)
                    except Exception:  # whoever waits for the commit must not
                        log.exception("a part of the server failed at an event %s", kind)

    def overhear(self, kind: str, ear: Callable[[Line], None]) -> None:
        """Have a part of the server told of events of one kind; it is no client and is never behind."""
        self._ears.append((kind, ear))

    def mark(self, run_id: str, last: int) -> None:
        """The code of a run has said more; `last` is its newest line."""
        for subscriber in self._subscribers:
            subscriber.mark(run_id, last)

    def mark_path(self, run_id: str) -> None:
        """Task runs of a flow run have changed."""
        for subscriber in self._subscribers:
            subscriber.mark_path(run_id)

    def subscribe(self, own: Subscriber | None = None) -> Subscriber:
        """Begin to listen: every event committed from now on reaches the subscriber (`own`, or a new one)."""
        subscriber = own or Subscriber()
        if self._closed:
            subscriber.drop()
        self._subscribers.add(subscriber)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Listen no longer."""
        self._subscribers.discard(subscriber)

    def close(self) -> None:
        """End every stream, and those that come later."""
        self._closed = True
        for subscriber in self._subscribers:
            subscriber.drop()
