"""What runs have logged."""

from __future__ import annotations

from mahavishnu_tui.engines.prefect.api.base import PAGE, Calls, Filter, Json
from mahavishnu_tui.engines.prefect.errors import About
from mahavishnu_tui.engines.prefect.states import iso


class LogCalls(Calls):
    """Log lines. They are searched here and not by the server: on an older SQLite its text search fails."""

    async def page(
        self,
        run_id: str = "",
        *,
        task_run_id: str = "",
        since: float | None = None,
        before: float | None = None,
        level: int | None = None,
        sort: str = "TIMESTAMP_ASC",
        limit: int = PAGE,
        offset: int = 0,
    ) -> list[Json]:
        """One page of lines of a flow run or task run.

        Args:
            run_id: the flow run.
            task_run_id: a task run.
            since: seconds since the epoch, inclusive: lines are to be told apart by `id`.
            before: the same for the end.
            level: the least severe of Python's levels (20: info).
            sort: TIMESTAMP_ASC or TIMESTAMP_DESC.
            limit: 200 at most.
            offset: how many to leave out first.
        """
        if not (run_id or task_run_id):
            raise ValueError("whose lines?")
        about = About(f"log of run {run_id or task_run_id}")
        only: dict[str, Filter] = {}
        if run_id:
            only["flow_run_id"] = {"any_": [run_id]}
        if task_run_id:
            only["task_run_id"] = {"any_": [task_run_id]}
        if level is not None:
            only["level"] = {"ge_": level}
        window = {"after_": since, "before_": before}
        if times := {key: iso(value) for key, value in window.items() if value is not None}:
            only["timestamp"] = times
        body = {"logs": only, "sort": sort, "limit": limit, "offset": offset}
        return self._objects(about, await self._wire.read("/logs/filter", about, body), "id", "timestamp")

    async def write(self, lines: list[Json]) -> None:
        """Add lines: `{name, level, message, timestamp, flow_run_id, task_run_id?}`."""
        await self._wire.write("POST", "/logs/", About("log lines"), lines)
