"""The path record: one row per visit of a node."""

from __future__ import annotations

import sqlite3
from typing import Any

from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.models.run import VisitOutcome
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store.tx import Tx


def save(tx: Tx, visit: NodeVisit) -> None:
    """Write a visit that began or changed, and tell the clients."""
    doc = codec.dumps(visit.to_json()).decode()
    tx.conn.execute(
        "INSERT INTO visits(run_id, number, task_id, open, doc) VALUES(?, ?, ?, ?, ?)"
        " ON CONFLICT(run_id, number) DO UPDATE SET open = excluded.open, doc = excluded.doc",
        (visit.run_id, visit.number, visit.task_id, int(visit.outcome == "running"), doc),
    )
    tx.emit("visit", f"{visit.run_id}#{visit.number}", visit.to_json())


def disown(tx: Tx, again: NodeVisit) -> None:
    """A task has begun again: what an earlier dispatch said it had done was never stored."""
    rows = tx.conn.execute(
        "SELECT doc FROM visits WHERE run_id = ? AND task_id = ? AND number < ?",
        (again.run_id, again.task_id, again.number),
    )
    for (doc,) in rows.fetchall():
        visit = NodeVisit.from_json(codec.loads(doc))
        if visit.outcome == "success" and visit.lease < again.lease:
            save(tx, visit.replace(outcome="lost"))


def after(conn: sqlite3.Connection, run_id: str, number: int, limit: int) -> list[Any]:
    """Visits with a higher number, in order, as stored JSON."""
    rows = conn.execute(
        "SELECT doc FROM visits WHERE run_id = ? AND number > ? ORDER BY number LIMIT ?",
        (run_id, number, limit),
    )
    return [codec.Raw(doc) for (doc,) in rows]


def all_of(conn: sqlite3.Connection, run_id: str) -> list[NodeVisit]:
    """Every visit, in order."""
    rows = conn.execute("SELECT doc FROM visits WHERE run_id = ? ORDER BY number", (run_id,))
    return [NodeVisit.from_json(codec.loads(doc)) for (doc,) in rows]


def open_of(conn: sqlite3.Connection, run_id: str) -> list[NodeVisit]:
    """The visits that have not ended."""
    rows = conn.execute("SELECT doc FROM visits WHERE run_id = ? AND open ORDER BY number", (run_id,))
    return [NodeVisit.from_json(codec.loads(doc)) for (doc,) in rows]


def last_number(conn: sqlite3.Connection, run_id: str) -> int:
    """The highest number given; 0 before the first visit."""
    found = conn.execute("SELECT max(number) FROM visits WHERE run_id = ?", (run_id,)).fetchone()
    return int(found[0] or 0)


def close(tx: Tx, run_id: str, outcome: VisitOutcome) -> list[NodeVisit]:
    """End every open visit of a run with this outcome; those visits."""
    closed = [
        visit.replace(outcome=outcome, ended_at=max(tx.now, visit.started_at))
        for visit in open_of(tx.conn, run_id)
    ]
    for visit in closed:
        save(tx, visit)
    return closed


def withdraw(tx: Tx, run_id: str) -> None:
    """The questions of a run are withdrawn: its nodes wait for no answer any more."""
    for visit in _latest(tx.conn, run_id).values():
        if visit.outcome == "interrupted":
            save(tx, visit.replace(outcome="withdrawn"))


def last_lost(conn: sqlite3.Connection, run_id: str, after_lease: int) -> list[str]:
    """The nodes that were lost by the newest dispatch that lost any, of those after a lease."""
    rows = conn.execute("SELECT doc FROM visits WHERE run_id = ? ORDER BY number DESC LIMIT 1000", (run_id,))
    lost = [visit for (doc,) in rows if (visit := NodeVisit.from_json(codec.loads(doc))).outcome == "lost"]
    lost = [visit for visit in lost if visit.lease > after_lease]
    return sorted({visit.path for visit in lost if visit.lease == lost[0].lease})


def unfinished(conn: sqlite3.Connection, run_id: str) -> list[str]:
    """The nodes that were at work in the last dispatch and came to nothing: they run again."""
    latest = _latest(conn, run_id)
    lease = max((visit.lease for visit in latest.values()), default=0)
    failed = [visit for visit in latest.values() if visit.outcome in ("error", "cancelled", "lost")]
    return sorted({visit.path for visit in failed if visit.lease == lease})


def path(conn: sqlite3.Connection, run_id: str) -> list[str]:
    """The nodes that have run so far, in the order in which they began."""
    rows = conn.execute("SELECT doc FROM visits WHERE run_id = ? ORDER BY number", (run_id,))
    visits = (NodeVisit.from_json(codec.loads(doc)) for (doc,) in rows)
    return [visit.path for visit in visits if visit.outcome == "success"]


def _latest(conn: sqlite3.Connection, run_id: str) -> dict[str, NodeVisit]:
    """The last visit of each task, as far as the newest thousand visits tell."""
    rows = conn.execute("SELECT doc FROM visits WHERE run_id = ? ORDER BY number DESC LIMIT 1000", (run_id,))
    latest: dict[str, NodeVisit] = {}
    for (doc,) in rows:
        visit = NodeVisit.from_json(codec.loads(doc))
        latest.setdefault(visit.task_id, visit)
    return latest
