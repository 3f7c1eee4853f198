"""Reads the stored state of a thread: what is done, what waits, and who is asked what."""

from __future__ import annotations

import dataclasses
from typing import Any

from langgraph.checkpoint.base import CheckpointTuple
from langgraph.types import Interrupt, PregelTask, StateSnapshot

from mahavishnu_tui.engines.langgraph.called import answers_of, interrupt_key, open_below
from mahavishnu_tui.engines.langgraph.context import code_of
from mahavishnu_tui.engines.langgraph.questions import breakpoint_question, interrupt_question
from mahavishnu_tui.engines.langgraph.route import BRANCH, namespace_path
from mahavishnu_tui.engines.langgraph.savers import LeasedSaver
from mahavishnu_tui.engines.langgraph.shape import AnyGraph, stops_at, subgraph_of
from mahavishnu_tui.models import Question

RUN_KEY = "mahavishnu_run"
"""Checkpoint metadata: the run that stored it. LangGraph gives `run_id` a meaning of its own."""
INTENT_KEY = "mahavishnu_intent"
"""Checkpoint metadata: the order to start or fork that the run which stored it was carrying out."""
LEASE_KEY = "mahavishnu_lease"
"""Checkpoint metadata: the lease of the dispatch that stored it."""
GRAPH_KEY = "mahavishnu_graph"
"""Checkpoint metadata: the hash of the graph that stored it."""

LABEL_KEY = "mahavishnu_label"
"""Checkpoint metadata: what an operator said of the edit that stored it."""


@dataclasses.dataclass
class StoredThread:
    """A thread as its checkpoints show it."""

    checkpoint_id: str = ""
    run_id: str = ""
    intent: str = ""
    lease: int = 0
    """Of the dispatch that stored the latest checkpoint; 0 when it does not say."""
    next: list[str] = dataclasses.field(default_factory=list)
    """The nodes of the root graph that have still to run."""
    finished: bool = False
    """The graph has come to its end. An empty `next` does not say so: a thread that died after the last node
    of a step was stored, and before the next checkpoint was, has none either."""
    questions: dict[str, Question] = dataclasses.field(default_factory=dict)
    """By interrupt id; only those that nobody has answered."""
    owners: dict[str, str] = dataclasses.field(default_factory=dict)
    """Interrupt id → id of the task that asked; breakpoints have none."""
    scopes: dict[str, str] = dataclasses.field(default_factory=dict)
    """Interrupt id of a breakpoint → LangGraph's namespace of the graph that stopped."""
    runnable: bool = False
    """Something can run although no question is answered: it was cut off, failed, or waits for nobody."""
    stored_tasks: frozenset[str] = frozenset()
    """Ids of tasks that will not run again: their results, or that a handler took over, are stored."""
    lost: list[str] = dataclasses.field(default_factory=list)
    """Nodes that the thread waits for and the graph no longer has."""
    values: Any = None

    @property
    def exists(self) -> bool:
        """Whether anything is stored."""
        return bool(self.checkpoint_id)


async def read_thread(graph: AnyGraph, saver: LeasedSaver, thread_id: str) -> StoredThread:
    """Read a thread from its latest checkpoints, subgraphs included."""
    thread = StoredThread()
    snapshot = await live_snapshot(graph, saver, thread_id)
    if snapshot is None:
        return thread
    metadata: dict[str, Any] = dict(snapshot.metadata or {})
    thread.checkpoint_id = str(snapshot.config["configurable"]["checkpoint_id"])
    thread.run_id = str(metadata.get(RUN_KEY, ""))
    thread.intent = str(metadata.get(INTENT_KEY, ""))
    thread.lease = _whole(metadata.get(LEASE_KEY))
    thread.next = [str(node) for node in snapshot.next]
    thread.finished = not snapshot.tasks
    thread.values = snapshot.values
    await _Reader(saver, thread).level(graph, snapshot)
    return thread


async def live_snapshot(graph: AnyGraph, saver: LeasedSaver, thread_id: str) -> StateSnapshot | None:
    """The latest state, also where LangGraph's own live view raises (after conflicting parallel writes)."""
    config: Any = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}
    stored = await saver.aget_tuple(config)
    if stored is None:
        return None
    try:
        return await graph.aget_state({"configurable": {"thread_id": thread_id}}, subgraphs=True)
    except Exception:
        return await graph.aget_state(stored.config, subgraphs=True)


