"""An edit of a thread's state goes the way of a run: queued, leased, carried out by a host.

So a crash anywhere leaves it queued, and the order's intent in the checkpoint's metadata says whether it was
carried out already.
"""

from __future__ import annotations

import dataclasses
from typing import Any

from mahavishnu_tui.models import DeadlineRules, ErrorCode, MahavishnuError, Question, Run
from mahavishnu_tui.models.act import Deed
from mahavishnu_tui.models.edit import COPY
from mahavishnu_tui.models.run import ACTIVE, FINISHED, RunStatus
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.store import Tx, acts, ledger, runs
from mahavishnu_tui.server.store.runs import RunRow
from mahavishnu_tui.server.transitions.acts import end_cancelled, refuse_overtaken, wrong_state
from mahavishnu_tui.server.transitions.questions import NO_RULES, reconcile, supersede_all
from mahavishnu_tui.server.transitions.start import refuse_busy_thread


@dataclasses.dataclass(frozen=True)
class EditRequest:
    """What an operator asked for; the fields of `edit` in docs/protocols.md."""

    order: dict[str, Any]
    """`values`, `as_node`, `checkpoint_id`, `seen`, `label`."""
    by: str
    version: int | None = None


def check_editable(row: RunRow) -> None:
    """Raise MHV-101 when the run is at work, or about to be."""
    if row.run.status in ACTIVE:
        raise wrong_state(row.run, "edited")


def edit(tx: Tx, run_id: str, request: EditRequest) -> Run:
    """Queue an edit of the state of a run that is not at work.

    Raises:
        MahavishnuError: MHV-101 it is at work, has changed, or its thread has gone on with another run;
            MHV-102 another run holds the thread.
    """
    row = runs.require(tx.conn, run_id)
    run = row.run
    check_editable(row)
    if request.version is not None and request.version != run.version:
        raise MahavishnuError(
            ErrorCode.RUN_STATE,
            f"Run {run.name} has changed since you looked: it is {run.status}.",
            "Nothing was changed; look again.",
            status=run.status,
            version=run.version,
        )
    refuse_busy_thread(tx, run.thread_id, but=run.id)
    refuse_overtaken(tx, run)
    changed = run.replace(
        status="queued",
        version=run.version + 1,
        note=f"its state is being edited by {request.by}",
    )
    order = {**request.order, "by": request.by, "before": run.status}
    intent = f"{run.id}/{changed.version}"
    work = row.work.replace(mode="edit", edit=order, intent=intent, died=[], pausing="", cancelling="")
    runs.save(tx, changed, work)
    keys = sorted(request.order["values"]) if isinstance(request.order.get("values"), dict) else []
    about = {name: request.order.get(name) for name in ("as_node", "checkpoint_id", "label")}
    deed: Deed = "rewind" if _rewinds(request.order) else "edit"
    acts.record(tx, run.id, deed, request.by, status=run.status, keys=keys, **about)
    return changed


def settle_edit(tx: Tx, row: RunRow, notice: dict[str, Any], rules: DeadlineRules = NO_RULES) -> Run:
    """A host has carried out an edit, or says why it has not: the run rests again."""
    run, order, edited = row.run, row.work.edit, notice["edited"]
    refused: dict[str, Any] | None = edited.get("error")
    by = str(order.get("by", ""))
    work = row.work.replace(
        mode="continue",
        stored=str(edited.get("checkpoint_id") or row.work.stored),
        edit={**order, "values": None, "error": refused, "checkpoint_id": edited.get("checkpoint_id")},
        died=[],
        pausing="",
        cancelling="",
    )
    if row.work.cancelling:
        return end_cancelled(tx, RunRow(run, work), row.work.cancelling)
    if not refused:
        supersede_all(tx, run.id, f"the state was edited by {by}")
    asked = [Question.from_json(question) for question in notice.get("questions") or []]
    waiting = reconcile(tx, run, asked, rules)
    status: RunStatus = notice["status"]
    before = order.get("before")
    if refused and before in FINISHED:
        status = before
    if status == "interrupted" and ledger.open_of(tx.conn, run.id):
        status = "queued"
    reason = clean_line((refused or {}).get("message", ""), 300)
    done = f"taken back to an earlier checkpoint by {by}" if _rewinds(order) else f"state edited by {by}"
    changed = run.replace(
        status=status,
        version=run.version + 1,
        ended_at=tx.now if status in FINISHED else None,
        where=sorted({"/".join(filter(None, (item.namespace, item.node))) for item in asked}),
        waiting=waiting,
        error=run.error if status == "error" else None,
        note=f"the edit by {by} was not made: {reason}" if refused else done,
        host_id=None,
    )
    runs.save(tx, changed, work)
    return changed


def _rewinds(order: dict[str, Any]) -> bool:
    """Whether an order only makes an earlier checkpoint the latest once more."""
    return order.get("as_node") == COPY and bool(order.get("checkpoint_id"))
