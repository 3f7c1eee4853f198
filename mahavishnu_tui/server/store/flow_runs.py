"""The mirror of Prefect's flow runs. Their ids and names are Prefect's; names are not unique."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable, Sequence

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store import needs, texts
from mahavishnu_tui.server.store.tx import Tx

ENGINE = "prefect"
"""`Run.engine` of what lives on Prefect's server."""


@dataclasses.dataclass(frozen=True)
class FlowRun:
    """A flow run as it was when it was last read."""

    run: Run
    state_id: str
    """Prefect's id of its state: another one with every change of it."""
    updated: float
    """When it had changed last, by Prefect's clock."""


def by_id(conn: sqlite3.Connection, run_id: str) -> FlowRun | None:
    """The flow run with this id."""
    found = conn.execute("SELECT doc, state_id, updated FROM flow_runs WHERE id = ?", (run_id,)).fetchone()
    return _row(*found) if found else None


def get(conn: sqlite3.Connection, run_id: str) -> FlowRun | None:
    """The flow run with this id, or the newest one of this name."""
    if row := by_id(conn, run_id):
        return row
    found = conn.execute(
        "SELECT doc, state_id, updated FROM flow_runs WHERE name = ? ORDER BY created_at DESC LIMIT 1",
        (run_id,),
    ).fetchone()
    return _row(*found) if found else None


def save(
    tx: Tx,
    run: Run,
    state_id: str = "",
    schedule_id: str = "",
    updated: float = 0.0,
    *,
    given: Json = None,
    tell: bool = True,
) -> None:
    """Write a flow run that is new or has changed, and tell the clients.

    Args:
        tx: the change.
        run: as it is now.
        state_id: empty: that one is as it was.
        schedule_id: the schedule that made it; empty: none, or as it was.
        updated: when it had changed last, by Prefect's clock; 0: as it was.
        given: its parameters, where they were just told.
        tell: not where it is too old for any client to have it.
    """
    known = tx.conn.execute("SELECT created_at FROM flow_runs WHERE id = ?", (run.id,)).fetchone()
    twin = _started(tx, run.id)
    run = run.replace(twin=twin)
    doc = codec.dumps(run.to_json()).decode()
    values = (run.id, run.name, run.workflow, run.workflow_id, run.deployment_id, run.status)
    times = (run.created_at, run.due_at, run.ended_at)
    tx.conn.execute(
        "INSERT INTO flow_runs VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET"
        " name = excluded.name, workflow = excluded.workflow, workflow_id = excluded.workflow_id,"
        " deployment_id = excluded.deployment_id, status = excluded.status,"
        " created_at = excluded.created_at, due_at = excluded.due_at, ended_at = excluded.ended_at,"
        " state_id = coalesce(nullif(excluded.state_id, ''), state_id),"
        " updated = max(excluded.updated, updated), doc = excluded.doc,"
        " twin = excluded.twin",
        (*values, *times, state_id, schedule_id, updated, doc, twin),
    )
    if tell and twin:
        tx.emit("gone", run.id, {"id": run.id})
    elif tell:
        tx.emit("run", run.id, run.to_json())
    needs.note_run(tx, run)
    texts.note_flow_run(tx, run, given, float(known[0]) if known else None)


def _started(tx: Tx, run_id: str) -> str:
    """The run of ours that a flow run has started: its request was made by that id."""
    found = tx.conn.execute("SELECT id FROM runs WHERE request_id = ?", (run_id,)).fetchone()
    return str(found[0]) if found else ""


def pair(tx: Tx, run_id: str) -> None:
    """A flow run, if it is one that we know, has started a run of ours: from now on that one is listed."""
    row = by_id(tx.conn, run_id)
    if row is not None:
        save(tx, row.run)


def delete(tx: Tx, run_ids: Iterable[str]) -> None:
    """Forget flow runs; clients are told elsewhere, or need not know."""
    gone = [(run_id,) for run_id in run_ids]
    tx.conn.executemany(
        "DELETE FROM texts WHERE (at, run_id) IN (SELECT created_at, id FROM flow_runs WHERE id = ?)", gone
    )
    tx.conn.executemany("DELETE FROM flow_runs WHERE id = ?", gone)


