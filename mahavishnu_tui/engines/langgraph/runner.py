"""One dispatch of a run: from the stored state to success, failure, a question, a pause or a cancellation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from langchain_core.runnables import RunnableConfig
from langgraph.errors import GraphDrained, is_invalid_resume
from langgraph.runtime import RunControl
from langgraph.types import Command

from mahavishnu_tui.engines.base import WorkflowError
from mahavishnu_tui.engines.langgraph.answers import AnswerTracker
from mahavishnu_tui.engines.langgraph.deadlines import Deadlines
from mahavishnu_tui.engines.langgraph.edits import apply_edit
from mahavishnu_tui.engines.langgraph.events import RUNTIME_KEY, Events
from mahavishnu_tui.engines.langgraph.failures import explain
from mahavishnu_tui.engines.langgraph.jsonable import to_json
from mahavishnu_tui.engines.langgraph.nodes import is_subgraph, sync_nodes_at_work
from mahavishnu_tui.engines.langgraph.observe import AttemptObserver, feed
from mahavishnu_tui.engines.langgraph.recorder import PathRecorder
from mahavishnu_tui.engines.langgraph.requests import (
    EngineSettings,
    FinalStatus,
    Notify,
    RunRequest,
    durability,
)
from mahavishnu_tui.engines.langgraph.room import RoomWatch
from mahavishnu_tui.engines.langgraph.savers import LeasedSaver
from mahavishnu_tui.engines.langgraph.shape import AnyGraph
from mahavishnu_tui.engines.langgraph.steps import StepNotices
from mahavishnu_tui.engines.langgraph.thread import (
    GRAPH_KEY,
    INTENT_KEY,
    LEASE_KEY,
    RUN_KEY,
    StoredThread,
    read_thread,
)
from mahavishnu_tui.engines.langgraph.tracing import Tracing
from mahavishnu_tui.engines.langgraph.voices import Voices
from mahavishnu_tui.models import ErrorCode, MahavishnuError, NodeVisit, Question
from mahavishnu_tui.models.text import clean_line

_NOTHING_TO_RUN = object()


class Dispatch:
    """Runs a graph once for a request, reporting by `notify`."""

    def __init__(
        self,
        request: RunRequest,
        graph: AnyGraph,
        graph_hash: str,
        saver: LeasedSaver,
        settings: EngineSettings,
        notify: Notify,
        voices: Voices | None = None,
        tracing: Tracing | None = None,
    ) -> None:
        self._tracing = tracing
        self.request = request
        self._voices = voices
        self.graph = graph
        self._graph_hash = graph_hash
        self._saver = saver
        self._notify = notify
        self._control = RunControl()
        self._cancelled = False
        self._settings = settings
        self._limit = int(request.config.get("recursion_limit") or settings.recursion_limit)
        self._answers = AnswerTracker(self._report_answers)
        self._root: dict[str, Any] = {}
        self._task: asyncio.Task[Any] | None = None
        self._deadlines: Deadlines | None = None
        self._overdue: MahavishnuError | None = None
        self._steps = StepNotices(self._send)
        self._room = RoomWatch(saver.path, request.thread_id, settings.warn_bytes, self._room_taken)
        self.recorder = self._new_recorder(frozenset())

    def drain(self) -> None:
        """Stop at the next step boundary; the run can be resumed from there."""
        self._control.request_drain("operator")

    def cancelled(self) -> None:
        """Note that the cancellation which comes now was asked for."""
        self._cancelled = True

    async def run(self) -> dict[str, Any]:
        """Run to an end; return the `finished` notice, which is sent too. Errors are in it, not raised."""
        self._saver.stored[self.request.thread_id] = self._stored
        if self._voices is not None:
            self._voices.begin(self.request.run_id, self._visit_of, self._log_moved)
        self._task = asyncio.current_task()
        self._deadlines = Deadlines(
            self.request.timeout,
            self.request.timeout_seconds or self.request.timeout,
            self.request.node_timeout,
            lambda visit: not is_subgraph(self.graph, visit),
            self._expired,
        )
        try:
            finished = await self._run()
        except BaseException as error:  # SystemExit of a node must not end its host
            finished = await self._failed(error)
        finally:
            if self._voices is not None:
                self._voices.end(self.request.run_id)
            self._deadlines.close()
            await self._room.close()
            if self._saver.stored.get(self.request.thread_id) == self._stored:
                del self._saver.stored[self.request.thread_id]
        self._send(finished)
        return finished

    async def _run(self) -> dict[str, Any]:
        if self.request.mode == "edit":
            return await self._edit()
        payload, config = await self._prepare()
        if payload is _NOTHING_TO_RUN:
            return await self._at_rest()
        config["callbacks"] = [AttemptObserver(self.recorder, self._begun)]
        if self._voices is not None:
            config["configurable"][RUNTIME_KEY] = Events(self._voices, self.recorder.progress).runtime()
        try:
            parts: AsyncIterator[Any] = self.graph.astream(
                payload,
                config,
                context=self.request.config.get("context"),
                stream_mode=["debug"],
                subgraphs=True,
                version="v2",
                durability=durability(self.request, self._settings),
                control=self._control,
            )
            async for part in parts:
                self._take(part)
        except GraphDrained:
            self.recorder.close("cancelled", time.time())
            return self._finished("error" if self._overdue else "paused", error=self._overdue)
        if not self._root.get("next"):
            self.recorder.close("success", time.time())
            self._answers.run_ended()
            return self._finished("success", values=self._root.get("values"))
        self.recorder.close("interrupted", time.time())
        return await self._at_rest()

    async def _prepare(self) -> tuple[Any, RunnableConfig]:
        """Decide what to give to the graph.

        Raises:
            WorkflowError: MHV-107, MHV-421.
        """
        config = self._config()
        thread = await read_thread(self.graph, self._saver, self.request.thread_id)
        mode = "continue" if self._carried_out(thread) else self.request.mode
        if mode == "fork":
            await self._check_checkpoint()
            config["configurable"]["checkpoint_id"] = self.request.checkpoint_id
            return None, config
        if mode == "start" or not thread.exists:
            return ({} if self.request.input is None else self.request.input), config
        self._check_lost(thread)
        self._steps.begun(thread.checkpoint_id, thread.lease)
        self.recorder = self._new_recorder(thread.stored_tasks)
        used = self._answers.match(self.request.answers, thread)
        stops = [key for key in thread.scopes if key not in used]
        if thread.finished or stops or not (used or thread.runnable):
            return _NOTHING_TO_RUN, config
        resume = {key: value for key, value in used.items() if key not in thread.scopes}
        return (Command(resume=resume) if resume else None), config

    def _carried_out(self, thread: StoredThread) -> bool:
        """Whether this start or fork was begun by an earlier dispatch, of which something is stored."""
        if self.request.intent:
            return thread.intent == self.request.intent
        return self.request.mode == "start" and thread.run_id == self.request.run_id

    def _config(self) -> RunnableConfig:
        given = self.request.config
        # The same `run_id` in two dispatches makes LangGraph ignore new input.
        metadata = {key: value for key, value in (given.get("metadata") or {}).items() if key != "run_id"}
        configurable = {
            key: value
            for key, value in (given.get("configurable") or {}).items()
            if not key.startswith("__") and key not in ("run_id", "checkpoint_id", "checkpoint_ns")
        }
        config: RunnableConfig = {
            "configurable": {**configurable, "thread_id": self.request.thread_id},
            "metadata": {**metadata, **self._stamps()},
            "recursion_limit": self._limit,
            "tags": list(given.get("tags") or ()),
        }
        if given.get("max_concurrency"):
            config["max_concurrency"] = int(given["max_concurrency"])
        return config

    def _stamps(self) -> dict[str, Any]:
        stamps: dict[str, Any] = {
            RUN_KEY: self.request.run_id,
            GRAPH_KEY: self._graph_hash,
            LEASE_KEY: self.request.lease,
        }
        return {**stamps, INTENT_KEY: self.request.intent} if self.request.intent else stamps

    async def _check_checkpoint(self) -> None:
        config: Any = {
            "configurable": {
                "thread_id": self.request.thread_id,
                "checkpoint_ns": "",
                "checkpoint_id": self.request.checkpoint_id,
            }
        }
        wanted = self.request.checkpoint_id
        if not wanted or await self._saver.aget_tuple(config) is None:
            raise WorkflowError(
                ErrorCode.CHECKPOINT_UNKNOWN,
                f"Thread {self.request.thread_id} has no checkpoint {wanted or '(none named)'}.",
                "List its checkpoints and name one of them.",
            )

    def _check_lost(self, thread: StoredThread) -> None:
        if thread.lost:
            names = ", ".join(repr(name) for name in thread.lost)
            raise WorkflowError(
                ErrorCode.GRAPH_INVALID,
                f"The thread waits at {names}, which the graph no longer has (it was renamed or removed).",
                "Bring the node back under that name and resume, or resume from an earlier checkpoint.",
                nodes=thread.lost,
            )

    def _new_recorder(self, stored_tasks: frozenset[str]) -> PathRecorder:
        return PathRecorder(
            self.request.run_id,
            self.request.lease,
            self.request.next_visit,
            self._report_visit,
            stored_tasks,
        )

    def _take(self, part: dict[str, Any]) -> None:
        feed(self.recorder, part)
        data = part["data"]
        if data["type"] == "checkpoint" and not part["ns"]:
            self._root = data["payload"]
            self._steps.seen(data["step"], self._root)

    async def _edit(self) -> dict[str, Any]:
        """Store an edit of the state, unless an earlier dispatch of the same order has; nothing is run."""
        thread = await read_thread(self.graph, self._saver, self.request.thread_id)
        refused: MahavishnuError | None = None
        checkpoint_id = thread.checkpoint_id
        if not self._carried_out(thread):
            try:
                checkpoint_id = await apply_edit(
                    self.graph, self._saver, self.request.thread_id, self.request.edit, self._stamps()
                )
            except MahavishnuError as error:
                refused = error
        finished = await self._at_rest()
        edited = {"checkpoint_id": checkpoint_id, "error": refused.to_json() if refused else None}
        return {**finished, "edited": edited}

    async def _at_rest(self) -> dict[str, Any]:
        """The state as it is stored: finished, waiting, or stopped where it can go on."""
        thread = await read_thread(self.graph, self._saver, self.request.thread_id)
        self._answers.seen(thread)
        if thread.questions:
            return self._finished("interrupted", thread.values, questions=list(thread.questions.values()))
        return self._finished("success" if thread.finished else "paused", thread.values)

    async def _failed(self, error: BaseException) -> dict[str, Any]:
        now = time.time()
        if isinstance(error, asyncio.CancelledError):
            self.recorder.close("cancelled", now, "cancelled")
            if self._overdue and not self._cancelled:
                return self._finished("error", self._root.get("values"), error=self._overdue)
            status: FinalStatus = "cancelled" if self._cancelled else "paused"
            return self._finished(status, self._root.get("values"))
        node = self.recorder.culprit(error)
        if not node and isinstance(error, (SystemExit, KeyboardInterrupt)):
            node = next((visit.path for visit in reversed(self.recorder.at_work)), "")
        self.recorder.fail(error, now)
        reason = explain(error, self.recorder.visits, node, self._limit, self._saver.path)
        if is_invalid_resume(error):
            return await self._answer_refused(reason)
        return self._finished("error", self._root.get("values"), error=reason)

    def _expired(self, error: MahavishnuError, visit: int | None) -> None:
        """A time limit is passed: end the run now or, where a synchronous node works, after its step."""
        self._overdue = error
        sync = sync_nodes_at_work(self.graph, self.recorder.at_work)
        if sync:
            self._control.request_drain("out of time")
            self._send({"ev": "overdue", "nodes": sorted(set(sync)), "error": error.to_json()})
        elif self._task is not None:
            if visit is not None:
                self.recorder.took_too_long(visit, time.time(), clean_line(error.message))
            self._task.cancel()

    async def _answer_refused(self, reason: MahavishnuError) -> dict[str, Any]:
        """An answer did not fit its schema: LangGraph stored nothing, and the question is open as before."""
        self._answers.refused()
        thread = await read_thread(self.graph, self._saver, self.request.thread_id)
        return self._finished("interrupted", thread.values, list(thread.questions.values()), reason)

    def _finished(
        self,
        status: FinalStatus,
        values: Any = None,
        questions: list[Question] | None = None,
        error: MahavishnuError | None = None,
    ) -> dict[str, Any]:
        if values is None:
            values = self._root.get("values")
        plain, truncated = to_json(values)
        return {
            "ev": "finished",
            "status": status,
            "values": plain,
            "values_truncated": truncated,
            "error": error.to_json() if error else None,
            "questions": [question.to_json() for question in questions or ()],
            "path": self.recorder.path,
        }

    def _stored(self, scope: str, checkpoint_id: str, task_id: str, channels: frozenset[str]) -> None:
        self._answers.stored(scope, task_id, channels)
        if not scope and not task_id:
            self._steps.stored(checkpoint_id)
            self._room.stored()

    def _room_taken(self, warning: str) -> None:
        self._send({"ev": "room", "warning": warning})

    def _visit_of(self, task_id: str) -> int:
        return self.recorder.number_of(task_id)

    def _begun(self, trace_id: str) -> None:
        if self._tracing is not None:
            self._tracing.began(trace_id, lambda trace: self._send({"ev": "trace", "trace": trace}))

    def _log_moved(self, last: int) -> None:
        self._send({"ev": "log", "last": last})

    def _report_visit(self, visit: NodeVisit) -> None:
        if self._voices is not None and visit.outcome != "running":
            self._voices.visit_ended(self.request.run_id, visit.number)
        if self._deadlines is not None:
            self._deadlines.note(visit)
        self._send({"ev": "visit", "visit": visit.to_json()})

    def _report_answers(self, applied: list[str], stale: list[str]) -> None:
        self._send({"ev": "answers", "applied": applied, "stale": stale})

    def _send(self, notice: dict[str, Any]) -> None:
        notice["run_id"] = self.request.run_id
        notice["lease"] = self.request.lease
        self._notify(notice)
