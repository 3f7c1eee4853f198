"""What a schedule, pool, host, deployment, limit or trouble looks like as a row. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mahavishnu_tui.models.growth import size_text
from mahavishnu_tui.models.run import Run
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.table import Cell, Column, Row

if TYPE_CHECKING:
    from mahavishnu_tui.models import Host, Pool, Schedule
    from mahavishnu_tui.models.deployment import Deployment
    from mahavishnu_tui.models.pool import ConcurrencyLimit, Worker, WorkQueue
    from mahavishnu_tui.models.prefect import Trouble

SCHEDULE_COLUMNS: Final = (
    Column("name", "NAME", 22, min_width=12, flex=2),
    Column("rule", "RULE", 18, min_width=10, flex=1, priority=1),
    Column("zone", "ZONE", 10, min_width=6, priority=3),
    Column("next", "NEXT", 10),
    Column("at", "AT", 12, priority=2),
    Column("state", "STATE", 13),
)
POOL_COLUMNS: Final = (
    Column("name", "NAME", 18, min_width=10, flex=2),
    Column("state", "STATE", 11),
    Column("slots", "SLOTS", 8, align="right"),
    Column("queued", "QUEUE", 6, priority=2, align="right"),
    Column("memory", "MEMORY", 8, priority=3, align="right"),
    Column("note", "NOTE", 20, min_width=6, flex=2, priority=1),
)
DEPLOYMENT_COLUMNS: Final = (
    Column("name", "DEPLOYMENT", 26, min_width=16, flex=2),
    Column("state", "STATE", 12, min_width=11),
    Column("pool", "POOL", 12, min_width=8, priority=1),
    Column("schedules", "SCHED", 5, align="right", priority=2),
    Column("last", "LAST RUN", 14, priority=1),
    Column("tags", "TAGS", 16, min_width=8, flex=1, priority=3),
    Column("version", "VERSION", 10, min_width=7, priority=4),
)
LIMIT_COLUMNS: Final = (
    Column("name", "LIMIT", 24, min_width=12, flex=1),
    Column("kind", "KIND", 6),
    Column("used", "USED", 9, align="right"),
    Column("state", "STATE", 10),
)
TROUBLE_COLUMNS: Final = (
    Column("kind", "TROUBLE", 12),
    Column("run", "RUN", 16, min_width=14, flex=1),
    Column("workflow", "WORKFLOW", 16, min_width=10, flex=1, priority=2),
    Column("since", "FOR", 4, align="right"),
    Column("cure", "CURE", 13),
    Column("why", "WHY", 40, min_width=16, flex=3, priority=1),
)

TROUBLES: Final = {
    "zombie": status.Mark("✘", "x", "zombie", "error"),
    "cancelling": status.Mark("⊘", "-", "cancelling", "warning"),
    "pending": status.Mark("◌", ".", "pending", "warning"),
    "late": status.Mark("⚠", "!", "late", "warning"),
}
CURES: Final = {
    "crash": "set crashed",
    "force-cancel": "set cancelled",
    "reschedule": "reschedule",
    "skip": "skip",
}
"""What each cure does to a run, in two words."""


def schedule_row(schedule: Schedule, times: Times, ascii_only: bool) -> Row:
    """A schedule; `~` before its next start: our own reckoning."""
    now = times.now
    coming = Cell("")
    passed = schedule.next_at is not None and schedule.next_at < now and not schedule.estimated
    if schedule.late_since is not None or passed:
        since = schedule.late_since if schedule.late_since is not None else schedule.next_at or now
        coming = Cell(f"LATE {status.age(now - since)}", "error", since)
    elif schedule.next_at is not None and schedule.runs:
        told = times.minute(schedule.next_at) if times.fixed else status.until(schedule.next_at - now)
        coming = Cell(("~" if schedule.estimated else "") + told, by=schedule.next_at)
    mark = schedule_mark(schedule)
    return Row(
        schedule.id,
        (
            clean_line(schedule.name, 80),
            clean_line(schedule.rule, 80),
            Cell(clean_line(schedule.timezone, 60).rpartition("/")[2], "muted"),
            coming,
            Cell(times.soon(schedule.next_at) if schedule.runs else "", "muted", schedule.next_at),
            Cell(mark.label(ascii_only), mark.tone),
        ),
    )


def schedule_mark(schedule: Schedule) -> status.Mark:
    """Whether a schedule makes runs, and whether somebody takes them."""
    if schedule.late:
        return status.Mark("⚠", "!", f"{schedule.late:,} late", "error")
    if not schedule.active:
        return status.PAUSED
    if schedule.deployment_paused:
        return status.Mark("⏸", "=", "dep. paused", "warning")
    return status.Mark("✔", "+", "active", "success")


def pool_row(pool: Pool, ascii_only: bool, folded: bool | None = None) -> Row:
    """A pool; `folded` says whether what is under it is hidden, None where there is nothing."""
    mark = status.PAUSED if pool.paused else status.health_mark(pool.status)
    signs = "+-" if ascii_only else "▸▾"
    fold = "" if folded is None else f"{signs[not folded]} "
    notes = [pool.note]
    if pool.engine == "prefect":
        online = sum(worker.online for worker in pool.workers)
        workers = f"{online}/{len(pool.workers)} workers" if pool.workers else "no worker"
        # The note ends with how many are late, which is said first here.
        why = pool.note.removesuffix(f"{pool.late} late").removesuffix("; ") if pool.late else pool.note
        notes = [f"{pool.late:,} late" if pool.late else "", why or workers, pool.kind]
    return Row(
        f"pool:{pool.name}",
        (
            f"{fold}{clean_line(pool.name, 40)}",
            Cell(mark.label(ascii_only), mark.tone),
            f"{pool.used}/{pool.slots}" if pool.slots else str(pool.used),
            str(pool.queued),
            "",
            Cell(clean_line(" · ".join(filter(None, notes)), 200), "error" if pool.late else "muted"),
        ),
    )


def queue_row(pool: Pool, queue: WorkQueue, ascii_only: bool) -> Row:
    """A queue, under its pool."""
    mark = status.PAUSED if queue.paused else status.health_mark("healthy" if queue.healthy else "degraded")
    notes = [f"{queue.late:,} late" if queue.late else "", f"queue, priority {queue.priority}"]
    return Row(
        f"queue:{pool.name}/{queue.name}",
        (
            f"{'-' if ascii_only else '└'} {clean_line(queue.name, 40)}",
            Cell(mark.label(ascii_only), mark.tone),
            f"≤{queue.slots}".replace("≤", "<=" if ascii_only else "≤") if queue.slots else "",
            "",
            "",
            Cell(" · ".join(filter(None, notes)), "error" if queue.late else "muted"),
        ),
    )


def worker_row(pool: Pool, worker: Worker, now: float, ascii_only: bool) -> Row:
    """A worker, under its pool; the age of its heartbeat only where that is too old."""
    mark = status.health_mark("ready" if worker.online else "lost")
    notes = ["worker" + (" of this server" if worker.ours else "")]
    if not worker.online:
        last = "ever" if worker.seen_at is None else status.age(now - worker.seen_at)
        notes.insert(0, f"no heartbeat {last}")
    return Row(
        f"worker:{pool.name}/{worker.name}",
        (
            f"{'-' if ascii_only else '└'} {clean_line(worker.name, 60)}",
            Cell(mark.label(ascii_only), mark.tone),
            "",
            "",
            "",
            Cell(" · ".join(notes), "muted" if worker.online else "error"),
        ),
    )


def host_row(host: Host, ascii_only: bool) -> Row:
    """An engine host, under its pool."""
    mark = status.health_mark(host.state)
    folder = host.project_root.rstrip("/").rpartition("/")[2] or host.project_root
    notes = [clean_line(host.note, 200)] if host.note else []
    if host.restarts:
        notes.append(f"restarted {host.restarts}×")
    if host.error:
        notes.append(clean_line(host.error.get("message", ""), 200))
    if host.state == "blocked":
        notes.append(f"late by {status.age(host.lag)}")
    return Row(
        f"host:{host.id}",
        (
            f"{'-' if ascii_only else '└'} {clean_line(folder, 40)}",
            Cell(mark.label(ascii_only), mark.tone),
            str(host.running),
            "",
            size_text(host.rss) if host.rss else "",
            Cell("; ".join(notes), "error" if host.error else "muted"),
        ),
    )


def deployment_mark(deployment: Deployment) -> status.Mark:
    """Whether a deployment takes runs, and whether somebody is there to take them."""
    if deployment.paused:
        return status.PAUSED
    return status.health_mark("ready") if deployment.ready else status.Mark("⚠", "!", "not ready", "warning")


def deployment_row(deployment: Deployment, last: Run | None, times: Times, ascii_only: bool) -> Row:
    """A deployment; `last` is its newest run that has begun."""
    mark = deployment_mark(deployment)
    schedules = ""
    if deployment.schedules:
        schedules = f"{deployment.active_schedules}/{deployment.schedules}"
    ran = Cell("", "muted")
    if last is not None:
        look = status.run_mark(last.status, last.state)
        began = last.started_at or last.created_at
        ran = Cell(f"{look.sign(ascii_only)} {times.soon(began)}", look.tone, began)
    return Row(
        deployment.id,
        (
            clean_line(deployment.title, 120),
            Cell(mark.label(ascii_only), mark.tone),
            clean_line(deployment.pool or "served", 60),
            schedules,
            ran,
            Cell(clean_line(" ".join(deployment.tags), 120), "muted"),
            Cell(clean_line(deployment.version, 40), "muted"),
        ),
    )


def limit_row(limit: ConcurrencyLimit) -> Row:
    """A concurrency limit; one without a slot left is what keeps runs waiting."""
    full = limit.active and limit.used >= limit.limit
    state = Cell("full", "warning") if full else Cell("free", "success")
    return Row(
        f"{limit.kind}:{limit.name}",
        (
            clean_line(limit.name, 80),
            limit.kind,
            f"{limit.used}/{limit.limit}",
            state if limit.active else Cell("off", "muted"),
        ),
    )


def trouble_row(trouble: Trouble, now: float, ascii_only: bool) -> Row:
    """A run that will not come right by itself."""
    mark = TROUBLES.get(trouble.kind, status.UNKNOWN)
    return Row(
        trouble.run_id,
        (
            Cell(mark.label(ascii_only), mark.tone),
            clean_line(trouble.run_name, 60),
            clean_line(trouble.workflow, 60),
            Cell(status.age(now - trouble.since), by=-trouble.since),
            CURES.get(trouble.cure, trouble.cure),
            Cell(clean_line(trouble.why, 300), "muted"),
        ),
    )
