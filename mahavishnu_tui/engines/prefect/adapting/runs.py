"""Runs: start, wait, look, steer."""

from __future__ import annotations

import asyncio
import functools
import time
import uuid
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.adapting.part import Part, check_parameters
from mahavishnu_tui.engines.prefect.api import PAGE, Select
from mahavishnu_tui.engines.prefect.api.base import Json
from mahavishnu_tui.engines.prefect.bulk import act_on_all
from mahavishnu_tui.engines.prefect.control import SUSPEND_SECONDS, Act, RunControl
from mahavishnu_tui.engines.prefect.drawing import draw
from mahavishnu_tui.engines.prefect.errors import Kind, PrefectError
from mahavishnu_tui.engines.prefect.metrics import measure
from mahavishnu_tui.engines.prefect.presence import usage
from mahavishnu_tui.engines.prefect.records import FlowRunStatus, LogEntry, TaskRunStatus
from mahavishnu_tui.engines.prefect.schedules import scheduled_state
from mahavishnu_tui.engines.prefect.states import STATE_TYPES, Orchestrated
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.prefect import BulkResult, RunMetrics
from mahavishnu_tui.models.run import RunStatus
from mahavishnu_tui.models.text import clean_line

_QUICKEST, _SLOWEST = 0.25, 5.0
"""Seconds between two looks at a run that is waited for; from the one to the other."""
_MOST_TASKS = 10_000
_MOST_AWAY = 60.0
"""Seconds for which a server may be away while a run of it is waited for."""
_PASSING: frozenset[Kind] = frozenset({"unreachable", "lost", "timeout", "busy", "rate_limit"})


