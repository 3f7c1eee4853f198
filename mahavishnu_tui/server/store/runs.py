"""Runs as they are stored."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable
from typing import Any, Literal

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.record import Json, Record
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store import flow_runs, needs, texts
from mahavishnu_tui.server.store.tx import Tx

Mode = Literal["start", "continue", "fork", "edit"]


@dataclasses.dataclass(frozen=True)
class Work(Record):
    """What the server must remember of a run and no client needs."""

    mode: Mode = "start"
    """How the next dispatch goes on; `start` and `fork` until a checkpoint of theirs was seen."""
    intent: str = ""
    """Names the order to start or fork, see docs/protocols.md."""
    checkpoint_id: str = ""
    """Where a fork begins."""
    stored: str = ""
    """Id of the newest checkpoint that was seen; a continue reports the one it begins with again."""
    next: list[str] = dataclasses.field(default_factory=list)
    """The nodes that were to run after that checkpoint."""
    died: list[int] = dataclasses.field(default_factory=list)
    """The leases of the dispatches that lost their host, in a row and without a new checkpoint."""
    pausing: str = ""
    """Who asked for a pause that the run has not reached yet."""
    cancelling: str = ""
    """Who asked for a cancel that the host has not confirmed yet."""
    edit: dict[str, Any] = dataclasses.field(default_factory=dict)
    """With mode `edit`: the order and who gave it; afterwards what became of the last one."""
    gently: bool = False
    """That cancel is to happen at the next step boundary, and to end no process."""
    moving: str = ""
    """Why the run is to leave its host at the next step boundary and go on in another one."""
    worked: float = 0.0
    """Seconds at work so far, as of `clocked_at` when it is at work."""
    clocked_at: float = 0.0
    """When `worked` was last brought up to date; 0 while the run is not at work."""
    overdue: dict[str, Any] | None = None
    """The time limit that was passed, as an error, while a synchronous node keeps the run from ending."""

    @property
    def deaths(self) -> int:
        """Hosts lost in a row without a new checkpoint."""
        return len(self.died)


@dataclasses.dataclass(frozen=True)
class RunRow:
    """A run with what the server remembers of it."""

    run: Run
    work: Work


def get(conn: sqlite3.Connection, run_id: str) -> RunRow | None:
    """The run with this id or name; a flow run where none of ours has it."""
    found = conn.execute("SELECT doc, work FROM runs WHERE id = ? OR name = ?", (run_id, run_id)).fetchone()
    if found:
        return row_of(*found)
    flow_run = flow_runs.get(conn, run_id)
    return RunRow(flow_run.run, Work()) if flow_run else None


def require(conn: sqlite3.Connection, run_id: str) -> RunRow:
    """Like `get`; raises MHV-100."""
    row = get(conn, run_id)
    if row is None:
        raise MahavishnuError(
            ErrorCode.RUN_UNKNOWN,
            f"There is no run {run_id!r}.",
            "`mahavishnu langgraph list` and `mahavishnu prefect list` show the runs.",
        )
    return row


def by_request(conn: sqlite3.Connection, request_id: str) -> Run | None:
    """The run that an earlier request with this id started."""
    found = conn.execute("SELECT doc FROM runs WHERE request_id = ?", (request_id,)).fetchone()
    return Run.from_json(codec.loads(found[0])) if found else None


def unfinished_on(conn: sqlite3.Connection, thread_id: str) -> Run | None:
    """The run that holds this thread, if any; others may be queued behind it."""
    found = conn.execute(
        "SELECT doc FROM runs WHERE thread_id = ? AND status IN ('queued','running','interrupted','paused')"
        " ORDER BY created_at, rowid LIMIT 1",
        (thread_id,),
    ).fetchone()
    return Run.from_json(codec.loads(found[0])) if found else None


def unfinished_of(conn: sqlite3.Connection, workflow_id: str) -> list[Run]:
    """The runs of a workflow that have not ended."""
    found = conn.execute(
        "SELECT doc FROM runs WHERE workflow_id = ?"
        " AND status IN ('queued','running','interrupted','paused')",
        (workflow_id,),
    )
    return [Run.from_json(codec.loads(doc)) for (doc,) in found]


def inputs_of(conn: sqlite3.Connection, workflow_id: str, limit: int) -> list[Json]:
    """The newest different inputs that runs of a workflow were given, the newest first."""
    found = conn.execute(
        "SELECT input FROM runs WHERE workflow_id = ? GROUP BY input ORDER BY max(created_at) DESC LIMIT ?",
        (workflow_id, limit),
    )
    return [codec.loads(text) for (text,) in found]


def newest_on(conn: sqlite3.Connection, run: Run) -> Run:
    """The last run on a run's thread, itself where none came after it; what waits behind it is none."""
    found = conn.execute(
        "SELECT doc FROM runs WHERE thread_id = ? AND (id = ? OR status != 'queued'"
        " OR coalesce(json_extract(doc, '$.lease'), 0) > 0) ORDER BY created_at DESC, rowid DESC LIMIT 1",
        (run.thread_id, run.id),
    ).fetchone()
    return Run.from_json(codec.loads(found[0]))


