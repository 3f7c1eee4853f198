"""Feeds the path recorder from LangGraph: attempts by callback, results and steps by the `debug` stream."""

from __future__ import annotations

import time
from datetime import datetime
from typing import Any
from uuid import UUID

from langchain_core.callbacks import AsyncCallbackHandler
from langgraph.errors import GraphBubbleUp

from mahavishnu_tui.engines.langgraph.recorder import PathRecorder, TaskStart, branch_of
from mahavishnu_tui.engines.langgraph.route import namespace_path

STEP_TAG = "graph:step:"
ERROR_HANDLER = "__error_handler__"


class AttemptObserver(AsyncCallbackHandler):
    """Reports each attempt at a task; nodes' own chains and models are not attempts.

    `run_inline` keeps LangChain from starting a task for each call.
    """

    run_inline = True
    ignore_llm = True
    ignore_chat_model = True
    ignore_retriever = True
    ignore_agent = True
    ignore_retry = True
    ignore_custom_event = True

    def __init__(self, recorder: PathRecorder) -> None:
        self._recorder = recorder
        self._tasks: dict[UUID, str] = {}

    async def on_chain_start(
        self,
        serialized: dict[str, Any],
        inputs: dict[str, Any],
        *,
        run_id: UUID,
        parent_run_id: UUID | None = None,
        tags: list[str] | None = None,
        metadata: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        """An attempt at a task begins, when the chain is a node."""
        name = (metadata or {}).get("langgraph_node")
        if not metadata or not _is_node(tags) or kwargs.get("name") != name or name == "__start__":
            return
        parts = str(metadata["langgraph_checkpoint_ns"]).split("|")
        while parts[-1].isdigit():
            parts.pop()
        task_id = parts.pop().rpartition(":")[2]
        if str(name).startswith(ERROR_HANDLER):
            parts.pop()  # LangGraph nests a handler under the task that failed; it is a node beside it
        self._tasks[run_id] = task_id
        self._recorder.attempt(
            TaskStart(
                task_id=task_id,
                node=metadata["langgraph_node"],
                namespace=namespace_path(parts),
                scope="|".join(parts),
                step=int(metadata["langgraph_step"]),
                at=time.time(),
                triggers=tuple(str(trigger) for trigger in metadata.get("langgraph_triggers", ())),
                branch=branch_of(metadata.get("langgraph_path", ())),
            )
        )

    async def on_chain_end(
        self, outputs: Any, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        """Forget the attempt; its result comes with the stream, once it is committed."""
        self._tasks.pop(run_id, None)

    async def on_chain_error(
        self, error: BaseException, *, run_id: UUID, parent_run_id: UUID | None = None, **kwargs: Any
    ) -> None:
        """An attempt failed or was cancelled; a question is no failure, and comes with the stream."""
        task_id = self._tasks.pop(run_id, None)
        if task_id is not None and not isinstance(error, GraphBubbleUp):
            self._recorder.attempt_failed(task_id, error, time.time())


def feed(recorder: PathRecorder, part: dict[str, Any]) -> None:
    """Take in one part of `astream(stream_mode=["debug"], subgraphs=True, version="v2")`."""
    data = part["data"]
    payload = data["payload"]
    scope = "|".join(part["ns"])
    at = datetime.fromisoformat(data["timestamp"]).timestamp()
    if data["type"] == "checkpoint":
        recorder.step_done(scope, data["step"], at)
        return
    task = TaskStart(
        task_id=payload["id"],
        node=payload["name"],
        namespace=namespace_path(part["ns"]),
        scope=scope,
        step=data["step"],
        at=at,
        triggers=tuple(payload.get("triggers", ())),
    )
    if data["type"] == "task":
        recorder.scheduled(task)
    else:
        recorder.result(task, payload.get("error"), bool(payload.get("interrupts")))


def _is_node(tags: list[str] | None) -> bool:
    return any(tag.startswith(STEP_TAG) for tag in tags or ())