class _Reader:
    """Walks the graph levels of one thread."""

    def __init__(self, saver: LeasedSaver, thread: StoredThread) -> None:
        self.saver = saver
        self.thread = thread

    async def level(self, graph: AnyGraph, snapshot: StateSnapshot, certain: bool = True) -> None:
        """Take in one graph of the thread, then the subgraphs that are at work in it.

        Args:
            graph: the graph.
            snapshot: its state.
            certain: the state is that of this graph. A body that calls several is known by one of them alone.
        """
        stored = await self.saver.aget_tuple(snapshot.config)
        if stored is None:
            return
        scope = str(snapshot.config["configurable"].get("checkpoint_ns", ""))
        namespace = namespace_path(scope.split("|")) if scope else ""
        if certain:
            self.thread.lost.extend(_lost_nodes(graph, stored))
        unfinished = [task for task in snapshot.tasks if task.name in snapshot.next and task.result is None]
        done = {task.id for task in snapshot.tasks if task.result is not None}
        handled = {
            writer for writer, channel, _ in stored.pending_writes or () if channel == "__error_source_node__"
        }
        self.thread.stored_tasks |= done | handled
        if done and not unfinished:
            self.thread.runnable = True  # the step is done and its checkpoint is not stored
        own = {task.id for task in snapshot.tasks}
        begun = any(writer in own for writer, _, _ in stored.pending_writes or ())
        if not begun and await self.breakpoint(graph, snapshot, stored, unfinished, scope, namespace):
            return
        for task in unfinished:
            await self.task(graph, task, stored, scope, certain)

    async def task(
        self,
        graph: AnyGraph,
        task: PregelTask,
        stored: CheckpointTuple,
        scope: str,
        certain: bool,
    ) -> None:
        """Take in one unfinished task: it asks, something inside it asks, or it can just run."""
        before = len(self.thread.questions)
        own_scope = f"{scope}|{task.name}:{task.id}" if scope else f"{task.name}:{task.id}"
        nested = task.state if isinstance(task.state, StateSnapshot) and task.state.metadata else None
        answers = answers_of(stored, task.id)
        own_ids = {interrupt_key(own_scope, index): index for index in range(answers + 2)}
        for interrupt in task.interrupts:
            if own_ids.get(interrupt.id, -1) >= answers:
                self.ask(interrupt, task.name, scope, task.id, stored)
        subgraph = subgraph_of(graph, task.name)
        runnable_before = self.thread.runnable
        if nested is not None and subgraph is not None:
            held = code_of(graph.nodes[task.name].bound) is subgraph
            await self.level(subgraph, nested, certain and held)
        await self.below(task, stored, own_scope, set(own_ids))
        if len(self.thread.questions) == before and self.thread.runnable == runnable_before:
            self.thread.runnable = True

    async def below(self, task: PregelTask, stored: CheckpointTuple, own_scope: str, own: set[str]) -> None:
        """Take in what was asked below a task and is not seen by walking through the graphs that it holds."""
        missing = {item.id: item for item in task.interrupts if item.id not in {*own, *self.thread.questions}}
        if not missing:
            return
        found = await open_below(self.saver, _thread_id(stored), own_scope, set(missing))
        for asked in found or ():
            self.ask(asked.interrupt, asked.node, asked.scope, asked.task_id, asked.stored)
        if found is None:  # a graph without checkpoints of its own
            for interrupt in missing.values():
                self.ask(interrupt, task.name, own_scope.rpartition("|")[0], task.id, stored)

    def ask(self, interrupt: Interrupt, node: str, scope: str, task_id: str, stored: CheckpointTuple) -> None:
        """Note an open question of a task, in the graph whose namespace is `scope`."""
        self.thread.questions[interrupt.id] = interrupt_question(
            interrupt.id,
            node,
            namespace_path(scope.split("|")),
            interrupt.value,
            getattr(interrupt, "response_schema", None),
            str(stored.config["configurable"]["checkpoint_id"]),
        )
        self.thread.owners[interrupt.id] = task_id

    async def breakpoint(
        self,
        graph: AnyGraph,
        snapshot: StateSnapshot,
        stored: CheckpointTuple,
        unfinished: list[PregelTask],
        scope: str,
        namespace: str,
    ) -> bool:
        """Whether this graph stopped by `interrupt_before` or `interrupt_after`, as LangGraph sees it.

        Only before a task of the step has written: what one asked or failed with came after the stop.
        """
        if not unfinished or not (graph.interrupt_before_nodes or graph.interrupt_after_nodes):
            return False
        if not _moved_since_stop(stored):
            return False
        when, nodes = (
            "before",
            [task.name for task in unfinished if stops_at(graph.interrupt_before_nodes, task.name)],
        )
        if not nodes and snapshot.parent_config is not None and graph.interrupt_after_nodes:
            parent = await graph.aget_state(snapshot.parent_config) if not scope else None
            ran = [task.name for task in parent.tasks] if parent else _ran(stored)
            when, nodes = (
                "after",
                [name for name in ran if name != "__start__" and stops_at(graph.interrupt_after_nodes, name)],
            )
        if not nodes:
            return False
        checkpoint_id = str(stored.config["configurable"]["checkpoint_id"])
        question = breakpoint_question(when, nodes, scope, namespace, checkpoint_id)
        self.thread.questions[question.interrupt_id] = question
        self.thread.scopes[question.interrupt_id] = scope
        return True


def _thread_id(stored: CheckpointTuple) -> str:
    return str(stored.config["configurable"]["thread_id"])


def _whole(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else 0


def _moved_since_stop(stored: CheckpointTuple) -> bool:
    seen = stored.checkpoint["versions_seen"].get("__interrupt__", {})
    versions: dict[str, Any] = stored.checkpoint["channel_versions"]
    return any(channel not in seen or version > seen[channel] for channel, version in versions.items())


def _ran(stored: CheckpointTuple) -> list[str]:
    """Nodes of a subgraph whose triggers are newest: those that ran in its last step."""
    seen = {
        name: max(versions.values())
        for name, versions in stored.checkpoint["versions_seen"].items()
        if versions and not name.startswith("__")
    }
    newest = max(seen.values(), default=None)
    return [name for name, version in seen.items() if version == newest]


def _lost_nodes(graph: AnyGraph, stored: CheckpointTuple) -> list[str]:
    """Nodes that the checkpoint would run next and the graph does not have."""
    values = stored.checkpoint["channel_values"]
    waiting = [channel[len(BRANCH) :] for channel in values if channel.startswith(BRANCH)]
    for channel, value in values.items():
        if channel.startswith("join:") and channel not in graph.channels:
            sources, _, target = channel[len("join:") :].rpartition(":")
            waiting += [target] if set(sources.split("+")) == set(value or ()) else []
    waiting += [str(getattr(send, "node", "")) for send in values.get("__pregel_tasks") or ()]
    return sorted({name for name in waiting if name and name not in graph.nodes})
