"""Which nodes ran, when and how it ended, from a thread's checkpoints. Pure.

A server tells of somebody else's run only what it stores: a task of a checkpoint begins when the checkpoint
is made (or when a later run takes it up again) and ends when the next one is. Retries are not seen.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.models.run import VisitOutcome
from mahavishnu_tui.server.remote.reading import (
    Part,
    checkpoint_id,
    items,
    mapping,
    moment,
    parent_id,
    run_of,
    step_of,
)

_OUTCOMES: dict[str, VisitOutcome] = {
    "interrupted": "cancelled",
    "timeout": "cancelled",
    "error": "cancelled",
}
"""What became of a task of which nothing is stored, by how its run ended."""


@dataclasses.dataclass(frozen=True)
class _Attempt:
    """The tasks of one checkpoint, as one run worked on them."""

    state: dict[str, Any]
    part: Part
    turn: int
    """Its place in the run of ours: 1, 2, 3 …"""
    began: float
    went_on: dict[str, Any] | None
    """The checkpoint that it led to."""
    last: bool
    """Whether no later run took up the same tasks."""


def visits(
    run_id: str,
    parts: list[Part],
    history: Iterable[dict[str, Any]],
    namespace: str = "",
    newest: bool = True,
) -> list[NodeVisit]:
    """The path of one run of ours, in the order in which visits began; numbered from 1.

    Args:
        run_id: our id of the run.
        parts: the runs of that server which it consists of, in order.
        history: checkpoints of one namespace of its thread, in any order.
        namespace: `outer/inner` for a subgraph's history.
        newest: whether no later run of ours has taken over the thread.
    """
    found: list[NodeVisit] = []
    done: set[str] = set()
    for attempt in sorted(_attempts(parts, history, newest), key=_order):
        for place, task in enumerate(items(attempt.state.get("tasks"))):
            visit = _visit(run_id, parts, attempt, task, place, namespace)
            if visit is None or visit.task_id in done:
                continue
            if visit.outcome == "success":
                done.add(visit.task_id)
            found.append(visit)
    return numbered(found)


def numbered(found: Iterable[NodeVisit]) -> list[NodeVisit]:
    """Visits in the order in which they began, numbered from 1."""
    ordered = sorted(found, key=lambda visit: visit.started_at)
    return [visit.replace(number=number) for number, visit in enumerate(ordered, 1)]


def _order(attempt: _Attempt) -> tuple[float, float]:
    return attempt.began, moment(attempt.state.get("created_at"))


def _attempts(parts: list[Part], history: Iterable[dict[str, Any]], newest: bool) -> Iterator[_Attempt]:
    turns = {part.id: turn for turn, part in enumerate(parts)}
    states = sorted(history, key=lambda state: (moment(state.get("created_at")), checkpoint_id(state)))
    children: dict[str, dict[str, dict[str, Any]]] = {}
    for state in states:
        if mapping(state.get("metadata")).get("source") == "loop":
            children.setdefault(parent_id(state), {})[run_of(state)] = state
    head = states[-1] if states else None
    for state in states:
        born = moment(state.get("created_at"))
        led_to = children.get(checkpoint_id(state), {})
        own = turns.get(run_of(state))
        takers = {turns[run] for run in led_to if run in turns} | ({own} if own is not None else set())
        if state is head and newest and parts and parts[-1].created_at >= born:
            takers.add(len(parts) - 1)
        if takers:
            # Runs in between that found the same questions open again have left no checkpoint.
            between = range(min(takers), max(takers))
            takers |= {turn for turn in between if parts[turn].created_at >= born}
        for turn in sorted(takers):
            part = parts[turn]
            began = born if turn == own else part.created_at
            yield _Attempt(state, part, turn + 1, began, led_to.get(part.id), turn == max(takers))


def _visit(
    run_id: str, parts: list[Part], attempt: _Attempt, task: dict[str, Any], place: int, namespace: str
) -> NodeVisit | None:
    name = str(task.get("name") or "")
    if not name or name == "__start__":
        return None
    outcome = _outcome(parts, attempt, task)
    if outcome is None:
        return None
    ended = None if outcome == "running" else _ended(attempt)
    path = task.get("path")
    sent = isinstance(path, list) and bool(path) and path[0] == "__pregel_push"
    error = str(task["error"]) if outcome == "error" and task.get("error") else None
    return NodeVisit(
        run_id=run_id,
        number=0,
        node=name,
        task_id=str(task.get("id") or f"{checkpoint_id(attempt.state)}/{place}"),
        step=step_of(attempt.state),
        started_at=attempt.began,
        outcome=outcome,
        namespace=namespace,
        branch=f"send:{place}" if sent else "",
        ended_at=None if ended is None else max(ended, attempt.began),
        error=error,
        lease=attempt.turn,
    )


def _ended(attempt: _Attempt) -> float:
    if attempt.went_on is not None:
        return moment(attempt.went_on.get("created_at"))
    return attempt.part.updated_at


def _outcome(parts: list[Part], attempt: _Attempt, task: dict[str, Any]) -> VisitOutcome | None:
    """How a task ended in this attempt; None when it was not begun."""
    if attempt.went_on is not None:
        return "success"
    asked = [str(item.get("id")) for item in items(task.get("interrupts"))]
    so_far = parts[: attempt.turn]
    if any(not any(part.answered(key) for part in so_far) for key in asked):
        return "running" if attempt.last and attempt.part.active else "interrupted"
    done, cut_off = task.get("result") is not None, _cut_off(attempt, task)
    if not attempt.last and cut_off and (not done or task.get("error") or _alone(attempt)):
        # Its result may be there by now: a later run has brought it.
        return cut_off
    if done:
        return "success"
    if attempt.last and attempt.part.active:
        return "running"
    return "interrupted" if asked else cut_off


def _alone(attempt: _Attempt) -> bool:
    return len(items(attempt.state.get("tasks"))) == 1


def _cut_off(attempt: _Attempt, task: dict[str, Any]) -> VisitOutcome | None:
    if task.get("error"):
        return "error"
    return _OUTCOMES.get(attempt.part.status)