class RunMethods(Part):
    """Everything about flow runs."""

    async def trigger_flow_run(
        self,
        deployment: str,
        parameters: Mapping[str, Any] | None = None,
        *,
        name: str | None = None,
        tags: Sequence[str] | None = None,
        idempotency_key: str = "",
        job_variables: Mapping[str, Any] | None = None,
        queue: str | None = None,
        at: float | None = None,
    ) -> FlowRunStatus:
        """Start a run of a deployment, now or at a moment; its worker takes it up.

        Args:
            deployment: `flow/deployment`, or its id.
            parameters: over the deployment's own; checked against the flow's schema first.
            name: of the run.
            tags: beside the deployment's.
            idempotency_key: a repeated one gives the run that there is.
            job_variables: over the deployment's own.
            queue: of its work pool.
            at: seconds since the epoch.

        Raises:
            AdapterError: MHV-401, MHV-429 parameters that the flow does not take, or `PrefectError`.
        """
        found = await self.get_deployment(deployment)
        given = dict(parameters or {})
        check_parameters(found, given)
        run = await self.api.deployments.create_run(
            found["id"],
            idempotency_key=idempotency_key or str(uuid.uuid4()),
            parameters=given,
            name=name,
            tags=tags,
            job_variables=job_variables,
            work_queue_name=queue,
            state=None if at is None else scheduled_state(at),
        )
        return self._status(run)

    async def wait_for_flow_run(self, run_id: str, timeout: float | None = None) -> FlowRunStatus:
        """Wait until a run has ended, or waits for a human. The server may be away meanwhile.

        Raises:
            AdapterError: MHV-407 after `timeout` seconds; the run goes on.
        """
        delay, heard = _QUICKEST, time.monotonic()
        try:
            async with asyncio.timeout(timeout):
                while True:
                    try:
                        run = await self.api.flow_runs.get(run_id)
                    except PrefectError as error:
                        if error.kind not in _PASSING or time.monotonic() - heard > _MOST_AWAY:
                            raise
                    else:
                        heard, status = time.monotonic(), self._status(run)
                        if status.ended or status.state == "PAUSED":
                            return status
                    await asyncio.sleep(delay)
                    delay = min(delay * 1.3, _SLOWEST)
        except TimeoutError:
            raise AdapterError(
                ErrorCode.PREFECT_TIMEOUT,
                f"Flow run {run_id} had not ended after {timeout:g} s.",
                "It goes on; ask for it again, or cancel it.",
                run=run_id,
            ) from None

    async def get_flow_status(self, run_id: str) -> FlowRunStatus:
        """A run with the name of its flow and the numbers of its tasks."""
        run = await self.api.flow_runs.get(run_id)
        of = {"id": {"any_": [run_id]}}

        async def count(*kinds: str) -> int:
            only = {"state": {"type": {"any_": list(kinds)}}} if kinds else None
            return await self.api.task_runs.count(Select(flow_runs=of, task_runs=only))

        flow, total, completed, failed = await asyncio.gather(
            self.api.flows.get(run["flow_id"]), count(), count("COMPLETED"), count("FAILED", "CRASHED")
        )
        return self._status(
            run,
            flow_name=flow["name"],
            task_count=total,
            completed_tasks=completed,
            failed_tasks=failed,
        )

    async def list_flow_runs(
        self,
        flow_name: str = "",
        state: str = "",
        limit: int = 100,
        *,
        offset: int = 0,
        deployment: str = "",
        tags: Sequence[str] = (),
    ) -> list[FlowRunStatus]:
        """Runs, the latest first.

        Args:
            flow_name: of this flow.
            state: in this state: one of the nine types, or a state's name such as `Late`.
            limit: how many.
            offset: how many to leave out first.
            deployment: of this one: `flow/deployment`, or its id.
            tags: that have all of these.
        """
        only: dict[str, Any] = {}
        if state:
            kind = state.upper() in STATE_TYPES
            only["state"] = {"type": {"any_": [state.upper()]}} if kind else {"name": {"any_": [state]}}
        if tags:
            only["tags"] = {"all_": list(tags)}
        if deployment:
            only["deployment_id"] = {"any_": [(await self.get_deployment(deployment))["id"]]}
        select = Select(flows={"name": {"any_": [flow_name]}} if flow_name else None, flow_runs=only or None)
        told = await _pages(functools.partial(self.api.flow_runs.filter, select), limit, offset)
        return [self._status(run) for run in told]

    async def get_flow_run_state(self, run_id: str) -> str:
        """One of Prefect's nine types."""
        return self._status(await self.api.flow_runs.get(run_id)).state

    async def sync_state_from_prefect(self, run_id: str) -> RunStatus:
        """What a run is among ours now: Prefect has the last word on its runs."""
        return self._status(await self.api.flow_runs.get(run_id)).status

    async def get_task_run_states(self, run_id: str) -> list[TaskRunStatus]:
        """Its task runs, in the order in which they were to begin."""
        return [TaskRunStatus.read(task) async for task in self.api.task_runs.of(run_id, _MOST_TASKS)]

    async def get_flow_metrics(self, run_id: str) -> RunMetrics:
        """Tasks by state, times, retries, cache hits; memory and CPU of a process on this host."""
        run = await self.api.flow_runs.get(run_id)
        status = self._status(run)
        tasks = [task async for task in self.api.task_runs.of(run_id, _MOST_TASKS)]
        end = status.end_time or self.api.clock()
        return measure(
            tasks,
            seconds=max(0.0, end - status.start_time) if status.start_time else 0.0,
            attempts=status.run_count,
            used=None if status.ended else usage(run),
        )

    async def get_flow_run_logs(self, run_id: str, limit: int = 200, offset: int = 0) -> list[LogEntry]:
        """Its log from the beginning, without its first `offset` lines."""
        told = await _pages(functools.partial(self.api.logs.page, run_id), limit, offset)
        return [LogEntry.read(line) for line in told]

    async def visualize_flow(self, run_id: str) -> str:
        """The tasks and subflows of a run as text, with what each waited for."""
        run = await self.api.flow_runs.get(run_id)
        status = self._status(run)
        graph = await self.api.flow_runs.graph(run_id)
        seconds = {task.id: task.duration_seconds for task in await self.get_task_run_states(run_id)}
        title = f"{status.name}  {status.state_name or status.state}  {status.duration_seconds:.2f} s"
        return draw(clean_line(title), graph["nodes"], seconds)

    async def cancel_flow_run(self, run_id: str, *, seen: str = "") -> Orchestrated:
        """Ask for its end; see `RunControl.cancel`, and there for the others."""
        return await RunControl(self.api).cancel(run_id, seen=seen)

    async def pause_flow_run(
        self, run_id: str, *, seen: str = "", seconds: float = SUSPEND_SECONDS
    ) -> Orchestrated:
        """Suspend it at its next task: nothing from outside stops code earlier."""
        return await RunControl(self.api).suspend(run_id, seen=seen, seconds=seconds)

    async def resume_flow_run(
        self,
        run_id: str,
        run_input: Mapping[str, Any] | None = None,
        *,
        seen: str = "",
        force: bool = False,
    ) -> Orchestrated:
        """Let it go on, with the answer to its question; a suspended one once its process is gone."""
        return await RunControl(self.api).resume(run_id, run_input, seen=seen, force=force)

    async def retry_flow_run(self, run_id: str, *, seen: str = "") -> Orchestrated:
        """Run it once more under the same id."""
        return await RunControl(self.api).retry(run_id, seen=seen)

    async def run_again(
        self, run_id: str, *, idempotency_key: str = "", parameters: Mapping[str, Any] | None = None
    ) -> FlowRunStatus:
        """Start another one like it, with an id of its own."""
        control = RunControl(self.api)
        run = await control.run_again(run_id, idempotency_key=idempotency_key, parameters=parameters)
        return self._status(run)

    async def delete_flow_run(self, run_id: str, *, seen: str = "") -> None:
        """Delete it for ever."""
        await RunControl(self.api).delete(run_id, seen=seen)

    async def bulk(self, act: Act, run_ids: Sequence[str]) -> list[BulkResult]:
        """One act on many runs, with what became of each."""
        return await act_on_all(self.api, act, run_ids)

    def _status(self, run: Mapping[str, Any], **more: Any) -> FlowRunStatus:
        return FlowRunStatus.read(run, self.api.clock(), **more)


async def _pages(ask: Callable[..., Awaitable[list[Json]]], limit: int, offset: int) -> list[Json]:
    """As many as are wanted, page by page; `ask` takes the `limit` and the `offset` of one."""
    found: list[Json] = []
    while len(found) < limit:
        size = min(PAGE, limit - len(found))
        page = await ask(limit=size, offset=offset + len(found))
        found += page
        if len(page) < size:
            break
    return found
