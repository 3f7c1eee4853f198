"""A new run enters the queue."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from typing import Any

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.rules import RunRules
from mahavishnu_tui.models.run import twin_of
from mahavishnu_tui.server.names import new_name
from mahavishnu_tui.server.store import Tx, acts, flow_runs, runs, workflows
from mahavishnu_tui.server.store.runs import Work

RulesOf = Callable[[str, dict[str, Any]], RunRules]
"""What holds for a run, by the name of its workflow and its own config."""


@dataclasses.dataclass(frozen=True)
class StartOrder:
    """What a client asked for."""

    workflow_id: str
    given: Json
    by: str
    thread_id: str = ""
    request_id: str | None = None
    tags: list[str] = dataclasses.field(default_factory=list)
    config: dict[str, Any] = dataclasses.field(default_factory=dict)
    behind: bool = False
    """Queue it behind the run that holds the thread."""
    priority: str = ""
    """Empty: that of the workflow."""


def start_run(tx: Tx, order: StartOrder, rules: RulesOf | None = None) -> Run:
    """Queue a run; the earlier one when this request was made before.

    Args:
        rules: says which priority the workflow's runs have; None: normal.

    Raises:
        MahavishnuError: MHV-108 no such workflow, MHV-102 another run holds the thread.
    """
    if order.request_id:
        earlier = runs.by_request(tx.conn, order.request_id)
        if earlier is not None:
            return earlier
    workflow = workflows.require(tx.conn, order.workflow_id)
    if order.thread_id and not order.behind:
        refuse_busy_thread(tx, order.thread_id)
    run_id = uuid.uuid4().hex
    run = Run(
        id=run_id,
        name=new_name(lambda name: runs.name_taken(tx.conn, name)),
        thread_id=order.thread_id or str(uuid.uuid4()),
        workflow_id=workflow.id,
        workflow=workflow.name,
        status="queued",
        created_at=tx.now,
        queued_at=tx.now,
        priority=order.priority or (rules(workflow.name, order.config) if rules else RunRules()).priority,
        created_by=order.by,
        engine=workflow.engine,
        tags=order.tags,
        twin=twin_of(order.tags),
    )
    work = Work(mode="start", intent=f"{run_id}/1")
    runs.insert(tx, run, work, given=order.given, config=order.config, request_id=order.request_id)
    acts.record(tx, run_id, "start", order.by, tags=order.tags)
    if order.request_id:
        flow_runs.pair(tx, order.request_id)
    return run


def refuse_busy_thread(tx: Tx, thread_id: str, but: str = "") -> None:
    """Raise MHV-102 when a run other than `but` holds the thread."""
    holder = runs.unfinished_on(tx.conn, thread_id)
    if holder is not None and holder.id != but:
        raise MahavishnuError(
            ErrorCode.THREAD_BUSY,
            f"Thread {thread_id!r} is held by run {holder.name}, which is {holder.status}.",
            "Wait for it, cancel it, or use another thread.",
            run_id=holder.id,
        )