def unfinished(conn: sqlite3.Connection) -> dict[str, str]:
    """The flow runs that have not ended: id → state id."""
    rows = conn.execute(
        "SELECT id, state_id FROM flow_runs"
        " WHERE status IN ('scheduled','queued','running','interrupted','paused')"
    )
    return dict(rows.fetchall())


def with_status(conn: sqlite3.Connection, statuses: Sequence[str], limit: int = 10_000) -> list[FlowRun]:
    """Flow runs in these states, oldest first."""
    rows = conn.execute(
        "SELECT doc, state_id, updated FROM flow_runs WHERE status IN (SELECT value FROM json_each(?))"
        " ORDER BY created_at LIMIT ?",
        (codec.dumps(list(statuses)).decode(), limit),
    )
    return [_row(*row) for row in rows]


def due(conn: sqlite3.Connection, now: float) -> list[Run]:
    """Scheduled flow runs whose time has come."""
    rows = conn.execute(
        "SELECT doc FROM flow_runs WHERE status = 'scheduled' AND due_at <= ? ORDER BY due_at LIMIT 1000",
        (now,),
    )
    return [Run.from_json(codec.loads(doc)) for (doc,) in rows]


def ended(conn: sqlite3.Connection, since: float) -> dict[str, str]:
    """The flow runs that ended after a moment: id → state id."""
    rows = conn.execute("SELECT id, state_id FROM flow_runs WHERE ended_at >= ?", (since,))
    return dict(rows.fetchall())


def count_ended(conn: sqlite3.Connection, since: float) -> int:
    """How many flow runs ended after a moment."""
    found = conn.execute("SELECT count(*) FROM flow_runs WHERE ended_at >= ?", (since,)).fetchone()
    return int(found[0])


def outgrown(conn: sqlite3.Connection, before: float) -> list[str]:
    """The flow runs that ended before a moment."""
    return [run_id for (run_id,) in conn.execute("SELECT id FROM flow_runs WHERE ended_at < ?", (before,))]


def every_id(conn: sqlite3.Connection) -> list[str]:
    """All of them."""
    return [run_id for (run_id,) in conn.execute("SELECT id FROM flow_runs")]


def coming(conn: sqlite3.Connection, now: float) -> dict[str, list[float]]:
    """When the runs that schedules have made are to begin, by schedule, the next one first."""
    found: dict[str, list[float]] = {}
    rows = conn.execute(
        "SELECT schedule_id, due_at FROM flow_runs WHERE status = 'scheduled' AND schedule_id != ''"
        " AND due_at > ? ORDER BY due_at",
        (now,),
    )
    for schedule_id, at in rows:
        found.setdefault(schedule_id, []).append(at)
    return found


def last_due(conn: sqlite3.Connection) -> dict[str, float]:
    """When the last run that a schedule has made was due, by schedule."""
    rows = conn.execute(
        "SELECT schedule_id, max(due_at) FROM flow_runs WHERE schedule_id != '' AND due_at IS NOT NULL"
        " GROUP BY schedule_id"
    )
    return dict(rows.fetchall())


def once(conn: sqlite3.Connection) -> list[Run]:
    """The scheduled runs of deployments that no schedule has made, the next one first."""
    rows = conn.execute(
        "SELECT doc FROM flow_runs WHERE status = 'scheduled' AND schedule_id = '' AND deployment_id != ''"
        " ORDER BY due_at LIMIT 1000"
    )
    return [Run.from_json(codec.loads(doc)) for (doc,) in rows]


def late(conn: sqlite3.Connection) -> list[Run]:
    """The runs whose time has come and that nobody has taken, the longest first."""
    return [run for _, run in _late(conn)]


def late_of_schedules(conn: sqlite3.Connection) -> dict[str, list[Run]]:
    """Those of them that schedules have made, by schedule."""
    found: dict[str, list[Run]] = {}
    for schedule_id, run in _late(conn):
        if schedule_id:
            found.setdefault(schedule_id, []).append(run)
    return found


