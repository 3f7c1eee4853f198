"""The runs of all engines as one list, newest first."""

from __future__ import annotations

import dataclasses
import sqlite3
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.filtering import NO_FILTER, Filter
from mahavishnu_tui.models.run_search import run_attributes
from mahavishnu_tui.server import codec

SNAPSHOT_RUNS = 2000
SNAPSHOT_SCHEDULED = 200
"""Runs whose time has not come."""
SCHEDULED_SECONDS = 24 * 3600.0
SECONDS = 5.0
"""How long one search may take."""

_OWN = (
    "(?1 = '[]' OR status IN (SELECT value FROM json_each(?1)))"
    " AND (?2 = '' OR workflow = ?2 OR workflow_id = ?2) AND (?3 IS NULL OR created_at < ?3)"
)
_EVERY = f"""
SELECT doc, created_at FROM runs WHERE {_OWN} AND (?4 = '' OR thread_id = ?4) AND (?5 = '' OR engine = ?5)
UNION ALL
SELECT doc, created_at FROM flow_runs WHERE {_OWN} AND twin = '' AND ?4 = '' AND ?5 IN ('', 'prefect')
ORDER BY created_at DESC LIMIT ?6
"""  # noqa: S608 # nosec B608
_UNFINISHED = "('queued','running','interrupted','paused')"
_SNAPSHOT = f"""
WITH newest(id) AS (
  SELECT id FROM (
    SELECT id, created_at FROM runs
    UNION ALL SELECT id, created_at FROM flow_runs WHERE status != 'scheduled' AND twin = ''
    ORDER BY created_at DESC LIMIT ?1)
), coming(id) AS (
  SELECT id FROM flow_runs WHERE status = 'scheduled' AND due_at < ?2 ORDER BY due_at LIMIT ?3
)
SELECT doc, created_at FROM runs WHERE id IN (SELECT id FROM newest) OR status IN {_UNFINISHED}
UNION ALL
SELECT doc, created_at FROM flow_runs
WHERE twin = '' AND (id IN (SELECT id FROM newest UNION ALL SELECT id FROM coming) OR status IN {_UNFINISHED})
ORDER BY created_at DESC
"""  # noqa: S608 # nosec B608


@dataclasses.dataclass(frozen=True)
class RunQuery:
    """Which runs; an empty field asks for nothing."""

    statuses: tuple[str, ...] = ()
    workflow: str = ""
    """Name or id."""
    thread: str = ""
    engine: str = ""
    before: float | None = None
    """Older ones."""
    filter: Filter = NO_FILTER


def search(conn: sqlite3.Connection, query: RunQuery, limit: int) -> list[Any]:
    """Runs, newest first, as stored JSON; raises MHV-010 when the filter takes too long."""
    if not query.filter:
        return [codec.Raw(doc) for doc, _ in _rows(conn, query, limit)]
    found: list[Any] = []
    for doc, _ in _matching(conn, query):
        found.append(codec.Raw(doc))
        if len(found) >= limit:
            break
    return found


def count(conn: sqlite3.Connection, query: RunQuery) -> dict[str, Any]:
    """A `RunCount` as JSON: `total`, `matched`, `by_status`; raises MHV-010 like `search`."""
    everything = Counter(counts(conn))
    total = sum(everything.values())
    if query.filter:
        everything = Counter(run.status for _, run in _matching(conn, query))
    return {"total": total, "matched": sum(everything.values()), "by_status": dict(everything)}


def counts(conn: sqlite3.Connection) -> dict[str, int]:
    """How many runs are in each state."""
    rows = conn.execute(
        "SELECT status, sum(n) FROM (SELECT status, count(*) AS n FROM runs GROUP BY status UNION ALL"
        " SELECT status, count(*) FROM flow_runs WHERE twin = '' GROUP BY status) GROUP BY status"
    )
    return dict(rows.fetchall())


def snapshot(conn: sqlite3.Connection, now: float) -> list[Any]:
    """The newest runs, every one that has begun and not ended, and the next scheduled ones: stored JSON."""
    bounds = (SNAPSHOT_RUNS, now + SCHEDULED_SECONDS, SNAPSHOT_SCHEDULED)
    return [codec.Raw(doc) for doc, _ in conn.execute(_SNAPSHOT, bounds)]


def _rows(conn: sqlite3.Connection, query: RunQuery, limit: int) -> sqlite3.Cursor:
    statuses = codec.dumps(list(query.statuses)).decode()
    return conn.execute(_EVERY, (statuses, query.workflow, query.before, query.thread, query.engine, limit))


def _matching(conn: sqlite3.Connection, query: RunQuery) -> Iterator[tuple[str, Run]]:
    """The runs that pass the filter, newest first."""
    now, end = time.time(), time.monotonic() + SECONDS
    for doc, _ in _rows(conn, query, -1):
        run = Run.from_json(codec.loads(doc))
        if query.filter.matches(run_attributes(run, now)):
            yield doc, run
        if time.monotonic() > end:
            raise MahavishnuError(
                ErrorCode.BAD_INPUT,
                f"The filter {query.filter.text} took longer than {SECONDS:g} s.",
                "Make it simpler, or name an attribute: workflow:etl.",
            )
