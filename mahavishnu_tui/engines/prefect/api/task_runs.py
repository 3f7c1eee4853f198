"""Task runs."""

from __future__ import annotations

from collections.abc import AsyncIterator

from mahavishnu_tui.engines.prefect.api.base import EVERYTHING, PAGE, Calls, Json, Select, part
from mahavishnu_tui.engines.prefect.errors import About
from mahavishnu_tui.models import ErrorCode

_NOUNS = ("flows", "flow_runs", "task_runs", "deployments")
_TASKS = About("task runs")


class TaskRunCalls(Calls):
    """Task runs, of one flow run or of many."""

    async def filter(
        self, select: Select = EVERYTHING, *, sort: str = "ID_DESC", limit: int = PAGE, offset: int = 0
    ) -> list[Json]:
        """Task runs, one page of at most 200."""
        body = {**select.body(*_NOUNS), "sort": sort, "limit": limit, "offset": offset}
        return self._objects(_TASKS, await self._wire.read("/task_runs/filter", _TASKS, body), "id")

    def of(self, run_id: str, most: int = 10_000) -> AsyncIterator[Json]:
        """Those of one flow run, page after page, in the order in which they were expected to start."""
        body = {
            **Select(flow_runs={"id": {"any_": [run_id]}}).body(*_NOUNS),
            "sort": "EXPECTED_START_TIME_ASC",
        }
        return self._everything(_TASKS, "/task_runs/filter", body, most)

    async def count(self, select: Select = EVERYTHING) -> int:
        """How many there are."""
        return self._number(_TASKS, await self._wire.read("/task_runs/count", _TASKS, select.body(*_NOUNS)))

    async def get(self, task_run_id: str) -> Json:
        """One task run."""
        about = About(f"task run {task_run_id}", missing=ErrorCode.RUN_UNKNOWN)
        return self._object(about, await self._wire.get(f"/task_runs/{part(task_run_id)}", about), "id")

    async def states(self, task_run_id: str) -> list[Json]:
        """Its states, the oldest first."""
        about = About(f"the states of task run {task_run_id}", missing=ErrorCode.RUN_UNKNOWN)
        found = await self._wire.get("/task_run_states/", about, task_run_id=task_run_id)
        return sorted(self._objects(about, found), key=lambda state: str(state.get("timestamp")))
