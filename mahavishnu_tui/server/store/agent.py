"""Threads and runs as clients of the LangGraph Agent Server API know them: what `runs` has no place for."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Sequence
from typing import Any, Literal

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.record import Record
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store.tx import Tx

ThreadStatus = Literal["idle", "busy", "interrupted", "error"]

_THREADS = """
WITH known AS (
  SELECT id, created_at, updated_at, metadata FROM agent_threads
  UNION ALL
  SELECT thread_id, min(created_at), max(created_at), '{}' FROM runs
  WHERE thread_id NOT IN (SELECT id FROM agent_threads) AND (?1 = '' OR thread_id = ?1) GROUP BY thread_id
), held AS (
  SELECT known.*,
    (SELECT rowid FROM runs WHERE thread_id = known.id
      ORDER BY created_at DESC, rowid DESC LIMIT 1) AS newest,
    (SELECT status FROM runs WHERE thread_id = known.id
      AND status IN ('queued','running','interrupted','paused') ORDER BY created_at, rowid LIMIT 1) AS holder
  FROM known WHERE ?1 = '' OR id = ?1
), threads_now AS (
  SELECT held.id, held.created_at,
    max(held.updated_at, coalesce(
      json_extract(runs.doc, '$.ended_at'), json_extract(runs.doc, '$.started_at'), 0)) AS updated_at,
    CASE WHEN runs.id IS NULL THEN held.metadata
         ELSE json_patch(json_object('graph_id', runs.workflow), held.metadata) END AS metadata,
    CASE WHEN holder IN ('queued','running') THEN 'busy'
         WHEN holder IS NOT NULL THEN 'interrupted'
         WHEN runs.status = 'error' THEN 'error' ELSE 'idle' END AS status,
    runs.doc AS doc, runs.result AS result
  FROM held LEFT JOIN runs ON runs.rowid = held.newest
)
"""
_WITHIN = """NOT EXISTS (
  SELECT 1 FROM json_each({wanted}) AS w WHERE NOT EXISTS (
    SELECT 1 FROM json_each({whole}) AS h WHERE h.key = w.key AND h.type = w.type AND h.value IS w.value))"""
_FILTER = f"""
WHERE (?2 = '' OR status = ?2) AND (?3 = '{{}}' OR {_WITHIN.format(wanted="?3", whole="metadata")})
  AND (?4 = '{{}}' OR {_WITHIN.format(wanted="?4", whole="coalesce(result, '{}')")})
  AND (?5 = '[]' OR id IN (SELECT value FROM json_each(?5)))
