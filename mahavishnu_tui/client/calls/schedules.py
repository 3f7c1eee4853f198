"""Schedules of deployments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import LOAD_TIMEOUT, Calls, part
from mahavishnu_tui.models.run import Run

if TYPE_CHECKING:
    from mahavishnu_tui.models.prefect import BulkResult
    from mahavishnu_tui.models.schedule import Schedule, SchedulePreview, ScheduleRule


class ScheduleCalls(Calls):
    """The rules by which runs start. MHV-404: a rule makes no sense; MHV-101: it is no longer as `seen`."""

    async def schedules(self) -> list[Schedule]:
        """Every schedule of every deployment, the next to start first."""
        return [models.Schedule.from_json(item) for item in await self._get("/v1/schedules", slow=True)]

    async def preview_schedule(
        self, rule: ScheduleRule, *, count: int = 5, deployment_id: str = "", start: float | None = None
    ) -> SchedulePreview:
        """When a rule would start runs, and with what it would collide."""
        body = {"rule": rule.to_json(), "count": count, "deployment_id": deployment_id, "start": start}
        return models.SchedulePreview.from_json(
            await self._post("/v1/schedules/preview", slow=True, asks=True, **body)
        )

    async def create_schedule(
        self,
        rule: ScheduleRule,
        by: str,
        *,
        deployment_id: str | None = None,
        workflow_id: str | None = None,
        parameters: dict[str, Any] | None = None,
        slug: str = "",
        active: bool = True,
        force: bool = False,
    ) -> Schedule:
        """Start runs of a deployment, or of a LangGraph workflow, by a rule.

        Args:
            parameters: for a flow its parameters; for a workflow its input, as `{"input": …}`.
            force: although it collides with another schedule of the deployment.
        """
        body: dict[str, Any] = {
            "rule": rule.to_json(),
            "deployment_id": deployment_id,
            "workflow_id": workflow_id,
            "parameters": parameters or {},
            "slug": slug,
            "active": active,
            "force": force,
            "by": by,
        }
        # For a workflow a deployment is made first, by a process that loads Prefect.
        given = {key: value for key, value in body.items() if value is not None}
        found = await self._wire.call("POST", "/v1/schedules", body=given, timeout=LOAD_TIMEOUT)
        return models.Schedule.from_json(found)

    async def change_schedule(
        self,
        schedule: Schedule,
        by: str,
        *,
        rule: ScheduleRule | None = None,
        parameters: dict[str, Any] | None = None,
        active: bool | None = None,
    ) -> Schedule:
        """Change what is given and leave the rest, its parameters among it."""
        body: dict[str, Any] = {
            "rule": rule.to_json() if rule else None,
            "parameters": parameters,
            "active": active,
            "seen": schedule.seen,
            "by": by,
        }
        return models.Schedule.from_json(
            await self._post(f"/v1/schedules/{part(schedule.id)}", slow=True, **body)
        )

    async def delete_schedule(self, schedule: Schedule, by: str) -> None:
        """Take a schedule away; runs that it has made and that have not begun go with it."""
        await self._post(f"/v1/schedules/{part(schedule.id)}/delete", slow=True, seen=schedule.seen, by=by)

    async def run_schedule(self, schedule_id: str, by: str, request_id: str) -> Run:
        """Start one run now, with the schedule's parameters."""
        path = f"/v1/schedules/{part(schedule_id)}/run"
        return Run.from_json(await self._post(path, slow=True, request_id=request_id, by=by))

    async def make_runs(self, schedule_id: str, by: str) -> Schedule:
        """Have Prefect make its next runs now; the schedule with those that it has made."""
        told = await self._post(f"/v1/schedules/{part(schedule_id)}/make", slow=True, by=by)
        return models.Schedule.from_json(told)

    async def skip_backlog(self, schedule_id: str, by: str, count: int) -> list[BulkResult]:
        """Delete the late runs of its deployment; `count`: as many as were shown (else MHV-101)."""
        found = await self._post(f"/v1/schedules/{part(schedule_id)}/skip", slow=True, count=count, by=by)
        return [models.BulkResult.from_json(item) for item in found["results"]]
