"""What a run's stream says, told from what is stored: every event has its place and can be told again."""

from __future__ import annotations

import dataclasses
import datetime
import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from mahavishnu_tui.models import Approval, Run
from mahavishnu_tui.models.run import ACTIVE
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.facade import wire

MODES = ("values", "updates", "tasks", "checkpoints", "debug", "custom", "messages-tuple", "messages")
_MESSAGES = frozenset({"human", "ai", "tool", "system", "function", "chat", "remove"})

_VALUES = 2
_STARTS = 100
_RESULTS = 1_000_000
_REST = 2_000_000
_CURSOR = re.compile(r"(0|[0-9a-f-]{36})_([0-9]{1,19})_([0-9]{1,19})")
_EVENTS = 1000
"""Numbers for the events of one place."""
AGAIN = _VALUES * _EVENTS - 1
"""After the checkpoint itself, before its values and tasks: from here a run that goes on is told."""
LAST = 2**62
"""After everything that can be said of a checkpoint."""


@dataclasses.dataclass(frozen=True, order=True)
class Cursor:
    """The place of an event in the story of a thread: `<checkpoint id>_<ordinal>_<line>`."""

    checkpoint_id: str = ""
    ordinal: int = 0
    line: int = dataclasses.field(default=0, compare=False)
    """Up to which line of the run's log custom events were told."""

    def __str__(self) -> str:
        return f"{self.checkpoint_id or '0'}_{self.ordinal}_{self.line}"

    @classmethod
    def read(cls, text: str) -> Cursor:
        """Read what `str` wrote; anything else is the beginning."""
        found = _CURSOR.fullmatch(text)
        if found is None:
            return cls()
        checkpoint_id = "" if found[1] == "0" else found[1]
        return cls(checkpoint_id, min(int(found[2]), LAST), int(found[3]))

    def for_run(self, run: Run) -> Cursor:
        """Where to go on after it: a client that saw the run at rest, and comes back when it has gone on, is
        told of the tasks at which it rested."""
        place = self.ordinal // _EVENTS
        moved = run.status in ACTIVE or place != _REST + run.version
        return (
            Cursor(self.checkpoint_id, AGAIN, self.line)
            if place >= _REST and self.ordinal < LAST and moved
            else self
        )


@dataclasses.dataclass(frozen=True)
class Said:
    """What a node has written to the custom stream."""

    line: int
    at: float
    data: Any


@dataclasses.dataclass(frozen=True)
class Told:
    """One event of a stream."""

    event: str
    data: Any
    at: Cursor

    def encode(self) -> bytes:
        """As server-sent event."""
        return b"event: %s\ndata: %s\nid: %s\n\n" % (
            self.event.encode(),
            codec.dumps(self.data),
            str(self.at).encode(),
        )


