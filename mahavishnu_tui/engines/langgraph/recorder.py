"""The path record: a pure state machine from stream parts and attempts to `NodeVisit`s.

A visit is one attempt at one task. Attempts come from callbacks (the stream does not show retries), results
and step boundaries from the `debug` stream; nested graphs may report in either order.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from mahavishnu_tui.engines.langgraph.jsonable import words_of
from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.models.run import VisitOutcome
from mahavishnu_tui.models.text import clean_line

MAX_ERROR = 500
"""Characters of an error kept in a visit."""


@dataclasses.dataclass(frozen=True)
class TaskStart:
    """What is known of a task when it, or an attempt at it, begins."""

    task_id: str
    node: str
    namespace: str
    """Path of the enclosing subgraph nodes, as in `NodeVisit`."""
    scope: str
    """LangGraph's own namespace, with task ids: two runs of one subgraph differ."""
    step: int
    at: float
    triggers: tuple[str, ...] = ()
    branch: str = ""
    argument: str = ""
    """What a Send branch was given, in a few words."""
    failed: str = ""
    """For an error handler, the id of the task whose failure it takes over."""


class PathRecorder:
    """Keeps the visits of one dispatch and reports each change.

    Args:
        run_id: of the run they belong to.
        lease: of the dispatch.
        next_visit: the number of the first visit.
        changed: called with each new or changed visit.
        known_tasks: ids of tasks whose writes were already stored when the dispatch began: their
            results are re-applied and they do not run again.
    """

    def __init__(
        self,
        run_id: str,
        lease: int,
        next_visit: int,
        changed: Callable[[NodeVisit], None],
        known_tasks: frozenset[str] = frozenset(),
    ) -> None:
        self._run_id = run_id
        self._lease = lease
        self._next = next_visit
        self._changed = changed
        self._known = known_tasks
        self._visits: dict[int, NodeVisit] = {}
        self._open: dict[int, str] = {}
        """The visits that have not ended, and their scopes."""
        self._scopes: dict[int, str] = {}
        self._latest: dict[str, int] = {}
        self._scheduled: dict[str, TaskStart] = {}
        self._over = False
        self._failures: list[tuple[BaseException, int]] = []
        """What attempts raised, and their visits; the innermost node comes first."""
        self._raised: dict[int, str] = {}
        """Visits whose attempt raised, and what; whether another attempt follows is not known yet."""
        self._stopped: set[int] = set()
        """Visits that were cancelled; why is not known yet."""

    @property
    def visits(self) -> list[NodeVisit]:
        """All visits of this dispatch, by number."""
        return list(self._visits.values())

    @property
    def at_work(self) -> list[NodeVisit]:
        """The visits that have not ended."""
        return [self._visits[number] for number in self._open]

    @property
    def path(self) -> list[str]:
        """The nodes visited, in order, each task once."""
        return [visit.path for visit in self._visits.values() if visit.attempt == 1]

    def number_of(self, task_id: str) -> int:
        """The number of a task's newest visit; 0 when there is none."""
        return self._latest.get(task_id, 0)

    def progress(self, number: int, text: str) -> None:
        """A node says how far it is."""
        visit = self._visits.get(number)
        if visit is not None and number in self._open and visit.progress != text:
            self._visits[number] = visit.replace(progress=text)
            self._changed(self._visits[number])

    def scheduled(self, task: TaskStart) -> None:
        """A task is to be run, re-applied or taken from the cache."""
        if task.task_id not in self._latest:
            self._scheduled[task.task_id] = task

    def attempt(self, task: TaskStart) -> None:
        """An attempt at a task begins; not one that a stopped graph still makes after the dispatch ended."""
        if self._over:
            return
        attempt = 1
        previous = self._visit_of(task.task_id)
        if previous is not None:
            attempt = previous.attempt + 1
            if previous.outcome in ("running", "error"):
                self._update(previous, outcome="retried", ended_at=previous.ended_at or task.at)
        self._scheduled.pop(task.task_id, None)
        self._begin(task, attempt)

    def attempt_failed(self, task_id: str, error: BaseException, at: float) -> None:
        """An attempt raised, or was cancelled: how the visit ends shows when it is known what follows."""
        visit = self._visit_of(task_id)
        if visit is None or visit.outcome != "running":
            return
        self._failures.append((error, visit.number))
        if _is_cancellation(error):
            self._stopped.add(visit.number)
            self._visits[visit.number] = visit.replace(ended_at=at)
            return
        self._raised[visit.number] = error_text(error)
        self._visits[visit.number] = visit.replace(ended_at=at, error=error_text(error))
        self._changed(self._visits[visit.number])
        self._end_inside(visit, at)

    def result(self, task: TaskStart, error: Any, interrupted: bool) -> None:
        """A task has a result: what it wrote, an error, or questions."""
        visit = self._visit_of(task.task_id)
        if visit is None:
            self._scheduled.pop(task.task_id, None)
            visit = self._begin(task, 1)
        ended = visit.ended_at or task.at
        if interrupted:
            self._update(visit, outcome="interrupted", ended_at=task.at)
            return
        if error is None:
            self._update(visit, outcome="success", ended_at=task.at)
        elif visit.number not in self._raised and _is_cancellation(error):
            self._stopped.add(visit.number)
            self._update(visit, outcome="cancelled", ended_at=ended)
        else:
            text = self._raised.get(visit.number) or error_text(error)
            self._update(visit, outcome="error", ended_at=ended, error=text)
        self._end_inside(visit, task.at)

    def step_done(self, scope: str, step: int, at: float) -> None:
        """A checkpoint closes a step of a graph: what is open in it has succeeded, or came from the cache."""
        for number, its_scope in list(self._open.items()):
            if its_scope == scope and self._visits[number].step <= step:
                self._update(self._visits[number], outcome="success", ended_at=at)
        for task in list(self._scheduled.values()):
            if task.scope == scope and task.step <= step:
                del self._scheduled[task.task_id]
                if task.task_id not in self._known:
                    self._update(self._begin(task, 1), outcome="cached", ended_at=task.at)

    def took_too_long(self, number: int, at: float, text: str) -> None:
        """An attempt was ended because its time was over."""
        visit = self._visits.get(number)
        if visit is not None and number in self._open:
            self._update(visit, outcome="error", ended_at=at, error=text)

    def close(self, outcome: VisitOutcome, at: float, error: str | None = None) -> None:
        """The dispatch is over: what is still open ends with this outcome, what raised as an error."""
        self._over = True
        for visit in self.at_work:
            ended = visit.ended_at or at
            raised = self._raised.get(visit.number)
            self._update(visit, outcome="error" if raised else outcome, ended_at=ended, error=raised or error)

    def fail(self, error: BaseException, at: float) -> None:
        """The dispatch failed: the nodes that raised end as errors, their siblings as cancelled."""
        self._over = True
        for failed, number in self._failures:
            if failed is error or failed is error.__cause__:
                self._raised.setdefault(number, error_text(error))
        self._end_open([*self._open, *self._stopped], at, self.culprit(error))

    def culprit(self, error: BaseException) -> str:
        """Path of the innermost node that raised this error; empty when no node did."""
        for failed, number in self._failures:
            if failed is error:
                return self._visits[number].path
        causes = {id(error.__cause__), id(error.__context__)}
        return next(
            (self._visits[number].path for failed, number in self._failures if id(failed) in causes), ""
        )

    def _end_inside(self, holder: NodeVisit, at: float) -> None:
        """A node has ended: so has what is open in the graph that it ran."""
        own = f"{self._scopes[holder.number]}|{holder.node}:{holder.task_id}|".lstrip("|")
        inside = [number for number in (*self._open, *self._stopped) if self._is_in(number, own)]
        if inside:
            raised = (n for _, n in self._failures if n in self._raised and self._is_in(n, own))
            first = next(raised, None)
            self._end_open(inside, at, "" if first is None else self._visits[first].path)

    def _parent(self, scope: str) -> int:
        """The newest visit of the task whose graph has this scope."""
        holder = next((part for part in reversed(scope.split("|")) if not part.isdigit()), "")
        return self._latest.get(holder.rpartition(":")[2], 0)

    def _is_in(self, number: int, scope: str) -> bool:
        return f"{self._scopes[number]}|".startswith(scope)

    def _end_open(self, numbers: list[int], at: float, culprit: str) -> None:
        """End these visits: what raised as errors, the others as cancelled because of the `culprit`."""
        reason = f"stopped because {culprit} failed" if culprit else None
        for number in sorted(set(numbers)):
            visit = self._visits[number]
            raised = self._raised.get(number)
            self._stopped.discard(number)
            if raised and number in self._open:
                self._update(visit, outcome="error", ended_at=visit.ended_at or at, error=raised)
            elif not raised and visit.outcome in ("running", "cancelled"):
                self._update(visit, outcome="cancelled", ended_at=visit.ended_at or at, error=reason)

    def _visit_of(self, task_id: str) -> NodeVisit | None:
        number = self._latest.get(task_id)
        return None if number is None else self._visits[number]

    def _begin(self, task: TaskStart, attempt: int) -> NodeVisit:
        visit = NodeVisit(
            run_id=self._run_id,
            number=self._next,
            node=task.node,
            task_id=task.task_id,
            step=task.step,
            started_at=task.at,
            attempt=attempt,
            namespace=task.namespace,
            branch=task.branch,
            parent=self._parent(task.scope) if task.scope else 0,
            argument=task.argument,
            handles=self._latest.get(task.failed, 0),
            lease=self._lease,
            triggers=list(task.triggers),
        )
        self._next += 1
        self._visits[visit.number] = visit
        self._open[visit.number] = self._scopes[visit.number] = task.scope
        self._latest[task.task_id] = visit.number
        self._changed(visit)
        return visit

    def _update(
        self, visit: NodeVisit, outcome: VisitOutcome, ended_at: float, error: str | None = None
    ) -> None:
        changed = visit.replace(outcome=outcome, ended_at=ended_at, error=error or visit.error)
        if outcome in ("success", "interrupted", "cached"):
            changed = changed.replace(error=None)
        self._visits[visit.number] = changed
        self._open.pop(visit.number, None)
        self._changed(changed)


def branch_of(path: Sequence[Any]) -> str:
    """`send:2` for the third `Send` of a step, from LangGraph's task path; empty for other tasks."""
    if len(path) >= 2 and path[0] == "__pregel_push" and isinstance(path[1], int):
        return f"send:{path[1]}"
    return ""


def _is_cancellation(error: Any) -> bool:
    return "CancelledError" in type(error).__name__ and type(error).__name__ != "NodeCancelledError"


def error_text(error: Any) -> str:
    """`Type: message` on one line."""
    if isinstance(error, BaseException):
        words = words_of(error)
        text = f"{type(error).__name__}: {words}" if words else type(error).__name__
        return clean_line(text, MAX_ERROR)
    return clean_line(error, MAX_ERROR)
