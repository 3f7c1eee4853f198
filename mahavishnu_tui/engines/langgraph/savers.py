"""The one seam where the checkpoint saver is made: LangGraph's own `AsyncSqliteSaver`, leased and fenced.

The lease of a thread is a number in `mahavishnu_leases`, beside the checkpoints; it only ever rises. A TEMP
trigger, which exists on this connection alone (so that other programs which use the file are not
disturbed), refuses to store anything for a thread whose lease has passed to somebody else.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import (
    WRITES_IDX_MAP,
    ChannelVersions,
    Checkpoint,
    CheckpointMetadata,
    get_checkpoint_metadata,
)
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.langgraph.failures import storage_error
from mahavishnu_tui.engines.langgraph.marks import TABLE
from mahavishnu_tui.engines.langgraph.writer import Job, Writer
from mahavishnu_tui.models import ErrorCode

LOCK_WAIT = 30.0
"""Seconds to wait for another writer of the file."""
StoredHook = Callable[[str, str, str, frozenset[str]], None]
"""Called once something is committed: with namespace, checkpoint id, task id and the channels that the task
wrote; for a checkpoint itself the task id is empty and there are no channels."""
_CONTROL = frozenset(("__error__", "__error_source_node__", "__interrupt__", "__resume__"))
"""Channels that say what happened to a task, not what it produced."""

_FENCE = """
CREATE TABLE IF NOT EXISTS mahavishnu_leases (
    thread_id TEXT PRIMARY KEY, lease INTEGER NOT NULL, holder TEXT NOT NULL
);
CREATE TEMP TRIGGER IF NOT EXISTS mahavishnu_fence_checkpoints BEFORE INSERT ON main.checkpoints
WHEN (SELECT lease FROM main.mahavishnu_leases WHERE thread_id = NEW.thread_id)
     IS NOT mahavishnu_lease(NEW.thread_id)
BEGIN SELECT RAISE(ABORT, 'mahavishnu: lease lost'); END;
CREATE TEMP TRIGGER IF NOT EXISTS mahavishnu_fence_writes BEFORE INSERT ON main.writes
WHEN (SELECT lease FROM main.mahavishnu_leases WHERE thread_id = NEW.thread_id)
     IS NOT mahavishnu_lease(NEW.thread_id)
