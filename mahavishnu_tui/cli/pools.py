"""`mahavishnu pool list|health`: where runs of all engines find slots."""

from __future__ import annotations

import time
from collections.abc import Iterable

import click

from mahavishnu_tui.cli import completing, output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import FAILURE, OK
from mahavishnu_tui.cli.prefect.reaching import tell_state
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.pool import Pool, PoolChoice, Worker
from mahavishnu_tui.models.spans import age


@command("list")
async def list_pools(setup: Setup) -> int:
    """List the pools of all engines."""
    async with connected(setup.load_strictly()) as client:
        pools = await client.pools()
        await tell_state(client, wanted=False)
    if setup.as_json:
        output.emit([pool.to_json() for pool in pools])
    else:
        say_pools(pools)
    return OK


def say_pools(pools: Iterable[Pool]) -> None:
    """Print pools as a table."""
    rows = [
        (
            pool.name,
            pool.kind,
            "paused" if pool.paused else pool.status,
            f"{pool.used}/{pool.slots}" if pool.slots else f"{pool.used}",
            pool.queued,
            pool.late or "",
            f"{sum(worker.online for worker in pool.workers)}/{len(pool.workers)}" if pool.workers else "",
            pool.note,
        )
        for pool in pools
    ]
    output.table(("POOL", "KIND", "STATUS", "SLOTS", "QUEUED", "LATE", "WORKERS", "NOTE"), rows, "No pools.")


def why(choice: PoolChoice) -> str:
    """Where a launch goes, and the reason."""
    place = f"{choice.pool}/{choice.queue}" if choice.queue else choice.pool
    return f"{place}: {choice.reason.removeprefix(f'{choice.pool}: ')}"


@command("health")
@click.argument("pool", required=False, shell_complete=completing.pool)
async def pool_health(setup: Setup, pool: str | None) -> int:
    """Say how POOL is doing, or all of them. Exit status: 0 healthy or degraded, 1 unhealthy."""
    async with connected(setup.load(), start=False) as client:
        pools = await client.pools()
        await tell_state(client, wanted=False)
    found = [item for item in pools if pool in (None, item.name)]
    if pool is not None and not found:
        raise MahavishnuError(
            ErrorCode.PREFECT_WORK_POOL, f"There is no pool {pool!r}.", "See `mahavishnu pool list`."
        )
    if setup.as_json:
        output.emit([item.to_json() for item in found])
    else:
        lines = [(item.name, f"{item.status}  {item.note}".rstrip()) for item in found]
        if pool is not None:
            lines += _parts(found[0])
        output.fields(lines or [("pools", "none")])
    return FAILURE if any(item.status == "unhealthy" for item in found) else OK


def _parts(pool: Pool) -> list[tuple[str, str]]:
    """Its queues and workers."""
    queues = [
        (
            f"queue {queue.name}",
            f"priority {queue.priority}, {'paused' if queue.paused else 'open'}"
            + (f", {output.counted(queue.slots, 'slot')}" if queue.slots else "")
            + (f", {queue.late:,} late" if queue.late else ""),
        )
        for queue in pool.queues
    ]
    return queues + [(f"worker {worker.name}", _seen(worker)) for worker in pool.workers]


def _seen(worker: Worker) -> str:
    state = "online" if worker.online else "offline"
    ours = ", ours" if worker.ours else ""
    seen = "" if worker.seen_at is None else f", seen {age(time.time() - worker.seen_at)} ago"
    return f"{state}{ours}{seen}"
