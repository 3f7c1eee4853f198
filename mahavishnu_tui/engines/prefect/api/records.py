"""What is only read: artifacts, variables, events; and automations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mahavishnu_tui.engines.prefect.api.base import EVERYTHING, PAGE, Calls, Filter, Json, Select, part
from mahavishnu_tui.engines.prefect.api.transport import Repeat
from mahavishnu_tui.engines.prefect.errors import About
from mahavishnu_tui.engines.prefect.states import iso


class ArtifactCalls(Calls):
    """Artifacts: what runs leave for people."""

    async def filter(
        self,
        artifacts: Filter | None = None,
        select: Select = EVERYTHING,
        *,
        sort: str = "CREATED_DESC",
        limit: int = PAGE,
        offset: int = 0,
    ) -> list[Json]:
        """Artifacts, one page of at most 200; `artifacts` selects by `flow_run_id`, `key`, `type` …"""
        about = About("artifacts")
        nouns = select.body("flows", "flow_runs", "task_runs", "deployments")
        body = {**nouns, "artifacts": artifacts, "sort": sort, "limit": limit, "offset": offset}
        return self._objects(about, await self._wire.read("/artifacts/filter", about, body), "id")

    async def get(self, artifact_id: str) -> Json:
        """One artifact, with its data."""
        about = About(f"artifact {artifact_id}")
        return self._object(about, await self._wire.get(f"/artifacts/{part(artifact_id)}", about), "id")


class VariableCalls(Calls):
    """Variables: values that flows read by name."""

    async def filter(self, limit: int = PAGE, offset: int = 0) -> list[Json]:
        """Variables by name, one page of at most 200."""
        about = About("variables")
        body = {"sort": "NAME_ASC", "limit": limit, "offset": offset}
        return self._objects(about, await self._wire.read("/variables/filter", about, body), "id", "name")

    async def get(self, name: str) -> Json:
        """One variable."""
        about = About(f"variable {name}")
        return self._object(about, await self._wire.get(f"/variables/name/{part(name)}", about), "name")


class EventCalls(Calls):
    """Events that have been; what comes is on the socket (`events.EventStream`)."""

    async def filter(
        self,
        since: float,
        until: float,
        *,
        prefixes: Sequence[str] = (),
        resource: Sequence[str] = (),
        limit: int = 50,
    ) -> list[Json]:
        """Events of a window, the newest first; 50 at most.

        Args:
            since: seconds since the epoch.
            until: the same.
            prefixes: how their names begin: `prefect.flow-run.`
            resource: of these resources: `prefect.flow-run.UUID`
            limit: how many.
        """
        about = About("events")
        only: Json = {"occurred": {"since": iso(since), "until": iso(until)}}
        if prefixes:
            only["event"] = {"prefix": list(prefixes)}
        if resource:
            only["any_resource"] = {"id": list(resource)}
        found = await self._wire.read("/events/filter", about, {"filter": only, "limit": limit})
        return self._objects(about, self._object(about, found, "events")["events"], "event")


class AutomationCalls(Calls):
    """Automations: what the server does by itself when something happens."""

    async def filter(self, limit: int = PAGE, offset: int = 0) -> list[Json]:
        """Automations, one page of at most 200."""
        about = About("automations")
        body = {"sort": "NAME_ASC", "limit": limit, "offset": offset}
        return self._objects(about, await self._wire.read("/automations/filter", about, body), "id", "name")

    async def create(self, automation: Mapping[str, object]) -> Json:
        """Make one: `{name, description?, enabled?, trigger, actions}`."""
        about = About(f"automation {automation.get('name')}")
        return self._object(about, await self._wire.write("POST", "/automations/", about, automation), "id")

    async def crash_zombies(self, name: str = "Crash zombie flow runs", within_seconds: int = 540) -> Json:
        """The automation that marks a run as crashed once its heartbeat has been away for so long.

        Prefect sends heartbeats where `PREFECT_FLOWS_HEARTBEAT_FREQUENCY` is set for the flows; a server of
        one's own does not look for their absence without this. One of that name is not made twice.
        """
        for automation in await self.filter():
            if automation["name"] == name:
                return automation
        return await self.create(
            {
                "name": name,
                "description": "By mahavishnu: marks runs as crashed whose process died without a word.",
                "enabled": True,
                "trigger": {
                    "type": "event",
                    "posture": "Proactive",
                    "after": ["prefect.flow-run.heartbeat"],
                    "expect": [
                        f"prefect.flow-run.{state}"
                        for state in ("heartbeat", "Completed", "Failed", "Cancelled", "Crashed", "Suspended")
                    ],
                    "match": {"prefect.resource.id": ["prefect.flow-run.*"]},
                    "for_each": ["prefect.resource.id"],
                    "threshold": 1,
                    "within": within_seconds,
                },
                "actions": [
                    {
                        "type": "change-flow-run-state",
                        "state": "CRASHED",
                        "message": "No heartbeat: its process has died.",
                    }
                ],
            }
        )

    async def enable(self, automation_id: str, enabled: bool) -> None:
        """Switch one on or off."""
        about = About(f"automation {automation_id}")
        await self._wire.write("PATCH", f"/automations/{part(automation_id)}", about, {"enabled": enabled})

    async def delete(self, automation_id: str) -> None:
        """Remove one."""
        await self._wire.write(
            "DELETE",
            f"/automations/{part(automation_id)}",
            About(f"automation {automation_id}"),
            repeat=Repeat.SAFE,
        )
