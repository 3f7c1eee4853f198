"""What a run, question or checkpoint looks like as a row. Pure."""

from __future__ import annotations

import dataclasses
import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from mahavishnu_tui.models.filtering import several
from mahavishnu_tui.models.growth import size_text, size_warning
from mahavishnu_tui.models.queue import ordinal, places
from mahavishnu_tui.models.run import FINISHED, STALE, RunStatus
from mahavishnu_tui.models.run_search import flow_name, where
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.heat import Beats, heat_cell
from mahavishnu_tui.screens.times import MIXED, Times, coarse
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.status import Tone
from mahavishnu_tui.widgets.table import Cell, Column, Row

if TYPE_CHECKING:
    from mahavishnu_tui.models import Approval, Checkpoint, Run
    from mahavishnu_tui.models.checkpoint import ThreadSize

RUN_COLUMNS: Final = (
    Column("state", "STATE", 11),
    Column("run", "RUN", 16, min_width=13, flex=1),
    Column("workflow", "WORKFLOW", 14, min_width=11, flex=1, priority=1),
    Column("where", "WHERE", 18, min_width=12, flex=2, priority=2),
    Column("for", "FOR", 6, priority=1, align="right"),
    Column("last", "LAST 10", 10, priority=3),
    Column("began", "BEGAN", 8, priority=4),
)
MIXED_COLUMNS: Final = (
    Column("state", "STATE", 12),
    Column("run", "RUN", 20, min_width=12, flex=1),
    Column("workflow", "WORKFLOW", 16, min_width=11, flex=2, priority=1),
    Column("engine", "ENG", 3),
    *(
        dataclasses.replace(column, min_width=11) if column.key == "where" else column
        for column in RUN_COLUMNS[3:]
    ),
)
"""Those of runs that are not all of our own engine."""
WIDE: Final = 130
"""Cells from which a table of runs has room for a longer history."""
ENGINES: Final[Mapping[str, str]] = {"langgraph": "lg", "langgraph-server": "lgs", "prefect": "pf"}
"""Engines by the three letters that are room for."""
APPROVAL_COLUMNS: Final = (
    Column("state", "STATE", 10, priority=2),
    Column("run", "RUN", 16, min_width=12),
    Column("node", "NODE", 16, priority=3),
    Column("question", "QUESTION", 30, min_width=26, flex=3),
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


def run_columns(mixed: bool, width: int) -> tuple[Column, ...]:
    """The columns of runs: with the engine where there are several, with more history where there is room."""
    columns = MIXED_COLUMNS if mixed else RUN_COLUMNS
    if width < WIDE:
        return columns
    return tuple(
        dataclasses.replace(column, title="LAST 20", width=20) if column.key == "last" else column
        for column in columns
    )


UNENDED: Final = 1e11
"""Seconds since the epoch that no clock shows: runs at work are sorted as if they ended then."""
_RANKS: Final[Mapping[RunStatus, int]] = {
    "interrupted": 0,
    "running": 1,
    "queued": 2,
    "paused": 3,
    "scheduled": 4,
}
"""What stands above the other runs: a long queue must not push down what waits for a human."""


def order_runs(runs: Iterable[Run]) -> list[Run]:
    """What waits for a human, what runs, what is queued, what is to come, then the rest; each newest first.

    Of what is to come, the next is first. Equal times keep a fixed order.
    """
    rest = len(_RANKS)
    return sorted(runs, key=lambda run: (_RANKS.get(run.status, rest), _moment(run), run.id))


def _moment(run: Run) -> float:
    if run.status == "scheduled":
        return run.due_at or run.created_at
    # A schedule makes its runs long before they begin.
    return -(run.started_at or run.due_at or run.created_at)


def without_twins(runs: Mapping[str, Run]) -> Iterable[Run]:
    """Every piece of work once: of a workflow's run and the flow run that started it, the former."""
    return (run for run in runs.values() if run.engine != "prefect" or run.twin not in runs)


def run_row(
    run: Run,
    history: Beats,
    age: str,
    ascii_only: bool,
    place: str = "",
    mixed: bool = False,
    began: str = "",
) -> Row:
    """A run in the list.

    Args:
        run: the run.
        history: as from `heat.histories`.
        age: as from `run_age`.
        ascii_only: use no glyph outside ASCII.
        place: in the queue.
        mixed: with its engine, for `MIXED_COLUMNS`.
        began: when it began, or is to begin.
    """
    mark = status.run_mark(run.status, run.state)
    at = run.started_at or run.due_at or run.created_at
    # What has not ended has taken the longer the earlier it began, whatever the time is now.
    took = run.ended_at - at if run.status in FINISHED and run.ended_at else UNENDED - at
    engine = (Cell(ENGINES.get(run.engine, clean_line(run.engine, 3)), "muted"),) if mixed else ()
    return Row(
        run.id,
        (
            Cell(mark.label(ascii_only), mark.tone),
            clean_line(run.name, 60),
            clean_line(flow_name(run), 60),
            *engine,
            Cell(place or where(run), _place_tone(run)),
            Cell(age, by=took),
            heat_cell(history, ascii_only),
            Cell(began, "muted", at),
        ),
        "muted" if run.status in ("cancelled", "scheduled") else "",
    )


def began(run: Run) -> float:
    """When a run began, or is to begin."""
    return run.started_at or run.due_at or run.created_at


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


def run_age(run: Run, since: float | None, times: Times) -> str:
    """How long a run is at it: in seconds while it works, in minutes while it waits.

    A finished one shows how long it took, which stands still, a scheduled one how long until it begins.
    `since` is when it began to wait for a human. Where ages do not tick, that moment is told.
    """
    now = times.now
    if run.status == "scheduled":
        due = run.due_at or run.created_at
        return times.point(due) if times.fixed else status.until(due - now).removeprefix("in ")
    began = run.started_at or run.due_at or run.created_at
    if run.status in FINISHED:
        return status.duration((run.ended_at or began) - began)
    if run.status == "running":
        return status.age(now - began)
    return times.point(since or began) if times.fixed else coarse(now - (since or began))


APPROVAL_ATTRIBUTES: Final = frozenset({"run", "workflow", "where", "state", "by"})


def approval_attributes(approval: Approval, now: float) -> Mapping[str, str]:
    """What `/` searches in a question."""
    return {
        "text": " ".join((approval.run_name, approval.workflow, approval.node, approval.title)),
        "run": several(approval.run_name, approval.run_id),
        "workflow": approval.workflow,
        "where": approval.node,
        "state": several(
            status.approval_mark(approval.status).word,
            approval.status,
            "escalated" if approval.escalated else "",
        ),
        "by": approval.holder(now),
        "age": str(now - approval.asked_at),
    }


def approval_row(approval: Approval, times: Times, ascii_only: bool) -> Row:
    """A question in the inbox."""
    now = times.now
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
            waits(approval, times),
        ),
    )


