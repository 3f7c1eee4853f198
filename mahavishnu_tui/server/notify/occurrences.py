"""What somebody may be told of a need."""

from __future__ import annotations

import sqlite3
from typing import Final

from mahavishnu_tui.models import Approval, ErrorCode, Need, Run
from mahavishnu_tui.models.need import approval_key
from mahavishnu_tui.models.notifying import NoticeKind, Occurrence
from mahavishnu_tui.server.store import approvals, runs

_KINDS: Final[dict[str, NoticeKind]] = {
    "approval": "approval",
    "failure": "failure",
    "late": "late",
    "schedule": "late",
    "stuck": "stuck",
    "pool": "dead_worker",
    "host": "host_failed",
    "prefect": "lost",
    "server": "lost",
    "disk": "disk",
}
_CRASHES: Final = frozenset({ErrorCode.HOST_DIED.value, ErrorCode.NODE_EXITED.value})


def occurrences(conn: sqlite3.Connection, need: Need) -> list[Occurrence]:
    """Of a question up to three: that it was asked, that its time runs out, that nobody answered."""
    kind = _KINDS.get(need.kind)
    if kind is None:
        return []
    run = _run(conn, need.run_id)
    code = str((run.error or {}).get("code", "")) if run and need.kind == "failure" else ""
    if kind == "failure" and run is not None and (run.state == "Crashed" or code in _CRASHES):
        kind = "crashed"
    first = Occurrence(
        need=need.key,
        kind=kind,
        what=need.what,
        where=need.where,
        since=need.since,
        run_id=need.run_id,
        workflow=need.workflow,
        engine=need.engine,
        deployment=run.deployment if run else need.where.partition("/")[2],
        pool=need.pool,
        due=need.due,
        count=need.count,
        priority=run.priority if run else "normal",
        tags=run.tags if run else [],
        claimed_by=need.claimed_by,
        claim_until=need.claim_until or 0.0,
        code=code,
    )
    return _of_question(conn, first, need) if need.kind == "approval" else [first]


def _of_question(conn: sqlite3.Connection, first: Occurrence, need: Need) -> list[Occurrence]:
    approval = _approval(conn, need)
    first = first.replace(node=approval.node if approval else "")
    found = [first]
    if need.escalated:
        found.append(first.replace(kind="escalation", number=need.escalated))
    if need.due is not None:
        found.append(first.replace(kind="deadline", number=need.escalated))
    return found


def recovery(occurrence: Occurrence, number: int, why: str) -> Occurrence:
    """That what was told is over."""
    return occurrence.replace(
        need=f"recovered:{occurrence.need}", kind="recovered", number=number, what=why, claimed_by=""
    )


def _approval(conn: sqlite3.Connection, need: Need) -> Approval | None:
    return approvals.get(conn, need.key.removeprefix(approval_key("")))


def _run(conn: sqlite3.Connection, run_id: str) -> Run | None:
    if not run_id:
        return None
    row = runs.get(conn, run_id)
    return row.run if row is not None else None
