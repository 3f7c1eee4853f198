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

_FLOW_RUNS = """
CREATE TABLE flow_runs(  -- a mirror of Prefect's
  id TEXT PRIMARY KEY, name TEXT NOT NULL, workflow TEXT NOT NULL, workflow_id TEXT NOT NULL,
  deployment_id TEXT NOT NULL, status TEXT NOT NULL, created_at REAL NOT NULL, due_at REAL, ended_at REAL,
  state_id TEXT NOT NULL, schedule_id TEXT NOT NULL, updated REAL NOT NULL, doc TEXT NOT NULL,
  twin TEXT NOT NULL  -- the run of ours that it started: lists show that one
);
CREATE INDEX flow_runs_by_status ON flow_runs(status, created_at);
CREATE INDEX flow_runs_by_time ON flow_runs(created_at);
CREATE INDEX flow_runs_by_name ON flow_runs(name, created_at);
CREATE INDEX flow_runs_by_end ON flow_runs(ended_at) WHERE ended_at IS NOT NULL;
CREATE INDEX flow_runs_by_due ON flow_runs(due_at) WHERE status = 'scheduled';
CREATE INDEX flow_runs_by_deployment ON flow_runs(deployment_id, created_at) WHERE deployment_id != '';

CREATE TABLE flow_acts(  -- begun, and not yet known to be done or refused
  seq INTEGER PRIMARY KEY AUTOINCREMENT, run_id TEXT NOT NULL, at REAL NOT NULL, by TEXT NOT NULL,
  what TEXT NOT NULL, state_id TEXT NOT NULL, details TEXT NOT NULL
);
"""

_NEEDS = """
CREATE TABLE needs(  -- what waits for an operator now
  key TEXT PRIMARY KEY, kind TEXT NOT NULL,
  family TEXT NOT NULL,  -- a success of it that began later than `began` resolves the need
  began REAL NOT NULL, doc TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX needs_by_family ON needs(family) WHERE family != '';
CREATE TABLE seen(  -- who has seen what happened, and when; `since`: which of its happenings
  key TEXT PRIMARY KEY, since REAL NOT NULL, by TEXT NOT NULL, at REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE need_claims(key TEXT PRIMARY KEY, by TEXT NOT NULL, until REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE successes(  -- of each workflow or deployment the one that began last
  family TEXT PRIMARY KEY, began REAL NOT NULL, run_id TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO meta VALUES('needs_since', CAST((julianday('now') - 2440587.5) * 86400.0 AS TEXT));
INSERT INTO successes
  SELECT workflow_id, max(coalesce(json_extract(doc, '$.started_at'), created_at)), id FROM runs
  WHERE status = 'success' GROUP BY workflow_id;
INSERT OR REPLACE INTO successes
  SELECT CASE deployment_id WHEN '' THEN workflow_id ELSE deployment_id END AS family,
    max(coalesce(json_extract(doc, '$.started_at'), created_at)), id FROM flow_runs
  WHERE status = 'success' GROUP BY family;
"""

_OUTBOX = """
CREATE TABLE notifications(
  seq INTEGER PRIMARY KEY AUTOINCREMENT,
  need TEXT NOT NULL, kind TEXT NOT NULL, number INTEGER NOT NULL, repeat INTEGER NOT NULL,
  target TEXT NOT NULL,
  state TEXT NOT NULL,  -- waiting, sending, sent, failed, cancelled
  over INTEGER NOT NULL DEFAULT 0,  -- 1: the need is gone; 2: and those who were told know
  gone TEXT NOT NULL DEFAULT '',  -- why it is
  due_at REAL NOT NULL, created_at REAL NOT NULL, tried_at REAL, sent_at REAL,
  attempts INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '',
  message TEXT NOT NULL DEFAULT '',  -- what goes out together has the same one
  doc TEXT NOT NULL
);
-- As long as it is needed, nobody is told of it twice.
CREATE UNIQUE INDEX notifications_once ON notifications(need, kind, number, repeat, target) WHERE over = 0;
CREATE INDEX notifications_waiting ON notifications(target, due_at) WHERE state = 'waiting';
CREATE INDEX notifications_sending ON notifications(message) WHERE state = 'sending';
CREATE INDEX notifications_lately ON notifications(target, tried_at) WHERE message != '';
CREATE INDEX notifications_closing ON notifications(seq) WHERE over = 1;
CREATE INDEX notifications_by_need ON notifications(need) WHERE over = 0;
"""

_TEXTS = """
CREATE TABLE texts(  -- what can be found in each run, see texts.py; `at`: when it was created
  at REAL NOT NULL, run_id TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY(at, run_id)
) WITHOUT ROWID;
INSERT INTO texts  -- of flow runs what is known here; those of `runs` are written one by one
  SELECT created_at, id, 'r ' || name || char(10) || 'i ' || id || char(10) || 'w ' || workflow || ' '
    || coalesce(json_extract(doc, '$.deployment'), '')
    || coalesce(
      char(10) || 'e ' || substr(replace(json_extract(doc, '$.error.message'), char(10), ' '), 1, 1000), '')
  FROM flow_runs WHERE twin = '' AND status != 'scheduled';
"""

_DOUBT = """
ALTER TABLE notifications ADD COLUMN doubt INTEGER NOT NULL DEFAULT 0;  -- it may have gone out before
"""

MIGRATIONS: tuple[str, ...] = (
    _V1,
    _V_AUDIT,
    _AGENT,
    _V_REMOTE,
    _PRUNED,
    _FLOW_RUNS,
    _NEEDS,
    _OUTBOX,
    _TEXTS,
    _DOUBT,
)
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
