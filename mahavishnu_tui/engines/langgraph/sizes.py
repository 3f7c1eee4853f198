"""How much room threads take, and how fast they grow; by lengths alone, no blob is read."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

from mahavishnu_tui.engines.langgraph.checkpoints import read_file
from mahavishnu_tui.models.checkpoint import ThreadSize
from mahavishnu_tui.models.growth import size_warning

_STORED = """
SELECT thread_id, count(*), sum(length(checkpoint) + coalesce(length(metadata), 0)), sum(checkpoint_ns = ''),
       max(CASE WHEN checkpoint_ns = '' THEN checkpoint_id END),
       min(CASE WHEN checkpoint_ns = '' THEN checkpoint_id END)
FROM checkpoints WHERE ?1 = '' OR thread_id = ?1 GROUP BY thread_id
"""
_WRITTEN = (
    "SELECT thread_id, sum(length(value)) FROM writes WHERE ?1 = '' OR thread_id = ?1 GROUP BY thread_id"
)
_ONE = """
SELECT length(checkpoint) FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = '' AND checkpoint_id = ?
"""
_PINNED = "SELECT thread_id FROM mahavishnu_marks WHERE checkpoint_id = '' AND name = ''"


def thread_sizes(path: Path, warn_bytes: int, thread_id: str = "") -> dict[str, Any]:
    """`{"threads": [ThreadSize, largest first], "file": bytes, "free": bytes}` (blocking).

    Args:
        path: the checkpoint file.
        warn_bytes: from here on a thread counts as large.
        thread_id: only this one; empty: every thread in the file.

    Raises:
        AdapterError: MHV-430, 004 when the file cannot be read.
    """

    def look(connection: sqlite3.Connection) -> dict[str, Any]:
        written = dict(connection.execute(_WRITTEN, (thread_id,)).fetchall())
        pinned = {row[0] for row in connection.execute(_PINNED)}
        found = [
            _size(connection, row, written.get(row[0], 0), row[0] in pinned, warn_bytes)
            for row in connection.execute(_STORED, (thread_id,)).fetchall()
        ]
        page = _pragma(connection, "page_size")
        return {
            "threads": [size.to_json() for size in sorted(found, key=lambda size: -size.bytes)],
            "file": page * _pragma(connection, "page_count"),
            "free": page * _pragma(connection, "freelist_count"),
        }

    return read_file(path, look, {"threads": [], "file": 0, "free": 0})


def _size(
    connection: sqlite3.Connection, row: tuple[Any, ...], written: int, pinned: bool, warn_bytes: int
) -> ThreadSize:
    thread_id, count, stored, roots, newest, oldest = row
    latest, first = _length(connection, thread_id, newest), _length(connection, thread_id, oldest)
    growth = max(0, (latest - first) // (roots - 1)) if roots > 1 else 0
    size = ThreadSize(str(thread_id), int(count), int(stored) + int(written or 0), latest, growth, pinned)
    return size.replace(warning=size_warning(size, warn_bytes))


def _length(connection: sqlite3.Connection, thread_id: str, checkpoint_id: str | None) -> int:
    row = connection.execute(_ONE, (thread_id, checkpoint_id)).fetchone()
    return int(row[0] or 0) if row else 0


def _pragma(connection: sqlite3.Connection, name: str) -> int:
    return int(connection.execute(f"PRAGMA {name}").fetchone()[0])
