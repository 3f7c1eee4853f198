"""Workflows."""

from __future__ import annotations

from mahavishnu_tui.client.calls.base import LOAD_TIMEOUT, Calls
from mahavishnu_tui.models.workflow import Project, Workflow


class WorkflowCalls(Calls):
    """What can be run."""

    async def workflows(self) -> list[Workflow]:
        """The workflows that the server has been told of."""
        return [Workflow.from_json(item) for item in await self._get("/v1/workflows")]

    async def register(self, spec: str, project: Project, name: str = "", refresh: bool = False) -> Workflow:
        """Make a workflow known and load it (MHV-42x when it does not load)."""
        body = {"spec": spec, "project": project.to_json(), "refresh": refresh}
        if name:
            body["name"] = name
        return Workflow.from_json(
            await self._wire.call("POST", "/v1/workflows", body=body, timeout=LOAD_TIMEOUT)
        )
