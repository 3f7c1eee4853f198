"""Looking things up in the ledger, and what became of each answer."""

from __future__ import annotations

import sqlite3

from mahavishnu_tui.models import LedgerEntry, NodeVisit
from mahavishnu_tui.models.ledger_filter import LedgerFilter
from mahavishnu_tui.models.text import small
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store.letters import within

_TEXT = " || char(10) || ".join(
    f"coalesce(json_extract(doc, '$.{field}'), '')"
    for field in ("run_name", "workflow", "node", "question", "answer", "by", "comment", "not_applied")
)


def search(conn: sqlite3.Connection, query: LedgerFilter, limit: int) -> list[LedgerEntry]:
    """Entries, newest first, each with the nodes that ran next."""
    return _select(conn, query, limit, "DESC")


def page(conn: sqlite3.Connection, query: LedgerFilter, limit: int) -> list[LedgerEntry]:
    """Entries, oldest first, for an export."""
    return _select(conn, query, limit, "ASC")


def last_seq(conn: sqlite3.Connection) -> int:
    """The number of the newest entry; 0 while there is none."""
    return int(conn.execute("SELECT coalesce(max(seq), 0) FROM ledger").fetchone()[0])


def proven(conn: sqlite3.Connection, entry: LedgerEntry) -> LedgerEntry:
    """The entry with the nodes that ran next, as the path record has them."""
    if entry.applied_at is None or not entry.lease:
        return entry
    rows = conn.execute("SELECT doc FROM visits WHERE run_id = ? ORDER BY number", (entry.run_id,))
    own: NodeVisit | None = None
    then: list[str] = []
    for (doc,) in rows:
        visit = NodeVisit.from_json(codec.loads(doc))
        if own is None:
            if visit.lease == entry.lease and visit.path == entry.path and visit.outcome != "interrupted":
                own = visit
        elif visit.step > own.step + 1:
            break
        elif visit.step == own.step + 1 and visit.namespace == own.namespace and visit.path not in then:
            then.append(visit.path)
    return entry.replace(then=then)


def _select(conn: sqlite3.Connection, query: LedgerFilter, limit: int, order: str) -> list[LedgerEntry]:
    by, text = small(query.by), small(query.text)
    clauses: list[tuple[str, object]] = [
        ("run_id = ?", query.run or None),
        ("seq < ?", query.before),
        ("seq > ?", query.after or None),
        ("(state = 'applied') = ?", int(query.applied == "yes") if query.applied else None),
        ("json_extract(doc, '$.workflow') = ?", query.workflow or None),
        ("json_extract(doc, '$.node') = ?", query.node or None),
        (within("json_extract(doc, '$.by')", by), by or None),
        ("json_extract(doc, '$.at') >= ?", query.since),
        ("json_extract(doc, '$.at') < ?", query.until),
        (within(_TEXT, text), text or None),
    ]
    wanted = [(clause, value) for clause, value in clauses if value is not None]
    where = " AND ".join(clause for clause, _ in wanted) or "1"
    # The clauses are constants of this module; what was asked for is bound.
    statement = f"SELECT doc FROM ledger WHERE {where} ORDER BY seq {order} LIMIT ?"  # noqa: S608 # nosec B608
    rows = conn.execute(statement, [*(value for _, value in wanted), limit])
    return [proven(conn, LedgerEntry.from_json(codec.loads(doc))) for (doc,) in rows.fetchall()]
