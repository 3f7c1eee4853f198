"""Finds out when a full disk takes writes again."""

from __future__ import annotations

import asyncio
import contextlib
import os
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import Path

from mahavishnu_tui.models import Run

ROOM = 16 * 1024 * 1024
"""Bytes that must be free: with less, the next checkpoint would fill the disk again."""
_FIRST_WAIT = 2.0
_LONGEST_WAIT = 60.0
_RELAPSE = 120.0
"""Seconds within which a disk that is full again is asked less often than before."""


class DiskWatch:
    """Has runs that wait for the disk go on, once it has room.

    Args:
        folder: where the checkpoints are.
        go_on: queues the runs that wait.
    """

    def __init__(self, folder: Path, go_on: Callable[[], Awaitable[object]]) -> None:
        self._folder = folder
        self._go_on = go_on
        self._waiting = True  # of what an earlier server has left, nothing is known
        self._wait = 0.0
        self._next = 0.0
        self._went_on = 0.0

    def note(self, ended: Iterable[Run]) -> None:
        """Runs whose dispatch is over: those that the disk stopped are waited for."""
        if any(run.awaits == "disk" for run in ended) and not self._waiting:
            relapse = time.monotonic() - self._went_on < _RELAPSE
            self._wait = min(self._wait * 2, _LONGEST_WAIT) if relapse and self._wait else _FIRST_WAIT
            self._waiting = True
            self._next = time.monotonic() + self._wait

    async def look(self) -> None:
        """Called every second; asks the disk while something waits for it."""
        if not self._waiting or time.monotonic() < self._next:
            return
        self._next = time.monotonic() + _FIRST_WAIT
        if await asyncio.to_thread(has_room, self._folder):
            await self._go_on()
            self._waiting = False
            self._went_on = time.monotonic()


def has_room(folder: Path, size: int = ROOM) -> bool:
    """Whether a file of this size can be made there."""
    probe = folder / ".room"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with open(probe, "wb") as file:
            if hasattr(os, "posix_fallocate"):
                os.posix_fallocate(file.fileno(), 0, size)
            else:
                file.write(bytes(size))
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        return False
    finally:
        with contextlib.suppress(OSError):
            probe.unlink()
    return True
