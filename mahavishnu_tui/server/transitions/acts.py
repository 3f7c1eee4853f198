"""What an operator does to a run: cancel, pause, resume."""

from __future__ import annotations

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.act import Deed
from mahavishnu_tui.models.run import ACTIVE, FINISHED
from mahavishnu_tui.server.store import Tx, acts, runs, visits
from mahavishnu_tui.server.store.runs import RunRow, Work
from mahavishnu_tui.server.transitions.deadlines import restart
from mahavishnu_tui.server.transitions.questions import supersede_all
from mahavishnu_tui.server.transitions.start import refuse_busy_thread

_LONGEST_SPAN = 60.0
"""Seconds that count as work between two looks at the clock."""


def cancel(tx: Tx, run_id: str, by: str, version: int | None, gently: bool = False) -> Run:
    """Cancel a run that is not at work; of one that is, remember that its host must be told.

    Args:
        gently: at the next step boundary.

    Raises:
        MahavishnuError: MHV-101 it has ended, or is not at the version its operator saw.
    """
    row = runs.require(tx.conn, run_id)
    run = row.run
    refuse_cancel(run, version)
    how = "boundary" if gently and run.status == "running" else "now"
    acts.record(tx, run.id, "cancel", by, status=run.status, where=run.where, how=how)
    if run.status == "running":
        where = ", ".join(run.where)
        waits = f"cancelling: waits for {where or 'the next step boundary'}" if gently else "cancelling"
        changed = run.replace(note=f"{waits}, asked by {by}", version=run.version + 1)
        runs.save(tx, changed, row.work.replace(cancelling=by, gently=gently))
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
        awaits="",
    )
    work = stopped(row.work, tx.now).replace(pausing="", cancelling="", moving="", overdue=None, died=[])
    runs.save(tx, run, work)
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
        changed = run.replace(note=pausing_note(run.where, by), version=run.version + 1)
        runs.save(tx, changed, row.work.replace(pausing=by))
        return changed
    return rest(tx, row, by)


def pausing_note(where: list[str], by: str) -> str:
    """What a run says while it is on its way to a step boundary."""
    waits = f"pausing: waits for {', '.join(where)}" if where else "pausing at the next step boundary"
    return f"{waits}, asked by {by}"


def rest(tx: Tx, row: RunRow, by: str) -> Run:
    """The run is paused now."""
    run = row.run.replace(
        status="paused", version=row.run.version + 1, note=f"paused by {by}", host_id=None, where=[]
    )
    runs.save(tx, run, stopped(row.work, tx.now).replace(pausing="", moving="", died=[]))
    return run


def rest_for_disk(tx: Tx, row: RunRow, message: str) -> Run:
    """The disk is full: the run is paused until it takes writes again."""
    run = row.run.replace(
        status="paused",
        version=row.run.version + 1,
        note=f"paused, goes on by itself when there is room: {message}",
        awaits="disk",
        host_id=None,
        where=[],
    )
    work = stopped(row.work, tx.now).replace(pausing="", moving="", overdue=None, died=[])
    runs.save(tx, run, work)
    return run


def go_on_after_disk(tx: Tx) -> list[Run]:
    """The disk takes writes again: queue every run that was paused because it did not."""
    rows = [row for row in runs.with_status(tx.conn, ["paused"]) if row.run.awaits == "disk"]
    return [_queue(tx, row, "the disk takes writes again", displaced=True) for row in rows]


def set_priority(tx: Tx, run_id: str, priority: str, by: str) -> Run:
    """Change whose turn a run is, now or when it is queued next.

    Raises:
        MahavishnuError: MHV-101 it has ended.
    """
    row = runs.require(tx.conn, run_id)
    if row.run.status in FINISHED:
        raise wrong_state(row.run, "given a priority")
    run = row.run.replace(priority=priority, version=row.run.version + 1)
    if run.status == "queued":
        run = run.replace(note=f"priority {priority}, set by {by}")
    runs.save(tx, run)
    acts.record(tx, run.id, "priority", by, before=row.run.priority, after=priority)
    return run


def stopped(work: Work, now: float) -> Work:
    """What the server remembers once a run is no longer at work: the time it has worked, and no clock."""
    return clocked(work, now).replace(clocked_at=0.0)


def clocked(work: Work, now: float) -> Work:
    """The time at work, brought up to date.

    It is looked at every few seconds: a longer span means that the clock was set, or the machine slept.
    """
    if not work.clocked_at:
        return work
    passed = min(max(0.0, now - work.clocked_at), _LONGEST_SPAN)
    return work.replace(worked=work.worked + passed, clocked_at=now)


def _queue(tx: Tx, row: RunRow, note: str, *, displaced: bool = False) -> Run:
    run = row.run.replace(
        status="queued",
        version=row.run.version + 1,
        note=note,
        awaits="",
        queued_at=tx.now,
        displaced=displaced,
        host_id=None,
        where=[],
    )
    runs.save(tx, run, row.work)
    return run


def resume(tx: Tx, run_id: str, by: str, checkpoint_id: str, recursion_limit: int = 0) -> Run:
    """Queue a paused, failed or cancelled run again; with a checkpoint, any run that is not at work.

    Args:
        recursion_limit: from now on; 0: as before.

    Raises:
        MahavishnuError: MHV-101 there is nothing to go on with, MHV-102 another run holds the thread.
    """
    row = runs.require(tx.conn, run_id)
    run = row.run
    waits = run.status == "interrupted" and run.waiting > 0
    if run.status in ACTIVE or (not checkpoint_id and (run.status == "success" or waits)):
        raise wrong_state(run, "resumed")
    refuse_busy_thread(tx, run.thread_id, but=run.id)
    work = row.work.replace(died=[], pausing="", cancelling="", overdue=None)
    if work.mode == "edit":  # it was stopped before its edit was made; that one is not made now
        work = work.replace(mode="continue")
    if run.status != "paused":
        work = work.replace(worked=0.0)  # somebody decided that it may have its whole time again
    again = visits.unfinished(tx.conn, run.id) or work.next
    note = f"resumed by {by}" + (f"; runs again: {', '.join(again)}" if again else "")
    if recursion_limit:
        config = {**runs.payload(tx.conn, run.id)["config"], "recursion_limit": recursion_limit}
        runs.save_config(tx, run.id, config)
    if checkpoint_id:
        supersede_all(tx, run.id, "the run was taken back to an earlier checkpoint")
        work = work.replace(mode="fork", checkpoint_id=checkpoint_id, intent=f"{run.id}/{run.version + 1}")
        note = f"resumed from checkpoint {checkpoint_id} by {by}"
    else:
        refuse_overtaken(tx, run)
    changed = run.replace(
        status="queued",
        version=run.version + 1,
        queued_at=tx.now,
        displaced=False,
        awaits="",
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
    newest = runs.newest_on(tx.conn, run)
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
