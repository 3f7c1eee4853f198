"""What is remembered of other people's LangGraph servers beside the runs themselves."""

from __future__ import annotations

import sqlite3

from mahavishnu_tui.server.store import runs
from mahavishnu_tui.server.store.runs import RunRow
from mahavishnu_tui.server.store.tx import Tx

ENGINE = "langgraph-server"
"""`Run.engine` and `Workflow.engine` of what lives on such a server."""


def run_with(conn: sqlite3.Connection, server: str, part: str) -> str:
    """Our id of the run that holds this run of that server; empty when there is none."""
    found = conn.execute(
        "SELECT run_id FROM remote_parts WHERE server = ? AND remote_id = ?", (server, part)
    ).fetchone()
    return str(found[0]) if found else ""


def add_part(tx: Tx, server: str, part: str, run_id: str) -> None:
    """This run of that server belongs to this run of ours."""
    tx.conn.execute("INSERT OR IGNORE INTO remote_parts VALUES(?, ?, ?)", (server, part, run_id))


def parts_of(conn: sqlite3.Connection, run_id: str) -> list[str]:
    """The runs of that server which a run of ours consists of, oldest first."""
    rows = conn.execute("SELECT remote_id FROM remote_parts WHERE run_id = ? ORDER BY rowid", (run_id,))
    return [part for (part,) in rows]


def seen(conn: sqlite3.Connection, server: str) -> dict[str, str]:
    """When each thread of that server had changed last, as it said when we took it in."""
    return dict(
        conn.execute(
            "SELECT thread_id, updated_at FROM remote_threads WHERE server = ?", (server,)
        ).fetchall()
    )


def mark_seen(tx: Tx, server: str, thread_id: str, updated_at: str) -> None:
    """A thread was taken in as it was then."""
    tx.conn.execute(
        "INSERT INTO remote_threads VALUES(?1, ?2, ?3) ON CONFLICT(server, thread_id)"
        " DO UPDATE SET updated_at = ?3",
        (server, thread_id, updated_at),
    )


def servers(conn: sqlite3.Connection) -> set[str]:
    """The names of all servers that runs which have not ended are on."""
    rows = conn.execute(
        "SELECT DISTINCT json_extract(workflows.doc, '$.server') FROM runs"
        " JOIN workflows ON workflows.id = runs.workflow_id"
        " WHERE runs.engine = ? AND runs.status IN ('queued','running','interrupted','paused')",
        (ENGINE,),
    )
    return {str(name) for (name,) in rows}


def unfinished(conn: sqlite3.Connection, server: str) -> list[RunRow]:
    """The runs on that server which have not ended, oldest first."""
    rows = conn.execute(
        "SELECT runs.doc, runs.work FROM runs JOIN workflows ON workflows.id = runs.workflow_id"
        " WHERE runs.engine = ? AND runs.status IN ('queued','running','interrupted','paused')"
        " AND json_extract(workflows.doc, '$.server') = ? ORDER BY runs.created_at, runs.rowid",
        (ENGINE, server),
    )
    return [runs.row_of(doc, work) for doc, work in rows]


def with_open_answers(conn: sqlite3.Connection, server: str) -> list[RunRow]:
    """The runs on that server with answers which their graph has not been seen to take."""
    rows = conn.execute(
        "SELECT DISTINCT runs.doc, runs.work FROM ledger JOIN runs ON runs.id = ledger.run_id"
        " JOIN workflows ON workflows.id = runs.workflow_id"
        " WHERE ledger.state = 'open' AND runs.engine = ? AND json_extract(workflows.doc, '$.server') = ?",
        (ENGINE, server),
    )
    return [runs.row_of(doc, work) for doc, work in rows]


def open_answers(conn: sqlite3.Connection) -> int:
    """Answers to graphs on such servers that are still on their way."""
    found = conn.execute(
        "SELECT count(*) FROM ledger JOIN runs ON runs.id = ledger.run_id"
        " WHERE ledger.state = 'open' AND runs.engine = ?",
        (ENGINE,),
    )
    return int(found.fetchone()[0])


def counts(conn: sqlite3.Connection, server: str) -> dict[str, int]:
    """How many runs on that server are in each unfinished state."""
    rows = conn.execute(
        "SELECT runs.status, count(*) FROM runs JOIN workflows ON workflows.id = runs.workflow_id"
        " WHERE runs.engine = ? AND runs.status IN ('queued','running','interrupted','paused')"
        " AND json_extract(workflows.doc, '$.server') = ? GROUP BY runs.status",
        (ENGINE, server),
    )
    return dict(rows.fetchall())
