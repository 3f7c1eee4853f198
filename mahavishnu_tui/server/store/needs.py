"""What needs an operator, kept in the transaction that makes it needed or not."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable
from typing import Any, Final

from mahavishnu_tui.models import Approval, Run
from mahavishnu_tui.models.need import (
    Need,
    approval_key,
    failure_key,
    need_of_failure,
    need_of_pause,
    need_of_question,
    pause_key,
)
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store import outbox
from mahavishnu_tui.server.store.tx import Tx

NEWS_SECONDS: Final = 7 * 86400.0
"""A run that ended longer ago when it was first heard of is history."""
_WHY: Final = {
    "queued": "taken up again",
    "running": "taken up again",
    "cancelled": "cancelled",
    "success": "it succeeded",
}


def get(conn: sqlite3.Connection, key: str) -> Need | None:
    """The need with this key, while there is one."""
    found = conn.execute("SELECT doc FROM needs WHERE key = ?", (key,)).fetchone()
    return Need.from_json(codec.loads(found[0])) if found else None


def every(conn: sqlite3.Connection) -> list[Any]:
    """All of them as stored JSON, in no order: `order_needs` has one."""
    return [codec.Raw(doc) for (doc,) in conn.execute("SELECT doc FROM needs")]


def of_kinds(conn: sqlite3.Connection, kinds: Collection[str]) -> dict[str, Need]:
    """Those of these kinds, by key."""
    rows = conn.execute(
        "SELECT doc FROM needs WHERE kind IN (SELECT value FROM json_each(?))",
        (codec.dumps(list(kinds)).decode(),),
    )
    found = (Need.from_json(codec.loads(doc)) for (doc,) in rows)
    return {need.key: need for need in found}


def put(tx: Tx, need: Need, family: str = "", began: float = 0.0) -> None:
    """It is needed: tell the clients, unless they know it as it is.

    Args:
        tx: the change.
        need: as it is now; a claim of it that has not lapsed is added.
        family: what a later success of resolves it.
        began: when the run began that it is about.
    """
    if need.kind != "approval":
        by, until = claim_of(tx.conn, need.key)
        need = need.replace(claimed_by=by, claim_until=until)
    doc = codec.dumps(need.to_json()).decode()
    known = tx.conn.execute("SELECT doc FROM needs WHERE key = ?", (need.key,)).fetchone()
    if known and known[0] == doc:
        return
    tx.conn.execute(
        "INSERT INTO needs VALUES(?, ?, ?, ?, ?) ON CONFLICT(key) DO UPDATE SET doc = excluded.doc,"
        " family = excluded.family, began = excluded.began",
        (need.key, need.kind, family, began, doc),
    )
    tx.emit("need", need.key, need.to_json())


def drop(tx: Tx, key: str, why: str) -> Need | None:
    """It is needed no more; what it was, None when it was not needed."""
    found = tx.conn.execute("DELETE FROM needs WHERE key = ? RETURNING doc", (key,)).fetchone()
    if not found:
        return None
    gone = Need.from_json(codec.loads(found[0])).replace(gone=why)
    tx.emit("need", key, gone.to_json())
    outbox.end(tx, key, why)
    return gone


# -- questions


def note_question(tx: Tx, approval: Approval) -> None:
    """A question was asked, changed, answered or withdrawn."""
    if approval.status == "pending":
        found = tx.conn.execute("SELECT engine FROM runs WHERE id = ?", (approval.run_id,)).fetchone()
        put(tx, need_of_question(approval, found[0] if found else "prefect"))
    else:
        by = clean_line(approval.answered_by, 80)
        drop(tx, approval_key(approval.id), f"answered by {by}" if by else "withdrawn")


# -- failures


def note_run(tx: Tx, run: Run) -> None:
    """A run was written: it may have failed, be at work again, or have made up for an earlier failure."""
    if run.engine == "prefect" and run.twin:
        drop(tx, failure_key(run.id), "shown as the run that it started")
        return
    if run.engine == "prefect":
        _note_pause(tx, run)
    if run.status == "error":
        _failed(tx, run)
    elif run.status == "success":
        _succeeded(tx, run)
    elif _is_needed(tx.conn, failure_key(run.id)):
        drop(tx, failure_key(run.id), _WHY.get(run.status, run.status))


def _note_pause(tx: Tx, run: Run) -> None:
    """A flow that paused itself without a question waits for a person too; suspended ones were by one."""
    key, paused = pause_key(run.id), run.status == "paused" and run.state == "Paused"
    known = get(tx.conn, key) if paused or _is_needed(tx.conn, key) else None
    if paused:
        put(tx, need_of_pause(run, known.since if known else tx.now))
    elif known:
        drop(tx, key, "it goes on" if run.status in ("queued", "running") else run.status)


def forget_runs(tx: Tx, run_ids: Iterable[str]) -> None:
    """These runs were deleted where they lived."""
    for run_id in run_ids:
        for key in (failure_key(run_id), pause_key(run_id)):
            drop(tx, key, "the run was deleted")


def mark_seen(tx: Tx, need: Need, by: str) -> None:
    """Somebody has seen it: it is needed no more, until it happens again."""
    tx.conn.execute("INSERT OR REPLACE INTO seen VALUES(?, ?, ?, ?)", (need.key, need.since, by, tx.now))
    drop(tx, need.key, f"seen by {by}")


def forget_seen(tx: Tx, before: float) -> None:
    """Forget who had seen what before a moment; the audit of a run does not."""
    tx.conn.execute("DELETE FROM seen WHERE at < ?", (before,))


def is_seen(conn: sqlite3.Connection, need: Need) -> bool:
    """Whether somebody has seen what happened then."""
    found = conn.execute("SELECT 1 FROM seen WHERE key = ? AND since >= ?", (need.key, need.since))
    return found.fetchone() is not None


def family_of(run: Run) -> str:
    """What runs like it have in common: their deployment, else their workflow."""
    return run.deployment_id or run.workflow_id


def _failed(tx: Tx, run: Run) -> None:
    ended, family, began = run.ended_at or tx.now, family_of(run), _began(run)
    need = need_of_failure(run, ended)
    late = tx.conn.execute("SELECT 1 FROM successes WHERE family = ? AND began > ?", (family, began))
    if late.fetchone() or is_seen(tx.conn, need):
        return
    if tx.now - ended > NEWS_SECONDS or ended < _since(tx.conn):
        return
    put(tx, need, family, began)


def _succeeded(tx: Tx, run: Run) -> None:
    family, began, own = family_of(run), _began(run), failure_key(run.id)
    # Nearly always none of it is there: one look tells.
    newest, needed = tx.conn.execute(
        "SELECT (SELECT began FROM successes WHERE family = ?1),"
        " EXISTS(SELECT 1 FROM needs WHERE key = ?2 OR (family = ?1 AND began < ?3))",
        (family, own, began),
    ).fetchone()
    if newest is None or newest < began:
        tx.conn.execute("INSERT OR REPLACE INTO successes VALUES(?, ?, ?)", (family, began, run.id))
    if needed:
        drop(tx, own, _WHY["success"])
        made_up = tx.conn.execute("SELECT key FROM needs WHERE family = ? AND began < ?", (family, began))
        for (key,) in made_up.fetchall():
            drop(tx, key, f"{run.name} succeeded")


def _is_needed(conn: sqlite3.Connection, key: str) -> bool:
    return conn.execute("SELECT 1 FROM needs WHERE key = ?", (key,)).fetchone() is not None


def _began(run: Run) -> float:
    return run.started_at or run.due_at or run.created_at


def _since(conn: sqlite3.Connection) -> float:
    """What failed before is nobody's news: nobody watched it from here."""
    found = conn.execute("SELECT value FROM meta WHERE key = 'needs_since'").fetchone()
    return float(found[0]) if found else 0.0


