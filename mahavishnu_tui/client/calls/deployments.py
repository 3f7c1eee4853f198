"""Deployments, and Prefect itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import LOAD_TIMEOUT, Calls, part
from mahavishnu_tui.models.run import Run

if TYPE_CHECKING:
    from mahavishnu_tui.models.deployment import Deployment
    from mahavishnu_tui.models.finding import Finding
    from mahavishnu_tui.models.prefect import PrefectInfo


class DeploymentCalls(Calls):
    """What Prefect can start. MHV-401: no such deployment; MHV-101: it is no longer as it was `seen`."""

    async def prefect(self) -> PrefectInfo:
        """The Prefect server behind the mirror. Whoever asks wants a lost one tried again now."""
        return models.PrefectInfo.from_json(await self._get("/v1/prefect"))

    async def start_prefect(self, by: str) -> PrefectInfo:
        """Start the embedded server where there is to be one; returns at once, see its `state` (MHV-411)."""
        return models.PrefectInfo.from_json(await self._post("/v1/prefect/start", by=by))

    async def stop_prefect(self, by: str) -> PrefectInfo:
        """Stop the embedded server and its worker until it is wanted again."""
        return models.PrefectInfo.from_json(await self._post("/v1/prefect/stop", slow=True, by=by))

    async def check_prefect(self) -> list[Finding]:
        """The self-test: known bad combinations, and whether it schedules, the worst first.

        It leaves nothing behind: an embedded Prefect makes a run for a schedule, which is taken away again.
        """
        path = "/v1/prefect/check"
        found = await self._wire.call("POST", path, body={}, timeout=LOAD_TIMEOUT, asks=True)
        return [models.Finding.from_json(item) for item in found]

    async def deployments(self) -> list[Deployment]:
        """Every deployment, by name."""
        return [models.Deployment.from_json(item) for item in await self._get("/v1/deployments", slow=True)]

    async def deployment(self, deployment: str) -> Deployment:
        """One deployment, by its id or as `flow/name`."""
        return models.Deployment.from_json(await self._get(f"/v1/deployments/{part(deployment)}", slow=True))

    async def deployment_versions(self, deployment_id: str) -> list[dict[str, Any]]:
        """Its versions, the newest first: `{version, at, by, entrypoint, current}`."""
        found: list[dict[str, Any]] = await self._get(
            f"/v1/deployments/{part(deployment_id)}/versions", slow=True
        )
        return found

    async def create_deployment(self, entrypoint: str, name: str, by: str, **options: Any) -> Deployment:
        """Register a flow and deploy it; the flow's file is imported in a child process (MHV-402, MHV-403).

        Args:
            entrypoint: `/abs/file.py:flow` or `package.module:flow`.
            name: the deployment's.
            by: who.
            options: what the protocol has beside these: `root`, `interpreter`, `pool`, `queue`, `parameters`,
                `tags`, `description`, `version`, `job_variables`, `limit`, `paused`, `enforce_schema`.
        """
        body = {"entrypoint": entrypoint, "name": name, "by": by}
        body |= {key: value for key, value in options.items() if value is not None}
        return models.Deployment.from_json(
            await self._wire.call("POST", "/v1/deployments", body=body, timeout=LOAD_TIMEOUT)
        )

    async def change_deployment(self, deployment: Deployment, by: str, **changes: Any) -> Deployment:
        """Change `paused`, `description`, `tags`, `parameters`, `pool`, `queue`, `limit`, `job_variables`."""
        path = f"/v1/deployments/{part(deployment.id)}"
        return models.Deployment.from_json(
            await self._post(path, slow=True, seen=deployment.seen, by=by, **changes)
        )

    async def delete_deployment(self, deployment: Deployment, by: str) -> None:
        """Take a deployment away, with its schedules; its runs stay."""
        await self._post(
            f"/v1/deployments/{part(deployment.id)}/delete", slow=True, seen=deployment.seen, by=by
        )

    async def run_deployment(
        self,
        deployment_id: str,
        by: str,
        *,
        request_id: str,
        parameters: dict[str, Any] | None = None,
        at: float | None = None,
        **options: Any,
    ) -> Run:
        """Start a run; the same `request_id` gives the same run (MHV-429 with `problems`: bad parameters).

        Args:
            at: when it is to begin; None: now.
            options: `name`, `tags`, `job_variables`, `pool`, `queue`, `selector`.
        """
        body = {"request_id": request_id, "parameters": parameters or {}, "at": at, "by": by, **options}
        return Run.from_json(
            await self._post(f"/v1/deployments/{part(deployment_id)}/run", slow=True, **body)
        )

    async def run_flow(self, entrypoint: str, by: str, *, request_id: str, **options: Any) -> Run:
        """Run a flow from a file, without a deployment, in a child process of the server.

        Args:
            entrypoint: `/abs/file.py:flow`, or the file alone where it holds one flow.
            by: who.
            request_id: the same one again is the same run.
            options: `root`, `interpreter`, `parameters`, `name`, `tags`, `task_runner`.
        """
        body = {"entrypoint": entrypoint, "by": by, "request_id": request_id}
        body |= {key: value for key, value in options.items() if value is not None}
        return Run.from_json(await self._wire.call("POST", "/v1/flows/run", body=body, timeout=LOAD_TIMEOUT))
