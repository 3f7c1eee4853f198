"""The audit: who did what to a run. Rows are added and never changed."""

from __future__ import annotations

import sqlite3
from typing import Any

from mahavishnu_tui.models import Act
from mahavishnu_tui.models.act import Deed
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store.tx import Tx


def record(tx: Tx, run_id: str, what: Deed, by: str, **details: Any) -> None:
    """Add an act in the transaction that carries it out; empty details are left out."""
    told = {key: value for key, value in details.items() if value not in (None, "", [], {})}
    cursor = tx.conn.execute(
        "INSERT INTO acts(run_id, at, by, what, details) VALUES(?, ?, ?, ?, ?)",
        (run_id, tx.now, by, what, codec.dumps(told).decode()),
    )
    act = Act(cursor.lastrowid or 0, run_id, tx.now, by, what, told)
    tx.emit("act", str(act.seq), act.to_json())


def of_run(conn: sqlite3.Connection, run_id: str, after: int, limit: int) -> list[Act]:
    """The acts on a run with a higher number, in order."""
    rows = conn.execute(
        "SELECT seq, run_id, at, by, what, details FROM acts WHERE run_id = ? AND seq > ?"
        " ORDER BY seq LIMIT ?",
        (run_id, after, limit),
    )
    return [Act(seq, run, at, by, what, codec.loads(told)) for seq, run, at, by, what, told in rows]
