"""The schedules of deployments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mahavishnu_tui.engines.prefect.api.base import Calls, Json, part
from mahavishnu_tui.engines.prefect.api.transport import Repeat
from mahavishnu_tui.engines.prefect.errors import About, PrefectError
from mahavishnu_tui.models import ErrorCode


class ScheduleCalls(Calls):
    """Everything about the schedules of one deployment."""

    async def of(self, deployment_id: str) -> list[Json]:
        """Its schedules."""
        about = _about(f"of deployment {deployment_id}")
        found = await self._wire.get(f"/deployments/{part(deployment_id)}/schedules", about)
        return self._objects(about, found, "id", "schedule")

    async def get(self, deployment_id: str, schedule_id: str) -> Json:
        """One of them."""
        for item in await self.of(deployment_id):
            if item["id"] == schedule_id:
                return item
        raise PrefectError(
            ErrorCode.PREFECT_SCHEDULE_INVALID,
            f"Deployment {deployment_id} has no schedule {schedule_id}.",
            "It may have been removed; look at its schedules.",
            kind="missing",
            status=404,
        )

    async def create(self, deployment_id: str, schedules: Sequence[Json]) -> list[Json]:
        """Add schedules, each `{"schedule": {…}, "active"?, "parameters"?, "slug"?}`.

        One with a slug is not added twice; one without is repeated only where the server did nothing.
        """
        about = _about(f"of deployment {deployment_id}")
        path = f"/deployments/{part(deployment_id)}/schedules"
        found = await self._wire.write("POST", path, about, list(schedules))
        return self._objects(about, found, "id")

    async def change(
        self,
        deployment_id: str,
        schedule_id: str,
        *,
        schedule: Mapping[str, Any] | None = None,
        active: bool | None = None,
        parameters: Mapping[str, Any] | None = None,
        slug: str | None = None,
    ) -> None:
        """Change what is given and keep the rest.

        Prefect empties the parameters of a schedule that is changed without them, so they are always sent:
        those given here, or those that it has.
        """
        if parameters is None:
            parameters = (await self.get(deployment_id, schedule_id)).get("parameters") or {}
        body = {"schedule": schedule, "active": active, "slug": slug, "parameters": parameters}
        path = f"/deployments/{part(deployment_id)}/schedules/{part(schedule_id)}"
        await self._wire.write("PATCH", path, _about(schedule_id), body, repeat=Repeat.SAFE)

    async def delete(self, deployment_id: str, schedule_id: str) -> None:
        """Remove it, and the runs that it has made and that have not begun."""
        path = f"/deployments/{part(deployment_id)}/schedules/{part(schedule_id)}"
        await self._wire.write("DELETE", path, _about(schedule_id), repeat=Repeat.SAFE)


def _about(which: str) -> About:
    code = ErrorCode.PREFECT_SCHEDULE_INVALID
    return About(f"schedule {which}", missing=code, refused=code)