BEGIN SELECT RAISE(ABORT, 'mahavishnu: lease lost'); END;
"""
_TAKE = """
INSERT INTO mahavishnu_leases (thread_id, lease, holder) VALUES (?1, ?2, ?3)
ON CONFLICT (thread_id) DO UPDATE SET lease = ?2, holder = ?3 WHERE lease <= ?2
"""
_COUNT = """
INSERT INTO mahavishnu_leases (thread_id, lease, holder) VALUES (?1, 1, '')
ON CONFLICT (thread_id) DO UPDATE SET lease = lease + 1, holder = ''
"""
_PUT = """
INSERT OR REPLACE INTO checkpoints
(thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, type, checkpoint, metadata)
VALUES (?, ?, ?, ?, ?, ?, ?)
"""
_PUT_WRITES = """
INSERT OR {} INTO writes
(thread_id, checkpoint_ns, checkpoint_id, task_id, task_path, idx, channel, type, value)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
"""


class LeasedSaver(AsyncSqliteSaver):
    """The stock saver and its tables, with leases, clear errors, and writes by one thread for all runs.

    The stock one also leaves a failed transaction open, and with it the file locked for everybody else.
    """

    def __init__(self, conn: aiosqlite.Connection, path: Path, synchronous: str) -> None:
        super().__init__(conn)
        self.path = path
        self.stored: dict[str, StoredHook] = {}
        self._held: dict[str, int] = {}
        self._synchronous = synchronous
        self.writer = Writer(path, LOCK_WAIT, self._fence)

    def _fence(self, connection: sqlite3.Connection) -> None:
        connection.execute(f"PRAGMA synchronous={self._synchronous}")
        connection.create_function("mahavishnu_lease", 1, self._held.get)
        connection.executescript(_FENCE + TABLE)

    async def take_lease(self, thread_id: str, lease: int, holder: str) -> None:
        """Become the only writer of a thread.

        Raises:
            AdapterError: MHV-431 when a newer dispatch has the thread.
        """
        taken = await self.write(
            thread_id, lambda connection: connection.execute(_TAKE, (thread_id, lease, holder)).rowcount
        )
        if not taken:
            raise lease_lost(thread_id)
        self._held[thread_id] = lease

    async def next_lease(self, thread_id: str) -> int:
        """The number that a new dispatch of a thread has to take, where no server gives it one.

        It is kept at once: two processes that ask at the same time must not get the same one.
        """

        def count(connection: sqlite3.Connection) -> int:
            connection.execute(_COUNT, (thread_id,))
            select = "SELECT lease FROM mahavishnu_leases WHERE thread_id = ?"
            return int(connection.execute(select, (thread_id,)).fetchone()[0])

        number: int = await self.write(thread_id, count)
        return number

    async def namespaces(self, thread_id: str, scope: str, limit: int) -> list[str]:
        """Names of the namespaces of a thread that are `scope` or below it."""
        # A range, not LIKE: a node's name may hold `%` or `_`. `}` comes after `|`.
        select = (
            "SELECT DISTINCT checkpoint_ns FROM checkpoints WHERE thread_id = ?1 AND (checkpoint_ns = ?2"
            " OR (checkpoint_ns >= ?2 || '|' AND checkpoint_ns < ?2 || '}')) ORDER BY 1 LIMIT ?3"
        )
        async with self.lock, self.conn.execute(select, (thread_id, scope, limit)) as rows:
            return [str(row[0]) async for row in rows]

    async def check(self) -> None:
        """See whether the file can be written to.

        Raises:
            AdapterError: MHV-430, 004 or 006.
        """
        await self.write("", lambda connection: None)

    async def aput(
        self,
        config: RunnableConfig,
        checkpoint: Checkpoint,
        metadata: CheckpointMetadata,
        new_versions: ChannelVersions,
    ) -> RunnableConfig:
        """Store a checkpoint.

        Raises:
            MahavishnuError: MHV-430 to 432, 004, 006.
        """
        place = config["configurable"]
        thread_id, scope = str(place["thread_id"]), str(place["checkpoint_ns"])
        try:
            kind, blob = self.serde.dumps_typed(checkpoint)
        except TypeError as error:
            raise self._unserialisable(checkpoint["channel_values"].items(), error) from error
        about = json.dumps(get_checkpoint_metadata(config, metadata), ensure_ascii=False)
        row = (
            thread_id,
            scope,
            checkpoint["id"],
            place.get("checkpoint_id"),
            kind,
            blob,
            about.encode("utf-8", "ignore"),
        )
        await self.write(thread_id, lambda connection: connection.execute(_PUT, row))
        self._report(config, checkpoint["id"], "", frozenset())
        return {
            "configurable": {
                "thread_id": thread_id,
                "checkpoint_ns": scope,
                "checkpoint_id": checkpoint["id"],
            }
        }

    async def aput_writes(
        self,
        config: RunnableConfig,
        writes: Sequence[tuple[str, Any]],
        task_id: str,
        task_path: str = "",
    ) -> None:
        """Store what a task wrote.

        Raises:
            MahavishnuError: MHV-430 to 432, 004, 006.
        """
        place = config["configurable"]
        thread_id, checkpoint_id = str(place["thread_id"]), str(place["checkpoint_id"])
        writes = _of_failed_task(writes) if any(channel == "__error__" for channel, _ in writes) else writes
        where = (thread_id, str(place["checkpoint_ns"]), checkpoint_id, task_id, task_path)
        try:
            rows = [
                (*where, WRITES_IDX_MAP.get(channel, index), channel, *self.serde.dumps_typed(value))
                for index, (channel, value) in enumerate(writes)
            ]
        except TypeError as error:
            raise self._unserialisable(writes, error) from error
        # as in the stock saver: questions and errors replace older ones, output is written once
        statement = _PUT_WRITES.format(
            "REPLACE" if all(channel in WRITES_IDX_MAP for channel, _ in writes) else "IGNORE"
        )
        await self.write(thread_id, lambda connection: connection.executemany(statement, rows))
        self._report(config, checkpoint_id, task_id, frozenset(channel for channel, _ in writes))

    async def write(self, thread_id: str, job: Job) -> Any:
        """Run a job in a transaction of its own; what it returned, once that is committed.

        Raises:
            AdapterError: MHV-430, 431, 004, 006.
        """
        try:
            return await self.writer.write(job)
        except sqlite3.Error as error:
            if "lease lost" in str(error):
                raise lease_lost(thread_id) from error
            raise storage_error(error, self.path) from error

    def _report(
        self, config: RunnableConfig, checkpoint_id: str, task_id: str, channels: frozenset[str]
    ) -> None:
        if hook := self.stored.get(str(config["configurable"]["thread_id"])):
            hook(str(config["configurable"].get("checkpoint_ns", "")), checkpoint_id, task_id, channels)

    def _unserialisable(self, items: Any, error: TypeError) -> AdapterError:
        for key, value in items:
            try:
                self.serde.dumps_typed(value)
            except Exception:
                if key == "__interrupt__":
                    return _unaskable(error)
                return AdapterError(
                    ErrorCode.STATE_UNSERIALISABLE,
                    f"The state key {key!r} holds a {type(value).__name__}, which no checkpoint can store.",
                    "Keep plain data in the state: numbers, text, lists, dicts, dataclasses, messages.",
                    key=str(key),
                    detail=str(error)[:2000],
                )
        return AdapterError(
            ErrorCode.STATE_UNSERIALISABLE,
            f"The state cannot be stored in a checkpoint: {str(error)[:300]}.",
            "Keep plain data in the state: numbers, text, lists, dicts, dataclasses, messages.",
        )


def _unaskable(error: TypeError) -> AdapterError:
    return AdapterError(
        ErrorCode.STATE_UNSERIALISABLE,
        "The question that interrupt() was given holds a value that no checkpoint can store.",
        "Ask with plain data: numbers of 64 bits, text, lists, dicts; not too deep in each other.",
        detail=str(error)[:2000],
    )


def _of_failed_task(writes: Sequence[tuple[str, Any]]) -> list[tuple[str, Any]]:
    """What to store of a task that failed: that it did, and its answers, and nothing that it wrote.

    A task that fails in its last part, the choice of the next node, has written its output already.
    LangGraph stores that with the error, takes the task for finished when the run is resumed, and ends the
    run as a success, since nobody chose a next node.
    """
    return [write for write in writes if write[0] in _CONTROL]


def lease_lost(thread_id: str) -> AdapterError:
    """The error of a writer whose thread another dispatch has taken up."""
    return AdapterError(
        ErrorCode.LEASE_LOST,
        f"Thread {thread_id} has been taken up by a newer dispatch; this one stores nothing more.",
        "Look at the newer run of the thread.",
    )


@asynccontextmanager
async def open_saver(path: Path, synchronous: str = "NORMAL") -> AsyncIterator[LeasedSaver]:
    """Open the checkpoint file and make it ready.

    Args:
        path: the SQLite file; it and its folder are made when missing.
        synchronous: SQLite's own: `NORMAL` survives the death of any process, `FULL` also a power cut.

    Raises:
        AdapterError: MHV-430, 004 or 006 when the file cannot be used.
    """
    mode = _checked(synchronous)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = await aiosqlite.connect(path, timeout=LOCK_WAIT)
    except (OSError, sqlite3.Error) as error:
        raise storage_error(error, path) from error
    saver = LeasedSaver(connection, path, mode)
    try:
        await _ready(saver)
        yield saver
    finally:
        await saver.writer.close()
        await connection.close()


async def _ready(saver: LeasedSaver) -> None:
    try:
        # works on a file without tables only: what is pruned can then be given back to the disk
        await saver.conn.execute("PRAGMA auto_vacuum=INCREMENTAL")
        await saver.setup()
        await saver.writer.open()
    except sqlite3.Error as error:
        raise storage_error(error, saver.path) from error


def _checked(synchronous: str) -> str:
    if synchronous.upper() not in ("OFF", "NORMAL", "FULL", "EXTRA"):
        raise AdapterError(
            ErrorCode.CONFIG_INVALID,
            f"synchronous is {synchronous!r}; SQLite knows OFF, NORMAL, FULL and EXTRA.",
            "Correct langgraph.synchronous in the settings.",
        )
    return synchronous.upper()
