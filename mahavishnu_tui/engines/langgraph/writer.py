"""Writes to the checkpoint file: a thread of its own, one transaction for all that waits.

The stock saver crosses between event loop and thread seven times for one step of a graph. With one crossing,
and one commit for all runs that wait at that moment, recording a run costs no more than it saves.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

Job = Callable[[sqlite3.Connection], Any]
"""Runs inside a transaction, in the writing thread; what it raises undoes it."""
Waiting = tuple[Job, "asyncio.Future[Any]"]


class Writer:
    """The only writer of this process to one SQLite file.

    Args:
        path: the file; its tables exist.
        lock_wait: seconds to wait for another process's transaction.
        prepare: run once on the new connection.
    """

    def __init__(self, path: Path, lock_wait: float, prepare: Callable[[sqlite3.Connection], None]) -> None:
        self._path = path
        self._lock_wait = lock_wait
        self._prepare = prepare
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoints")
        self._guard = threading.Lock()
        self._waiting: list[Waiting] = []

    async def open(self) -> None:
        """Connect; raises sqlite3.Error."""
        await self._loop.run_in_executor(self._thread, self._connect)

    async def close(self) -> None:
        """Disconnect, once all that waits is written."""
        await self._loop.run_in_executor(self._thread, self._finish)
        self._thread.shutdown(wait=False)

    async def write(self, job: Job) -> Any:
        """Return what the job returned, once it is committed.

        Raises:
            sqlite3.Error: it is not, and nothing of it stays.
        """
        future: asyncio.Future[Any] = self._loop.create_future()
        with self._guard:
            self._waiting.append((job, future))
            first = len(self._waiting) == 1
        if first:  # otherwise the thread will find this one with those before it
            # A turn of the loop later: what a node wrote and the checkpoint after it then cross together.
            self._loop.call_soon(self._thread.submit, self._drain)
        return await future

    def _connect(self) -> None:
        self._connection = sqlite3.connect(
            self._path, timeout=self._lock_wait, isolation_level=None, check_same_thread=False
        )
        self._prepare(self._connection)

    def _finish(self) -> None:
        self._drain()
        if hasattr(self, "_connection"):
            self._connection.close()

    def _drain(self) -> None:
        with self._guard:
            batch, self._waiting = self._waiting, []
        if not batch:
            return
        try:
            results = self._together([job for job, _ in batch])
        except Exception as error:  # not even undone: nobody may wait for ever
            results = [error] * len(batch)
        futures = [future for _, future in batch]
        self._loop.call_soon_threadsafe(_deliver, futures, results)

    def _together(self, jobs: list[Job]) -> list[Any]:
        """The result or the error of each job; when they cannot be committed together, each by itself."""
        try:
            self._connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            return [error] * len(jobs)
        try:
            results = [job(self._connection) for job in jobs]
            self._connection.execute("COMMIT")
        except Exception as error:  # whatever it is, those who wait must hear of it
            if self._connection.in_transaction:  # a full disk may have ended it already
                self._connection.execute("ROLLBACK")
            return [error] if len(jobs) == 1 else [self._together([job])[0] for job in jobs]
        return results


def _deliver(futures: list[asyncio.Future[Any]], results: list[Any]) -> None:
    for future, result in zip(futures, results, strict=True):
        if future.done():  # the run was cancelled meanwhile
            continue
        if isinstance(result, Exception):
            future.set_exception(result)
        else:
            future.set_result(result)
