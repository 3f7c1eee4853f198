"""Threads whose runs have all ended: those that may be pruned."""

from __future__ import annotations

import dataclasses
import sqlite3
from typing import Any

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Project, Run
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store import acts, runs
from mahavishnu_tui.server.store.tx import Tx

_ENDED = """
SELECT runs.thread_id, coalesce(max(threads.lease), 0), max(json_extract(runs.doc, '$.ended_at')),
       max(runs.workflow), max(workflows.doc), coalesce(max(pruned.at), 0)
FROM runs JOIN workflows ON workflows.id = runs.workflow_id
LEFT JOIN threads ON threads.id = runs.thread_id LEFT JOIN pruned ON pruned.thread_id = runs.thread_id
WHERE (?1 = '' OR runs.workflow = ?1 OR runs.workflow_id = ?1) AND runs.engine = 'langgraph' AND NOT EXISTS (
  SELECT 1 FROM runs other WHERE other.thread_id = runs.thread_id
  AND other.status IN ('queued','running','interrupted','paused'))
GROUP BY runs.thread_id, json_extract(workflows.doc, '$.project')
"""

_SAID = "SELECT doc FROM runs WHERE thread_id = ? AND coalesce(json_extract(doc, '$.room'), '') != ''"


@dataclasses.dataclass(frozen=True)
class EndedThread:
    """A thread on which nothing runs, waits or is paused."""

    thread_id: str
    lease: int
    ended_at: float
    workflow: str
    project: Project
    pruned_at: float
    """When retention last saw to it; 0.0 when it never did."""

    @property
    def candidate(self) -> dict[str, Any]:
        """As a host is told of it."""
        return {"thread_id": self.thread_id, "lease": self.lease}


def ended(conn: sqlite3.Connection, workflow: str = "") -> list[EndedThread]:
    """All of them, or those with a run of one workflow (its id or name)."""
    return [
        EndedThread(
            thread_id,
            lease,
            float(at or 0.0),
            name,
            Project.from_json(codec.loads(doc)["project"]),
            pruned_at,
        )
        for thread_id, lease, at, name, doc, pruned_at in conn.execute(_ENDED, (workflow,))
    ]


def ended_of(conn: sqlite3.Connection, run_id: str) -> EndedThread:
    """The thread of a run.

    Raises:
        MahavishnuError: MHV-100; MHV-123 when one of its runs has not ended.
    """
    run = runs.require(conn, run_id).run
    holder = runs.unfinished_on(conn, run.thread_id)
    if holder is not None:
        raise MahavishnuError(
            ErrorCode.THREAD_KEPT,
            f"The checkpoints of thread {run.thread_id} are kept: run {holder.name} is {holder.status}.",
            "Let it end, or cancel it.",
            run_id=holder.id,
        )
    found = [thread for thread in ended(conn, run.workflow_id) if thread.thread_id == run.thread_id]
    if not found:
        raise MahavishnuError(
            ErrorCode.THREAD_KEPT,
            f"The checkpoints of run {run.name} are kept by another server.",
            "They are pruned there.",
        )
    return found[0]


def projects(conn: sqlite3.Connection) -> list[Project]:
    """The projects of all workflows."""
    rows = conn.execute("SELECT doc FROM workflows ORDER BY registered_at")
    docs = [codec.loads(doc) for (doc,) in rows]
    found = [Project.from_json(doc["project"]) for doc in docs if not doc.get("server")]
    return list({project.id: project for project in found}.values())


def names(conn: sqlite3.Connection) -> dict[str, list[str]]:
    """The names of the runs of each thread, oldest first."""
    found: dict[str, list[str]] = {}
    for thread_id, name in conn.execute("SELECT thread_id, name FROM runs ORDER BY created_at"):
        found.setdefault(thread_id, []).append(name)
    return found


def pruned(tx: Tx, removed: dict[str, int], by: str) -> None:
    """Write into the audit of the newest run of each thread how many checkpoints went; see `freed`."""
    freed(tx, [thread_id for thread_id, count in removed.items() if count])
    newest = "SELECT id FROM runs WHERE thread_id = ? ORDER BY rowid DESC LIMIT 1"
    for thread_id, count in removed.items():
        row = tx.conn.execute(newest, (thread_id,)).fetchone()
        if row and count:
            acts.record(tx, row[0], "prune", by, checkpoints=count)


def freed(tx: Tx, thread_ids: list[str]) -> None:
    """What was said of the room that these threads take does not hold any longer."""
    for thread_id in thread_ids:
        for (doc,) in tx.conn.execute(_SAID, (thread_id,)).fetchall():
            runs.save(tx, Run.from_json(codec.loads(doc)).replace(room=""))


def seen_to(tx: Tx, thread_ids: list[str]) -> None:
    """Note that retention has seen to these threads as they are now."""
    tx.conn.executemany(
        "INSERT INTO pruned VALUES(?, ?) ON CONFLICT(thread_id) DO UPDATE SET at = excluded.at",
        [(thread_id, tx.now) for thread_id in thread_ids],
    )