"""  # noqa: S608 # nosec B608
_SORTS = {
    "thread_id": "id",
    "status": "status",
    "created_at": "created_at",
    "updated_at": "updated_at",
    "state_updated_at": "updated_at",
}


@dataclasses.dataclass(frozen=True)
class Thread:
    """A thread, whoever started it."""

    id: str
    created_at: float
    updated_at: float
    metadata: dict[str, Any]
    status: ThreadStatus
    newest: Run | None
    """The last run that was started on it."""
    values: Any
    """What that run has reported last; None before."""


@dataclasses.dataclass(frozen=True)
class ThreadQuery:
    """What is searched for."""

    status: str = ""
    metadata: dict[str, Any] = dataclasses.field(default_factory=dict)
    values: dict[str, Any] = dataclasses.field(default_factory=dict)
    ids: Sequence[str] = ()
    limit: int = 10
    offset: int = 0
    sort_by: str = "created_at"
    ascending: bool = False


@dataclasses.dataclass(frozen=True)
class Given(Record):
    """What a client gave with a run, to be given back."""

    metadata: dict[str, Any] = dataclasses.field(default_factory=dict)
    kwargs: dict[str, Any] = dataclasses.field(default_factory=dict)
    multitask_strategy: str = "enqueue"


def get(conn: sqlite3.Connection, thread_id: str) -> Thread | None:
    """The thread with this id."""
    row = conn.execute(
        f"{_THREADS} SELECT id, created_at, updated_at, metadata, status, doc, result FROM threads_now",  # noqa: S608 # nosec B608
        (thread_id,),
    ).fetchone()
    return _thread(row) if row else None


def search(conn: sqlite3.Connection, query: ThreadQuery) -> list[Thread]:
    """Threads that fit, sorted."""
    order = f"{_SORTS[query.sort_by]} {'ASC' if query.ascending else 'DESC'}, id"
    rows = conn.execute(
        f"{_THREADS} SELECT id, created_at, updated_at, metadata, status, doc, result FROM threads_now"  # noqa: S608 # nosec B608
        f" {_FILTER} ORDER BY {order} LIMIT ?6 OFFSET ?7",
        (*_parameters(query), query.limit, query.offset),
    )
    return [_thread(row) for row in rows]


def count(conn: sqlite3.Connection, query: ThreadQuery) -> int:
    """How many threads fit."""
    found = conn.execute(
        f"{_THREADS} SELECT count(*) FROM threads_now {_FILTER}",  # noqa: S608 # nosec B608
        _parameters(query),
    )
    return int(found.fetchone()[0])


def create(tx: Tx, thread_id: str, metadata: dict[str, Any]) -> None:
    """Remember a thread that nothing has run on."""
    tx.conn.execute(
        "INSERT INTO agent_threads VALUES(?, ?, ?, ?)", (thread_id, tx.now, tx.now, _text(metadata))
    )


def merge(tx: Tx, thread: Thread, metadata: dict[str, Any]) -> None:
    """Add to the metadata of a thread, or change it; a key that is None goes."""
    merged = {key: value for key, value in {**thread.metadata, **metadata}.items() if value is not None}
    tx.conn.execute(
        "INSERT INTO agent_threads VALUES(?, ?, ?, ?) ON CONFLICT(id) DO UPDATE SET"
        " updated_at = excluded.updated_at, metadata = excluded.metadata",
        (thread.id, thread.created_at, tx.now, _text(merged)),
    )


def forget(tx: Tx, thread_id: str) -> None:
    """Forget a thread that nothing has run on."""
    tx.conn.execute("DELETE FROM agent_threads WHERE id = ?", (thread_id,))


def remember(tx: Tx, run_id: str, given: Given) -> None:
    """Keep what a client gave with a run."""
    tx.conn.execute(
        "INSERT INTO agent_runs VALUES(?, ?) ON CONFLICT(run_id) DO UPDATE SET doc = excluded.doc",
        (run_id, _text(given.to_json())),
    )


def given_with(conn: sqlite3.Connection, run_id: str) -> Given:
    """What a client gave with a run; empty for a run that was started elsewhere."""
    found = conn.execute("SELECT doc FROM agent_runs WHERE run_id = ?", (run_id,)).fetchone()
    return Given.from_json(codec.loads(found[0])) if found else Given()


def runs_of(
    conn: sqlite3.Connection, thread_id: str, statuses: Sequence[str], limit: int, offset: int
) -> list[Run]:
    """The runs of a thread, newest first; an empty `statuses` means all."""
    rows = conn.execute(
        "SELECT doc FROM runs WHERE thread_id = ?1"
        " AND (?2 = '[]' OR status IN (SELECT value FROM json_each(?2)))"
        " ORDER BY created_at DESC, rowid DESC LIMIT ?3 OFFSET ?4",
        (thread_id, _text(list(statuses)), limit, offset),
    )
    return [Run.from_json(codec.loads(doc)) for (doc,) in rows]


def _parameters(query: ThreadQuery) -> tuple[str, ...]:
    return ("", query.status, _text(query.metadata), _text(query.values), _text(list(query.ids)))


def _thread(row: Any) -> Thread:
    thread_id, created, updated, metadata, status, doc, result = row
    return Thread(
        id=thread_id,
        created_at=created,
        updated_at=max(created, updated),
        metadata=codec.loads(metadata),
        status=status,
        newest=Run.from_json(codec.loads(doc)) if doc else None,
        values=codec.loads(result) if result else None,
    )


def _text(value: Any) -> str:
    return codec.dumps(value).decode()
