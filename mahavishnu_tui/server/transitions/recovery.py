"""Runs whose host or server died are taken up again."""

from __future__ import annotations

import dataclasses

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.server.store import Tx, acts, runs, visits
from mahavishnu_tui.server.store.runs import RunRow
from mahavishnu_tui.server.transitions.acts import clocked, end_cancelled, rest, rest_for_disk, stopped


@dataclasses.dataclass(frozen=True)
class HostDeath:
    """A host is gone, and with it the runs that were at work in it."""

    host_id: str
    runs: dict[str, int]
    """The runs it had, with the lease under which it had them."""
    reason: str
    """`engine host died (signal 9)`."""
    blame: bool = True
    """False when we ended it ourselves: then none of its runs can be at fault."""
    limit: int = 3
    """Deaths in a row without a new checkpoint after which a run is given up."""


def recover_all(tx: Tx) -> list[Run]:
    """At the start: every run that was at work when the last server ended is queued again."""
    rows = [
        # How long the server was away is not known; the clock goes on from what was stored.
        RunRow(row.run, row.work.replace(clocked_at=0.0))
        for row in runs.with_status(tx.conn, ["running"])
    ]
    return [_take_up(tx, row, "server restarted; going on from the last checkpoint", None) for row in rows]


def host_died(tx: Tx, death: HostDeath) -> list[Run]:
    """Queue the runs of a dead host again; the ones that keep killing it end with MHV-424."""
    rows = [runs.get(tx.conn, run_id) for run_id in death.runs]
    return [
        _take_up(tx, row, f"{death.reason}; going on from the last checkpoint", death)
        for row in rows
        if row and row.run.status == "running" and row.run.lease == death.runs[row.run.id]
    ]


def park_all(tx: Tx) -> list[Run]:
    """At a clean stop: what did not reach a step boundary in time is left for the next server."""
    return [park(tx, row) for row in runs.with_status(tx.conn, ["running"])]


def park(tx: Tx, row: RunRow) -> Run:
    """Back into the queue, without anything having died."""
    visits.close(tx, row.run.id, "lost")
    if row.work.moving:
        return _queue_again(tx, row, "moves to another host")
    return _queue_again(tx, row, "server stopped; goes on when it starts again")


def unclaim(tx: Tx, run_id: str, lease: int, note: str, skip: int = 0) -> bool:
    """Take a run back from a host that has not taken it up; whether this dispatch was still ours.

    Args:
        skip: leases to leave out, when the checkpoint file knows of later ones than we do.
    """
    row = runs.require(tx.conn, run_id)
    if row.run.status != "running" or row.run.lease != lease:
        return False
    visits.close(tx, run_id, "lost")
    if skip:
        runs.raise_lease(tx, row.run.thread_id, skip)
    _queue_again(tx, row, note)
    return True


def fail(tx: Tx, run_id: str, error: MahavishnuError, lease: int | None = None) -> Run | None:
    """End a run that cannot be brought to work; None when it is not queued, or not at this lease."""
    row = runs.require(tx.conn, run_id)
    expected = "queued" if lease is None else "running"
    if row.run.status != expected or (lease is not None and row.run.lease != lease):
        return None
    return _give_up(tx, row, error)


def hold_for_disk(tx: Tx, run_id: str, lease: int, error: MahavishnuError) -> Run | None:
    """Pause a run that its host could not take, as the disk is full; None when it is another dispatch."""
    row = runs.require(tx.conn, run_id)
    if row.run.status != "running" or row.run.lease != lease:
        return None
    return rest_for_disk(tx, row, error.message)


def move(tx: Tx, leases: dict[str, int], host_id: str, by: str, why: str) -> list[Run]:
    """These dispatches are to end at the next step boundary and go on in another host; those that are.

    Args:
        tx: the change.
        leases: the lease of each run.
        host_id: where they are at work now.
        by: who drains that host.
        why: in words.
    """
    moved: list[Run] = []
    for run_id, lease in leases.items():
        row = runs.get(tx.conn, run_id)
        if row and row.run.status == "running" and row.run.lease == lease and not row.work.moving:
            run = row.run.replace(note=f"moves to another host at its next step boundary: {why}")
            runs.save(tx, run, row.work.replace(moving=why))
            acts.record(tx, run_id, "move", by, host=host_id, why=why)
            moved.append(run)
    return moved


def keep_time(tx: Tx) -> None:
    """Store how long the runs at work have worked: a server that is killed takes little of it along."""
    for row in runs.with_status(tx.conn, ["running"]):
        runs.save_work(tx, row.run.id, clocked(row.work, tx.now))


def load_died(tx: Tx, run_id: str, error: MahavishnuError, limit: int) -> Run | None:
    """A host died while it loaded the code of a queued run: it stays queued, but not for ever."""
    row = runs.require(tx.conn, run_id)
    if row.run.status != "queued":
        return None
    work = row.work.replace(died=[*row.work.died, row.run.lease])
    if work.deaths >= limit:
        return _give_up(tx, RunRow(row.run, work), error)
    run = row.run.replace(note="engine host died while it loaded the code; trying again")
    runs.save(tx, run, work)
    return run


def _take_up(tx: Tx, row: RunRow, note: str, death: HostDeath | None) -> Run:
    visits.close(tx, row.run.id, "cancelled" if row.work.cancelling else "lost")
    if row.work.cancelling:
        return end_cancelled(tx, row, row.work.cancelling)
    if row.work.pausing:
        return rest(tx, row, row.work.pausing)
    if row.work.overdue and death:
        return _give_up(tx, row, MahavishnuError.from_json(row.work.overdue))
    if death and death.blame:
        row = RunRow(row.run, row.work.replace(died=[*row.work.died, row.run.lease]))
        if row.work.deaths >= death.limit:
            lost = visits.last_lost(tx.conn, row.run.id, min(row.work.died) - 1)
            return _give_up(tx, row, _killer(row, lost, death))
    recovered = RunRow(row.run.replace(recoveries=row.run.recoveries + 1), row.work)
    return _queue_again(tx, recovered, note)


def _queue_again(tx: Tx, row: RunRow, note: str) -> Run:
    run = row.run.replace(
        status="queued", version=row.run.version + 1, note=note, where=[], host_id=None, displaced=True
    )
    runs.save(tx, run, stopped(row.work, tx.now))
    return run


def _give_up(tx: Tx, row: RunRow, error: MahavishnuError) -> Run:
    node = error.details.get("node")
    run = row.run.replace(
        status="error",
        version=row.run.version + 1,
        ended_at=tx.now,
        error=error.to_json(),
        note="",
        where=[str(node)] if node else [],
        host_id=None,
    )
    work = stopped(row.work, tx.now).replace(pausing="", cancelling="", moving="", overdue=None, died=[])
    runs.save(tx, run, work)
    return run


def _killer(row: RunRow, lost: list[str], death: HostDeath) -> MahavishnuError:
    # A host that dies at once has no time to say which node began; then it is one that was due.
    nodes = lost or row.work.next
    at_work = f"while {', '.join(nodes)} was at work" if nodes else "before any node began"
    return MahavishnuError(
        ErrorCode.HOST_DIED,
        f"The engine host died {row.work.deaths} times in a row {at_work} ({death.reason}).",
        "Look for a crash, an out-of-memory kill or os._exit() there; the host's log has its last words. "
        "Then resume the run.",
        node=nodes[0] if nodes else "",
        host=death.host_id,
    )
