"""A queued run gets its lease: the one way into an engine host."""

from __future__ import annotations

import dataclasses
from typing import Any

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.rules import RunRules
from mahavishnu_tui.server.store import Tx, ledger, runs, visits, workflows


@dataclasses.dataclass(frozen=True)
class Dispatch:
    """A run with its lease, and what its host is told."""

    run: Run
    request: dict[str, Any]


def claim(tx: Tx, run_id: str, host_id: str, rules: RunRules | None = None) -> Dispatch | None:
    """Raise the lease of the run's thread and mark the run as running in this host.

    Args:
        rules: what holds for the run; None: what its own config says.

    None when it is no longer queued: somebody cancelled or paused it meanwhile.
    """
    row = runs.require(tx.conn, run_id)
    if row.run.status != "queued":
        return None
    lease = runs.raise_lease(tx, row.run.thread_id)
    work = row.work.replace(moving="", overdue=None, clocked_at=tx.now)
    run = row.run.replace(
        status="running",
        version=row.run.version + 1,
        lease=lease,
        host_id=host_id,
        started_at=row.run.started_at or tx.now,
        displaced=False,
        note=f"moved to host {host_id}" if row.work.moving else row.run.note,
    )
    answers = [answer.entry for answer in ledger.open_of(tx.conn, run.id)]
    ledger.mark_sent(tx, run.id, lease)
    runs.save(tx, run, work)
    workflow = workflows.require(tx.conn, run.workflow_id)
    stored = runs.payload(tx.conn, run.id)
    rules = rules or RunRules().over(stored["config"])
    timeout = max(0.001, rules.timeout_seconds - work.worked) if rules.timeout_seconds else 0
    request = {
        "run_id": run.id,
        "thread_id": run.thread_id,
        "spec": workflow.spec,
        "lease": lease,
        "mode": row.work.mode,
        "intent": row.work.intent,
        "input": stored["input"],
        "answers": [
            {"interrupt_id": entry.interrupt_id, "hash": entry.question_hash, "value": entry.answer}
            for entry in answers
        ],
        "next_visit": visits.last_number(tx.conn, run.id) + 1,
        "config": {
            **stored["config"],
            "recursion_limit": rules.recursion_limit,
            "durability": rules.durability,
            "max_concurrency": rules.max_concurrency or None,
        },
        "limits": {
            "timeout": timeout,
            "timeout_seconds": rules.timeout_seconds,
            "node_timeout": rules.node_timeout_seconds,
        },
        "graph_hash": workflow.graph_hash,
    }
    if row.work.mode == "fork":
        request["checkpoint_id"] = row.work.checkpoint_id
    if row.work.mode == "edit":
        request["edit"] = row.work.edit
    return Dispatch(run, request)
