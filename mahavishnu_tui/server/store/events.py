"""The event log: what a client that was away has missed."""

from __future__ import annotations

import sqlite3

from mahavishnu_tui.server.store.tx import Line, Tx, event_line

PAGE = 1000


def last_seq(conn: sqlite3.Connection) -> int:
    """The number of the newest event ever logged, trimmed or not."""
    found = conn.execute("SELECT seq FROM sqlite_sequence WHERE name = 'events'").fetchone()
    return int(found[0]) if found else 0


def is_kept(conn: sqlite3.Connection, after: int) -> bool:
    """Whether every event later than `after` is still here (and `after` is of our past)."""
    newest = last_seq(conn)
    if after >= newest:
        return after == newest
    oldest = conn.execute("SELECT min(seq) FROM events").fetchone()[0]
    return oldest is not None and oldest <= after + 1


def page(conn: sqlite3.Connection, after: int) -> list[Line]:
    """The next events later than `after`, in order."""
    rows = conn.execute(
        "SELECT seq, at, kind, key, data FROM events WHERE seq > ? ORDER BY seq LIMIT ?", (after, PAGE)
    )
    return [Line(seq, event_line(seq, at, kind, key, data)) for seq, at, kind, key, data in rows]


def trim(tx: Tx, keep: int) -> int:
    """Forget all but the newest `keep` events; how many went."""
    gone = tx.conn.execute("DELETE FROM events WHERE seq <= ?", (last_seq(tx.conn) - keep,)).rowcount
    return int(gone)
