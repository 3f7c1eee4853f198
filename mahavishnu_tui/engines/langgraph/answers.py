"""Which answers of a dispatch the graph takes up, and when it has."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from mahavishnu_tui.engines.langgraph.requests import Answer
from mahavishnu_tui.engines.langgraph.thread import StoredThread

Report = Callable[[list[str], list[str]], None]
"""Called with the ids that are applied and those that are stale."""


class AnswerTracker:
    """Follows the answers given to one dispatch until what came of them is stored.

    An answer is applied once the writes of the task that asked are committed with it: from then on a crash
    cannot make the question come back. For a breakpoint that is when the graph that stopped has stored its
    next checkpoint.
    """

    def __init__(self, report: Report) -> None:
        self._report = report
        self._tasks: dict[str, list[str]] = {}
        self._stops: dict[str, list[str]] = {}

    def match(self, answers: Iterable[Answer], thread: StoredThread) -> dict[str, Any]:
        """Return the answers to use, id → value, and report the rest: applied before, or stale."""
        used: dict[str, Any] = {}
        applied: list[str] = []
        stale: list[str] = []
        for answer in answers:
            question = thread.questions.get(answer.interrupt_id)
            if question is None:
                applied.append(answer.interrupt_id)
            elif question.hash != answer.hash:
                stale.append(answer.interrupt_id)
            else:
                used[answer.interrupt_id] = answer.value
                self._follow(answer.interrupt_id, thread)
        if applied or stale:
            self._report(applied, stale)
        return used

    def _follow(self, interrupt_id: str, thread: StoredThread) -> None:
        if interrupt_id in thread.scopes:
            self._stops.setdefault(thread.scopes[interrupt_id], []).append(interrupt_id)
        else:
            self._tasks.setdefault(thread.owners[interrupt_id], []).append(interrupt_id)

    def stored(self, scope: str, task_id: str, channels: frozenset[str]) -> None:
        """The saver has committed a checkpoint (no task id), or what a task wrote."""
        if not task_id:
            done = self._stops.pop(scope, [])
        elif channels & {"__resume__"} or channels - {"__interrupt__", "__error__", "__error_source_node__"}:
            done = self._tasks.pop(task_id, [])
        else:
            return
        if done:
            self._report(done, [])

    def run_ended(self) -> None:
        """The graph has finished: all answers that it was given are part of what it stored."""
        left = [key for keys in (*self._tasks.values(), *self._stops.values()) for key in keys]
        self._tasks.clear()
        self._stops.clear()
        if left:
            self._report(left, [])

    def seen(self, thread: StoredThread) -> None:
        """The stored state was read again: answers whose question is gone have been applied."""
        for waiting in (self._tasks, self._stops):
            for key, ids in list(waiting.items()):
                gone = [item for item in ids if item not in thread.questions]
                if gone:
                    self._report(gone, [])
                waiting[key] = [item for item in ids if item in thread.questions]

    def refused(self) -> None:
        """The graph would not take an answer: what was not applied is open again."""
        left = [key for keys in self._tasks.values() for key in keys]
        self._tasks.clear()
        if left:
            self._report([], left)
