"""The one writer of `engine.db`: a thread that commits what has gathered while it was committing."""

from __future__ import annotations

import asyncio
import contextlib
import queue
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any, Generic, TypeVar

from mahavishnu_tui.server.store.faults import is_storage_fault
from mahavishnu_tui.server.store.tx import Line, Tx

T = TypeVar("T")
Publish = Callable[[list[Line]], None]

BATCH = 256
"""The most changes in one commit."""


class _Job(Generic[T]):
    """A change, who waits for it, and how it went."""

    def __init__(self, change: Callable[[Tx], T], future: asyncio.Future[T]) -> None:
        self.change = change
        self.future = future
        self.result: T | None = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        """Tell the caller, unless it has gone away."""
        if self.future.done():
            return
        if self.error is not None:
            self.future.set_exception(self.error)
        else:
            self.future.set_result(self.result)  # type: ignore[arg-type]


class Writer:
    """Runs changes in the order in which they were submitted, many to a commit.

    A future resolves after the commit that holds its change is on disk, and after its events were
    published. A change that raises is undone alone; a disk or file at fault undoes the whole batch and
    every caller of it gets that error.
    """

    def __init__(self, conn: sqlite3.Connection, publish: Publish) -> None:
        self._conn = conn
        self._publish = publish
        self._jobs: queue.SimpleQueue[_Job[Any] | None] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._thread = threading.Thread(target=self._work, name="engine-db-writer", daemon=True)
        self._thread.start()

    def submit(self, change: Callable[[Tx], T]) -> asyncio.Future[T]:
        """Queue a change; the future holds what it returned."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._jobs.put(_Job(change, future))
        return future

    async def close(self) -> None:
        """Finish what is queued, then end the thread and the connection."""
        self._jobs.put(None)
        await asyncio.to_thread(self._thread.join)
        # The thread's last word to the loop was sent before it ended; let the loop hear it.
        await asyncio.sleep(0)

    def _work(self) -> None:
        going = True
        while going:
            first = self._jobs.get()
            if first is None:
                break
            batch, going = self._gather(first)
            lines = self._commit(batch)
            self._loop.call_soon_threadsafe(self._settle, batch, lines)
        self._conn.close()

    def _gather(self, first: _Job[Any]) -> tuple[list[_Job[Any]], bool]:
        batch = [first]
        while len(batch) < BATCH:
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                break
            if job is None:
                return batch, False
            batch.append(job)
        return batch, True

    def _commit(self, batch: list[_Job[Any]]) -> list[Line]:
        """Run a batch in one transaction; the events to publish."""
        lines: list[Line] = []
        try:
            self._conn.execute("BEGIN IMMEDIATE")
            for job in batch:
                lines += self._run(job)
            self._conn.execute("COMMIT")
        except BaseException as error:
            if self._conn.in_transaction:
                with contextlib.suppress(sqlite3.Error):
                    self._conn.execute("ROLLBACK")
            for job in batch:
                job.error = error
            return []
        return lines

    def _run(self, job: _Job[Any]) -> list[Line]:
        """One change inside a savepoint; raises only when the batch is lost."""
        tx = Tx(self._conn, time.time())
        self._conn.execute("SAVEPOINT change")
        try:
            job.result = job.change(tx)
        except BaseException as error:
            if is_storage_fault(error) or not self._conn.in_transaction:
                raise
            job.error = error
            self._conn.execute("ROLLBACK TO change")
            self._conn.execute("RELEASE change")
            return []
        self._conn.execute("RELEASE change")
        return tx.lines

    def _settle(self, batch: list[_Job[Any]], lines: list[Line]) -> None:
        if lines:
            self._publish(lines)
        for job in batch:
            job.settle()
