"""Opens `engine.db`, checks it, and gives the rest of the server `read` and `write`."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server.store import schema
from mahavishnu_tui.server.store.faults import corrupt, storage_error
from mahavishnu_tui.server.store.letters import teach
from mahavishnu_tui.server.store.tx import Tx
from mahavishnu_tui.server.store.writer import Publish, Writer

T = TypeVar("T")

BUSY_SECONDS = 5.0
"""How long a statement waits for another program's lock before it says MHV-004."""


class Store:
    """`engine.db`. Both methods raise MHV-004/005/006 when the disk or the file is at fault."""

    def __init__(self, path: Path, epoch: str, writer: Writer, reader: sqlite3.Connection) -> None:
        self.path = path
        self.epoch = epoch
        self._closed = False
        self._writer = writer
        self._reader = reader
        self._reading = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine-db-reader")
        self._searching = ThreadPoolExecutor(max_workers=1, thread_name_prefix="engine-db-search")
        self._searcher: sqlite3.Connection | None = None

    @classmethod
    async def open(cls, path: Path, publish: Publish) -> Store:
        """Open, check and migrate the file; makes a new one when there is none.

        Args:
            path: the database file.
            publish: called on the event loop with the events of each commit, in order.

        Raises:
            MahavishnuError: MHV-005 damaged or newer than this program, MHV-004, MHV-006.
        """
        conn, reader, epoch = await asyncio.to_thread(_open, path)
        return cls(path, epoch, Writer(conn, publish), reader)

    async def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a query on the reader thread, in one consistent view of the database."""
        self._refuse_when_closed()
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._reading, _in_one_view, self._reader, query)
        except sqlite3.Error as error:
            raise storage_error(error, self.path) from error

    async def search(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """Run a long query on a thread and a connection of its own: it holds up no other read."""
        self._refuse_when_closed()

        def look() -> T:
            if self._searcher is None:
                self._searcher = _connect(self.path)
                self._searcher.execute("PRAGMA query_only = ON")
            return _in_one_view(self._searcher, query)

        try:
            return await asyncio.get_running_loop().run_in_executor(self._searching, look)
        except sqlite3.Error as error:
            raise storage_error(error, self.path) from error

    async def write(self, change: Callable[[Tx], T]) -> T:
        """Run a change on the writer thread; returns when it is on disk."""
        self._refuse_when_closed()
        try:
            return await self._writer.submit(change)
        except sqlite3.Error as error:
            raise storage_error(error, self.path) from error

    async def close(self) -> None:
        """Finish what is queued and close the file."""
        self._closed = True
        await self._writer.close()
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._reading, self._reader.close)
        if self._searcher is not None:
            await loop.run_in_executor(self._searching, self._searcher.close)
        self._reading.shutdown()
        self._searching.shutdown()

    def _refuse_when_closed(self) -> None:
        if self._closed:
            raise MahavishnuError(
                ErrorCode.SERVER_UNREACHABLE, "The server has stopped.", "Start it again, then retry."
            )


def _in_one_view(conn: sqlite3.Connection, query: Callable[[sqlite3.Connection], T]) -> T:
    conn.execute("BEGIN")
    try:
        return query(conn)
    finally:
        if conn.in_transaction:
            conn.execute("COMMIT")


def _open(path: Path) -> tuple[sqlite3.Connection, sqlite3.Connection, str]:
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    conn = reader = None
    try:
        conn = _connect(path)
        finding = str(conn.execute("PRAGMA quick_check(1)").fetchone()[0])
        if finding != "ok":
            raise corrupt(path, finding.splitlines()[-1])
        conn.execute("PRAGMA journal_mode = WAL")
        conn.execute("PRAGMA synchronous = FULL")
        conn.execute("PRAGMA journal_size_limit = 67108864")
        schema.migrate(conn)
        reader = _connect(path)
        reader.execute("PRAGMA query_only = ON")
        return conn, reader, schema.epoch(reader)
    except BaseException as error:
        for connection in (conn, reader):
            if connection is not None:
                connection.close()
        if isinstance(error, sqlite3.Error):
            raise storage_error(error, path) from error
        if isinstance(error, RuntimeError):
            raise MahavishnuError(
                ErrorCode.DATABASE_CORRUPT, f"{path} cannot be used: {error}.", "Update this program."
            ) from error
        raise


def _connect(path: Path) -> sqlite3.Connection:
    conn = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    conn.execute("PRAGMA foreign_keys = ON")
    teach(conn)
    return conn
