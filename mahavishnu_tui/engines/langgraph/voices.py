"""Who speaks: which visit of which run the code that runs now belongs to.

LangGraph keeps the config of the node at work in a context variable, which tasks and `asyncio.to_thread`
inherit and nested graphs replace by their own. Plain threads and executors inherit nothing; the host has them
take their starter's voice along (`host/inherit.py`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any, NamedTuple

from langchain_core.runnables.config import var_child_runnable_config

from mahavishnu_tui.engines.langgraph.runlog import Moved, RunLog, RunLogs
from mahavishnu_tui.engines.langgraph.thread import RUN_KEY

Ended = Callable[[RunLog, "int | None"], None]


class Voice(NamedTuple):
    """A place in a run, by LangGraph's names; it may be over by now."""

    run_id: str
    scope: str
    """LangGraph's checkpoint namespace: `outer:<task id>|inner:<task id>`."""


@dataclasses.dataclass(frozen=True)
class Speaker:
    """Where what is said now is to be taken down."""

    log: RunLog
    visit: int


inherited: ContextVar[Voice | None] = ContextVar("mahavishnu_voice", default=None)
"""The voice of a thread that was started by a node."""


def voice() -> Voice | None:
    """The voice of the code that runs now."""
    config = var_child_runnable_config.get()
    if config is not None:
        metadata: Any = config.get("metadata")
        if isinstance(metadata, dict) and isinstance(metadata.get(RUN_KEY), str):
            return Voice(metadata[RUN_KEY], str(metadata.get("langgraph_checkpoint_ns", "")))
    return inherited.get()


class Voices:
    """Finds the run and the visit for a voice.

    Args:
        logs: of the runs at work.
    """

    def __init__(self, logs: RunLogs) -> None:
        self._logs = logs
        self._visits: dict[str, Callable[[str], int]] = {}
        self._ending: list[Ended] = []

    def on_end(self, ended: Ended) -> None:
        """Have `ended` called before a visit, or with None the whole dispatch, is over."""
        self._ending.append(ended)

    def begin(self, run_id: str, visit_of: Callable[[str], int], moved: Moved) -> None:
        """A dispatch begins; `visit_of` gives the number of a task's newest visit, or 0."""
        self._logs.open(run_id, moved)
        self._visits[run_id] = visit_of

    def visit_ended(self, run_id: str, visit: int) -> None:
        """A visit is over; a late thread of it may still speak."""
        self._tell(run_id, visit)

    def end(self, run_id: str) -> None:
        """The dispatch is over."""
        self._tell(run_id, None)
        self._visits.pop(run_id, None)
        self._logs.end(run_id)

    def close(self) -> None:
        """End all of them."""
        self._logs.close()

    def _tell(self, run_id: str, visit: int | None) -> None:
        log = self._logs.get(run_id)
        if log is not None:
            for ended in self._ending:
                ended(log, visit)

    def speaker(self) -> Speaker | None:
        """Who speaks now; None when it is nobody's run, or one that is over."""
        heard = voice()
        if heard is None:
            return None
        log, visit_of = self._logs.get(heard.run_id), self._visits.get(heard.run_id)
        if log is None or visit_of is None:
            return None
        # The innermost task that is known: a graph that a synchronous node calls has visits of its own
        # only where callbacks reach it.
        for part in reversed(heard.scope.split("|")):
            number = visit_of(part.rpartition(":")[2])
            if number:
                return Speaker(log, number)
        return Speaker(log, 0)
