"""`RoomWatch`: an early word on a thread whose checkpoints take much room, while the run is still at work."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from pathlib import Path

from mahavishnu_tui.engines.langgraph.sizes import thread_sizes
from mahavishnu_tui.models import MahavishnuError

EVERY = 16
"""Checkpoints of the root graph between two looks: a look reads lengths only, and growth shows by then."""


class RoomWatch:
    """Looks at the size of one thread now and then, beside the run; tells what is new.

    Args:
        path: the checkpoint file.
        thread_id: the thread.
        warn_bytes: from here on it counts as large; 0: never.
        tell: takes the sentence, in the event loop.
    """

    def __init__(self, path: Path, thread_id: str, warn_bytes: int, tell: Callable[[str], None]) -> None:
        self._path = path
        self._thread_id = thread_id
        self._warn_bytes = warn_bytes
        self._tell = tell
        self._unseen = 0
        self._told = ""
        self._looking: asyncio.Task[None] | None = None

    def stored(self) -> None:
        """One more checkpoint is on disk."""
        self._unseen += 1
        if self._warn_bytes and self._unseen >= EVERY and self._looking is None:
            self._looking = asyncio.get_running_loop().create_task(self._look())

    async def close(self) -> None:
        """A last look, where enough was stored for it, or the last word is not of now; a cancel that comes
        meanwhile ends only the look."""
        with contextlib.suppress(asyncio.CancelledError):
            if self._looking is not None:
                await self._looking
            if self._warn_bytes and self._unseen >= (1 if self._told else EVERY):
                await self._look()

    async def _look(self) -> None:
        self._unseen = 0
        try:
            found = await asyncio.to_thread(thread_sizes, self._path, self._warn_bytes, self._thread_id)
        except MahavishnuError:  # the file is busy or away: the run itself will say so
            return
        finally:
            self._looking = None
        warning = "".join(str(size["warning"]) for size in found["threads"])
        if warning != self._told:
            self._told = warning
            self._tell(warning)
