"""Deployments: what runs are started from."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any

from mahavishnu_tui.engines.prefect import errors
from mahavishnu_tui.engines.prefect.api.base import EVERYTHING, PAGE, Calls, Json, Page, Select, part
from mahavishnu_tui.engines.prefect.api.transport import Repeat
from mahavishnu_tui.engines.prefect.errors import About
from mahavishnu_tui.engines.prefect.states import iso
from mahavishnu_tui.models import ErrorCode

_NOUNS = ("flows", "flow_runs", "task_runs", "deployments", "work_pools", "work_pool_queues")
_DEPLOYMENTS = About("deployments")
CHANGEABLE = frozenset(
    {
        "version",
        "description",
        "paused",
        "concurrency_limit",
        "concurrency_options",
        "parameters",
        "parameter_openapi_schema",
        "tags",
        "work_queue_name",
        "work_pool_name",
        "path",
        "job_variables",
        "pull_steps",
        "entrypoint",
        "enforce_parameter_schema",
    }
)
"""What `create` and `update` can set."""


class DeploymentCalls(Calls):
    """Everything about deployments but their schedules."""

    async def filter(
        self, select: Select = EVERYTHING, *, sort: str = "NAME_ASC", limit: int = PAGE, offset: int = 0
    ) -> list[Json]:
        """Deployments, one page of at most 200."""
        body = {**select.body(*_NOUNS), "sort": sort, "limit": limit, "offset": offset}
        found = await self._wire.read("/deployments/filter", _DEPLOYMENTS, body)
        return self._objects(_DEPLOYMENTS, found, "id", "name", "flow_id")

    def all(self, select: Select = EVERYTHING, *, most: int = 20_000) -> AsyncIterator[Json]:
        """Deployments, page after page."""
        body = {**select.body(*_NOUNS), "sort": "NAME_ASC"}
        return self._everything(_DEPLOYMENTS, "/deployments/filter", body, most)

    async def paginate(self, select: Select = EVERYTHING, *, limit: int = 50, page: int = 1) -> Page:
        """One page, with how many there are in all."""
        body = {**select.body(*_NOUNS), "sort": "NAME_ASC", "limit": limit, "page": page}
        return await self._page(_DEPLOYMENTS, "/deployments/paginate", body)

    async def count(self, select: Select = EVERYTHING) -> int:
        """How many there are."""
        found = await self._wire.read("/deployments/count", _DEPLOYMENTS, select.body(*_NOUNS))
        return self._number(_DEPLOYMENTS, found)

    async def get(self, deployment_id: str) -> Json:
        """One deployment, with its schedules."""
        about = _about(deployment_id)
        found = await self._wire.get(f"/deployments/{part(deployment_id)}", about)
        return self._object(about, found, "id", "name", "flow_id")

    async def get_by_name(self, flow: str, name: str) -> Json:
        """One deployment, by the names of its flow and its own."""
        about = _about(f"{flow}/{name}")
        found = await self._wire.get(f"/deployments/name/{part(flow)}/{part(name)}", about)
        return self._object(about, found, "id", "name", "flow_id")

    async def create(self, name: str, flow_id: str, **fields: Any) -> Json:
        """Make the deployment of that flow and name, or change the one there is to what is given here.

        Args:
            name: its own name.
            flow_id: its flow's id.
            fields: any of `CHANGEABLE`, and `schedules` and `labels`.

        Raises:
            ValueError: something else is given.
        """
        _check_fields(set(fields), CHANGEABLE | {"schedules", "labels"})
        about = _about(name)
        body = {"name": name, "flow_id": flow_id, **fields}
        found = await self._wire.write("POST", "/deployments/", about, body, repeat=Repeat.SAFE)
        return self._object(about, found, "id")

    async def update(self, deployment_id: str, **changes: Any) -> None:
        """Change some of `CHANGEABLE`. Schedules have calls of their own: given here they would be replaced.

        Raises:
            ValueError: something else is to be changed.
        """
        _check_fields(set(changes), CHANGEABLE)
        path = f"/deployments/{part(deployment_id)}"
        await self._wire.write("PATCH", path, _about(deployment_id), changes, repeat=Repeat.SAFE)

    async def pause(self, deployment_id: str) -> None:
        """Stop its schedules; the runs that they have made already, and that have not begun, are deleted."""
        path = f"/deployments/{part(deployment_id)}/pause_deployment"
        await self._wire.write("POST", path, _about(deployment_id), repeat=Repeat.SAFE)

    async def resume(self, deployment_id: str) -> None:
        """Let its schedules go on."""
        path = f"/deployments/{part(deployment_id)}/resume_deployment"
        await self._wire.write("POST", path, _about(deployment_id), repeat=Repeat.SAFE)

    async def delete(self, deployment_id: str) -> None:
        """Delete it; its runs stay."""
        await self._wire.write(
            "DELETE", f"/deployments/{part(deployment_id)}", _about(deployment_id), repeat=Repeat.SAFE
        )

    async def create_run(
        self,
        deployment_id: str,
        *,
        idempotency_key: str,
        parameters: Mapping[str, Any] | None = None,
        name: str | None = None,
        tags: Sequence[str] | None = None,
        state: Mapping[str, Any] | None = None,
        work_queue_name: str | None = None,
        job_variables: Mapping[str, Any] | None = None,
    ) -> Json:
        """Start a run of it; a repeated key gives the run that there is.

        Raises:
            PrefectError: MHV-429 when its schema forbids the parameters.
        """
        about = About(
            f"deployment {deployment_id}", ErrorCode.PREFECT_DEPLOYMENT_NOT_FOUND, ErrorCode.INPUT_INVALID
        )
        body = {
            "idempotency_key": idempotency_key,
            "parameters": parameters,
            "name": name,
            "tags": tags,
            "state": state,
            "work_queue_name": work_queue_name,
            "job_variables": job_variables,
        }
        path = f"/deployments/{part(deployment_id)}/create_flow_run"
        found = await self._wire.write("POST", path, about, body, repeat=Repeat.SAFE)
        return self._object(about, found, "id")

    async def scheduled_runs(
        self, deployment_ids: Sequence[str], *, before: float | None = None, limit: int = PAGE
    ) -> list[Json]:
        """The runs of these that are to begin, the next one first."""
        body = {
            "deployment_ids": list(deployment_ids),
            "scheduled_before": None if before is None else iso(before),
            "limit": limit,
        }
        found = await self._wire.read("/deployments/get_scheduled_flow_runs", _DEPLOYMENTS, body)
        return self._objects(_DEPLOYMENTS, found, "id")

    async def schedule_now(self, deployment_id: str, most: int = 100) -> None:
        """Have its schedules make their next runs at once, instead of at the scheduler's next turn."""
        path = f"/deployments/{part(deployment_id)}/schedule"
        body = {"max_runs": most}
        await self._wire.write("POST", path, _about(deployment_id), body, repeat=Repeat.SAFE)

    async def versions(self, deployment_id: str) -> list[Json]:
        """Its versions, the newest first; empty where the server keeps none (only Cloud does)."""
        about = _about(deployment_id)
        try:
            found = await self._wire.read(
                "/deployment_versions/filter", about, {"deployment_id": deployment_id}
            )
        except errors.PrefectError as error:
            if error.kind == "not_offered":
                return []
            raise
        items = found.get("results") if isinstance(found, dict) else found
        return self._objects(about, items)


def _about(which: str) -> About:
    return About(f"deployment {which}", missing=ErrorCode.PREFECT_DEPLOYMENT_NOT_FOUND)


def _check_fields(given: set[str], known: frozenset[str]) -> None:
    unknown = sorted(given - known)
    if unknown:
        raise ValueError(f"a deployment's {', '.join(unknown)} cannot be set here")
