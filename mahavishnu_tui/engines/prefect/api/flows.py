"""Flows: what runs are runs of."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence

from mahavishnu_tui.engines.prefect.api.base import EVERYTHING, PAGE, Calls, Json, Select, part
from mahavishnu_tui.engines.prefect.api.transport import Repeat
from mahavishnu_tui.engines.prefect.errors import About
from mahavishnu_tui.models import ErrorCode

_NOUNS = ("flows", "flow_runs", "task_runs", "deployments", "work_pools")
_FLOWS = About("flows")


class FlowCalls(Calls):
    """Everything about flows."""

    async def filter(
        self, select: Select = EVERYTHING, *, sort: str = "NAME_ASC", limit: int = PAGE, offset: int = 0
    ) -> list[Json]:
        """Flows, one page of at most 200."""
        body = {**select.body(*_NOUNS), "sort": sort, "limit": limit, "offset": offset}
        return self._objects(_FLOWS, await self._wire.read("/flows/filter", _FLOWS, body), "id", "name")

    def all(self, select: Select = EVERYTHING, *, most: int = 20_000) -> AsyncIterator[Json]:
        """Flows, page after page."""
        body = {**select.body(*_NOUNS), "sort": "NAME_ASC"}
        return self._everything(_FLOWS, "/flows/filter", body, most)

    async def count(self, select: Select = EVERYTHING) -> int:
        """How many there are."""
        return self._number(_FLOWS, await self._wire.read("/flows/count", _FLOWS, select.body(*_NOUNS)))

    async def get(self, flow_id: str) -> Json:
        """One flow."""
        about = _about(flow_id)
        return self._object(about, await self._wire.get(f"/flows/{part(flow_id)}", about), "id", "name")

    async def get_by_name(self, name: str) -> Json:
        """One flow, by its name."""
        about = _about(name)
        return self._object(about, await self._wire.get(f"/flows/name/{part(name)}", about), "id", "name")

    async def create(self, name: str, tags: Sequence[str] | None = None) -> Json:
        """The flow of that name, made when there is none."""
        about = _about(name)
        body = {"name": name, "tags": tags}
        found = await self._wire.write("POST", "/flows/", about, body, repeat=Repeat.SAFE)
        return self._object(about, found, "id")

    async def delete(self, flow_id: str) -> None:
        """Delete a flow, its deployments and its runs."""
        await self._wire.write("DELETE", f"/flows/{part(flow_id)}", _about(flow_id), repeat=Repeat.SAFE)


def _about(which: str) -> About:
    return About(f"flow {which}", missing=ErrorCode.PREFECT_FLOW_NOT_FOUND)
