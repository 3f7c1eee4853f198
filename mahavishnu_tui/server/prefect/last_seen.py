"""Of when the mirrored runs are: kept beside them, for a server that begins while Prefect is away."""

from __future__ import annotations

import contextlib
import functools
import sqlite3

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.server.store import Store, flow_runs

KEEP_SECONDS = 60.0
"""Between two notes of it while all is well: a server that is killed leaves one that is so old."""


class LastSeen:
    """What the store has of it.

    Args:
        store: where the runs are.
        source: the server that is mirrored; what was seen of another one is nothing.
    """

    def __init__(self, store: Store, source: str) -> None:
        self._store = store
        self._source = source
        self._kept = 0.0

    async def recall(self) -> float | None:
        """When an earlier server of ours last saw it."""

        def look(conn: sqlite3.Connection) -> float | None:
            return flow_runs.seen_at(conn) if flow_runs.source(conn) == self._source else None

        with contextlib.suppress(MahavishnuError):
            return await self._store.read(look)
        return None

    async def keep(self, seen_at: float | None, every: float = 0.0) -> None:
        """Note it, unless that was done less than `every` seconds before; a full disk says so itself."""
        if seen_at is None or seen_at <= self._kept or seen_at - self._kept < every:
            return
        with contextlib.suppress(MahavishnuError):
            await self._store.write(functools.partial(flow_runs.set_seen, at=seen_at))
            self._kept = seen_at
