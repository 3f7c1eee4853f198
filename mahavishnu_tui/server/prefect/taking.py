"""What was read from Prefect, brought into the store."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from mahavishnu_tui.models import Question, Run
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.server.prefect.mapping import Seen
from mahavishnu_tui.server.store import Tx, approvals, flow_runs, ledger, needs
from mahavishnu_tui.server.store.flow_runs import FlowRun
from mahavishnu_tui.server.transitions.questions import reconcile, supersede_all


def take(tx: Tx, found: Iterable[Seen], *, tell: bool = True) -> list[Run]:
    """Make the mirror say what Prefect says; the runs that changed.

    Args:
        tell: whether clients are told; not of runs that are too old for them to have.
    """
    changed = []
    for item in found:
        before = flow_runs.by_id(tx.conn, item.run.id)
        if before is not None and item.updated < before.updated:
            continue  # read before what is known already
        run = _merged(tx, item, before)
        if before is not None and run == before.run and item.state_id == before.state_id:
            continue
        flow_runs.save(
            tx,
            run,
            item.state_id,
            item.schedule_id,
            item.updated,
            given=item.parameters,
            tell=tell or before is not None,
        )
        changed.append(run)
    return changed


def _merged(tx: Tx, item: Seen, before: FlowRun | None) -> Run:
    run = item.run
    if before is None:
        return run.replace(version=1)
    same = before.state_id == item.state_id
    version = before.run.version + (not same or before.run.status != run.status)
    if before.run.waiting and run.status != "interrupted":
        ask_no_more(tx, run.id)
    if run.status == "interrupted":
        waiting = approvals.pending_of(tx.conn, run.id)
        run = run.replace(waiting=waiting)
        if not waiting and ledger.open_of(tx.conn, run.id):
            # Its answer is on the way: until Prefect has it, the run is no longer anybody's turn.
            run = run.replace(status="queued", note=before.run.note)
            version = before.run.version + (not same)
    if same and run.status == before.run.status:
        run = run.replace(where=before.run.where, error=_blamed(run.error, before.run.error))
    return run.replace(version=version, twin=run.twin or before.run.twin)


def _blamed(error: dict[str, Any] | None, known: dict[str, Any] | None) -> dict[str, Any] | None:
    """A failure as it is told now, with the task that is known to have failed."""
    return {**error, "node": known.get("node") or ""} if error and known else error


def take_blame(tx: Tx, places: Mapping[str, str]) -> None:
    """Say of failed runs which tasks have failed."""
    for run_id, node in places.items():
        row = flow_runs.by_id(tx.conn, run_id)
        if row is not None and row.run.status == "error" and row.run.error:
            flow_runs.save(tx, row.run.replace(error={**row.run.error, "node": node}))


def ask_no_more(tx: Tx, run_id: str) -> None:
    """The run goes on or has ended. Answers on their way are the courier's: it looks what became of them."""
    for approval in approvals.of_run(tx.conn, run_id):
        if approval.status == "pending":
            approvals.save(tx, approval.replace(status="superseded"))


def take_questions(tx: Tx, run_id: str, state_id: str, asked: Sequence[Question]) -> Run | None:
    """Put what a paused run asks into the inbox, unless the run has changed meanwhile."""
    row = flow_runs.by_id(tx.conn, run_id)
    if row is None or row.state_id != state_id or row.run.status in FINISHED:
        return None
    waiting = reconcile(tx, row.run, asked)
    if row.run.waiting == waiting:
        return None
    run = row.run.replace(waiting=waiting)
    flow_runs.save(tx, run)
    return run


def take_where(tx: Tx, places: Mapping[str, list[str]]) -> None:
    """Say of runs at work which of their tasks are."""
    for run_id, where in places.items():
        row = flow_runs.by_id(tx.conn, run_id)
        if row is not None and row.run.status == "running" and row.run.where != where:
            flow_runs.save(tx, row.run.replace(where=where))


def come_due(tx: Tx, now: float) -> list[Run]:
    """Scheduled runs whose time has come wait for a worker."""
    found = [run.replace(status="queued", version=run.version + 1) for run in flow_runs.due(tx.conn, now)]
    for run in found:
        flow_runs.save(tx, run)
    return found


def take_gone(tx: Tx, run_ids: Collection[str]) -> set[str]:
    """These were deleted on Prefect's server; those of them that were known."""
    known = set[str]()
    for run_id in run_ids:
        row = flow_runs.by_id(tx.conn, run_id)
        if row is None:
            continue
        known.add(run_id)
        supersede_all(tx, run_id, "the run was deleted on Prefect's server")
        tx.emit("gone", run_id, {"id": run_id})
    needs.forget_runs(tx, run_ids)
    flow_runs.delete(tx, run_ids)
    return known


def forget_old(tx: Tx, before: float) -> int:
    """Forget what ended before the mirror's window. Clients keep it as long as they like."""
    old = flow_runs.outgrown(tx.conn, before)
    flow_runs.delete(tx, old)
    return len(old)


def take_source(tx: Tx, source: str) -> None:
    """The mirror is of this server from now on: what was of another one goes."""
    if flow_runs.source(tx.conn) != source:
        take_gone(tx, flow_runs.every_id(tx.conn))
        flow_runs.set_source(tx, source)
