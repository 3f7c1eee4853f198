"""What was read from a LangGraph server, brought into the store: one thread, or one assistant, per change."""

from __future__ import annotations

import dataclasses
import sqlite3
from typing import Any

from mahavishnu_tui.models import ErrorCode, MahavishnuError, NodeVisit, Question, Run, Workflow
from mahavishnu_tui.models.run import FINISHED, STALE, RunStatus, VisitOutcome
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.names import new_name
from mahavishnu_tui.server.remote import reading
from mahavishnu_tui.server.remote.reading import ANSWERS_KEY, INTENT_KEY, Part, items, mapping
from mahavishnu_tui.server.remote.visits import numbered, visits
from mahavishnu_tui.server.store import Tx, approvals, elsewhere, ledger, runs, workflows
from mahavishnu_tui.server.store import visits as path_record
from mahavishnu_tui.server.store.runs import RunRow, Work
from mahavishnu_tui.server.transitions.questions import give_back, mark_applied, reconcile, supersede_all

_LEFT_OPEN: dict[str, VisitOutcome] = {"cancelled": "cancelled", "error": "cancelled"}

_ENDED: dict[str, RunStatus] = {"error": "error", "timeout": "error", "interrupted": "cancelled"}


@dataclasses.dataclass(frozen=True)
class ThreadView:
    """All that was read of a thread in one turn."""

    id: str
    status: str
    """`idle`, `busy`, `interrupted` or `error`."""
    updated_at: str
    parts: list[Part]
    """Its runs, oldest first."""
    head: dict[str, Any] | None = None
    """Its state now, subgraphs included; None when it was not asked for."""
    history: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    inner: dict[str, list[dict[str, Any]]] = dataclasses.field(default_factory=dict)
    """The histories of its subgraphs, by `outer/inner`."""


def chains(parts: list[Part]) -> list[list[Part]]:
    """Runs of that server as runs of ours: what goes on with an earlier one belongs to it."""
    found: list[list[Part]] = []
    for part in parts:
        if found and part.goes_on:
            found[-1].append(part)
        else:
            found.append([part])
    return found


def workflow_id(server: str, assistant_id: str) -> str:
    """Our id of an assistant."""
    return workflows.workflow_id(f"langgraph-server {server}", assistant_id)


def take_workflow(tx: Tx, workflow: Workflow) -> bool:
    """Remember an assistant, if it is new or has changed; whether it has."""
    known = workflows.get(tx.conn, workflow.id)
    if known is not None and known[0] == workflow.replace(registered_at=known[0].registered_at):
        return False
    workflows.save(tx, workflow, "")
    return True


def take_thread(tx: Tx, server: str, view: ThreadView, epoch: str) -> list[Run]:
    """Make runs, path and inbox say what the thread is at; the runs that changed."""
    changed = []
    families = chains(view.parts)
    for family in families:
        row = _known(tx, server, view, family)
        if row is None:
            continue
        for part in family:
            elsewhere.add_part(tx, server, part.id, row.run.id)
        run = _take_run(tx, row, view, family, newest=family is families[-1], epoch=epoch)
        if run is not None:
            changed.append(run)
    elsewhere.mark_seen(tx, server, view.id, view.updated_at)
    return changed


def take_loss(tx: Tx, server: str, note: str) -> None:
    """Say of every unfinished run that what is shown of it is old; an empty note: that it no longer is."""
    for row in elsewhere.unfinished(tx.conn, server):
        stale = row.run.note.startswith(STALE)
        if note and row.run.note != note and not stale:
            runs.save(tx, row.run.replace(note=note))
        elif not note and stale:
            runs.save(tx, row.run.replace(note=""))


def take_settings(tx: Tx, watched: set[str]) -> None:
    """Say of the runs on servers that left the settings that nobody looks at them any more."""
    for name in elsewhere.servers(tx.conn) - watched:
        take_loss(tx, name, f"{STALE}: {name} is not in langgraph.servers any more")


def take_end(tx: Tx, run_id: str, note: str) -> Run | None:
    """A run, or its whole thread, is no longer there."""
    row = runs.require(tx.conn, run_id)
    if row.run.status in FINISHED:
        return None
    path_record.close(tx, run_id, "lost")
    supersede_all(tx, run_id, note)
    run = row.run.replace(
        status="cancelled", version=row.run.version + 1, ended_at=tx.now, where=[], waiting=0, note=note
    )
    runs.save(tx, run, row.work.replace(intent="", cancelling=""))
    return run