class Teller:
    """Tells each event of the wanted modes once, in the order of their places.

    Args:
        thread_id: whose story it is.
        modes: what of it the client wants.
        since: everything up to here was told before.
    """

    def __init__(self, thread_id: str, modes: Iterable[str], since: Cursor) -> None:
        self._thread = thread_id
        self._modes = frozenset(modes)
        self.at = since

    def tell(
        self,
        states: Sequence[Mapping[str, Any]],
        said: Iterable[Said] = (),
        *,
        rests: bool,
        ahead: bool = False,
    ) -> Iterator[Told]:
        """What is new in these states and custom events, oldest first.

        Args:
            states: of the run, from `at` on.
            said: custom events after the line of `at`.
            rests: nothing more will come of the last state now.
            ahead: more was said after the last state than is in `said`; its results wait for that.
        """
        parents = {state.get("parent_id") for state in states}
        waiting = deque(said)
        begins = [seconds(state["created_at"]) for state in states]
        for index, state in enumerate(states):
            last = index == len(states) - 1
            yield from self._said(waiting, begins[index])
            yield from self._new(self._enter(state))
            yield from self._said(waiting, None if last else begins[index + 1])
            if not (last and ahead):
                yield from self._new(self._results(state, state["id"] in parents, rests or not last))
        yield from self._said(waiting, None)

    def _said(self, waiting: deque[Said], before: float | None) -> Iterator[Told]:
        """Custom events from before a time, or all of them."""
        while waiting and (before is None or waiting[0].at < before):
            said = waiting.popleft()
            self.at = dataclasses.replace(self.at, line=max(self.at.line, said.line))
            yield Told("custom", said.data, self.at)

    def end(self, run: Run, asked: Iterable[Approval], state: Mapping[str, Any] | None) -> Iterator[Told]:
        """How a run came to rest: what it asks, or why it failed."""
        at = Cursor(state["id"] if state else "", _REST + run.version)
        found: list[tuple[str, Any]] = []
        if run.status == "interrupted":
            shown = [wire.interrupt(item) for item in wire.pending(asked)]
            found.append(("updates", {"__interrupt__": shown}))
            values = state["values"] if state else {}
            if shown and isinstance(values, dict):
                found.append(("values", {**values, "__interrupt__": shown}))
            found += self._asking(state, shown)
        elif run.status == "error":
            found.append(("error", wire.error(run.error or {})))
        yield from self._new((event, data, at) for event, data in found)

    def _new(self, events: Iterable[tuple[str, Any, Cursor]]) -> Iterator[Told]:
        """Those that are wanted and were not told, each with a number of its own."""
        place, number = Cursor(), 0
        for event, data, where in events:
            number = number + 1 if where == place else 0
            place = where
            ordinal = where.ordinal * _EVENTS + min(number, _EVENTS - 1)
            at = Cursor(where.checkpoint_id, ordinal, self.at.line)
            if at > self.at:
                self.at = at
                if event == "error" or event.partition("/")[0] in self._modes or event in self._aliases:
                    yield Told(event, data, at)

    @property
    def _aliases(self) -> frozenset[str]:
        # Tuples of message and metadata travel under the name `messages`.
        return frozenset({"messages"}) if "messages-tuple" in self._modes else frozenset()

    def _enter(self, state: Mapping[str, Any]) -> Iterator[tuple[str, Any, Cursor]]:
        here, step = state["id"], int(state["metadata"].get("step", -1))
        yield from self._debugged(
            "checkpoint", "checkpoints", step, state, self._checkpoint(state), _VALUES - 1
        )
        if state["metadata"].get("source") != "input":
            yield "values", state["values"], Cursor(here, _VALUES)
        for index, task in enumerate(_tasks(state)):
            pushed = (task["path"] or [""])[0] == "__pregel_push"
            start = {
                "id": task["id"],
                "name": task["name"],
                "input": None if pushed else state["values"],
                "triggers": ["__pregel_push"] if pushed else [f"branch:to:{task['name']}"],
            }
            yield from self._debugged("task", "tasks", step + 1, state, start, _STARTS + index)

    def _results(
        self, state: Mapping[str, Any], passed: bool, settled: bool
    ) -> Iterator[tuple[str, Any, Cursor]]:
        """What the tasks of a checkpoint came to, in their order: a later one waits for those before it."""
        step = int(state["metadata"].get("step", -1)) + 1
        for index, task in enumerate(_tasks(state)):
            # What failed or was cut off keeps its error, though it was done again and has a result.
            done = task["result"] is not None or (passed and not task["error"])
            if not done and not settled:
                return  # it is at work, or about to be tried again
            if not done and not task["error"]:
                continue
            ordinal = _RESULTS + index
            if done:
                yield "updates", {task["name"]: task["result"]}, Cursor(state["id"], ordinal)
            result = {
                "id": task["id"],
                "name": task["name"],
                "error": None if done else task["error"],
                "result": task["result"] or {},
                "interrupts": [],
            }
            yield from self._debugged("task_result", "tasks", step, state, result, ordinal)
            for message in _messages(task["result"]) if done else ():
                yield from self._message(message, task, step, Cursor(state["id"], ordinal))

    def _message(
        self, message: Mapping[str, Any], task: Mapping[str, Any], step: int, at: Cursor
    ) -> Iterator[tuple[str, Any, Cursor]]:
        about = {"langgraph_node": task["name"], "langgraph_step": step, "thread_id": self._thread}
        if "messages-tuple" in self._modes:
            yield "messages", [message, about], at
        elif "messages" in self._modes:
            yield "messages/metadata", {str(message.get("id")): {"metadata": about}}, at
            yield "messages/complete", [message], at

    def _asking(self, state: Mapping[str, Any] | None, shown: list[Any]) -> list[tuple[str, Any]]:
        """The tasks that ask, as results of theirs."""
        wanted = {item["id"]: item for item in shown}
        found: list[tuple[str, Any]] = []
        for task in _tasks(state) if state else ():
            asks = [wanted[item["id"]] for item in task["interrupts"] if item["id"] in wanted]
            if asks and state:
                result = {
                    "id": task["id"],
                    "name": task["name"],
                    "error": None,
                    "result": {},
                    "interrupts": asks,
                }
                step = int(state["metadata"].get("step", -1)) + 1
                found += [("tasks", result), ("debug", _debug("task_result", step, state, result))]
        return found

    def _debugged(
        self, kind: str, mode: str, step: int, state: Mapping[str, Any], payload: Any, ordinal: int
    ) -> Iterator[tuple[str, Any, Cursor]]:
        at = Cursor(state["id"], ordinal)
        yield mode, payload, at
        yield "debug", _debug(kind, step, state, payload), at

    def _checkpoint(self, state: Mapping[str, Any]) -> Any:
        shown = wire.state(self._thread, state)
        tasks = [
            {"id": task["id"], "name": task["name"], "interrupts": [], "state": None}
            for task in shown["tasks"]
        ]
        return {
            "config": {"configurable": shown["checkpoint"]},
            "parent_config": {"configurable": shown["parent_checkpoint"]} if state.get("parent_id") else None,
            "values": shown["values"],
            "metadata": shown["metadata"],
            "next": shown["next"],
            "tasks": tasks,
            "checkpoint": shown["checkpoint"],
            "parent_checkpoint": shown["parent_checkpoint"],
        }


def seconds(written: str | None) -> float:
    """A time as LangGraph writes it; 0 where there is none."""
    try:
        return datetime.datetime.fromisoformat(written or "").timestamp()
    except ValueError:
        return 0.0


def _debug(kind: str, step: int, state: Mapping[str, Any], payload: Any) -> Any:
    return {"step": step, "timestamp": state["created_at"], "type": kind, "payload": payload}


def _tasks(state: Mapping[str, Any]) -> list[Any]:
    return [task for task in state["tasks"] if task["name"] != "__start__"]


def _messages(result: Any) -> Iterator[Mapping[str, Any]]:
    """The chat messages in what a task has written."""
    for value in result.values() if isinstance(result, dict) else ():
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, dict) and item.get("type") in _MESSAGES and "content" in item:
                yield item
