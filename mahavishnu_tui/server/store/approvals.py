"""Questions as they are stored."""

from __future__ import annotations

import sqlite3
from typing import Any

from mahavishnu_tui.models import Approval, ErrorCode, MahavishnuError
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store import needs
from mahavishnu_tui.server.store.tx import Tx


def get(conn: sqlite3.Connection, approval_id: str) -> Approval | None:
    """The approval with this id."""
    found = conn.execute("SELECT doc FROM approvals WHERE id = ?", (approval_id,)).fetchone()
    return Approval.from_json(codec.loads(found[0])) if found else None


def require(conn: sqlite3.Connection, approval_id: str) -> Approval:
    """Like `get`; raises MHV-103."""
    approval = get(conn, approval_id)
    if approval is None:
        raise MahavishnuError(
            ErrorCode.APPROVAL_UNKNOWN,
            f"There is no question {approval_id!r}.",
            "The approvals list shows those that wait.",
        )
    return approval


def save(tx: Tx, approval: Approval) -> None:
    """Write a new or changed approval and tell the clients."""
    doc = codec.dumps(approval.to_json()).decode()
    tx.conn.execute(
        "INSERT INTO approvals(id, run_id, status, asked_at, doc, due) VALUES(?, ?, ?, ?, ?, ?)"
        " ON CONFLICT(id) DO UPDATE SET status = excluded.status, asked_at = excluded.asked_at,"
        " doc = excluded.doc, due = excluded.due",
        (approval.id, approval.run_id, approval.status, approval.asked_at, doc, approval.due),
    )
    tx.emit("approval", approval.id, approval.to_json())
    needs.note_question(tx, approval)


def of_run(conn: sqlite3.Connection, run_id: str) -> list[Approval]:
    """Every approval of a run, oldest first."""
    rows = conn.execute("SELECT doc FROM approvals WHERE run_id = ? ORDER BY asked_at, rowid", (run_id,))
    return [Approval.from_json(codec.loads(doc)) for (doc,) in rows]


def pending(conn: sqlite3.Connection) -> list[Approval]:
    """Every question that nobody has answered."""
    rows = conn.execute("SELECT doc FROM approvals WHERE status = 'pending' ORDER BY asked_at")
    return [Approval.from_json(codec.loads(doc)) for (doc,) in rows]


def pending_of(conn: sqlite3.Connection, run_id: str) -> int:
    """How many questions of a run nobody has answered."""
    found = conn.execute("SELECT count(*) FROM approvals WHERE run_id = ? AND status = 'pending'", (run_id,))
    return int(found.fetchone()[0])


def due(conn: sqlite3.Connection, now: float) -> list[Approval]:
    """The pending questions whose deadline or claim has passed, the longest passed first."""
    rows = conn.execute("SELECT doc FROM approvals WHERE due <= ? ORDER BY due LIMIT 500", (now,))
    return [Approval.from_json(codec.loads(doc)) for (doc,) in rows]


def next_due(conn: sqlite3.Connection) -> float | None:
    """When the next deadline or claim passes; None when there is none."""
    found = conn.execute("SELECT min(due) FROM approvals WHERE due IS NOT NULL").fetchone()[0]
    return None if found is None else float(found)


def search(conn: sqlite3.Connection, *, statuses: list[str], run_id: str, limit: int) -> list[Any]:
    """Approvals, oldest question first, as stored JSON; an empty `statuses` means all."""
    rows = conn.execute(
        "SELECT doc FROM approvals WHERE (?1 = '[]' OR status IN (SELECT value FROM json_each(?1)))"
        " AND (?2 = '' OR run_id = ?2) ORDER BY asked_at, rowid LIMIT ?3",
        (codec.dumps(statuses).decode(), run_id, limit),
    )
    return [codec.Raw(doc) for (doc,) in rows]
