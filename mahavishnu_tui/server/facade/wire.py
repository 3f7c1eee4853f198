"""Our records in the words and shapes of the Agent Server API."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from mahavishnu_tui.models import Approval, GraphShape, NodeVisit, Run, Workflow
from mahavishnu_tui.server.facade.ids import assistant_id, run_uuid
from mahavishnu_tui.server.store.agent import Given, Thread

Json = dict[str, Any]

_RUN_STATUS = {
    "queued": "pending",
    "running": "running",
    # Their runs end where a graph asks; that it waits is said by the thread.
    "interrupted": "success",
    "paused": "interrupted",
    "success": "success",
    "error": "error",
    "cancelled": "interrupted",
}
RUN_STATUSES: dict[str, list[str]] = {
    "pending": ["queued"],
    "running": ["running"],
    "error": ["error"],
    "success": ["success", "interrupted"],
    "timeout": [],
    "interrupted": ["paused", "cancelled"],
}
"""Their words for a run's state, and those of ours that they stand for."""


def at(seconds: float) -> str:
    """A time as they write it."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()


def assistant(workflow: Workflow) -> Json:
    """A workflow as an assistant."""
    when = at(workflow.registered_at)
    return {
        "assistant_id": assistant_id(workflow.id),
        "graph_id": workflow.name,
        "config": {},
        "context": {},
        "metadata": {"created_by": "system", "workflow_id": workflow.id},
        "name": workflow.name,
        "created_at": when,
        "updated_at": when,
        "version": 1,
        "description": workflow.description or None,
    }


def drawing(shape: GraphShape, depth: int, prefix: str = "") -> Json:
    """A graph as nodes and edges, subgraphs unfolded down to `depth`; their nodes are `outer:inner`."""
    nodes: list[Json] = []
    edges: list[Json] = []
    inner = {name: sub for name, sub in shape.subgraphs.items() if depth > 0}
    for node in shape.nodes:
        if node.id in inner:
            part = drawing(inner[node.id], depth - 1, f"{prefix}{node.id}:")
            nodes += part["nodes"]
            edges += part["edges"]
        else:
            nodes.append(_node(prefix, node.id))
    for edge in shape.edges:
        source = f"{prefix}{edge.source}" + (":__end__" if edge.source in inner else "")
        target = f"{prefix}{edge.target}" + (":__start__" if edge.target in inner else "")
        shown: Json = {"source": source, "target": target}
        if edge.conditional:
            shown["conditional"] = True
        if edge.label:
            shown["data"] = edge.label
        edges.append(shown)
    return {"nodes": nodes, "edges": edges}


def _node(prefix: str, name: str) -> Json:
    if name == "__end__" and not prefix:
        return {"id": name}
    return {"id": f"{prefix}{name}", "type": "runnable", "data": {"name": name}}


def run(found: Run, given: Given) -> Json:
    """A run."""
    assistant_of = assistant_id(found.workflow_id)
    shown: Json = {
        "run_id": run_uuid(found.id),
        "thread_id": found.thread_id,
        "assistant_id": assistant_of,
        "metadata": {
            "created_by": found.created_by,
            "graph_id": found.workflow,
            "assistant_id": assistant_of,
            "mahavishnu_name": found.name,
            **given.metadata,
        },
        "status": run_status(found),
        "kwargs": given.kwargs,
        "multitask_strategy": given.multitask_strategy,
        "created_at": at(found.created_at),
        "updated_at": at(found.ended_at or found.started_at or found.created_at),
    }
    if found.status == "cancelled":
        shown["cancel_reason"] = found.note or None
    return shown


def run_status(found: Run) -> str:
    """The state of a run in their words."""
    return _RUN_STATUS[found.status]


def thread(found: Thread, interrupts: Json) -> Json:
    """A thread, with what it asks by task."""
    metadata = dict(found.metadata)
    if found.newest is not None:
        metadata.setdefault("assistant_id", assistant_id(found.newest.workflow_id))
    failed = found.newest.error if found.newest and found.status == "error" else None
    return {
        "thread_id": found.id,
        "created_at": at(found.created_at),
        "updated_at": at(found.updated_at),
        "state_updated_at": at(found.updated_at),
        "metadata": metadata,
        "status": found.status,
        "config": {},
        "values": found.values,
        "interrupts": interrupts,
        "error": error(failed) if failed else None,
    }


def interrupts(asked: Iterable[Approval], visits: Iterable[NodeVisit]) -> Json:
    """What a thread asks, by the id of the task that asks."""
    tasks = {visit.path: visit.task_id for visit in visits}
    found: dict[str, list[Json]] = {}
    for approval in pending(asked):
        path = "/".join(filter(None, (approval.namespace, approval.node)))
        found.setdefault(tasks.get(path, approval.interrupt_id), []).append(interrupt(approval))
    return found


def pending(asked: Iterable[Approval]) -> list[Approval]:
    """The questions that a client can answer; a breakpoint asks nothing in their API."""
    return [item for item in asked if item.status == "pending" and item.kind != "breakpoint"]


def interrupt(approval: Approval) -> Json:
    """A question."""
    return {"id": approval.interrupt_id, "value": approval.value, "response_schema": approval.schema}


def error(failure: Mapping[str, Any]) -> Json:
    """What ended a run, in the two words that they use, and our code."""
    return {
        "error": str(failure.get("exception") or failure.get("code") or "Error"),
        "message": str(failure.get("message", "")),
        "code": failure.get("code"),
        "hint": failure.get("hint", ""),
    }


def state(thread_id: str, found: Mapping[str, Any]) -> Json:
    """A state as the host tells it."""
    parent = found.get("parent_id")
    checkpoint = _checkpoint(thread_id, found["id"], found.get("namespace", ""))
    tasks = [_task(thread_id, task) for task in found["tasks"]]
    return {
        "values": found["values"],
        "next": found["next"],
        "tasks": tasks,
        "metadata": {**found["metadata"], "thread_id": thread_id},
        "created_at": found["created_at"],
        "checkpoint": checkpoint,
        "parent_checkpoint": _checkpoint(thread_id, parent, found.get("namespace", "")) if parent else None,
        "interrupts": [item for task in tasks for item in task["interrupts"]],
        "checkpoint_id": found["id"],
        "parent_checkpoint_id": parent or None,
    }


def no_state(thread_id: str, checkpoint_id: str = "") -> Json:
    """The state of a thread that has none, or not that one."""
    return {
        "values": {},
        "next": [],
        "tasks": [],
        "metadata": None,
        "created_at": None,
        "checkpoint": _checkpoint(thread_id, checkpoint_id) if checkpoint_id else None,
        "parent_checkpoint": None,
        "interrupts": [],
        "checkpoint_id": checkpoint_id or None,
        "parent_checkpoint_id": None,
    }


def _checkpoint(thread_id: str, checkpoint_id: Any, namespace: str = "") -> Json:
    return {"checkpoint_id": checkpoint_id, "thread_id": thread_id, "checkpoint_ns": namespace}


def _task(thread_id: str, task: Mapping[str, Any]) -> Json:
    namespace, inner = task.get("namespace", ""), task.get("state")
    held = {"thread_id": thread_id, "checkpoint_ns": namespace} if namespace and not inner else None
    return {
        "id": task["id"],
        "name": task["name"],
        "path": task["path"],
        "error": task["error"],
        "interrupts": task["interrupts"],
        "checkpoint": held,
        "state": state(thread_id, inner) if inner else None,
        "result": task["result"],
    }


def select(shown: Json, fields: Iterable[str]) -> Json:
    """Only these fields (`values.key` for one key of the state); all of them when none are named."""
    wanted = list(fields)
    if not wanted:
        return shown
    chosen = {name: shown[name] for name in wanted if name in shown}
    keys = [name.partition(".")[2] for name in wanted if name.startswith("values.")]
    if keys and "values" not in chosen and isinstance(shown.get("values"), dict):
        chosen["values"] = {key: shown["values"][key] for key in keys if key in shown["values"]}
    return chosen
