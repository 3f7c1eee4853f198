"""The outbox as it is shown."""

from __future__ import annotations

import sqlite3
from typing import Any

from mahavishnu_tui.models.notification import Notification
from mahavishnu_tui.models.notifying import Occurrence
from mahavishnu_tui.server import codec


def newest(conn: sqlite3.Connection, limit: int) -> list[Notification]:
    """The newest, newest first."""
    rows = conn.execute(
        "SELECT seq, target, kind, state, created_at, due_at, sent_at, attempts, error, message, repeat, doc"
        " FROM notifications ORDER BY seq DESC LIMIT ?",
        (limit,),
    )
    return [_notification(*row) for row in rows]


def _notification(
    seq: int,
    target: str,
    kind: str,
    state: Any,
    created_at: float,
    due_at: float,
    sent_at: float | None,
    attempts: int,
    error: str,
    message: str,
    repeat: int,
    doc: str,
) -> Notification:
    about = Occurrence.from_json(codec.loads(doc))
    return Notification(
        seq=seq,
        target=target,
        kind=kind,
        state=state,
        where=about.where,
        what=about.what,
        created_at=created_at,
        due_at=due_at,
        sent_at=sent_at,
        attempts=attempts,
        error=error,
        message=message,
        run_id=about.run_id,
        repeat=repeat,
    )
