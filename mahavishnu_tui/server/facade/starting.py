"""An order becomes a run, by the same transitions as everybody's: one change of `engine.db`."""

from __future__ import annotations

import dataclasses
import uuid

from mahavishnu_tui.models import Approval, ErrorCode, Run, Workflow
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.facade import wire
from mahavishnu_tui.server.facade.ids import assistant_id, find_assistant, is_uuid
from mahavishnu_tui.server.facade.orders import BY, RunOrder
from mahavishnu_tui.server.facade.refusals import conflict, missing, unprocessable
from mahavishnu_tui.server.facade.telling import AGAIN, LAST, Cursor
from mahavishnu_tui.server.store import Tx, agent, approvals, runs
from mahavishnu_tui.server.transitions import acts, questions
from mahavishnu_tui.server.transitions.start import StartOrder, start_run


@dataclasses.dataclass(frozen=True)
class Begun:
    """A run that was started or goes on."""

    run: Run
    given: agent.Given
    since: Cursor
    """Where its story begins, for a stream that starts now."""


def begin(tx: Tx, order: RunOrder, thread_id: str | None) -> Begun:
    """Start a run, answer what it asks, or go on with it.

    Raises:
        MahavishnuError: 404 no such thread or assistant, 409 the thread is not in a state for it, 422.
    """
    workflow = find_assistant(tx.conn, order.assistant)
    earlier = runs.by_request(tx.conn, order.request_id) if order.request_id else None
    if earlier is not None:
        return _begun(tx, earlier)
    if thread_id is None:
        if order.resumes or order.checkpoint_id:
            raise unprocessable("Without a thread there is nothing to go on with.", "Name the thread.")
        return _start(tx, order, workflow, str(uuid.uuid4()))
    thread = _thread(tx, order, workflow, thread_id)
    if order.resumes:
        return _go_on(tx, _answered(tx, order, _same(workflow, _holder(tx, thread))))
    if order.checkpoint_id:
        run = _same(workflow, _newest(thread))
        acts.resume(tx, run.id, BY, order.checkpoint_id)
        return _go_on(tx, run, LAST)
    if order.given is None and thread.newest is not None:
        return _go_on(tx, _continued(tx, _same(workflow, _holder(tx, thread))))
    agent.merge(tx, thread, {"graph_id": workflow.name, "assistant_id": assistant_id(workflow.id)})
    return _start(tx, order, workflow, thread.id)


def _thread(tx: Tx, order: RunOrder, workflow: Workflow, thread_id: str) -> agent.Thread:
    thread = agent.get(tx.conn, thread_id)
    if thread is None:
        is_uuid(thread_id, "thread")
        if not order.create_thread:
            raise missing("Thread or assistant not found.")
        agent.create(tx, thread_id, {"graph_id": workflow.name})
        thread = agent.get(tx.conn, thread_id)
        assert thread is not None
    return thread


def _start(tx: Tx, order: RunOrder, workflow: Workflow, thread_id: str) -> Begun:
    holder = runs.unfinished_on(tx.conn, thread_id)
    if holder is not None and holder.status in ("interrupted", "paused"):
        raise conflict(
            ErrorCode.THREAD_BUSY,
            f"Run {holder.name} on this thread waits"
            + (" for an answer." if holder.waiting else " to be resumed."),
            "Resume it (`command: {resume: …}`) or cancel it; new input would throw its question away.",
        )
    run = start_run(
        tx,
        StartOrder(
            workflow_id=workflow.id,
            given=order.given,
            by=BY,
            thread_id=thread_id,
            request_id=order.request_id,
            tags=order.tags,
            config=order.config,
            behind=order.multitask == "enqueue",
        ),
    )
    given = agent.Given(order.metadata, order.kwargs, order.multitask)
    agent.remember(tx, run.id, given)
    return Begun(run, given, Cursor())


def _answered(tx: Tx, order: RunOrder, run: Run) -> Run:
    """Put the answers into the ledger; an answer that names no question goes to the only one there is."""
    asked = approvals.of_run(tx.conn, run.id)
    by_id = order.answers
    if by_id is not None:
        latest = {item.interrupt_id: item for item in asked}
        for interrupt_id, value in by_id.items():
            if interrupt_id not in latest:
                raise conflict(
                    ErrorCode.QUESTION_CHANGED, f"Run {run.name} has asked no question {interrupt_id!r}."
                )
            _answer(tx, latest[interrupt_id], value)
        return run
    pending = wire.pending(asked)
    if len(pending) > 1:
        ids = ", ".join(item.interrupt_id for item in pending[:10])
        raise conflict(
            ErrorCode.QUESTION_CHANGED,
            f"Run {run.name} asks {len(pending)} questions, and the answer names none of them.",
            f"Resume with a map from interrupt id to answer: {ids}.",
        )
    if pending:
        _answer(tx, pending[0], order.resume)
    elif not _only_stopped(asked):
        _refuse_unless_repeated(run, asked, order)
    else:
        return _continued(tx, run)
    return run


def _answer(tx: Tx, approval: Approval, value: object) -> None:
    questions.answer(tx, approval.id, seen=approval.hash, value=value, by=BY, comment="")


def _refuse_unless_repeated(run: Run, asked: list[Approval], order: RunOrder) -> None:
    """An answer that came before, of which the client has lost our reply, is no mistake."""
    mine = [item for item in asked if item.status == "answered" and item.answered_by == BY]
    if not any(codec.dumps(item.answer) == codec.dumps(order.resume) for item in mine):
        raise conflict(ErrorCode.QUESTION_CHANGED, f"Run {run.name} waits for no answer: it is {run.status}.")


def _continued(tx: Tx, run: Run) -> Run:
    """Go on past a breakpoint, after a pause, a failure or a cancellation."""
    asked = approvals.of_run(tx.conn, run.id)
    stops = [item for item in asked if item.status == "pending" and item.kind == "breakpoint"]
    if stops and not wire.pending(asked):
        for stop in stops:
            _answer(tx, stop, True)
        return run
    return acts.resume(tx, run.id, BY, "")


def _only_stopped(asked: list[Approval]) -> bool:
    return any(item.status == "pending" and item.kind == "breakpoint" for item in asked)


def _holder(tx: Tx, thread: agent.Thread) -> Run:
    return runs.unfinished_on(tx.conn, thread.id) or _newest(thread)


def _newest(thread: agent.Thread) -> Run:
    if thread.newest is None:
        raise conflict(
            ErrorCode.RUN_STATE, "Nothing has run on this thread yet.", "Start a run on it with `input`."
        )
    return thread.newest


def _same(workflow: Workflow, run: Run) -> Run:
    if run.workflow_id != workflow.id:
        raise unprocessable(
            f"Run {run.name} of this thread belongs to assistant {run.workflow!r}, not to {workflow.name!r}."
        )
    return run


def _begun(tx: Tx, run: Run) -> Begun:
    return Begun(run, agent.given_with(tx.conn, run.id), Cursor())


def _go_on(tx: Tx, run: Run, ordinal: int = AGAIN) -> Begun:
    row = runs.require(tx.conn, run.id)
    since = Cursor(row.work.stored, ordinal) if row.work.stored else Cursor()
    return Begun(row.run, agent.given_with(tx.conn, run.id), since)