def _known(tx: Tx, server: str, view: ThreadView, family: list[Part]) -> RunRow | None:
    """Our run for a chain of runs there; made when it is new. None for an assistant that we do not know."""
    for part in family:
        run_id = elsewhere.run_with(tx.conn, server, part.id) or _ours(tx.conn, part, view.id)
        if run_id and (row := runs.get(tx.conn, run_id)) is not None:
            return row
    first = family[0]
    found = workflows.get(tx.conn, workflow_id(server, first.assistant_id))
    if found is None:
        return None
    run = Run(
        id=f"{server}.{first.id}",
        name=new_name(lambda name: runs.name_taken(tx.conn, name)),
        thread_id=view.id,
        workflow_id=found[0].id,
        workflow=found[0].name,
        status="queued",
        created_at=first.created_at or tx.now,
        engine=elsewhere.ENGINE,
        created_by=clean_line(first.metadata.get("created_by") or "", 80),
    )
    work = Work(mode="continue")
    runs.insert(tx, run, work, given=first.given, config={}, request_id=None)
    return RunRow(run, work)


def _ours(conn: sqlite3.Connection, part: Part, thread_id: str) -> str:
    """Our id of the run for which we have sent an order; only a run of the same thread counts."""
    run_id = str(part.metadata.get(INTENT_KEY) or "").partition("/")[0]
    row = runs.get(conn, run_id) if run_id else None
    ours = row is not None and row.run.engine == elsewhere.ENGINE and row.run.thread_id == thread_id
    return row.run.id if row is not None and ours else ""


def _take_run(
    tx: Tx, row: RunRow, view: ThreadView, family: list[Part], *, newest: bool, epoch: str
) -> Run | None:
    before, last = row.run, family[-1]
    if not newest and before.status in FINISHED and before.lease == len(family) and before.visits:
        return None
    sent = {str(part.metadata.get(INTENT_KEY) or "") for part in family}
    work = row.work.replace(intent="") if row.work.intent in sent else row.work
    if work.intent:
        # An order of ours is still on its way; what is there is not yet what was asked for.
        return None
    if _given_up(before, family):
        return None
    head = view.head if newest else None
    asked = reading.questions(head) if head and last.status == "success" else []
    status = _status(view, last, asked, newest=newest, head=head)
    found = _path(before.id, family, view, newest=newest)
    count = _take_visits(tx, before.id, found) if found else before.visits
    if not last.active and found:
        path_record.close(tx, before.id, _LEFT_OPEN.get(status, "lost"))
    waiting = _take_questions(tx, before, view, family, status, asked, known=newest, epoch=epoch)
    if status == "interrupted" and not waiting and ledger.open_of(tx.conn, before.id):
        status = "queued"
    error = _error(view, head) if status == "error" else None
    run = before.replace(
        status=status,
        started_at=_started(family),
        ended_at=last.updated_at if status in FINISHED else None,
        where=_where(found, status, asked, error),
        step=max((visit.step for visit in found), default=before.step),
        visits=max(count, before.visits),
        lease=len(family),
        waiting=waiting if status in ("interrupted", "queued", "running") else 0,
        error=error,
        note=_note(before, work, status),
    )
    if head is not None and status in FINISHED:
        values, truncated = reading.bounded(head.get("values"))
        runs.save_result(tx, run.id, values, truncated)
    if status in FINISHED or status == "interrupted":
        work = work.replace(cancelling="")
    if run == before and work == row.work:
        return None
    if (run.status, run.waiting, run.lease) != (before.status, before.waiting, before.lease):
        run = run.replace(version=before.version + 1)
    runs.save(tx, run, work)
    return run


def _given_up(run: Run, family: list[Part]) -> bool:
    """Whether a deadline has ended the run here, and nothing has happened there since; it still asks."""
    code = (run.error or {}).get("code")
    return run.status == "error" and code == ErrorCode.HUMAN_TIMEOUT.value and run.lease == len(family)


def _status(
    view: ThreadView, last: Part, asked: list[Question], *, newest: bool, head: dict[str, Any] | None
) -> RunStatus:
    if last.active:
        return "queued" if last.status == "pending" else "running"
    if last.status in _ENDED:
        return _ENDED[last.status]
    if newest and (asked or (head is None and view.status == "interrupted")):
        return "interrupted"
    return "success"


def _started(family: list[Part]) -> float | None:
    return family[0].created_at if family[0].status != "pending" else None


def _path(run_id: str, family: list[Part], view: ThreadView, *, newest: bool) -> list[NodeVisit]:
    found = visits(run_id, family, view.history, newest=newest)
    for namespace, history in view.inner.items():
        found += visits(run_id, family, history, namespace=namespace, newest=newest)
    return numbered(found)


