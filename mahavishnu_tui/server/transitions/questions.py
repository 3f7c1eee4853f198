"""Questions come, go and are answered."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from mahavishnu_tui import schemas
from mahavishnu_tui.models import (
    Approval,
    DeadlineRules,
    ErrorCode,
    LedgerEntry,
    MahavishnuError,
    Question,
    Run,
    replies,
)
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store import Tx, acts, approvals, ledger, runs, texts, visits

NO_RULES = DeadlineRules()


def answer(tx: Tx, approval_id: str, *, seen: str, value: Json, by: str, comment: str) -> LedgerEntry:
    """Put an answer into the ledger and its run back into the queue, or refuse it.

    The same answer by the same person again is the entry that exists: its client lost our reply.

    Args:
        seen: hash of the question that the operator was shown.

    Raises:
        MahavishnuError: MHV-103 unknown, MHV-104 the question is another one now, MHV-105 answered,
            MHV-106 the answer cannot be one to this question; `problems` says what is wrong, place by place.
    """
    approval = approvals.require(tx.conn, approval_id)
    if approval.status in ("answered", "applied"):
        return _answered_before(tx, approval, seen, value, by)
    refuse_changed(approval, seen)
    refuse_misfit(approval, value)
    entry = ledger.append(
        tx,
        LedgerEntry(
            seq=0,
            approval_id=approval.id,
            run_id=approval.run_id,
            run_name=approval.run_name,
            interrupt_id=approval.interrupt_id,
            node=approval.node,
            question=approval.value,
            question_hash=approval.hash,
            answer=value,
            by=by,
            at=tx.now,
            checkpoint_id=approval.checkpoint_id,
            comment=comment,
            workflow=approval.workflow,
            namespace=approval.namespace,
            thread_id=approval.thread_id,
            asked_at=approval.asked_at,
        ),
    )
    others = approval.holder(tx.now)
    acts.record(
        tx,
        approval.run_id,
        "answer",
        by,
        ledger=entry.seq,
        node=approval.node,
        comment=comment,
        claimed_by=others if others != by else "",
    )
    approvals.save(
        tx,
        approval.replace(
            status="answered",
            answer=value,
            answered_by=by,
            answered_at=tx.now,
            comment=comment,
            ledger=entry.seq,
            claimed_by="",
            claim_until=None,
        ),
    )
    _wake(tx, approval.run_id, f"answered by {by}")
    texts.note_answer(tx, runs.require(tx.conn, approval.run_id).run)
    return entry


def refuse_misfit(approval: Approval, value: Json) -> None:
    """Raise MHV-106 for an answer that neither the kind of the question nor its schema allows."""
    wrong = replies.problems(approval.kind, approval.value, approval.schema, value)
    if not wrong and approval.schema is not None:
        wrong = schemas.problems(value, approval.schema)
    if wrong:
        raise MahavishnuError(
            ErrorCode.ANSWER_INVALID,
            wrong[0].sentence(),
            "Nothing was answered; the question is still open.",
            problems=[{"path": list(item.path), "message": item.message} for item in wrong],
        )


def reconcile(
    tx: Tx,
    run: Run,
    asked: Iterable[Question],
    rules: DeadlineRules = NO_RULES,
    asked_at: float | None = None,
) -> int:
    """Make the inbox say what the run's stored checkpoint asks; how many questions are pending.

    A question that is answered already, and not yet applied, stays answered. A new one is asked now, or
    at `asked_at`.
    """
    known = {approval.id: approval for approval in approvals.of_run(tx.conn, run.id)}
    pending = set[str]()
    for question in asked:
        approval_id = f"{run.id}.{question.interrupt_id}"
        pending.add(approval_id)
        before = known.get(approval_id)
        if before and before.status in ("pending", "answered") and before.hash == question.hash:
            continue
        if before and before.status == "answered":
            void_answers(tx, run.id, "the question changed before the graph took it", {question.interrupt_id})
        approvals.save(
            tx, _approval(tx, run, approval_id, question, rules, question.asked_at or asked_at or tx.now)
        )
    for approval in known.values():
        if approval.status == "pending" and approval.id not in pending:
            approvals.save(tx, approval.replace(status="superseded"))
    return approvals.pending_of(tx.conn, run.id)


def supersede_all(tx: Tx, run_id: str, why: str) -> None:
    """The run goes on or ends without its questions, and without the answers it has not taken."""
    void_answers(tx, run_id, why)
    withdrawn = [item for item in approvals.of_run(tx.conn, run_id) if item.status in ("pending", "answered")]
    for approval in withdrawn:
        approvals.save(tx, approval.replace(status="superseded"))
    if withdrawn:
        visits.withdraw(tx, run_id)


def void_answers(tx: Tx, run_id: str, why: str, only: set[str] | None = None) -> None:
    """Mark open answers as never to be applied; `only` names interrupt ids."""
    for opened in ledger.open_of(tx.conn, run_id):
        if only is None or opened.entry.interrupt_id in only:
            ledger.mark_void(tx, opened.entry, why)


def mark_applied(tx: Tx, run_id: str, interrupt_ids: Iterable[str], checkpoint_id: str = "") -> None:
    """The graph went on with the answers to these questions; `checkpoint_id` is the first one after it."""
    wanted = set(interrupt_ids)
    for opened in ledger.open_of(tx.conn, run_id):
        if opened.entry.interrupt_id not in wanted:
            continue
        ledger.mark_applied(tx, opened.entry, checkpoint_id)
        approval = approvals.get(tx.conn, opened.entry.approval_id)
        if approval and approval.ledger == opened.entry.seq:
            approvals.save(tx, approval.replace(status="applied"))


def give_back(tx: Tx, run_id: str, interrupt_ids: Iterable[str], why: str) -> None:
    """These answers were not taken: void, and their questions open again until the host tells more."""
    wanted = set(interrupt_ids)
    void_answers(tx, run_id, why, wanted)
    for approval in approvals.of_run(tx.conn, run_id):
        if approval.interrupt_id in wanted and approval.status == "answered":
            approvals.save(
                tx,
                approval.replace(
                    status="pending",
                    answer=None,
                    answered_by="",
                    answered_at=None,
                    comment="",
                    ledger=0,
                    deadline=tx.now + approval.timeout if approval.timeout else _expiry(approval),
                ),
            )


def _wake(tx: Tx, run_id: str, note: str) -> None:
    run = runs.require(tx.conn, run_id).run
    run = run.replace(waiting=approvals.pending_of(tx.conn, run_id), version=run.version + 1)
    if run.status == "interrupted":
        run = run.replace(status="queued", note=note, queued_at=tx.now)
    runs.save(tx, run)


def _approval(
    tx: Tx, run: Run, approval_id: str, question: Question, rules: DeadlineRules, asked_at: float
) -> Approval:
    rule = rules.of(run.workflow, question.value, tx.now)
    asked = Approval(
        id=approval_id,
        run_id=run.id,
        run_name=run.name,
        workflow=run.workflow,
        thread_id=run.thread_id,
        interrupt_id=question.interrupt_id,
        node=question.node,
        namespace=question.namespace,
        value=question.value,
        hash=question.hash,
        asked_at=asked_at,
        kind=question.kind,
        schema=question.schema,
        checkpoint_id=question.checkpoint_id,
        truncated=question.truncated,
        deadline=tx.now + rule.seconds if rule.seconds else None,
        on_timeout=rule.on_timeout if rule.seconds else "",
        default=rule.default if rule.seconds else None,
        timeout=rule.seconds,
    )
    if question.expires_at is None:
        return asked
    return asked.replace(deadline=question.expires_at, on_timeout="engine", default=None, timeout=0.0)


def _expiry(approval: Approval) -> float | None:
    """The deadline that is the engine's own: it passes whatever we do."""
    return approval.deadline if approval.on_timeout == "engine" else None


