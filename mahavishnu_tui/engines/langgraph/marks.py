"""Pins, tags and notes of operators, kept beside the checkpoints: they are read where pruning decides."""

from __future__ import annotations

import dataclasses
import sqlite3
import time
from collections.abc import Iterable

TABLE = """
CREATE TABLE IF NOT EXISTS mahavishnu_marks (
    thread_id TEXT NOT NULL, checkpoint_id TEXT NOT NULL, name TEXT NOT NULL,
    note TEXT NOT NULL, by TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (thread_id, checkpoint_id, name)
) WITHOUT ROWID;
"""
PIN = ""
"""As checkpoint and name of a mark: the thread as a whole is pinned."""
MOST_TAG = 60
MOST_NOTE = 500

_PUT = "INSERT OR REPLACE INTO mahavishnu_marks VALUES (?, ?, ?, ?, ?, ?)"
_DROP = "DELETE FROM mahavishnu_marks WHERE thread_id = ? AND checkpoint_id = ? AND name = ?"
_EXISTS = "SELECT 1 FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = '' AND checkpoint_id = ?"


@dataclasses.dataclass(frozen=True)
class Mark:
    """A tag of a checkpoint, or the pin of a thread."""

    thread_id: str
    checkpoint_id: str
    name: str
    note: str
    by: str


def pin(connection: sqlite3.Connection, thread_id: str, pinned: bool, by: str, note: str = "") -> None:
    """Keep a thread from ever being pruned, or no longer."""
    if pinned:
        connection.execute(_PUT, (thread_id, PIN, PIN, note[:MOST_NOTE], by, time.time()))
    else:
        connection.execute(_DROP, (thread_id, PIN, PIN))


def tag(
    connection: sqlite3.Connection, thread_id: str, checkpoint_id: str, name: str, by: str, note: str = ""
) -> bool:
    """Give a checkpoint a name; False when there is no such checkpoint."""
    if connection.execute(_EXISTS, (thread_id, checkpoint_id)).fetchone() is None:
        return False
    row = (thread_id, checkpoint_id, name[:MOST_TAG], note[:MOST_NOTE], by, time.time())
    connection.execute(_PUT, row)
    return True


def untag(connection: sqlite3.Connection, thread_id: str, checkpoint_id: str, name: str) -> bool:
    """Take a name from a checkpoint; False when it had none like that."""
    return connection.execute(_DROP, (thread_id, checkpoint_id, name)).rowcount > 0


def of_thread(connection: sqlite3.Connection, thread_id: str) -> list[Mark]:
    """The marks of a thread, oldest first."""
    rows = connection.execute(
        "SELECT thread_id, checkpoint_id, name, note, by FROM mahavishnu_marks WHERE thread_id = ?"
        " ORDER BY at",
        (thread_id,),
    )
    return [Mark(*row) for row in rows]


def is_pinned(marks: Iterable[Mark]) -> bool:
    """Whether one of them pins the thread."""
    return any(mark.checkpoint_id == PIN for mark in marks)