def name_taken(conn: sqlite3.Connection, name: str) -> bool:
    """Whether a run has this name."""
    return conn.execute("SELECT 1 FROM runs WHERE name = ?", (name,)).fetchone() is not None


def insert(tx: Tx, run: Run, work: Work, *, given: Json, config: Json, request_id: str | None) -> None:
    """A new run, with its input."""
    tx.conn.execute(
        "INSERT INTO runs(id, name, thread_id, workflow_id, workflow, status, created_at, request_id,"
        " doc, work, input, config, engine) VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?)",
        (
            run.id,
            run.name,
            run.thread_id,
            run.workflow_id,
            run.workflow,
            run.status,
            run.created_at,
            request_id,
            _text(run.to_json()),
            _text(work.to_json()),
            _text(given),
            _text(config),
            run.engine,
        ),
    )
    tx.emit("run", run.id, run.to_json())
    needs.note_run(tx, run)
    texts.note_run(tx, run)


def save(tx: Tx, run: Run, work: Work | None = None) -> None:
    """Write a changed run and tell the clients."""
    if run.engine == flow_runs.ENGINE:
        flow_runs.save(tx, run)
        return
    doc = _text(run.to_json())
    tx.conn.execute("UPDATE runs SET status = ?, doc = ? WHERE id = ?", (run.status, doc, run.id))
    if work is not None:
        save_work(tx, run.id, work)
    tx.emit("run", run.id, run.to_json())
    needs.note_run(tx, run)
    texts.note_run(tx, run)


def save_work(tx: Tx, run_id: str, work: Work) -> None:
    """Write what only the server remembers."""
    tx.conn.execute("UPDATE runs SET work = ? WHERE id = ?", (_text(work.to_json()), run_id))


def save_result(tx: Tx, run_id: str, values: Json, truncated: bool) -> None:
    """The last values that a host reported."""
    tx.conn.execute(
        "UPDATE runs SET result = ?, truncated = ? WHERE id = ?", (_text(values), int(truncated), run_id)
    )


def raise_lease(tx: Tx, thread_id: str, by: int = 1) -> int:
    """Raise the thread's fencing token; what it is now."""
    found = tx.conn.execute(
        "INSERT INTO threads VALUES(?1, ?2) ON CONFLICT(id) DO UPDATE SET lease = lease + ?2 RETURNING lease",
        (thread_id, by),
    ).fetchone()
    return int(found[0])


def with_status(conn: sqlite3.Connection, statuses: Iterable[str]) -> list[RunRow]:
    """Every run of our own hosts in one of these states, oldest first."""
    rows = conn.execute(
        "SELECT doc, work FROM runs WHERE status IN (SELECT value FROM json_each(?)) AND engine = 'langgraph'"
        " ORDER BY created_at, rowid",
        (_text(list(statuses)),),
    )
    return [row_of(*row) for row in rows]


def await_disk(conn: sqlite3.Connection) -> list[Run]:
    """The runs that go on by themselves once the disk has room."""
    rows = conn.execute(
        "SELECT doc FROM runs WHERE status = 'paused' AND json_extract(doc, '$.awaits') = 'disk'"
        " ORDER BY created_at"
    )
    return [Run.from_json(codec.loads(doc)) for (doc,) in rows]


def save_config(tx: Tx, run_id: str, config: dict[str, Any]) -> None:
    """Replace what a run was started with beside its input."""
    tx.conn.execute("UPDATE runs SET config = ? WHERE id = ?", (_text(config), run_id))


def counts(conn: sqlite3.Connection) -> dict[str, int]:
    """How many runs of our own hosts are in each state."""
    found = conn.execute("SELECT status, count(*) FROM runs WHERE engine = 'langgraph' GROUP BY status")
    return dict(found.fetchall())


def ids(conn: sqlite3.Connection) -> set[str]:
    """The id of every run."""
    return {run_id for (run_id,) in conn.execute("SELECT id FROM runs")}


def payload(conn: sqlite3.Connection, run_id: str) -> dict[str, Any]:
    """`input`, `config`, `values` (null before an end) and `values_truncated`."""
    given, config, result, truncated = conn.execute(
        "SELECT input, config, result, truncated FROM runs WHERE id = ?", (run_id,)
    ).fetchone()
    return {
        "input": codec.Raw(given),
        "config": codec.loads(config),
        "values": codec.Raw(result or "null"),
        "values_truncated": bool(truncated),
    }


def given(conn: sqlite3.Connection, run_id: str) -> Json:
    """The input of a run."""
    return codec.loads(conn.execute("SELECT input FROM runs WHERE id = ?", (run_id,)).fetchone()[0])


def row_of(doc: str, work: str) -> RunRow:
    """A run from what is stored of it."""
    return RunRow(Run.from_json(codec.loads(doc)), Work.from_json(codec.loads(work)))


def _text(value: Json) -> str:
    return codec.dumps(value).decode()
