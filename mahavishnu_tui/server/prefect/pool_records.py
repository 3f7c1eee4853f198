"""Work pools, queues, workers and limits as our records. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mahavishnu_tui.engines.prefect.states import moment
from mahavishnu_tui.models import MahavishnuError, Pool, Run
from mahavishnu_tui.models.pool import UNREAD, ConcurrencyLimit, PoolStatus, Worker, WorkQueue
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.prefect.catalog import Listing
from mahavishnu_tui.server.prefect.mapping import text
from mahavishnu_tui.server.prefect.records import mark, number

MISSED_BEATS = 3
"""Intervals without a heartbeat after which a worker counts as gone; Prefect itself waits for two minutes."""


def pools(
    listing: Listing,
    at_work: Mapping[str, Mapping[str, int]],
    late: Iterable[Run],
    ours: str,
    now: float,
) -> list[Pool]:
    """The work pools, with their queues and workers.

    Args:
        listing: as Prefect tells them.
        at_work: unfinished runs by pool and state.
        late: runs whose time has come.
        ours: the name of the worker that we have started.
        now: by Prefect's clock.
    """
    overdue: dict[str, int] = {}
    for run in late:
        overdue[run.pool] = overdue.get(run.pool, 0) + 1
    return [
        _pool(told, listing, at_work.get(text(told.get("name")), {}), overdue, ours, now)
        for told in listing.pools
    ]


def unread(why: MahavishnuError, *, away: bool = True) -> Pool:
    """Stands for the work pools of a Prefect that was never read: without it there would seem to be none.

    Args:
        why: they are not known.
        away: it cannot be reached, or not be started; else it was stopped, or is starting.
    """
    return Pool(
        name="prefect",
        kind=UNREAD,
        status="unhealthy" if away else "degraded",
        slots=0,
        used=0,
        queued=0,
        note=clean_line(f"its work pools are not known: {why.message}", 200),
    )


def _pool(
    told: dict[str, Any],
    listing: Listing,
    counts: Mapping[str, int],
    overdue: Mapping[str, int],
    ours: str,
    now: float,
) -> Pool:
    name = text(told.get("name"))
    found = [_worker(item, ours, now) for item in listing.workers.get(str(told.get("name")), [])]
    mine = [item for item in listing.queues if item.get("work_pool_id") == told.get("id")]
    queues = sorted((_queue(item) for item in mine), key=lambda item: (item.priority, item.name))
    paused, late = told.get("is_paused") is True, overdue.get(name, 0)
    kind = text(told.get("type"), 60) or "unknown"
    slots, used = number(told.get("concurrency_limit")), counts.get("running", 0)
    halt = _halt(queues, 0 < slots <= used)
    status, note = _health(kind, found, paused, late, halt)
    return Pool(
        name=name,
        kind=kind,
        status=status,
        slots=slots,
        used=used,
        queued=counts.get("queued", 0),
        note=note,
        engine="prefect",
        paused=paused,
        late=late,
        queues=queues,
        workers=found,
        description=text(told.get("description"), 1000),
        seen=mark(
            paused,
            told.get("concurrency_limit"),
            [(item.name, item.paused, item.slots, item.priority) for item in queues],
        ),
    )


def _halt(queues: list[WorkQueue], full: bool) -> str:
    """Why runs may be late although there are workers; empty where nothing of it is known."""
    paused = [item.name for item in queues if item.paused]
    if paused:
        return f"queue{'s' if len(paused) > 1 else ''} {', '.join(paused)} paused"
    return "every slot is in use" if full else ""


def _health(
    kind: str, workers: list[Worker], paused: bool, late: int, halt: str = ""
) -> tuple[PoolStatus, str]:
    online = sum(item.online for item in workers)
    needed = not (kind.endswith(":push") or kind.endswith(":managed"))
    if paused:
        return "degraded", "paused: its runs wait"
    if needed and not online:
        gone = max((item.seen_at or 0.0 for item in workers), default=0.0)
        word = "no worker has ever come" if not gone else "every worker is gone"
        return "unhealthy", word + (f"; {late} late" if late else "")
    if late:
        return "degraded", "; ".join(filter(None, (halt, f"{late} late")))
    return "healthy", f"{online} {'worker' if online == 1 else 'workers'}" if needed else "needs no worker"


def _worker(told: dict[str, Any], ours: str, now: float) -> Worker:
    at, every = moment(told.get("last_heartbeat_time")), told.get("heartbeat_interval_seconds")
    interval = float(every) if isinstance(every, (int, float)) and every > 0 else 30.0
    return Worker(
        name=text(told.get("name")),
        online=at is not None and now - at < MISSED_BEATS * interval and told.get("status") != "OFFLINE",
        seen_at=at,
        interval=interval,
        ours=bool(ours) and told.get("name") == ours,
    )


def _queue(told: dict[str, Any]) -> WorkQueue:
    return WorkQueue(
        id=str(told.get("id")),
        name=text(told.get("name")),
        priority=number(told.get("priority")),
        paused=told.get("is_paused") is True,
        slots=number(told.get("concurrency_limit")),
        late=number(told.get("late_runs_count")),
        healthy=told.get("status") != "NOT_READY",
    )


def limits(by_name: list[dict[str, Any]], by_tag: list[dict[str, Any]]) -> list[ConcurrencyLimit]:
    """Concurrency limits of both kinds."""
    named = [
        ConcurrencyLimit(
            name=text(item.get("name")),
            limit=number(item.get("limit")),
            used=number(item.get("active_slots")),
            active=item.get("active") is not False,
        )
        for item in by_name
    ]
    tagged = [
        ConcurrencyLimit(
            name=text(item.get("tag")),
            limit=number(item.get("concurrency_limit")),
            used=len(item.get("active_slots") or []),
            kind="tag",
        )
        for item in by_tag
    ]
    return named + tagged
