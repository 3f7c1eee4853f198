"""The queue: who is next, and in which order."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections import Counter
from collections.abc import Collection
from typing import Any

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.queue import Waiting, places, take_turns
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store import runs


@dataclasses.dataclass(frozen=True)
class Turn:
    """A queued run whose turn it is, with what its dispatch depends on."""

    row: runs.RunRow
    project: dict[str, Any]
    config: dict[str, Any]


def next_queued(conn: sqlite3.Connection, limit: int, now: float, skip: Collection[str] = ()) -> list[Turn]:
    """The runs whose turn it is, in order, at most `limit` of them; of a thread the one that holds it.

    Args:
        skip: runs that hold a slot already, though they are not running yet.
    """
    waiting: list[Waiting] = []
    at_work = conn.execute(
        "SELECT workflow_id, count(*) FROM runs WHERE status = 'running' AND engine = 'langgraph' GROUP BY 1"
    )
    busy: Counter[str] = Counter(dict(at_work.fetchall()))
    rows = conn.execute(
        "SELECT id, workflow_id, coalesce(json_extract(doc, '$.priority'), 'normal'),"
        " coalesce(nullif(json_extract(doc, '$.queued_at'), 0), created_at),"
        " coalesce(json_extract(doc, '$.displaced'), 0)"
        " FROM runs WHERE status = 'queued' AND engine = 'langgraph'"
        " AND NOT EXISTS (SELECT 1 FROM runs AS holder"
        " WHERE holder.thread_id = runs.thread_id AND holder.rowid < runs.rowid"
        " AND holder.status IN ('queued','running','interrupted','paused'))"
    )
    for run_id, workflow_id, priority, queued_at, displaced in rows:
        if run_id in skip:
            busy[workflow_id] += 1
        else:
            waiting.append(Waiting(run_id, workflow_id, priority, queued_at, bool(displaced)))
    return [_turn(conn, run_id) for run_id in take_turns(waiting, busy, now, limit)]


def queue_order(conn: sqlite3.Connection, now: float) -> list[Run]:
    """Every queued run in the order in which they get a slot."""
    rows = runs.with_status(conn, ["queued", "running"])
    found = {row.run.id: row.run for row in rows}
    order = sorted(places(found.values(), now).items(), key=lambda item: item[1])
    return [found[run_id] for run_id, _ in order]


def _turn(conn: sqlite3.Connection, run_id: str) -> Turn:
    doc, work, config, workflow = conn.execute(
        "SELECT runs.doc, runs.work, runs.config, workflows.doc"
        " FROM runs JOIN workflows ON workflows.id = runs.workflow_id WHERE runs.id = ?",
        (run_id,),
    ).fetchone()
    return Turn(
        runs.RunRow(Run.from_json(codec.loads(doc)), runs.Work.from_json(codec.loads(work))),
        codec.loads(workflow)["project"],
        codec.loads(config),
    )