def _answered_before(tx: Tx, approval: Approval, seen: str, value: Json, by: str) -> LedgerEntry:
    entry = ledger.get(tx.conn, approval.ledger)
    if entry and (entry.by, entry.question_hash) == (by, seen) and _same(entry.answer, value):
        return entry
    who, when = clean_line(approval.answered_by, 80), _clock(approval.answered_at or tx.now)
    raise MahavishnuError(
        ErrorCode.ALREADY_ANSWERED,
        f"The question of {approval.run_name} was answered by {who} at {when}.",
        "Nothing was changed; the ledger has the answer.",
        ledger=approval.ledger,
        answered_by=approval.answered_by,
        answered_at=approval.answered_at,
    )


def refuse_changed(approval: Approval, seen: str) -> None:
    """Raise MHV-104 when the question is not, or no longer, the open one with the hash `seen`."""
    if approval.status == "superseded":
        raise MahavishnuError(
            ErrorCode.QUESTION_CHANGED,
            f"{approval.run_name} no longer asks this question.",
            "Nothing was changed; the run went on or ended without it.",
            status=approval.status,
        )
    if approval.hash != seen:
        raise MahavishnuError(
            ErrorCode.QUESTION_CHANGED,
            f"The question of {approval.run_name} is not the one that you were shown.",
            "Nothing was changed; read the question again, then answer.",
            status=approval.status,
            hash=approval.hash,
        )


def _same(one: Json, other: Json) -> bool:
    return codec.dumps(one) == codec.dumps(other)


def _clock(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
