"""Edits of a thread's state: seen first on a copy in memory, then stored as one checkpoint of their own."""

from __future__ import annotations

import dataclasses
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import CheckpointTuple, copy_checkpoint
from langgraph.checkpoint.base.id import uuid6
from langgraph.checkpoint.memory import InMemorySaver

from mahavishnu_tui.engines.base import AdapterError, WorkflowError
from mahavishnu_tui.engines.langgraph.jsonable import canonical, to_json
from mahavishnu_tui.engines.langgraph.savers import LeasedSaver
from mahavishnu_tui.engines.langgraph.shape import AnyGraph
from mahavishnu_tui.engines.langgraph.thread import LABEL_KEY, read_thread
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.checkpoint import EditPreview
from mahavishnu_tui.models.diff import summarise
from mahavishnu_tui.models.edit import COPY, StateEdit
from mahavishnu_tui.models.text import clean_line

END = "__end__"
INPUT = "__input__"
_DELTA = "counters_since_delta_snapshot"
_WHOLE = 64 * 1024 * 1024
"""Budget of a state that is compared."""


@dataclasses.dataclass(frozen=True)
class Base:
    """Where an edit starts."""

    stored: CheckpointTuple
    latest_id: str

    @property
    def id(self) -> str:
        """Of the checkpoint."""
        return str(self.stored.checkpoint["id"])


async def preview_edit(graph: AnyGraph, saver: LeasedSaver, thread_id: str, order: StateEdit) -> EditPreview:
    """What the reducers make of an edit, and what would run next, computed on a copy; nothing is stored.

    Raises:
        AdapterError: MHV-107, MHV-121, MHV-122.
        WorkflowError: MHV-122, the reducers refuse the values.
    """
    base = await find_base(saver, thread_id, order)
    as_node = check_order(graph, base, order)
    memory, at_base = _in_memory(base.stored, saver, thread_id)
    copied = graph.copy(update={"checkpointer": memory})
    before = await copied.aget_state(at_base)
    if order.as_node == COPY:  # what the thread's present state becomes
        after = before
        latest: RunnableConfig = {
            "configurable": {"thread_id": thread_id, "checkpoint_ns": "", "checkpoint_id": base.latest_id}
        }
        before = await graph.aget_state(latest)
    else:
        await _update(copied, at_base, order, as_node)
        after = await copied.aget_state({"configurable": {"thread_id": thread_id}})
    thread = await read_thread(graph, saver, thread_id)
    shown_before, cut_before = to_json(before.values, _WHOLE)
    shown_after, cut_after = to_json(after.values, _WHOLE)
    return EditPreview(
        checkpoint_id=base.id,
        latest_id=base.latest_id,
        as_node=as_node,
        diff=summarise(shown_before, shown_after, cut_before or cut_after).to_json(),
        next=[str(name) for name in after.next],
        drops=[
            clean_line(f"{question.node} asks {to_json(question.value, 300)[0]}", 200)
            for question in thread.questions.values()
        ],
        warnings=_warnings(before.values, order),
    )


async def apply_edit(
    graph: AnyGraph, saver: LeasedSaver, thread_id: str, order: StateEdit, stamps: dict[str, str]
) -> str:
    """Store an edit as the thread's latest checkpoint, and return its id.

    Args:
        graph: the thread's graph.
        saver: holds the thread's lease.
        thread_id: whose state.
        order: what to do.
        stamps: metadata of the new checkpoint.

    Raises:
        AdapterError, WorkflowError: as `preview_edit`; MHV-431.
    """
    base = await find_base(saver, thread_id, order)
    as_node = check_order(graph, base, order)
    metadata = {**stamps, **({LABEL_KEY: order.label} if order.label else {})}
    if order.as_node == COPY:
        return await _copy(saver, thread_id, base.stored, metadata)
    config: RunnableConfig = {
        "configurable": {"thread_id": thread_id, "checkpoint_ns": "", "checkpoint_id": base.id},
        "metadata": dict(metadata),
    }
    stored = await _update(graph, config, order, as_node)
    return str(stored["configurable"]["checkpoint_id"])


async def find_base(saver: LeasedSaver, thread_id: str, order: StateEdit) -> Base:
    """The checkpoint that an order starts from.

    Raises:
        AdapterError: MHV-107 there is none, MHV-121 another one is the latest now.
    """
    place: dict[str, Any] = {"thread_id": thread_id, "checkpoint_ns": ""}
    latest = await saver.aget_tuple({"configurable": place})
    if latest is None:
        raise _unknown(thread_id, order.checkpoint_id)
    latest_id = str(latest.checkpoint["id"])
    if order.seen and order.seen != latest_id:
        raise AdapterError(
            ErrorCode.CHECKPOINT_MOVED,
            f"Thread {thread_id} has gone on since you looked: its latest checkpoint is {latest_id}.",
            "Nothing was changed; look again.",
            checkpoint_id=latest_id,
        )
    if not order.checkpoint_id or order.checkpoint_id == latest_id:
        return Base(latest, latest_id)
    stored = await saver.aget_tuple({"configurable": {**place, "checkpoint_id": order.checkpoint_id}})
    if stored is None:
        raise _unknown(thread_id, order.checkpoint_id)
    return Base(stored, latest_id)


