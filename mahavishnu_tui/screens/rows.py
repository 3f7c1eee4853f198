"""What a run, question, checkpoint, schedule, pool or host looks like as a row. Pure."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from mahavishnu_tui.models import Approval, Checkpoint, Host, Pool, Run, Schedule
from mahavishnu_tui.models.checkpoint import ThreadSize
from mahavishnu_tui.models.growth import size_text, size_warning
from mahavishnu_tui.models.queue import ordinal, places
from mahavishnu_tui.models.run import FINISHED, STALE, RunStatus
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.status import Tone
from mahavishnu_tui.widgets.table import Cell, Column, Row

RUN_COLUMNS: Final = (
    Column("state", "STATE", 11),
    Column("run", "RUN", 16, min_width=13, flex=1),
    Column("workflow", "WORKFLOW", 14, min_width=11, flex=1, priority=1),
    Column("where", "WHERE", 18, min_width=12, flex=2, priority=2),
    Column("for", "FOR", 6, priority=1, align="right"),
    Column("last", "LAST 10", 10, priority=3),
    Column("began", "BEGAN", 8, priority=4),
)
APPROVAL_COLUMNS: Final = (
    Column("state", "STATE", 10, priority=2),
    Column("run", "RUN", 16, min_width=12),
    Column("node", "NODE", 12, priority=3),
    Column("question", "QUESTION", 30, min_width=12, flex=3),
    Column("left", "WAITS", 8, priority=1, align="right"),
)
CHECKPOINT_COLUMNS: Final = (
    Column("step", "STEP", 4, align="right"),
    Column("next", "NEXT", 16, min_width=8, flex=2),
    Column("changed", "CHANGED", 16, min_width=6, flex=2, priority=1),
    Column("source", "SOURCE", 7, priority=4),
    Column("at", "AT", 8, priority=2),
    Column("size", "SIZE", 8, priority=3, align="right"),
    Column("note", "", 8, priority=1, flex=1),
)
SCHEDULE_COLUMNS: Final = (
    Column("name", "NAME", 20, min_width=10, flex=1),
    Column("rule", "RULE", 20, min_width=8, flex=1, priority=1),
    Column("next", "NEXT", 12),
    Column("state", "STATE", 10, priority=1),
)
POOL_COLUMNS: Final = (
    Column("name", "NAME", 18, min_width=10, flex=2),
    Column("state", "STATE", 11),
    Column("slots", "SLOTS", 8, align="right"),
    Column("queued", "QUEUE", 6, priority=2, align="right"),
    Column("memory", "MEMORY", 8, priority=3, align="right"),
    Column("note", "NOTE", 20, min_width=6, flex=2, priority=1),
)


_RANKS: Final[Mapping[RunStatus, int]] = {"interrupted": 0, "running": 1, "queued": 2, "paused": 3}
"""What stands above the other runs: a long queue must not push down what waits for a human."""


def order_runs(runs: Iterable[Run]) -> list[Run]:
    """What waits for a human, what runs, what is queued, then the rest; each newest first.

    Equal times keep a fixed order.
    """
    rest = len(_RANKS)
    return sorted(runs, key=lambda run: (_RANKS.get(run.status, rest), -run.created_at, run.id))


def histories(runs: Iterable[Run], length: int = 10) -> dict[str, tuple[str, ...]]:
    """For each run the statuses of the last `length` runs of its workflow up to itself, oldest first."""
    by_workflow: dict[str, list[Run]] = defaultdict(list)
    for run in runs:
        by_workflow[run.workflow_id].append(run)
    found: dict[str, tuple[str, ...]] = {}
    for family in by_workflow.values():
        family.sort(key=lambda run: (run.created_at, run.id))
        statuses: list[str] = [run.status for run in family]
        for index, run in enumerate(family):
            found[run.id] = tuple(statuses[max(0, index + 1 - length) : index + 1])
    return found


def run_row(run: Run, history: tuple[str, ...], age: str, ascii_only: bool, place: str = "") -> Row:
    """A run in the list; `history` as from `histories`, `age` as from `run_age`, `place` in the queue."""
    mark = status.run_mark(run.status)
    last = "".join(status.run_mark(word).sign(ascii_only) for word in history)
    return Row(
        run.id,
        (
            Cell(mark.label(ascii_only), mark.tone),
            clean_line(run.name, 60),
            clean_line(run.workflow, 60),
            Cell(place or where(run), _place_tone(run)),
            age,
            Cell(last, "muted"),
            Cell(clock(run.started_at or run.created_at), "muted"),
        ),
        "muted" if run.status == "cancelled" else "",
    )


def _place_tone(run: Run) -> Tone:
    if run.status == "error":
        return "error"
    return "warning" if run.note.startswith(STALE) else ""


def queue_places(runs: Iterable[Run], now: float) -> dict[str, str]:
    """For each queued run, where there are several: `3rd of 12`, with its priority unless it is normal."""
    known = {run.id: run for run in runs if run.status in ("queued", "running")}
    found = places(known.values(), now)
    return {
        run_id: f"{ordinal(place)} of {len(found)}"
        + ("" if known[run_id].priority == "normal" else f" · {clean_line(known[run_id].priority, 10)}")
        for run_id, place in found.items()
        if len(found) > 1
    }


def where(run: Run) -> str:
    """Where a run is, stopped or failed, in a few words."""
    if run.status == "error" and run.error:
        return clean_line(run.error.get("node") or run.error.get("code") or "", 60)
    if run.note.startswith(STALE):
        place = ", ".join(clean_line(node, 40) for node in run.where)
        return f"{STALE} {place}".strip()
    if run.where:
        counts: dict[str, int] = {}
        for node in run.where:
            counts[node] = counts.get(node, 0) + 1
        return ", ".join(
            clean_line(node, 40)
            + (f" ×{count}" if count > 1 else "")
            + (f" {clean_line(run.progress[node], 20)}" if node in run.progress else "")
            for node, count in counts.items()
        )
    return clean_line(run.note, 60) if run.status not in FINISHED else ""


def run_age(run: Run, since: float | None, now: float) -> str:
    """How long a run is at it: in seconds while it works, in minutes while it waits.

    A finished one shows how long it took, which stands still. `since` is when it began to wait for a human.
    """
    began = run.started_at or run.created_at
    if run.status in FINISHED:
        return status.duration((run.ended_at or began) - began)
    if run.status == "running":
        return status.age(now - began)
    return coarse(now - (since or began))


def run_attributes(run: Run, now: float) -> Mapping[str, str]:
    """What `/` searches in a run."""
    mark = status.run_mark(run.status)
    state = f"{mark.word} {run.status}"
    place = where(run)
    text = " ".join((state, run.name, run.workflow, place, run.id, run.thread_id, run.note, *run.tags))
    return {
        "text": text,
        "state": state,
        "run": f"{run.name} {run.id}",
        "workflow": run.workflow,
        "where": place,
        "thread": run.thread_id,
        "tag": " ".join(run.tags),
        "by": run.created_by,
        "engine": run.engine,
        "age": str(now - run.created_at),
    }


RUN_ATTRIBUTES: Final = frozenset({"state", "run", "workflow", "where", "thread", "tag", "by", "engine"})
APPROVAL_ATTRIBUTES: Final = frozenset({"run", "workflow", "where", "state", "by"})


def approval_attributes(approval: Approval, now: float) -> Mapping[str, str]:
    """What `/` searches in a question."""
    return {
        "text": " ".join((approval.run_name, approval.workflow, approval.node, approval.title)),
        "run": f"{approval.run_name} {approval.run_id}",
        "workflow": approval.workflow,
        "where": approval.node,
        "state": f"{status.approval_mark(approval.status).word} {approval.status}"
        f"{' escalated' if approval.escalated else ''}",
        "by": approval.holder(now),
        "age": str(now - approval.asked_at),
    }


def approval_row(approval: Approval, now: float, ascii_only: bool) -> Row:
    """A question in the inbox."""
    mark = status.approval_mark(approval.status)
    holder = approval.holder(now).partition("@")[0]
    state = Cell(f"{'@' if ascii_only else '✎'} {clean_line(holder, 20)}", "accent")
    node = f"{approval.namespace}/{approval.node}" if approval.namespace else approval.node
    title = clean_line(approval.title, 300)
    late = approval.status == "pending" and approval.escalated
    return Row(
        approval.id,
        (
            state if holder else Cell(mark.label(ascii_only), mark.tone),
            clean_line(approval.run_name, 60),
            clean_line(node, 60),
            Cell(f"ESCALATED{f' {late}×' if late > 1 else ''} · {title}", "error") if late else title,
            waits(approval, now),
        ),
    )


def order_approvals(approvals: Iterable[Approval]) -> list[Approval]:
    """What nobody has answered first, of that what is escalated; each oldest first."""
    return sorted(
        approvals,
        key=lambda item: (item.status != "pending", not item.escalated, item.asked_at, item.id),
    )


def waits(approval: Approval, now: float) -> Cell:
    """The time left when there is a deadline, else how long it has been waiting."""
    if approval.deadline is None:
        return Cell(coarse(now - approval.asked_at))
    left = approval.deadline - now
    if left <= 0:
        return Cell("LATE", "error")
    return Cell(f"{coarse(left)} left", "warning" if left < 600 else "")


def coarse(seconds: float) -> str:
    """An age without seconds: nothing runs while a human is awaited, so nothing ticks that fast."""
    return "<1m" if seconds < 60 else status.age(seconds)


def checkpoint_row(checkpoint: Checkpoint, forks: int, ascii_only: bool) -> Row:
    """A checkpoint of the thread."""
    notes = []
    if checkpoint.latest:
        notes.append("* now" if ascii_only else "● now")
    if checkpoint.interrupts:
        notes.append(status.WAITING.sign(ascii_only))
    if forks:
        notes.append(f"{'Y' if ascii_only else '⑂'} {forks}")
    if checkpoint.branch:
        notes.append(f"{'<' if ascii_only else '↳'} {checkpoint.branch}")
    notes += [clean_line(word, 30) for word in (*checkpoint.tags, checkpoint.label) if word]
    changed = ", ".join(clean_line(key, 40) for key in checkpoint.changed)
    return Row(
        checkpoint.id,
        (
            str(checkpoint.step),
            clean_line(", ".join(checkpoint.next) or "the end", 200),
            clean_line(changed, 200),
            Cell(clean_line(checkpoint.source, 12), "muted"),
            clock(checkpoint.created_at),
            size_text(checkpoint.size),
            Cell(" ".join(notes), "accent"),
        ),
    )


def thread_size(checkpoints: Sequence[Checkpoint], warn_bytes: int) -> ThreadSize:
    """The room of the listed checkpoints, newest first, and how fast it grows."""
    newest, oldest = checkpoints[0], checkpoints[-1]
    growth = max(0, (newest.size - oldest.size) // max(1, len(checkpoints) - 1))
    found = ThreadSize(
        newest.thread_id,
        len(checkpoints),
        sum(item.size for item in checkpoints),
        newest.size,
        growth,
        newest.pinned,
    )
    return found.replace(warning=size_warning(found, warn_bytes))


def forks(checkpoints: Iterable[Checkpoint]) -> dict[str, int]:
    """For each checkpoint how many others branch off it beside the first."""
    children: dict[str, int] = defaultdict(int)
    for checkpoint in checkpoints:
        if checkpoint.parent_id:
            children[checkpoint.parent_id] += 1
    return {parent: count - 1 for parent, count in children.items() if count > 1}


def schedule_row(schedule: Schedule, now: float) -> Row:
    """A schedule."""
    coming = "" if schedule.next_at is None else f"in {status.age(schedule.next_at - now)}"
    if schedule.next_at is not None and schedule.next_at < now:
        coming = f"LATE {status.age(now - schedule.next_at)}"
    return Row(
        schedule.id,
        (
            clean_line(schedule.name, 60),
            clean_line(schedule.rule, 60),
            coming,
            Cell(*(("active", "success") if schedule.active else ("paused", "warning"))),
        ),
    )


def pool_row(pool: Pool, ascii_only: bool) -> Row:
    """A pool."""
    mark = status.health_mark(pool.status)
    return Row(
        f"pool:{pool.name}",
        (
            clean_line(pool.name, 40),
            Cell(mark.label(ascii_only), mark.tone),
            f"{pool.used}/{pool.slots}" if pool.slots else str(pool.used),
            str(pool.queued),
            "",
            Cell(clean_line(pool.note, 200), "muted"),
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


def clock(at: float | None) -> str:
    """Local time of day: stands still, unlike an age."""
    return "" if at is None else time.strftime("%H:%M:%S", time.localtime(at))
