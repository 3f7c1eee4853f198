"""Hears of steps as they happen: the streams of runs at work, taken as news that there is something to read.

What a stream carries depends on what the run's starter asked for; the checkpoints are the same for everybody.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.server.remote.api import Api

log = logging.getLogger(__name__)

MOST = 8
"""Streams that are followed at a time; other runs are seen at each turn."""


class Doorbells:
    """Follows the streams of some runs.

    Args:
        ring: called with the thread of which there is news.
    """

    def __init__(self, api: Api, ring: Callable[[str], None]) -> None:
        self._api = api
        self._ring = ring
        self._followed: dict[str, asyncio.Task[None]] = {}

    def follow(self, runs: Iterable[tuple[str, str]]) -> None:
        """Follow these `(thread, run)`, and no others."""
        wanted = {run: thread for thread, run in list(runs)[:MOST]}
        for run in [run for run in self._followed if run not in wanted]:
            self._followed.pop(run).cancel()
        for run, thread in wanted.items():
            if run not in self._followed:
                self._followed[run] = asyncio.create_task(self._listen(thread, run), name=f"stream {run}")

    async def close(self) -> None:
        """Follow nothing any more."""
        tasks = list(self._followed.values())
        self._followed.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _listen(self, thread: str, run: str) -> None:
        try:
            async for kind in self._api.join(thread, run):
                if kind != "heartbeat":
                    self._ring(thread)
        except MahavishnuError as error:
            # The turns tell when it is away, and read what was missed.
            log.debug("stream of %s: %s", run, error)
        self._ring(thread)