def check_order(graph: AnyGraph, base: Base, order: StateEdit) -> str:
    """Refuse what LangGraph would drop in silence or trip over; the node that the edit stands for.

    Raises:
        AdapterError: MHV-122.
    """
    if order.as_node == COPY:
        if order.values is not None:
            raise _refuse("A copy of a checkpoint takes no values.", "Name the node that they come from.")
        return COPY
    if _DELTA in (base.stored.metadata or {}):
        raise _refuse(
            "The thread stores only what changes (DeltaChannel); its state cannot be edited here.",
            "Go on from one of its checkpoints instead.",
        )
    if order.as_node == END:
        if order.values is not None:
            raise _refuse("Ending a thread takes no values.", "Edit its state first, then end it.")
        return END
    _check_keys(graph, order.values)
    nodes = sorted(name for name in graph.nodes if not name.startswith("__"))
    if order.as_node == INPUT or order.as_node in nodes:
        return order.as_node
    if order.as_node:
        raise _refuse(
            f"The graph has no node {order.as_node!r}.", f"Its nodes are {clean_line(', '.join(nodes), 300)}."
        )
    found = graph._infer_as_node(base.stored.checkpoint["versions_seen"])
    if not found:
        raise _refuse(
            "It cannot be told whose writing this edit stands for: several nodes ran last, or none.",
            f"Name the node: {clean_line(', '.join(nodes), 300)}.",
        )
    return str(found)


def _check_keys(graph: AnyGraph, values: Any) -> None:
    keys = sorted(
        name
        for name in graph.channels
        if not name.startswith(("branch:", "join:", "__")) and name not in graph.nodes
    )
    if "__root__" in graph.channels:
        return
    if not isinstance(values, dict) or not values:
        raise _refuse("The values must be a JSON object with at least one key.", f"Keys: {', '.join(keys)}.")
    unknown = [key for key in values if key not in keys]
    if unknown:
        raise _refuse(
            f"The state has no key {clean_line(unknown[0], 80)!r}.",
            f"Its keys are {clean_line(', '.join(keys), 300)}.",
        )


async def _update(graph: AnyGraph, config: RunnableConfig, order: StateEdit, as_node: str) -> RunnableConfig:
    try:
        return await graph.aupdate_state(config, order.values, as_node=as_node)
    except AdapterError:
        raise
    except Exception as error:
        raise WorkflowError(
            ErrorCode.EDIT_INVALID,
            f"The edit fails as {as_node!r}: {type(error).__name__}: {clean_line(error, 300)}.",
            "Nothing was changed; correct the values, or name another node.",
        ) from error


def _in_memory(
    stored: CheckpointTuple, saver: LeasedSaver, thread_id: str
) -> tuple[InMemorySaver, RunnableConfig]:
    memory = InMemorySaver(serde=saver.serde)
    checkpoint, place = stored.checkpoint, {"thread_id": thread_id, "checkpoint_ns": ""}
    config = memory.put(
        {"configurable": place}, checkpoint, stored.metadata, dict(checkpoint["channel_versions"])
    )
    written: dict[str, list[tuple[str, Any]]] = {}
    for task_id, channel, value in stored.pending_writes or ():
        written.setdefault(task_id, []).append((channel, value))
    for task_id, writes in written.items():
        memory.put_writes(config, writes, task_id)
    return memory, config


async def _copy(saver: LeasedSaver, thread_id: str, stored: CheckpointTuple, metadata: dict[str, Any]) -> str:
    """Store a checkpoint again as the latest, as a child of its own (of its parent where writes add up)."""
    checkpoint = copy_checkpoint(stored.checkpoint)
    checkpoint["id"] = str(uuid6(clock_seq=-2))
    about = stored.metadata or {}
    parent = str(stored.checkpoint["id"])
    kept: dict[str, Any] = {"source": "fork", "step": int(about.get("step", -1)) + 1}
    kept["parents"] = about.get("parents", {})
    if _DELTA in about:
        kept[_DELTA] = about["counters_since_delta_snapshot"]
        before = (stored.parent_config or {}).get("configurable", {})
        parent = str(before.get("checkpoint_id") or "") or parent
    config: RunnableConfig = {
        "configurable": {"thread_id": thread_id, "checkpoint_ns": "", "checkpoint_id": parent},
        "metadata": dict(metadata),
    }
    await saver.aput(config, checkpoint, kept, {})  # type: ignore[arg-type]
    return checkpoint["id"]


def _warnings(values: Any, order: StateEdit) -> list[str]:
    """What a value that comes as JSON does to a state that holds more than JSON."""
    found: list[str] = []
    if not isinstance(values, dict) or not isinstance(order.values, dict):
        return found
    for key, new in order.values.items():
        old = values.get(key)
        first = old[0] if isinstance(old, (list, tuple)) and old else old
        plain = first is None or isinstance(first, (str, int, float, bool, dict, list))
        if not plain and not isinstance(new, str):
            found.append(f"{key} holds {type(first).__name__}; the edit writes plain JSON.")
        elif canonical(old) == canonical(new):
            found.append(f"{key} has this value already; its reducer may add to it.")
    return [clean_line(item, 200) for item in found]


def _refuse(message: str, hint: str) -> AdapterError:
    return AdapterError(ErrorCode.EDIT_INVALID, message, hint)


def _unknown(thread_id: str, checkpoint_id: str) -> AdapterError:
    wanted = f" {checkpoint_id}" if checkpoint_id else " yet"
    return AdapterError(
        ErrorCode.CHECKPOINT_UNKNOWN,
        f"Thread {thread_id} has no checkpoint{wanted}.",
        "List the checkpoints of the run.",
    )
