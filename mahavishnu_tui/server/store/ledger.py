"""The ledger: who answered what, for ever."""

from __future__ import annotations

import dataclasses
import sqlite3

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
    for opened in open_of(tx.conn, run_id):
        entry = opened.entry
        _save(tx, entry.replace(lease=lease, sent_at=entry.sent_at or tx.now), "open")
    tx.conn.execute("UPDATE ledger SET sent_lease = ? WHERE run_id = ? AND state = 'open'", (lease, run_id))


def mark_applied(tx: Tx, entry: LedgerEntry, checkpoint_id: str = "") -> None:
    """The graph went on with this answer; `checkpoint_id` holds what came of it, where that is known."""
    _save(tx, entry.replace(applied_at=tx.now, checkpoint_after=checkpoint_id), "applied")


def note_checkpoint(tx: Tx, run_id: str, checkpoint_id: str) -> None:
    """A checkpoint was stored: it is the first one after the answers that were applied before it."""
    rows = tx.conn.execute(
        "SELECT doc FROM ledger WHERE run_id = ? AND state = 'applied' AND checkpoint_after = ''", (run_id,)
    )
    for (doc,) in rows.fetchall():
        entry = LedgerEntry.from_json(codec.loads(doc))
        _save(tx, entry.replace(checkpoint_after=checkpoint_id), "applied")


def mark_void(tx: Tx, entry: LedgerEntry, why: str) -> None:
    """The graph will never get this answer: one sentence says why."""
    _save(tx, entry.replace(not_applied=why), "void")


def _save(tx: Tx, entry: LedgerEntry, state: str) -> None:
    doc = codec.dumps(entry.to_json()).decode()
    tx.conn.execute(
        "UPDATE ledger SET state = ?, doc = ?, checkpoint_after = ? WHERE seq = ?",
        (state, doc, entry.checkpoint_after, entry.seq),
    )
