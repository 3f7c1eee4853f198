"""Runs: start, watch, act."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import READ_TIMEOUT, Calls, part
from mahavishnu_tui.models.record import Json, Record
from mahavishnu_tui.models.run import NodeVisit, Run

if TYPE_CHECKING:
    from mahavishnu_tui.models.approval import Approval
    from mahavishnu_tui.models.graph import GraphShape
    from mahavishnu_tui.models.said import SaidPage

SAME: Any = object()
"""The input that the earlier run had."""


@dataclasses.dataclass(frozen=True)
class RunDetail:
    """A run with what only its own screen needs."""

    run: Run
    input: Json
    values: Json
    """The last values, bounded; None while there are none."""
    values_truncated: bool
    approvals: list[Approval]
    execution_path: list[str]
    """The nodes that ran, in order, as `node` or `subgraph/node`."""
    config: dict[str, Any] = dataclasses.field(default_factory=dict)
    """What it was started with beside its input."""
    again: list[str] = dataclasses.field(default_factory=list)
    """The nodes that a retry would run again."""
    raw: dict[str, Any] = dataclasses.field(default_factory=dict)
    """What its engine's own server says of it, where it is another one's: a flow run as Prefect has it."""


@dataclasses.dataclass(frozen=True)
class RunCount(Record):
    """How many runs there are."""

    total: int
    matched: int
    by_status: dict[str, int]
    """Of those that match."""


@dataclasses.dataclass(frozen=True)
class CancelPlan(Record):
    """What a cancel of a run would end besides it."""

    host_id: str = ""
    isolated: bool = False
    sync: list[str] = dataclasses.field(default_factory=list)
    """Nodes at work that only the end of their process stops."""
    others: list[str] = dataclasses.field(default_factory=list)
    """Runs in the same process, by id."""

    @property
    def harms(self) -> bool:
        """Whether a cancel now ends a process that other runs are in."""
        return bool(self.sync and self.others)

    @property
    def sentence(self) -> str:
        """What it would do, in words; empty when there is nothing to say."""
        if not self.sync:
            return ""
        nodes = ", ".join(self.sync)
        ends = f"Node {nodes} is synchronous: cancelling now ends the process of host {self.host_id}"
        if not self.others:
            return f"{ends}, which no other run is in."
        runs = "1 other run is" if len(self.others) == 1 else f"{len(self.others)} other runs are"
        return f"{ends}, and {runs} recovered from the last checkpoint."


class RunCalls(Calls):
    """Everything about one run, and their list."""

    async def runs(
        self,
        *,
        status: Iterable[str] = (),
        workflow: str = "",
        thread: str = "",
        limit: int = 200,
        before: float | None = None,
        engine: str = "",
        search: str = "",
    ) -> list[Run]:
        """Runs, newest first; `before` is the `created_at` of the last one of the page before.

        Args:
            status: these alone.
            workflow: name or id.
            thread: of this thread.
            limit: runs at most.
            before: a time.
            engine: `langgraph`, `langgraph-server` or `prefect`.
            search: a filter as `/` takes it (`models/filtering.py`); it looks through all runs of the server.
        """
        found = await self._get(
            "/v1/runs",
            slow=True,
            status=",".join(status),
            workflow=workflow,
            thread=thread,
            limit=limit,
            before=before,
            engine=engine,
            search=search,
        )
        return [Run.from_json(item) for item in found]

    async def count_runs(self, search: str = "") -> RunCount:
        """How many runs the server has, and how many of them a filter finds."""
        return RunCount.from_json(await self._get("/v1/runs/count", search=search))

    async def start_run(
        self,
        *,
        workflow_id: str,
        input: Json,  # noqa: A002 - the protocol's word
        by: str,
        thread_id: str | None = None,
        request_id: str | None = None,
        tags: Iterable[str] = (),
        config: dict[str, Any] | None = None,
        priority: str | None = None,
    ) -> Run:
        """Start a run. The same `request_id` twice gives the same run (MHV-102: the thread is busy)."""
        body: dict[str, Any] = {"workflow_id": workflow_id, "input": input, "by": by, "tags": list(tags)}
        optional = {"thread_id": thread_id, "request_id": request_id, "config": config, "priority": priority}
        body |= {key: value for key, value in optional.items() if value is not None}
        return Run.from_json(await self._wire.call("POST", "/v1/runs", body=body))

    async def run(self, run_id: str) -> RunDetail:
        """One run, by its id or its name (MHV-100 when there is none)."""
        found = await self._get(f"/v1/runs/{part(run_id)}", slow=True)
        return RunDetail(
            run=Run.from_json(found["run"]),
            input=found.get("input"),
            values=found.get("values"),
            values_truncated=bool(found.get("values_truncated", False)),
            approvals=[models.Approval.from_json(item) for item in found.get("approvals", [])],
            execution_path=list(found.get("execution_path", [])),
            config=dict(found.get("config") or {}),
            again=list(found.get("again", [])),
            raw=dict(found.get("raw") or {}),
        )

    async def visits(self, run_id: str, after: int = 0) -> list[NodeVisit]:
        """The path record of a run from visit number `after` (exclusive) on."""
        found = await self._get(f"/v1/runs/{part(run_id)}/visits", slow=True, after=after)
        return [NodeVisit.from_json(item) for item in found]

    async def said(
        self,
        run_id: str,
        *,
        after: int | None = None,
        limit: int = 1000,
        visit: int | None = None,
        level: str = "debug",
        grep: str = "",
    ) -> SaidPage:
        """What a run's code has said after line `after`; without it, the newest lines.

        Args:
            run_id: id or name.
            after: a line number; 0 for the beginning.
            limit: lines at most.
            visit: of this visit alone; 0: of none.
            level: the least level.
            grep: lines that hold this text, in any case.
        """
        path = f"/v1/runs/{part(run_id)}/logs"
        found = await self._get(
            path, slow=True, after=after, limit=limit, visit=visit, level=level, grep=grep
        )
        return models.SaidPage.from_json(found)

    async def graph(self, run_id: str) -> GraphShape:
        """The drawing of a run's workflow, with the edges that only runs have shown."""
        return models.GraphShape.from_json(await self._get(f"/v1/runs/{part(run_id)}/graph", slow=True))

    async def cancel(self, run_id: str, by: str, version: int | None = None, how: str = "now") -> Run:
        """Cancel a run (MHV-101 when it has ended, or is no longer at `version`).

        `how`: `now`, ending its process where nothing less stops it, or at the next step `boundary`.
        """
        return await self._act(run_id, "cancel", by, version=version, how=how)

    async def cancel_plan(self, run_id: str) -> CancelPlan:
        """What a cancel would end besides the run."""
        return CancelPlan.from_json(await self._get(f"/v1/runs/{part(run_id)}/cancel", slow=True))

    async def again(
        self,
        run_id: str,
        by: str,
        *,
        request_id: str,
        input: Json = SAME,  # noqa: A002 - the protocol's word
        config: dict[str, Any] | None = None,
        priority: str | None = None,
    ) -> Run:
        """A new run like this one, with its input or another one."""
        body: dict[str, Any] = {"by": by, "request_id": request_id}
        body |= {} if input is SAME else {"input": input}
        body |= {key: value for key, value in (("config", config), ("priority", priority)) if value}
        path = f"/v1/runs/{part(run_id)}/again"
        return Run.from_json(await self._wire.call("POST", path, body=body, timeout=READ_TIMEOUT))

    async def set_priority(self, run_id: str, priority: str, by: str) -> Run:
        """Change whose turn a run is (MHV-101 when it has ended)."""
        return await self._act(run_id, "priority", by, priority=priority)

    async def queue(self) -> list[Run]:
        """The queued runs, in the order in which they get a slot."""
        return [Run.from_json(item) for item in await self._get("/v1/queue")]

    async def pause(self, run_id: str, by: str) -> Run:
        """Ask a run to stop at its next step boundary."""
        return await self._act(run_id, "pause", by)

    async def resume(
        self,
        run_id: str,
        by: str,
        checkpoint_id: str | None = None,
        recursion_limit: int | None = None,
    ) -> Run:
        """Go on with a paused, failed or cancelled run; with `checkpoint_id`, from there."""
        config = {"recursion_limit": recursion_limit} if recursion_limit else None
        return await self._act(run_id, "resume", by, checkpoint_id=checkpoint_id, config=config)

    async def _act(self, run_id: str, act: str, by: str, **body: Any) -> Run:
        path = f"/v1/runs/{part(run_id)}/{act}"
        return Run.from_json(await self._post(path, slow=True, by=by, **body))
