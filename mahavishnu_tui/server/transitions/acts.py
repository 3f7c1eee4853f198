"""What an operator does to a run: cancel, pause, resume."""

from __future__ import annotations

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.act import Deed
from mahavishnu_tui.models.run import ACTIVE, FINISHED
from mahavishnu_tui.server.store import Tx, acts, runs, visits
from mahavishnu_tui.server.store.runs import RunRow
from mahavishnu_tui.server.transitions.deadlines import restart
from mahavishnu_tui.server.transitions.questions import supersede_all
from mahavishnu_tui.server.transitions.start import refuse_busy_thread


def cancel(tx: Tx, run_id: str, by: str, version: int | None) -> Run:
    """Cancel a run that is not at work; of one that is, remember that its host must be told.

    Raises:
        MahavishnuError: MHV-101 it has ended, or is not at the version its operator saw.
    """
    row = runs.require(tx.conn, run_id)
    run = row.run
    refuse_cancel(run, version)
    acts.record(tx, run.id, "cancel", by, status=run.status, where=run.where)
    if run.status == "running":
        changed = run.replace(note=f"cancelling, asked by {by}", version=run.version + 1)
        runs.save(tx, changed, row.work.replace(cancelling=by))
        return changed
    return end_cancelled(tx, row, by)


def refuse_cancel(run: Run, version: int | None) -> None:
    """Raise MHV-101 for a run that has ended, or is not at the version its operator saw."""
    if run.status in FINISHED:
        raise wrong_state(run, "cancelled")
    if version is not None and version != run.version:
        raise MahavishnuError(
            ErrorCode.RUN_STATE,
            f"Run {run.name} has changed since you looked: it is {_state(run)}.",
            "Nothing was done; look again.",
            status=run.status,
            version=run.version,
        )


def end_cancelled(tx: Tx, row: RunRow, by: str) -> Run:
    """The run is cancelled now; its questions and the answers it has not taken are void."""
    visits.close(tx, row.run.id, "cancelled")
    supersede_all(tx, row.run.id, "the run was cancelled")
    run = row.run.replace(
        status="cancelled",
        version=row.run.version + 1,
        ended_at=tx.now,
        where=[],
        waiting=0,
        note=f"cancelled by {by}",
        host_id=None,
    )
    runs.save(tx, run, row.work.replace(pausing="", cancelling="", died=[]))
    return run


def pause(tx: Tx, run_id: str, by: str) -> Run:
    """Pause a queued run; of one at work, remember that its host must be told.

    Raises:
        MahavishnuError: MHV-101 it waits for an answer, is paused or has ended.
    """
    row = runs.require(tx.conn, run_id)
    run = row.run
    if run.status not in ACTIVE:
        raise wrong_state(run, "paused")
    acts.record(tx, run.id, "pause", by, status=run.status, where=run.where)
    if run.status == "running":
        note = f"pausing at the next step boundary, asked by {by}"
        changed = run.replace(note=note, version=run.version + 1)
        runs.save(tx, changed, row.work.replace(pausing=by))
        return changed
    return rest(tx, row, by)


def rest(tx: Tx, row: RunRow, by: str) -> Run:
    """The run is paused now."""
    run = row.run.replace(
        status="paused", version=row.run.version + 1, note=f"paused by {by}", host_id=None, where=[]
    )
    runs.save(tx, run, row.work.replace(pausing="", died=[]))
    return run


def resume(tx: Tx, run_id: str, by: str, checkpoint_id: str) -> Run:
    """Queue a paused, failed or cancelled run again; with a checkpoint, any run that is not at work.

    Raises:
        MahavishnuError: MHV-101 there is nothing to go on with, MHV-102 another run holds the thread.
    """
    row = runs.require(tx.conn, run_id)
    run = row.run
    waits = run.status == "interrupted" and run.waiting > 0
    if run.status in ACTIVE or (not checkpoint_id and (run.status == "success" or waits)):
        raise wrong_state(run, "resumed")
    refuse_busy_thread(tx, run.thread_id, but=run.id)
    work = row.work.replace(died=[], pausing="", cancelling="")
    if work.mode == "edit":  # it was stopped before its edit was made; that one is not made now
        work = work.replace(mode="continue")
    note = f"resumed by {by}"
    if checkpoint_id:
        supersede_all(tx, run.id, "the run was taken back to an earlier checkpoint")
        work = work.replace(mode="fork", checkpoint_id=checkpoint_id, intent=f"{run.id}/{run.version + 1}")
        note = f"resumed from checkpoint {checkpoint_id} by {by}"
    else:
        refuse_overtaken(tx, run)
    changed = run.replace(
        status="queued",
        version=run.version + 1,
        ended_at=None,
        error=None,
        note=note,
        where=[],
        waiting=0 if checkpoint_id else run.waiting,
    )
    runs.save(tx, changed, work)
    restart(tx, run.id)
    deed: Deed = "fork" if checkpoint_id else "resume" if run.status == "paused" else "retry"
    acts.record(tx, run.id, deed, by, status=run.status, checkpoint=checkpoint_id, at_step=run.step)
    return changed


def refuse_overtaken(tx: Tx, run: Run) -> None:
    """Raise MHV-101: a thread's latest state belongs to its newest run: an older one cannot go on with it."""
    newest = runs.newest_on(tx.conn, run.thread_id)
    if newest.id != run.id:
        raise MahavishnuError(
            ErrorCode.RUN_STATE,
            f"Thread {run.thread_id!r} of run {run.name} has gone on with run {newest.name}.",
            "Start a new run, or resume this one from one of its checkpoints.",
            run_id=newest.id,
        )


def wrong_state(run: Run, wish: str) -> MahavishnuError:
    """MHV-101: a run cannot be `wish` as it is now."""
    hints = {
        "success": "It is done; start a new run, or resume it from a checkpoint.",
        "error": "Resume it to retry from the node that failed.",
        "cancelled": "Resume it to go on.",
        "paused": "Resume it to go on.",
        "interrupted": "Answer its question, cancel it, or resume it from a checkpoint.",
        "queued": "It will start as soon as there is a slot.",
        "running": "Cancel or pause it first.",
    }
    return MahavishnuError(
        ErrorCode.RUN_STATE,
        f"Run {run.name} cannot be {wish}: it is {_state(run)}.",
        hints[run.status],
        status=run.status,
        version=run.version,
    )


def _state(run: Run) -> str:
    return "waiting for an answer" if run.status == "interrupted" and run.waiting else run.status
