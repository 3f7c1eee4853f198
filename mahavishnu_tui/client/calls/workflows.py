"""Workflows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import LOAD_TIMEOUT, Calls, part
from mahavishnu_tui.models.record import Json

if TYPE_CHECKING:
    from mahavishnu_tui.models.finding import Finding
    from mahavishnu_tui.models.workflow import Project, Workflow


class WorkflowCalls(Calls):
    """What can be run."""

    async def workflows(self) -> list[Workflow]:
        """The workflows that the server has been told of."""
        return [models.Workflow.from_json(item) for item in await self._get("/v1/workflows")]

    async def register(self, spec: str, project: Project, name: str = "", refresh: bool = False) -> Workflow:
        """Make a workflow known and load it (MHV-42x when it does not load)."""
        body = {"spec": spec, "project": project.to_json(), "refresh": refresh}
        if name:
            body["name"] = name
        return models.Workflow.from_json(
            await self._wire.call("POST", "/v1/workflows", body=body, timeout=LOAD_TIMEOUT)
        )

    async def validate(self, workflow_id: str) -> list[Finding]:
        """What is wrong with a workflow as its file is now, the worst first (MHV-42x: it does not load)."""
        path = f"/v1/workflows/{part(workflow_id)}/validate"
        found = await self._wire.call("POST", path, timeout=LOAD_TIMEOUT, asks=True)
        return [models.Finding.from_json(item) for item in found]

    async def inputs(self, workflow_id: str, limit: int = 20) -> list[Json]:
        """The different inputs that runs of a workflow were given, the newest first."""
        found: list[Json] = await self._get(f"/v1/workflows/{part(workflow_id)}/inputs", limit=limit)
        return found
