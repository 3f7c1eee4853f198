"""What is asked of Prefect about one run when somebody looks at it, with short memories for many lookers."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.engines.prefect.metrics import measure
from mahavishnu_tui.engines.prefect.presence import usage
from mahavishnu_tui.engines.prefect.states import moment
from mahavishnu_tui.models import ErrorCode, GraphShape, NodeVisit, Run
from mahavishnu_tui.models.prefect import Artifact, RunMetrics, StateChange
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.text import clean
from mahavishnu_tui.server.prefect import visits
from mahavishnu_tui.server.prefect.late import LateTasks
from mahavishnu_tui.server.prefect.mapping import mapping, state_change, text
from mahavishnu_tui.server.prefect.mirror import Mirror
from mahavishnu_tui.server.store import Store, approvals
from mahavishnu_tui.server.together import together

log = logging.getLogger(__name__)

MOST_TASKS = 10_000
KEPT_RUNS = 32
FRESH_SECONDS = 0.5
ENDED_SECONDS = 60.0
"""For how long the tasks of an ended run are believed to stay as they are."""
_MOST_DATA = 256 * 1024
"""Characters of an artifact's data."""


class _Path:
    """The task runs of one run."""

    def __init__(self) -> None:
        self.numbers = visits.Numbers()
        self.numbered: Sequence[tuple[int, dict[str, Any]]] = ()
        self.version = 0
        self.read_at = 0.0
        self.lock = asyncio.Lock()


class Details:
    """Every method raises PrefectError.

    Args:
        api: the server.
        store: has what people have answered.
        mirror: takes in what was read.
    """

    def __init__(self, api: PrefectApi, store: Store, mirror: Mirror) -> None:
        self._api = api
        self._store = store
        self._mirror = mirror
        self._paths: OrderedDict[str, _Path] = OrderedDict()
        self.late = LateTasks()
        """Reads again what was read too early."""

    async def fetch(self, run_id: str) -> Run:
        """A flow run that the mirror does not have; raises MHV-100."""
        return await self._mirror.take(await self._api.flow_runs.get(run_id))

    async def whole(self, run: Run) -> dict[str, Any]:
        """What `GET /v1/runs/{id}` answers; while Prefect is away, what the mirror knows."""
        told: dict[str, Any] = {}
        try:
            async with together() as group:
                getting = group.create_task(self._api.flow_runs.get(run.id))
                tracing = group.create_task(self.traceback(run)) if run.status == "error" else None
            told = getting.result()
            run = await self._mirror.take(told)
            if run.status == "error" and run.error:
                detail = tracing.result() if tracing else await self.traceback(run)
                run = run.replace(error={**run.error, "detail": detail})
        except PrefectError as error:
            if error.code is ErrorCode.RUN_UNKNOWN:
                await self._mirror.refresh([run.id])
                raise
            log.info("flow run %s: %s", run.id, error)
        found = await self._store.read(functools.partial(approvals.of_run, run_id=run.id))
        return {
            "run": run.to_json(),
            "input": told.get("parameters"),
            "values": None,
            "values_truncated": False,
            "approvals": [approval.to_json() for approval in found],
            "execution_path": [],
            "config": {"job_variables": mapping(told.get("job_variables"))},
            "again": [],
            "raw": told,
        }

    async def visits(self, run: Run) -> list[NodeVisit]:
        """The task runs of a run, by number."""
        return visits.visits(run.id, (await self._path(run)).numbered)

    async def graph(self, run: Run) -> GraphShape:
        """What its tasks gave each other."""
        return visits.shape((await self._path(run)).numbered)

    def stale(self, run_id: str) -> None:
        """Task runs of this run have changed."""
        if run_id in self._paths:
            self._paths[run_id].read_at = 0.0

    def close(self) -> None:
        """Nothing is read again by itself."""
        self.late.close()

    def visit_of(self, run_id: str, task_run_id: str) -> int:
        """The number of a task run, as far as it was seen."""
        path = self._paths.get(run_id)
        return path.numbers.of(task_run_id) if path else 0

    async def states(self, run: Run) -> list[StateChange]:
        """The states that it was in, oldest first."""
        return [state_change(item) for item in await self._api.flow_runs.states(run.id)]

    async def artifacts(self, run: Run) -> list[Artifact]:
        """What it and its tasks have put on show, newest first; stored results are none."""
        async with together() as group:
            group.create_task(self._path(run))
            asked = group.create_task(self._api.artifacts.filter({"flow_run_id": {"any_": [run.id]}}))
        found = asked.result()
        return [self._artifact(run.id, item) for item in found if item.get("key") or item.get("type")]

    async def metrics(self, run: Run) -> RunMetrics:
        """What it took."""
        async with together() as group:
            visiting = group.create_task(self._path(run))
            getting = group.create_task(self._api.flow_runs.get(run.id))
        path, told = visiting.result(), getting.result()
        until = run.ended_at or self._api.clock()
        return measure(
            [task for _, task in path.numbered],
            seconds=max(0.0, until - run.started_at) if run.started_at else 0.0,
            attempts=run.attempts,
            used=await asyncio.to_thread(usage, told),
        )

    async def traceback(self, run: Run) -> str:
        """What its log says of its failure; empty when it says nothing."""
        for line in await self._api.logs.page(run.id, level=40, sort="TIMESTAMP_DESC", limit=10):
            if "Traceback" in str(line.get("message")):
                return clean(line["message"])[:50_000]
        return ""

    async def _path(self, run: Run) -> _Path:
        path = self._paths.setdefault(run.id, _Path())
        self._paths.move_to_end(run.id)
        while len(self._paths) > KEPT_RUNS:
            self._paths.popitem(last=False)
        async with path.lock:
            fresh = ENDED_SECONDS if run.status in FINISHED else FRESH_SECONDS
            if path.version != run.version or time.monotonic() - path.read_at > fresh:
                told = [item async for item in self._api.task_runs.of(run.id, most=MOST_TASKS)]
                path.numbered = path.numbers.give(told)
                path.version, path.read_at = run.version, time.monotonic()
                self.late.read(run.id, told)
        return path

    def _artifact(self, run_id: str, told: dict[str, Any]) -> Artifact:
        data = told.get("data")
        if isinstance(data, str):
            data = clean(data)[:_MOST_DATA]
        return Artifact(
            id=str(told["id"]),
            key=text(told.get("key")),
            type=text(told.get("type"), 40) or "unknown",
            description=text(told.get("description"), 2000),
            data=data,
            updated_at=moment(told.get("updated")),
            visit=self.visit_of(run_id, str(told.get("task_run_id") or "")),
        )