def order_approvals(approvals: Iterable[Approval]) -> list[Approval]:
    """What nobody has answered first: escalated, then by deadline, then the oldest, as in what needs you."""
    return sorted(
        approvals,
        key=lambda item: (
            item.status != "pending",
            not item.escalated,
            math.inf if item.deadline is None else item.deadline,
            item.asked_at,
            item.id,
        ),
    )


def waits(approval: Approval, times: Times) -> Cell:
    """The time left when there is a deadline, else how long it has been waiting, or since when."""
    return time_left(approval.asked_at, approval.deadline, times)


def time_left(since: float, due: float | None, times: Times) -> Cell:
    """Until when, else since when; as a length of time where lengths are told."""
    if due is None:
        told = times.point(since) if times.fixed else coarse(max(0.0, times.now - since))
        return Cell(told, by=UNENDED + since)
    left = due - times.now
    if left <= 0:
        return Cell("LATE", "error", due)
    told = f"by {times.minute(due)}" if times.fixed else f"{coarse(left)} left"
    return Cell(told, "warning" if left < 600 else "", due)


def checkpoint_row(checkpoint: Checkpoint, forks: int, ascii_only: bool, times: Times = MIXED) -> Row:
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
    # What people wrote comes last: it may be long, and is cut first.
    notes += [clean_line(word, 30) for word in (*checkpoint.tags, checkpoint.label) if word]
    changed = ", ".join(clean_line(key, 40) for key in checkpoint.changed)
    return Row(
        checkpoint.id,
        (
            str(checkpoint.step),
            clean_line(", ".join(checkpoint.next) or "the end", 200),
            clean_line(changed, 200),
            Cell(clean_line(checkpoint.source, 12), "muted"),
            Cell(times.clock(checkpoint.created_at), by=checkpoint.created_at),
            size_text(checkpoint.size),
            Cell(" ".join(notes), "accent"),
        ),
    )


def thread_size(checkpoints: Sequence[Checkpoint], warn_bytes: int) -> ThreadSize:
    """The room of the listed checkpoints, newest first, and how fast it grows."""
    from mahavishnu_tui.models.checkpoint import ThreadSize

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