def _late(conn: sqlite3.Connection) -> list[tuple[str, Run]]:
    rows = conn.execute(
        "SELECT schedule_id, doc FROM flow_runs WHERE status = 'queued'"
        " AND json_extract(doc, '$.state') = 'Late' ORDER BY due_at LIMIT 10000"
    )
    return [(schedule_id, Run.from_json(codec.loads(doc))) for schedule_id, doc in rows]


def any_queued(conn: sqlite3.Connection) -> bool:
    """Whether a run waits to begin."""
    return conn.execute("SELECT 1 FROM flow_runs WHERE status = 'queued' LIMIT 1").fetchone() is not None


def overdue(conn: sqlite3.Connection, before: float) -> list[Run]:
    """The runs that were due before a moment and have not begun, though nothing but a worker is missing."""
    rows = conn.execute(
        "SELECT doc FROM flow_runs WHERE status = 'queued' AND due_at < ?"
        " AND json_extract(doc, '$.state') IN ('Late', 'Scheduled') ORDER BY due_at LIMIT 10000",
        (before,),
    )
    return [Run.from_json(codec.loads(doc)) for (doc,) in rows]


def at_work(conn: sqlite3.Connection) -> dict[str, dict[str, int]]:
    """How many runs of each work pool are in each unfinished state."""
    found: dict[str, dict[str, int]] = {}
    rows = conn.execute(
        "SELECT json_extract(doc, '$.pool'), status, json_extract(doc, '$.state') = 'Pending', count(*)"
        " FROM flow_runs WHERE status IN ('scheduled','queued','running','interrupted','paused')"
        " GROUP BY 1, 2, 3"
    )
    for pool, status, pending, number in rows:
        counts_of = found.setdefault(str(pool or ""), {})
        word = "running" if pending else status
        counts_of[word] = counts_of.get(word, 0) + number
    return found


def last_pool(conn: sqlite3.Connection, workflow_id: str) -> str:
    """The pool of the newest run of a flow that was in one; empty when none was."""
    found = conn.execute(
        "SELECT json_extract(doc, '$.pool') FROM flow_runs WHERE workflow_id = ? AND status != 'scheduled'"
        " AND json_extract(doc, '$.pool') != '' ORDER BY created_at DESC LIMIT 1",
        (workflow_id,),
    ).fetchone()
    return str(found[0]) if found else ""


def counts(conn: sqlite3.Connection) -> dict[str, int]:
    """How many flow runs are in each state."""
    return dict(conn.execute("SELECT status, count(*) FROM flow_runs GROUP BY status").fetchall())


def with_open_answers(conn: sqlite3.Connection) -> list[Run]:
    """The flow runs with answers that they have not been seen to take."""
    rows = conn.execute(
        "SELECT doc FROM flow_runs WHERE id IN (SELECT run_id FROM ledger WHERE state = 'open')"
    )
    return [Run.from_json(codec.loads(doc)) for (doc,) in rows]


def source(conn: sqlite3.Connection) -> str:
    """Which server these are of; empty before the first."""
    found = conn.execute("SELECT value FROM meta WHERE key = 'prefect'").fetchone()
    return str(found[0]) if found else ""


def set_source(tx: Tx, source: str) -> None:
    """Remember which server these are of."""
    tx.conn.execute("INSERT OR REPLACE INTO meta VALUES('prefect', ?)", (source,))
    tx.conn.execute("DELETE FROM meta WHERE key = 'prefect_seen'")


def seen_at(conn: sqlite3.Connection) -> float | None:
    """When these were last seen to be so."""
    found = conn.execute("SELECT value FROM meta WHERE key = 'prefect_seen'").fetchone()
    return float(found[0]) if found else None


def set_seen(tx: Tx, at: float) -> None:
    """Remember when these were seen to be so."""
    tx.conn.execute("INSERT OR REPLACE INTO meta VALUES('prefect_seen', ?)", (repr(at),))


def _row(doc: str, state_id: str, updated: float) -> FlowRun:
    return FlowRun(Run.from_json(codec.loads(doc)), state_id, updated)