# -- claims


def claim_of(conn: sqlite3.Connection, key: str) -> tuple[str, float | None]:
    """Who is on a need that is no question, and until when; `("", None)` for nobody."""
    found = conn.execute("SELECT by, until FROM need_claims WHERE key = ?", (key,)).fetchone()
    return (str(found[0]), float(found[1])) if found else ("", None)


def set_claim(tx: Tx, need: Need, by: str, until: float | None) -> Need:
    """Somebody is on it, or (with an empty `by`) nobody any more; the need as it is now."""
    tx.conn.execute("DELETE FROM need_claims WHERE key = ?", (need.key,))
    if by:
        tx.conn.execute("INSERT INTO need_claims VALUES(?, ?, ?)", (need.key, by, until))
    changed = need.replace(claimed_by=by, claim_until=until)
    tx.conn.execute(
        "UPDATE needs SET doc = ? WHERE key = ?", (codec.dumps(changed.to_json()).decode(), need.key)
    )
    tx.emit("need", need.key, changed.to_json())
    return changed


def next_lapse(conn: sqlite3.Connection) -> float | None:
    """When the next claim lapses; None when there is none."""
    found = conn.execute("SELECT min(until) FROM need_claims").fetchone()[0]
    return None if found is None else float(found)


def lapse(tx: Tx) -> None:
    """Take the claims away whose time has passed."""
    for (key,) in tx.conn.execute("SELECT key FROM need_claims WHERE until <= ?", (tx.now,)).fetchall():
        need = get(tx.conn, key)
        if need is None:
            tx.conn.execute("DELETE FROM need_claims WHERE key = ?", (key,))
        else:
            set_claim(tx, need, "", None)
