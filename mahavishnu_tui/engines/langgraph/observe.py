"""Feeds the path recorder from LangGraph: attempts by callback, results and steps by the `debug` stream."""

from __future__ import annotations

import reprlib
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from langchain_core.callbacks import AsyncCallbackHandler
from langgraph.errors import GraphBubbleUp

from mahavishnu_tui.engines.langgraph.recorder import PathRecorder, TaskStart, branch_of
from mahavishnu_tui.engines.langgraph.route import namespace_path
from mahavishnu_tui.models.graph import ERROR_HANDLER
from mahavishnu_tui.models.text import clean_line

STEP_TAG = "graph:step:"
MAX_ARGUMENT = 120
"""Characters kept of what a Send branch was given."""


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

    def __init__(self, recorder: PathRecorder, root: Callable[[str], None]) -> None:
        self._recorder = recorder
        self._root = root
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
        """An attempt at a task begins, when the chain is a node; the run itself, when it is the outermost."""
        if parent_run_id is None:
            self._root(str(run_id))
        name = (metadata or {}).get("langgraph_node")
        if not metadata or not _is_node(tags) or kwargs.get("name") != name or name == "__start__":
            return
        parts = str(metadata["langgraph_checkpoint_ns"]).split("|")
        while parts[-1].isdigit():
            parts.pop()
        task_id = parts.pop().rpartition(":")[2]
        failed = ""
        if str(name).startswith(ERROR_HANDLER):
            failed = parts.pop().rpartition(":")[
                2
            ]  # LangGraph nests a handler under the task that failed; it is a node beside it
        branch = branch_of(metadata.get("langgraph_path", ()))
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
                branch=branch,
                argument=in_few_words(inputs) if branch else "",
                failed=failed,
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


class _Briefly(reprlib.Repr):
    """Bounded, and without the `repr` of objects that may be of any size."""

    def __init__(self) -> None:
        super().__init__()
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = 4
        self.maxlevel = 3
        self.maxstring = 40

    def repr_instance(self, x: Any, level: int) -> str:
        """A number, a truth value or None as it is; of all else the name of its type."""
        return repr(x) if x is None or type(x) in (bool, float) else type(x).__name__


def in_few_words(argument: Any) -> str:
    """What a Send carries: `n=3, name='a'` for a dict."""
    brief = _Briefly()
    try:
        if isinstance(argument, dict) and len(argument) <= brief.maxdict:
            text = ", ".join(
                f"{key if isinstance(key, str) else brief.repr(key)}={brief.repr(value)}"
                for key, value in argument.items()
            )
        else:
            text = brief.repr(argument)
    except Exception:  # a mapping of the graph's own may do anything
        return ""
    return clean_line(text, MAX_ARGUMENT)


def _is_node(tags: list[str] | None) -> bool:
    return any(tag.startswith(STEP_TAG) for tag in tags or ())
