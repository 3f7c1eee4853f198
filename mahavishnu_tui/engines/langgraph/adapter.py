"""The LangGraph adapter: loads graphs, runs them, and answers for their threads. A library of its own."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from langgraph.graph import StateGraph

from mahavishnu_tui.engines.base import AdapterCapabilities, AdapterError, OrchestratorAdapter
from mahavishnu_tui.engines.langgraph.catalog import Catalog, LoadedGraph
from mahavishnu_tui.engines.langgraph.checkpoints import list_checkpoints, read_state
from mahavishnu_tui.engines.langgraph.curator import Curator
from mahavishnu_tui.engines.langgraph.desk import Desk, HumanInputRequest
from mahavishnu_tui.engines.langgraph.edits import apply_edit
from mahavishnu_tui.engines.langgraph.history import HistoryQuery, read_history
from mahavishnu_tui.engines.langgraph.nodes import sync_nodes_at_work
from mahavishnu_tui.engines.langgraph.requests import EngineSettings, Notify, RunRequest
from mahavishnu_tui.engines.langgraph.runner import Dispatch
from mahavishnu_tui.engines.langgraph.savers import LeasedSaver, open_saver
from mahavishnu_tui.engines.langgraph.stops import with_stops
from mahavishnu_tui.engines.langgraph.thread import read_thread
from mahavishnu_tui.engines.langgraph.tracing import Tracing
from mahavishnu_tui.engines.langgraph.validation import validate
from mahavishnu_tui.engines.langgraph.voices import Voices
from mahavishnu_tui.models import Checkpoint, ErrorCode, Finding, StateView
from mahavishnu_tui.models.edit import COPY, StateEdit

CANCEL_WAIT = 5.0
"""Seconds that a node has to end after its cancellation."""


class LangGraphAdapter(OrchestratorAdapter):
    """Runs LangGraph graphs with checkpoints in one SQLite file.

    Use it as an async context manager, in the event loop that is to run the graphs::

        async with LangGraphAdapter(checkpoints="checkpoints.db") as adapter:
            result = await adapter.execute({"spec": "flow.py:graph", "input": {"n": 1}})

    Args:
        root: the project's folder; relative specs start here.
        checkpoints: the SQLite file; it is made when missing.
        settings: limits and durability.
        notify: gets every notice of docs/protocols.md, from all runs.
        voices: take down what the runs' code says; None when nobody does.
    """

    def __init__(
        self,
        root: str | Path = ".",
        checkpoints: str | Path = "checkpoints.db",
        settings: EngineSettings | None = None,
        notify: Notify | None = None,
        voices: Voices | None = None,
    ) -> None:
        self._voices = voices
        self._tracing = Tracing()
        self._path = Path(checkpoints).absolute()
        self._settings = settings or EngineSettings()
        self._notify = notify or _drop
        self._catalog = Catalog(Path(root).absolute(), self._edge_seen)
        self._active: dict[str, Dispatch] = {}
        self._tasks: dict[str, asyncio.Task[dict[str, Any]]] = {}
        self._begun = set[str]()
        """Threads on which something is just about to begin."""
        self._holder = f"{os.uname().nodename}:{os.getpid()}"
        self._stack = contextlib.AsyncExitStack()
        self._opened: LeasedSaver | None = None
        self._desk = Desk(self.questions, self._go_on)

    @property
    def adapter_type(self) -> str:
        """`langgraph`."""
        return "langgraph"

    @property
    def name(self) -> str:
        """`LangGraph`."""
        return "LangGraph"

    @property
    def capabilities(self) -> AdapterCapabilities:
        """Runs are watched, cancelled and kept as states."""
        return AdapterCapabilities(can_monitor_execution=True, can_cancel_workflows=True, can_sync_state=True)

    @property
    def running(self) -> int:
        """How many runs are at work now."""
        return len(self._active)

    @property
    def code(self) -> str:
        """Changes with the project's files as they were imported; empty while none was."""
        return self._catalog.code

    @property
    def importing(self) -> str:
        """The spec whose code is being imported now; empty otherwise."""
        return self._catalog.importing

    async def __aenter__(self) -> LangGraphAdapter:
        """Open the checkpoint file.

        Raises:
            AdapterError: MHV-430, 004 or 006.
        """
        executor = ThreadPoolExecutor(self._settings.sync_threads, thread_name_prefix="node")
        asyncio.get_running_loop().set_default_executor(executor)
        self._opened = await self._stack.enter_async_context(
            open_saver(self._path, self._settings.synchronous)
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Cancel what runs, close graphs and file."""
        for run_id in list(self._tasks):
            with contextlib.suppress(AdapterError):  # it has ended by itself
                await self.cancel(run_id)
        await self._catalog.close()
        await self._stack.aclose()
        self._opened = None

    @property
    def curator(self) -> Curator:
        """Compares, searches, marks, measures and prunes checkpoints."""
        return Curator(self._saver, self.load, self._settings.warn_bytes)

    async def load(self, spec: str) -> LoadedGraph:
        """Import and compile a graph, again when its file changed and no run uses it.

        Raises:
            WorkflowError: MHV-420 to 422.
        """
        busy = any(dispatch.request.spec == spec for dispatch in self._active.values())
        return await self._catalog.load(spec, self._saver, busy)

    async def validate(self, spec: str) -> list[Finding]:
        """What can be told of a graph before it runs, the worst first; its code is loaded, and not run.

        Raises:
            WorkflowError: MHV-420 to 422, it does not load.
        """
        loaded = await self.load(spec)
        return await asyncio.to_thread(validate, loaded.graph)

    async def start(self, request: RunRequest) -> asyncio.Task[dict[str, Any]]:
        """Take the thread's lease and begin a dispatch; the task gives its `finished` notice.

        Raises:
            WorkflowError: the graph does not load.
            AdapterError: MHV-431 when a newer dispatch has the thread, MHV-102 when one in this process has.
        """
        self._check_free(request)
        loaded = await self.load(request.spec)
        await self._saver.take_lease(request.thread_id, request.lease, self._holder)
        self._check_free(request)
        graph = with_stops(loaded.graph, request.config)
        dispatch = Dispatch(
            request,
            graph,
            loaded.hash,
            self._saver,
            self._settings,
            self._notify,
            self._voices,
            self._tracing,
        )
        self._active[request.run_id] = dispatch
        task = asyncio.create_task(self._run(dispatch), name=f"run {request.run_id}")
        self._tasks[request.run_id] = task
        return task

    def _check_free(self, request: RunRequest) -> None:
        """The lease keeps other processes off the thread; within this one nothing else does."""
        for other in self._active.values():
            if other.request.run_id == request.run_id or other.request.thread_id == request.thread_id:
                raise _busy(
                    f"Run {other.request.run_id} is at work already on thread {other.request.thread_id}."
                )

    async def _run(self, dispatch: Dispatch) -> dict[str, Any]:
        try:
            return await dispatch.run()
        finally:
            self._active.pop(dispatch.request.run_id, None)
            self._tasks.pop(dispatch.request.run_id, None)

    async def cancel(self, run_id: str) -> bool:
        """Cancel a run; False when a synchronous node is at work, which only the end of the process stops.

        Raises:
            AdapterError: MHV-100 when no such run is at work here.
        """
        dispatch, task = self._active.get(run_id), self._tasks.get(run_id)
        if dispatch is None or task is None:
            raise AdapterError(ErrorCode.RUN_UNKNOWN, f"Run {run_id} is not at work in this host.")
        if sync_nodes_at_work(dispatch.graph, dispatch.recorder.at_work):
            return False
        dispatch.cancelled()
        task.cancel()
        done, _ = await asyncio.wait([task], timeout=CANCEL_WAIT)
        return bool(done)

    def at_work(self, run_id: str) -> dict[str, list[str]]:
        """The nodes of a run that are at work, and which of them only the end of the process stops.

        Raises:
            AdapterError: MHV-100 when no such run is at work here.
        """
        dispatch = self._active.get(run_id)
        if dispatch is None:
            raise AdapterError(ErrorCode.RUN_UNKNOWN, f"Run {run_id} is not at work in this host.")
        visits = dispatch.recorder.at_work
        sync = sync_nodes_at_work(dispatch.graph, visits)
        return {"nodes": sorted({visit.path for visit in visits}), "sync": sorted(set(sync))}

    def drain(self, run_id: str = "") -> None:
        """Pause a run, or all of them, at the next step boundary."""
        for dispatch in [self._active.get(run_id)] if run_id else list(self._active.values()):
            if dispatch is not None:
                dispatch.drain()

    async def create_checkpoint(
        self,
        thread_id: str,
        spec: str,
        state: Mapping[str, Any] | None = None,
        node_id: str = "",
        metadata: Mapping[str, Any] | None = None,
    ) -> str:
        """Store a checkpoint by hand, as the thread's latest, and return its id; nothing is run.

        Args:
            thread_id: an existing thread.
            spec: its graph.
            state: values that go through the reducers; without them the latest checkpoint is copied.
            node_id: the node whose writing they stand for; by default the one that wrote last.
            metadata: kept with the checkpoint; `label` is shown in lists.

        Raises:
            WorkflowError: the graph does not load, MHV-122 its reducers refuse the values.
            AdapterError: MHV-102, MHV-107, MHV-122.
        """
        about = {str(key): value for key, value in (metadata or {}).items()}
        order = StateEdit(
            None if state is None else dict(state),
            node_id or ("" if state is not None else COPY),
            label=str(about.pop("label", "")),
        )
        loaded = await self.load(spec)
        with self._beginning(RunRequest("", thread_id, spec, 0)):
            lease = await self._saver.next_lease(thread_id)
            await self._saver.take_lease(thread_id, lease, self._holder)
            return await apply_edit(loaded.graph, self._saver, thread_id, order, about)

    async def load_checkpoint(self, thread_id: str, spec: str, checkpoint_id: str = "") -> StateView:
        """The state in a checkpoint, the latest when none is named; see `state`."""
        return await self.state(thread_id, spec, checkpoint_id)

    async def list_checkpoints(
        self, thread_id: str, status: Literal["", "active", "left", "kept"] = "", limit: int = 100
    ) -> list[Checkpoint]:
        """The checkpoints of a thread, newest first.

        Args:
            thread_id: the thread.
            status: `active`: on the line to the latest one; `left`: on branches that were left behind;
                `kept`: tagged, so never pruned; empty: all.
            limit: how many are looked at.

        Raises:
            AdapterError: MHV-430, 004.
        """
        found = await self.checkpoints(thread_id, limit)
        shown = {
            "": [True] * len(found),
            "active": [not item.branch for item in found],
            "left": [bool(item.branch) for item in found],
            "kept": [bool(item.tags) for item in found],
        }
        return [item for item, wanted in zip(found, shown[status], strict=True) if wanted]

    async def checkpoints(self, thread_id: str, limit: int = 100, before: str = "") -> list[Checkpoint]:
        """The checkpoints of a thread, newest first.

        Raises:
            AdapterError: MHV-430, 004.
        """
        return await asyncio.to_thread(list_checkpoints, self._path, thread_id, limit, before)

    async def state(self, thread_id: str, spec: str, checkpoint_id: str = "") -> StateView:
        """The state in a checkpoint, or as it is now.

        Raises:
            WorkflowError: the graph does not load.
            AdapterError: MHV-107 when there is no such checkpoint.
        """
        loaded = await self.load(spec)
        listed = await self.checkpoints(thread_id, 1000)
        return await read_state(loaded.graph, self._saver, listed, thread_id, checkpoint_id)

    async def history(self, query: HistoryQuery, spec: str) -> dict[str, Any]:
        """States of a thread with their values, tasks and results, see `read_history`.

        Raises:
            WorkflowError: the graph does not load.
        """
        loaded = await self.load(spec)
        return await read_history(loaded.graph, self._saver, query)

    async def questions(self, thread_id: str, spec: str) -> dict[str, Any]:
        """What a thread waits for, as stored: `{"questions", "next", "finished"}`.

        Raises:
            WorkflowError: the graph does not load.
        """
        loaded = await self.load(spec)
        thread = await read_thread(loaded.graph, self._saver, thread_id)
        return {
            "questions": [question.to_json() for question in thread.questions.values()],
            "next": thread.next,
            "finished": thread.exists and thread.finished and not thread.lost,
        }

    async def execute(self, task: Mapping[str, Any], repos: Sequence[str] = ()) -> dict[str, Any]:
        """Run a graph to its end or its next question.

        Args:
            task: `spec`, or `graph` with a compiled graph or builder; `input`; and, if wanted, `thread_id`,
                `run_id` and `config`.
            repos: handed to the graph as `config["configurable"]["repos"]`.

        Returns:
            `thread_id`, and what the `finished` notice has: `run_id`, `status`, `values`, `questions`,
            `error`, `path`.

        Raises:
            WorkflowError: the graph does not load.
            AdapterError: it cannot be run now.
        """
        spec = str(task.get("spec") or f"object:{id(task.get('graph')):x}")
        if task.get("graph") is not None:
            graph = task["graph"]
            await self._catalog.add(
                spec, graph.compile() if isinstance(graph, StateGraph) else graph, self._saver
            )
        config = dict(task.get("config") or {})
        if repos:
            config["configurable"] = {**(config.get("configurable") or {}), "repos": list(repos)}
        run_id = str(task.get("run_id") or uuid.uuid4())
        thread_id = str(task.get("thread_id") or run_id)
        request = RunRequest(run_id, thread_id, spec, 0, input=task.get("input"), config=config)
        self._desk.seen(request)
        finished = await self._go_on(request)
        return {"thread_id": thread_id, **{key: value for key, value in finished.items() if key != "ev"}}

    async def pending(self, workflow: str = "") -> list[HumanInputRequest]:
        """What the threads that `execute` has run here wait for; of one workflow (its spec), or of all.

        Raises:
            WorkflowError: a graph does not load any more.
        """
        return await self._desk.pending(workflow)

    async def respond_to_human_input(self, request_id: str, response: Any) -> bool:
        """Answer a question and let its run go on; False when it is not open, or its graph refuses this.

        Raises:
            AdapterError: MHV-102, its thread is at work.
        """
        return await self._desk.respond(request_id, response)

    async def wait_for_human_input(self, request_id: str, timeout: float | None = None) -> Any:
        """Wait until somebody answers with `respond_to_human_input`; the answer.

        Raises:
            HumanInputTimeoutError: nobody did within `timeout` seconds.
        """
        return await self._desk.wait(request_id, timeout)

    async def _go_on(self, request: RunRequest) -> dict[str, Any]:
        with self._beginning(request):
            lease = await self._saver.next_lease(request.thread_id)
            task = await self.start(dataclasses.replace(request, lease=lease))
        return await task

    @contextlib.contextmanager
    def _beginning(self, request: RunRequest) -> Iterator[None]:
        """Who counts the lease of a thread on ends what is done there: here only one at a time may.

        Raises:
            AdapterError: MHV-102 this process is at work there.
        """
        self._check_free(request)
        if request.thread_id in self._begun:
            raise _busy(f"Another run begins on thread {request.thread_id} just now.")
        self._begun.add(request.thread_id)
        try:
            yield
        finally:
            self._begun.discard(request.thread_id)

    async def get_health(self) -> dict[str, Any]:
        """Whether the checkpoint file can be written; never raises."""
        health = {
            "engine": "langgraph",
            "running": self.running,
            "checkpoints": str(self._path),
            "versions": versions(),
        }
        try:
            await self._saver.check()
        except AdapterError as error:
            return {**health, "status": "unhealthy", "error": error.to_json()}
        return {**health, "status": "healthy"}

    @property
    def _saver(self) -> LeasedSaver:
        if self._opened is None:
            raise AdapterError(
                ErrorCode.CHECKPOINT_STORE,
                "The adapter is not open.",
                "Use it as `async with LangGraphAdapter(...)`.",
            )
        return self._opened

    def _edge_seen(self, spec: str, namespace: str, source: str, target: str) -> None:
        self._notify({"ev": "edge", "spec": spec, "namespace": namespace, "source": source, "target": target})


def _busy(message: str) -> AdapterError:
    return AdapterError(ErrorCode.THREAD_BUSY, message, "Wait for it, or cancel it.")


def versions() -> dict[str, str]:
    """The versions in this interpreter that decide how graphs run."""
    found = {"python": ".".join(str(part) for part in sys.version_info[:3])}
    for package in ("langgraph", "langgraph-checkpoint", "langgraph-checkpoint-sqlite", "langchain-core"):
        with contextlib.suppress(metadata.PackageNotFoundError):
            found[package] = metadata.version(package)
    return found


def _drop(notice: dict[str, Any]) -> None:
    """Nobody listens."""