def _take_visits(tx: Tx, run_id: str, found: list[NodeVisit]) -> int:
    """Save the visits that differ from what is stored; the highest number."""
    known = {visit.number: visit for visit in path_record.all_of(tx.conn, run_id)}
    for visit in found:
        before, now = known.get(visit.number), visit
        if before is not None and (before.outcome, visit.outcome) == ("withdrawn", "interrupted"):
            now = visit.replace(outcome="withdrawn")
        if before is not None and before.outcome == now.outcome and before.task_id == visit.task_id:
            # When a sibling ended, while its step goes on, is told by nobody: the first look at it stays.
            now = now.replace(ended_at=before.ended_at)
        if before != now:
            path_record.save(tx, now)
    return max([*known, len(found)])


def _take_questions(
    tx: Tx,
    run: Run,
    view: ThreadView,
    family: list[Part],
    status: RunStatus,
    asked: list[Question],
    *,
    known: bool,
    epoch: str,
) -> int:
    """Bring inbox and ledger up to date; how many questions are pending."""
    carried = carried_by(family, epoch)
    active = family[-1].active
    if status == "interrupted" and view.head is None:
        # What it asks could not be read: what is known stays.
        return approvals.pending_of(tx.conn, run.id)
    pending = {question.interrupt_id: question.hash for question in asked}
    for opened in ledger.open_of(tx.conn, run.id):
        entry = opened.entry
        if entry.seq not in carried or active:
            continue
        if pending.get(entry.interrupt_id) == entry.question_hash:
            give_back(tx, run.id, [entry.interrupt_id], "the graph asks the same question again")
        else:
            mark_applied(tx, run.id, [entry.interrupt_id], _after(view, family, entry.checkpoint_id))
    if status in FINISHED:
        supersede_all(tx, run.id, "the run ended without it" if known else "its thread went on without it")
        return 0
    if active:
        # Somebody else answered there: what that run carries is no longer asked.
        _supersede_taken(tx, run, family[-1])
        return approvals.pending_of(tx.conn, run.id)
    return reconcile(tx, run, asked, asked_at=family[-1].updated_at)


def _after(view: ThreadView, family: list[Part], checkpoint: str) -> str:
    """The first checkpoint that this run of ours made after another one; empty where that is not known."""
    ours = {part.id for part in family}
    led_to = [
        state
        for state in view.history
        if reading.parent_id(state) == checkpoint and reading.run_of(state) in ours
    ]
    return reading.checkpoint_id(led_to[0]) if led_to else ""


def _supersede_taken(tx: Tx, run: Run, part: Part) -> None:
    for approval in approvals.of_run(tx.conn, run.id):
        if approval.status == "pending" and part.answered(approval.interrupt_id):
            approvals.save(tx, approval.replace(status="superseded"))


def carried_by(family: list[Part], epoch: str) -> set[int]:
    """The ledger entries of this database that runs of that server carry."""
    found = set[int]()
    for part in family:
        owner, _, numbers = str(part.metadata.get(ANSWERS_KEY) or "").partition(":")
        if owner == epoch:
            found |= {int(number) for number in numbers.split(",") if number.isdigit()}
    return found


def _where(
    found: list[NodeVisit], status: RunStatus, asked: list[Question], error: dict[str, Any] | None
) -> list[str]:
    if status == "interrupted":
        return sorted({"/".join(filter(None, (item.namespace, item.node))) for item in asked})
    if status == "running":
        return sorted({visit.path for visit in found if visit.outcome == "running"})
    node = (error or {}).get("node")
    return [str(node)] if node else []


def _note(before: Run, work: Work, status: RunStatus) -> str:
    if status == "cancelled":
        return f"cancelled by {work.cancelling}" if work.cancelling else before.note or "cancelled there"
    if work.cancelling and status in ("queued", "running"):
        return before.note
    return ""


def _error(view: ThreadView, head: dict[str, Any] | None) -> dict[str, Any]:
    """Why a run failed, as far as that server tells."""
    failed = next((task for task in items((head or {}).get("tasks")) if task.get("error")), None)
    node = str(failed.get("name") or "") if failed else ""
    said = clean_line(failed.get("error") if failed else mapping(head).get("error") or "", 400)
    where = f"Node {clean_line(node, 80)} failed" if node else "It failed"
    return MahavishnuError(
        ErrorCode.NODE_FAILED,
        f"{where}: {said}." if said else f"{where}; its server does not say why.",
        "Mend the cause there, then resume it to retry from the node that failed.",
        node=node,
    ).to_json()
