"""What operators want of runs on a LangGraph server, committed before anything is sent."""

from __future__ import annotations

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.edit import COPY, StateEdit
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.remote.reading import Part
from mahavishnu_tui.server.store import Tx, elsewhere, ledger, runs
from mahavishnu_tui.server.store import acts as audit
from mahavishnu_tui.server.transitions import acts
from mahavishnu_tui.server.transitions.questions import give_back


def order_cancel(tx: Tx, run_id: str, by: str, version: int | None) -> Run:
    """Remember that a run there must be cancelled; one that was never sent is cancelled at once.

    Raises:
        MahavishnuError: MHV-101 it has ended or changed, MHV-452 it waits for an answer.
    """
    row = runs.require(tx.conn, run_id)
    acts.refuse_cancel(row.run, version)
    if row.run.status == "interrupted" and not row.work.intent:
        raise not_offered(
            row.run,
            "cancel a run that only waits for an answer",
            "Answer it, or start a new run on its thread.",
        )
    audit.record(tx, run_id, "cancel", by, status=row.run.status, where=row.run.where, how="now")
    if row.work.intent:
        return acts.end_cancelled(tx, row, by)
    run = row.run.replace(note=f"cancelling, asked by {by}", version=row.run.version + 1)
    runs.save(tx, run, row.work.replace(cancelling=by))
    return run


def order_resume(tx: Tx, run_id: str, by: str, checkpoint_id: str) -> Run:
    """Queue a run there to go on, or to go back to a checkpoint.

    Raises:
        MahavishnuError: like `acts.resume`.
    """
    run = acts.resume(tx, run_id, by, checkpoint_id)
    row = runs.require(tx.conn, run_id)
    work = row.work.replace(intent=f"{run.id}/{run.version}", mode="fork" if checkpoint_id else "continue")
    runs.save_work(tx, run.id, work)
    return run


def note_edit(tx: Tx, run_id: str, order: StateEdit, by: str, checkpoint_id: str) -> None:
    """That server has changed the state of the run's thread: its open questions are gone."""
    run = runs.require(tx.conn, run_id).run
    keys = sorted(order.values) if isinstance(order.values, dict) else []
    audit.record(
        tx,
        run_id,
        "rewind" if order.as_node == COPY else "edit",
        by,
        status=run.status,
        keys=keys,
        as_node=order.as_node,
        checkpoint_id=checkpoint_id,
        label=order.label,
    )


def confirm(tx: Tx, server: str, run_id: str, intent: str, part: Part) -> bool:
    """That server has taken an order; whether it is still wanted."""
    elsewhere.add_part(tx, server, part.id, run_id)
    row = runs.require(tx.conn, run_id)
    if row.work.intent == intent:
        runs.save_work(tx, run_id, row.work.replace(intent="", mode="continue"))
    return row.run.status not in FINISHED


def refuse(tx: Tx, run_id: str, intent: str, error: MahavishnuError) -> None:
    """That server does not take an order: the run ends with what it said."""
    row = runs.require(tx.conn, run_id)
    if row.work.intent != intent or row.run.status in FINISHED:
        return
    run = row.run.replace(
        status="error",
        version=row.run.version + 1,
        ended_at=tx.now,
        error=error.to_json(),
        note="",
        where=[],
    )
    runs.save(tx, run, row.work.replace(intent=""))


def carried(tx: Tx, server: str, run_id: str, part: Part, turn: int) -> None:
    """That server has a run with the open answers of this one."""
    elsewhere.add_part(tx, server, part.id, run_id)
    ledger.mark_sent(tx, run_id, turn)


def give_back_answers(tx: Tx, run_id: str, interrupt_ids: list[str], why: str) -> None:
    """These answers were not sent, or not taken: void, their questions open again until more is known."""
    give_back(tx, run_id, interrupt_ids, why)
    row = runs.require(tx.conn, run_id)
    if row.run.status == "queued" and not row.work.intent:
        note = clean_line(f"an answer was not used: {why}", 300)
        runs.save(
            tx,
            row.run.replace(
                status="interrupted", note=note, version=row.run.version + 1, waiting=len(interrupt_ids)
            ),
        )


def not_offered(run: Run, what: str, hint: str) -> MahavishnuError:
    """MHV-452."""
    return MahavishnuError(
        ErrorCode.REMOTE_NOT_OFFERED,
        f"The server of run {run.name} does not offer to {what}.",
        hint,
        run_id=run.id,
    )
