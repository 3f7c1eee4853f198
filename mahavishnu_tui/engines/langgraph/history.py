"""A thread's history with values, tasks and results, as LangGraph's own API shows it."""

from __future__ import annotations

import dataclasses
from typing import Any

from langgraph.types import StateSnapshot

from mahavishnu_tui.engines.langgraph.jsonable import to_json
from mahavishnu_tui.engines.langgraph.savers import LeasedSaver
from mahavishnu_tui.engines.langgraph.shape import AnyGraph
from mahavishnu_tui.engines.langgraph.thread import RUN_KEY, live_snapshot

MOST = 1000
"""States of one reply."""
STATE_BYTES = 2 * 1024 * 1024
REPLY_BYTES = 16 * 1024 * 1024
"""Budget of one reply: what does not fit is left for the next question (`before`)."""
_PAGE = 20


@dataclasses.dataclass(frozen=True)
class HistoryQuery:
    """What is asked of a thread; the fields are those of `history` in docs/protocols.md."""

    thread_id: str
    limit: int = 10
    before: str = ""
    """Only checkpoints older than this one."""
    since: str = ""
    """Only this checkpoint and newer ones."""
    run_id: str = ""
    """Only checkpoints that this run stored."""
    metadata: dict[str, Any] = dataclasses.field(default_factory=dict)
    checkpoint_id: str = ""
    """This one alone."""
    live: bool = False
    """The latest one alone, with what is pending on it."""
    subgraphs: bool = False

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> HistoryQuery:
        """Read a `history` request; raises KeyError when the thread is missing."""
        return cls(
            thread_id=str(data["thread_id"]),
            limit=max(1, min(int(data.get("limit") or 10), MOST)),
            before=str(data.get("before") or ""),
            since=str(data.get("since") or ""),
            run_id=str(data.get("run_id") or ""),
            metadata=dict(data.get("metadata") or {}),
            checkpoint_id=str(data.get("checkpoint_id") or ""),
            live=bool(data.get("live")),
            subgraphs=bool(data.get("subgraphs")),
        )


async def read_history(graph: AnyGraph, saver: LeasedSaver, query: HistoryQuery) -> dict[str, Any]:
    """`{"states": the states that are asked for, newest first, "more": older ones are there, too}`."""
    if query.live:
        snapshot = await live_snapshot(graph, saver, query.thread_id)
        return {"states": [] if snapshot is None else [_state(snapshot, query.subgraphs)], "more": False}
    if query.checkpoint_id:
        config = _config(query.thread_id, query.checkpoint_id)
        if await saver.aget_tuple(config) is None:
            return {"states": [], "more": False}
        snapshot = await graph.aget_state(config, subgraphs=query.subgraphs)
        return {"states": [_state(snapshot, query.subgraphs)], "more": False}
    found, more = await _pages(graph, query)
    return {"states": found, "more": more}


async def _pages(graph: AnyGraph, query: HistoryQuery) -> tuple[list[dict[str, Any]], bool]:
    """Newest first, a few at a time: a long thread is not read whole to show its head."""
    wanted = {**query.metadata, **({RUN_KEY: query.run_id} if query.run_id else {})}
    found: list[dict[str, Any]] = []
    before, size = query.before, 0
    while len(found) < query.limit:
        page = min(_PAGE, query.limit - len(found))
        snapshots = [
            snapshot
            async for snapshot in graph.aget_state_history(
                _config(query.thread_id),
                filter=wanted or None,
                before=_config(query.thread_id, before) if before else None,
                limit=page,
            )
        ]
        for snapshot in snapshots:
            before = _id(snapshot.config)
            if query.since and before < query.since:
                return found, False
            found.append(_state(snapshot, False))
            size += len(str(found[-1]["values"]))
            if size > REPLY_BYTES:
                return found, True
        if len(snapshots) < page:
            return found, False
    return found, True


def _config(thread_id: str, checkpoint_id: str = "") -> Any:
    config = {"thread_id": thread_id, "checkpoint_ns": ""}
    return {"configurable": {**config, "checkpoint_id": checkpoint_id} if checkpoint_id else config}


def _id(config: Any) -> str:
    return str(((config or {}).get("configurable") or {}).get("checkpoint_id") or "")


def _state(snapshot: StateSnapshot, nested: bool) -> dict[str, Any]:
    values, truncated = to_json(snapshot.values, STATE_BYTES)
    metadata, _ = to_json(dict(snapshot.metadata or {}))
    return {
        "id": _id(snapshot.config),
        "parent_id": _id(snapshot.parent_config),
        "namespace": str(snapshot.config["configurable"].get("checkpoint_ns") or ""),
        "created_at": snapshot.created_at,
        "metadata": metadata,
        "next": [str(node) for node in snapshot.next],
        "values": values,
        "truncated": truncated,
        "tasks": [_task(task, nested) for task in snapshot.tasks],
    }


def _task(task: Any, nested: bool) -> dict[str, Any]:
    inner = task.state if isinstance(task.state, StateSnapshot) else None
    return {
        "id": task.id,
        "name": task.name,
        "path": to_json(task.path)[0],
        "error": repr(task.error) if task.error is not None else None,
        "interrupts": [_interrupt(item) for item in task.interrupts],
        "result": to_json(task.result)[0],
        "namespace": _namespace(task),
        "state": _state(inner, nested) if nested and inner is not None and inner.metadata else None,
    }


def _namespace(task: Any) -> str:
    """LangGraph's namespace of the subgraph that a task runs; empty for ordinary nodes."""
    if isinstance(task.state, StateSnapshot):
        return str(task.state.config["configurable"].get("checkpoint_ns") or "")
    if isinstance(task.state, dict):
        return str((task.state.get("configurable") or {}).get("checkpoint_ns") or "")
    return ""


def _interrupt(item: Any) -> dict[str, Any]:
    shown = {"id": item.id, "value": to_json(item.value)[0]}
    schema = getattr(item, "response_schema", None)
    return {**shown, "response_schema": to_json(schema)[0]} if isinstance(schema, dict) else shown
