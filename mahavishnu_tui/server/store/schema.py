"""The tables of `engine.db`, and how an older file becomes a newer one.

Records are kept as the JSON that clients get (`doc`), with the columns we search by beside them: a new
field of a record needs no migration.
"""

from __future__ import annotations

import secrets
import sqlite3

_V1 = """
CREATE TABLE meta(key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE workflows(
  id TEXT PRIMARY KEY, registered_at REAL NOT NULL, doc TEXT NOT NULL,
  stamp TEXT NOT NULL DEFAULT ''  -- of the file when it was loaded
);
CREATE TABLE edges(  -- seen taken, though not declared
  workflow_id TEXT NOT NULL, namespace TEXT NOT NULL, source TEXT NOT NULL, target TEXT NOT NULL,
  PRIMARY KEY(workflow_id, namespace, source, target)
) WITHOUT ROWID;

CREATE TABLE threads(id TEXT PRIMARY KEY, lease INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE runs(
  id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, thread_id TEXT NOT NULL, workflow_id TEXT NOT NULL,
  workflow TEXT NOT NULL, status TEXT NOT NULL, created_at REAL NOT NULL, request_id TEXT UNIQUE,
  doc TEXT NOT NULL, work TEXT NOT NULL, input TEXT NOT NULL, config TEXT NOT NULL,
  result TEXT, truncated INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX runs_by_status ON runs(status, created_at);
CREATE INDEX runs_by_thread ON runs(thread_id, created_at);
CREATE INDEX runs_by_time ON runs(created_at);

CREATE TABLE visits(
  run_id TEXT NOT NULL, number INTEGER NOT NULL, task_id TEXT NOT NULL, open INTEGER NOT NULL,
  doc TEXT NOT NULL,
  PRIMARY KEY(run_id, number)
) WITHOUT ROWID;
CREATE INDEX visits_by_task ON visits(run_id, task_id);
CREATE INDEX visits_open ON visits(run_id) WHERE open;

CREATE TABLE approvals(
  id TEXT PRIMARY KEY, run_id TEXT NOT NULL, status TEXT NOT NULL, asked_at REAL NOT NULL, doc TEXT NOT NULL
);
CREATE INDEX approvals_by_status ON approvals(status, asked_at);
CREATE INDEX approvals_by_run ON approvals(run_id);

CREATE TABLE ledger(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, approval_id TEXT NOT NULL, run_id TEXT NOT NULL,
  interrupt_id TEXT NOT NULL,
  state TEXT NOT NULL,       -- open: still to be given to the graph; applied; void
  sent_lease INTEGER NOT NULL DEFAULT 0,  -- of the last dispatch that carried it
  doc TEXT NOT NULL
);
CREATE INDEX ledger_open ON ledger(run_id) WHERE state = 'open';
CREATE INDEX ledger_by_run ON ledger(run_id);

CREATE TABLE events(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, at REAL NOT NULL, kind TEXT NOT NULL, key TEXT NOT NULL,
  data TEXT NOT NULL
);
"""

_V_AUDIT = """
ALTER TABLE approvals ADD COLUMN due REAL;  -- when a pending question has to be looked at: deadline, claim
CREATE INDEX approvals_due ON approvals(due) WHERE due IS NOT NULL;

ALTER TABLE ledger ADD COLUMN checkpoint_after TEXT NOT NULL DEFAULT '';
UPDATE ledger SET checkpoint_after = 'unknown' WHERE state = 'applied';
CREATE INDEX ledger_unproved ON ledger(run_id) WHERE state = 'applied' AND checkpoint_after = '';

CREATE TABLE acts(
  seq INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, at REAL NOT NULL, by TEXT NOT NULL,
  what TEXT NOT NULL, details TEXT NOT NULL
);
CREATE INDEX acts_by_run ON acts(run_id, seq);
INSERT INTO acts(run_id, at, by, what, details)
  SELECT id, created_at, coalesce(json_extract(doc, '$.created_by'), ''), 'start', '{}' FROM runs
  UNION ALL
  SELECT run_id, json_extract(doc, '$.at'), json_extract(doc, '$.by'), 'answer',
    json_object('ledger', seq, 'node', json_extract(doc, '$.node')) FROM ledger
  ORDER BY 2;
"""

_AGENT = """
CREATE TABLE agent_threads(  -- of the Agent Server API: made before anything runs, or with metadata
  id TEXT PRIMARY KEY, created_at REAL NOT NULL, updated_at REAL NOT NULL, metadata TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE agent_runs(run_id TEXT PRIMARY KEY, doc TEXT NOT NULL) WITHOUT ROWID;
"""

_V_REMOTE = """
ALTER TABLE runs ADD COLUMN engine TEXT NOT NULL DEFAULT 'langgraph';

CREATE TABLE remote_parts(  -- runs of other people's LangGraph servers, and ours that they belong to
  server TEXT NOT NULL, remote_id TEXT NOT NULL, run_id TEXT NOT NULL,
  PRIMARY KEY(server, remote_id)
);
CREATE INDEX remote_parts_by_run ON remote_parts(run_id);

CREATE TABLE remote_threads(  -- as they were when they were taken in
  server TEXT NOT NULL, thread_id TEXT NOT NULL, updated_at TEXT NOT NULL,
  PRIMARY KEY(server, thread_id)
) WITHOUT ROWID;
"""

_PRUNED = """
CREATE TABLE pruned(thread_id TEXT PRIMARY KEY, at REAL NOT NULL) WITHOUT ROWID;
"""

MIGRATIONS: tuple[str, ...] = (_V1, _V_AUDIT, _AGENT, _V_REMOTE, _PRUNED)
"""Entry n takes a file from `user_version` n to n + 1."""


def migrate(conn: sqlite3.Connection) -> None:
    """Bring the file to the newest version, each step in one transaction.

    Raises:
        RuntimeError: the file was written by a newer program.
    """
    version = int(conn.execute("PRAGMA user_version").fetchone()[0])
    if version > len(MIGRATIONS):
        raise RuntimeError(
            f"version {version} of the database is newer than this program's {len(MIGRATIONS)}"
        )
    for number in range(version, len(MIGRATIONS)):
        conn.execute("BEGIN IMMEDIATE")
        for statement in _statements(MIGRATIONS[number]):
            conn.execute(statement)
        if number == 0:
            conn.execute("INSERT INTO meta VALUES('epoch', ?)", (secrets.token_hex(8),))
        conn.execute(f"PRAGMA user_version = {number + 1}")
        conn.execute("COMMIT")


def epoch(conn: sqlite3.Connection) -> str:
    """The identity of this database: sequence numbers of another one mean nothing here."""
    return str(conn.execute("SELECT value FROM meta WHERE key = 'epoch'").fetchone()[0])


def _statements(script: str) -> list[str]:
    """The statements of a script; `executescript` would commit behind our back."""
    found: list[str] = []
    part = ""
    for line in script.splitlines():
        part += line + "\n"
        if sqlite3.complete_statement(part):
            found.append(part)
            part = ""
    return found
