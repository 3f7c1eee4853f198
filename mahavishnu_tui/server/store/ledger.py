"""The ledger: who answered what, for ever."""

from __future__ import annotations

import dataclasses
import sqlite3
from typing import Any

from mahavishnu_tui.models import LedgerEntry
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store.tx import Tx


@dataclasses.dataclass(frozen=True)
class OpenAnswer:
    """An answer that the graph has not been seen to take."""

    entry: LedgerEntry
    sent_lease: int
    """Lease of the last dispatch that carried it; 0 when none did."""


def append(tx: Tx, entry: LedgerEntry) -> LedgerEntry:
    """Add an answer; the entry with its sequence number."""
    cursor = tx.conn.execute(
        "INSERT INTO ledger(approval_id, run_id, interrupt_id, state, doc) VALUES(?, ?, ?, 'open', '')",
        (entry.approval_id, entry.run_id, entry.interrupt_id),
    )
    stored = entry.replace(seq=cursor.lastrowid)
    _save(tx, stored, "open")
    return stored


def get(conn: sqlite3.Connection, seq: int) -> LedgerEntry | None:
    """The entry with this number."""
    found = conn.execute("SELECT doc FROM ledger WHERE seq = ?", (seq,)).fetchone()
    return LedgerEntry.from_json(codec.loads(found[0])) if found else None


def open_of(conn: sqlite3.Connection, run_id: str) -> list[OpenAnswer]:
    """The answers of a run that are still to be given to its graph, oldest first."""
    rows = conn.execute(
        "SELECT doc, sent_lease FROM ledger WHERE run_id = ? AND state = 'open' ORDER BY seq", (run_id,)
    )
    return [OpenAnswer(LedgerEntry.from_json(codec.loads(doc)), lease) for doc, lease in rows]


def mark_sent(tx: Tx, run_id: str, lease: int) -> None:
    """The dispatch with this lease carries every open answer of the run."""
    tx.conn.execute("UPDATE ledger SET sent_lease = ? WHERE run_id = ? AND state = 'open'", (lease, run_id))


def mark_applied(tx: Tx, entry: LedgerEntry) -> None:
    """The graph went on with this answer."""
    _save(tx, entry.replace(applied_at=tx.now), "applied")


def mark_void(tx: Tx, entry: LedgerEntry, why: str) -> None:
    """The graph will never get this answer: one sentence says why."""
    _save(tx, entry.replace(not_applied=why), "void")


def search(conn: sqlite3.Connection, *, run_id: str, before: int | None, limit: int) -> list[Any]:
    """Entries, newest first, as stored JSON."""
    rows = conn.execute(
        "SELECT doc FROM ledger WHERE (?1 = '' OR run_id = ?1) AND (?2 IS NULL OR seq < ?2)"
        " ORDER BY seq DESC LIMIT ?3",
        (run_id, before, limit),
    )
    return [codec.Raw(doc) for (doc,) in rows]


def _save(tx: Tx, entry: LedgerEntry, state: str) -> None:
    doc = codec.dumps(entry.to_json()).decode()
    tx.conn.execute("UPDATE ledger SET state = ?, doc = ? WHERE seq = ?", (state, doc, entry.seq))
