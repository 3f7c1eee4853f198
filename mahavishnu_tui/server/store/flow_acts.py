"""Acts on flow runs that are on their way to Prefect: written before it is asked, gone after."""

from __future__ import annotations

import dataclasses
import sqlite3

from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store.tx import Tx


@dataclasses.dataclass(frozen=True)
class Intent:
    """Somebody wants something done."""

    seq: int
    run_id: str
    at: float
    by: str
    what: str
    state_id: str
    """Prefect's id of the state that the run was in."""


def begin(tx: Tx, run_id: str, what: str, by: str, state_id: str) -> int:
    """Prefect is about to be asked; the number of the intent."""
    cursor = tx.conn.execute(
        "INSERT INTO flow_acts(run_id, at, by, what, state_id, details) VALUES(?, ?, ?, ?, ?, ?)",
        (run_id, tx.now, by, what, state_id, codec.dumps({}).decode()),
    )
    return cursor.lastrowid or 0


def end(tx: Tx, seq: int) -> None:
    """It is known what became of it."""
    tx.conn.execute("DELETE FROM flow_acts WHERE seq = ?", (seq,))


def pending(conn: sqlite3.Connection) -> list[Intent]:
    """Those of which that is not known, oldest first."""
    rows = conn.execute("SELECT seq, run_id, at, by, what, state_id FROM flow_acts ORDER BY seq")
    return [Intent(*row) for row in rows]
