"""Questions asked inside graphs that the body of a node calls: where they were asked, and whether still open.

LangGraph stores the second and later calls of one body under namespaces of their own (`node:task|1`, …), and
its state view shows the first call alone. They are read here from the checkpoints, without their graphs:
those that a body calls cannot all be known.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from typing import Any

from langgraph.checkpoint.base import CheckpointTuple
from langgraph.types import Interrupt, Send
from xxhash import xxh3_128_hexdigest

from mahavishnu_tui.engines.langgraph.route import BRANCH
from mahavishnu_tui.engines.langgraph.savers import LeasedSaver

MOST_CALLS = 1000
"""Namespaces that are looked through below one task."""


@dataclasses.dataclass(frozen=True)
class Asked:
    """A question that is stored below a task and not answered."""

    interrupt: Interrupt
    node: str
    scope: str
    """LangGraph's namespace of the graph that the node is in."""
    task_id: str
    stored: CheckpointTuple
    """The checkpoint of that graph."""


async def open_below(saver: LeasedSaver, thread_id: str, scope: str, wanted: set[str]) -> list[Asked] | None:
    """Find questions below the task whose namespace is `scope`.

    Args:
        saver: where the thread is stored.
        thread_id: the thread.
        scope: the namespace that the task's graphs are stored under.
        wanted: interrupt ids; those that were answered, or are not stored any more, are left out.

    Returns:
        None when nothing at all is stored below the task.
    """
    names = await saver.namespaces(thread_id, scope, MOST_CALLS)
    if not names:
        return None
    found: dict[str, Asked] = {}
    for name in names:
        config: Any = {"configurable": {"thread_id": thread_id, "checkpoint_ns": name}}
        stored = await saver.aget_tuple(config)
        for asked in _asked(stored, name, wanted) if stored is not None else ():
            found[asked.interrupt.id] = asked
    return list(found.values())


def _asked(stored: CheckpointTuple, scope: str, wanted: set[str]) -> Iterator[Asked]:
    names = waiting_nodes(stored)
    for task_id, channel, value in stored.pending_writes or ():
        if channel != "__interrupt__":
            continue
        answers = answers_of(stored, task_id)
        for interrupt in value if isinstance(value, (list, tuple)) else (value,):
            if getattr(interrupt, "id", "") not in wanted:
                continue
            # A question passes up through the graphs above; only where it was asked does its id fit.
            node = _asker(interrupt.id, scope, task_id, names, answers)
            if node:
                yield Asked(interrupt, node, scope, task_id, stored)


def _asker(interrupt_id: str, scope: str, task_id: str, names: Iterable[str], answers: int) -> str:
    """The node that waits for an answer to this question; empty when none of them does."""
    for name in names:
        own = f"{scope}|{name}:{task_id}"
        if interrupt_id in (interrupt_key(own, answers), interrupt_key(own, answers + 1)):
            return name
    return ""


def waiting_nodes(stored: CheckpointTuple) -> list[str]:
    """Names of the nodes that may run next in a stored graph, as far as its channels tell."""
    channels = [*stored.checkpoint["channel_values"], *stored.checkpoint["channel_versions"]]
    names = [channel[len(BRANCH) :] for channel in channels if channel.startswith(BRANCH)]
    names += [channel.rpartition(":")[2] for channel in channels if channel.startswith("join:")]
    sends = stored.checkpoint["channel_values"].get("__pregel_tasks") or ()
    names += [send.node for send in sends if isinstance(send, Send)]
    names += [name for name in stored.checkpoint["versions_seen"] if not name.startswith("__")]
    return list(dict.fromkeys(names))


def interrupt_key(scope: str, answered: int) -> str:
    """LangGraph's id of the question that a task asks after so many answers."""
    return xxh3_128_hexdigest((f"{scope}|{answered}" if answered else scope).encode())


def answers_of(stored: CheckpointTuple, task_id: str) -> int:
    """How many answers of a task are stored: a task that failed after its answer keeps it."""
    for writer, channel, value in stored.pending_writes or ():
        if writer == task_id and channel == "__resume__":
            return len(value) if isinstance(value, list) else 1
    return 0
