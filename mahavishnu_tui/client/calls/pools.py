"""Pools, and the limits that runs share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import Calls, part

if TYPE_CHECKING:
    from mahavishnu_tui.models.pool import ConcurrencyLimit, Pool, PoolChoice


class PoolCalls(Calls):
    """Where runs find slots."""

    async def pools(self) -> list[Pool]:
        """Every pool, this server's own first."""
        return [models.Pool.from_json(item) for item in await self._get("/v1/pools")]

    async def create_pool(self, name: str, kind: str, by: str, limit: int = 0) -> Pool:
        """Make a work pool of a type that Prefect knows (MHV-405); the same again is that one."""
        return models.Pool.from_json(
            await self._post("/v1/pools", slow=True, name=name, kind=kind, limit=limit, by=by)
        )

    async def change_pool(
        self,
        name: str,
        by: str,
        *,
        seen: str,
        paused: bool | None = None,
        limit: int | None = None,
        queue: str | None = None,
    ) -> Pool:
        """Pause, resume or resize a work pool, or a queue of it (MHV-101: it is no longer as `seen`).

        Args:
            limit: runs at work at the same time; 0: no limit.
        """
        path = f"/v1/pools/{part(name)}"
        return models.Pool.from_json(
            await self._post(path, slow=True, seen=seen, paused=paused, limit=limit, queue=queue, by=by)
        )

    async def choose_pool(self, deployment_id: str = "", selector: str = "") -> PoolChoice:
        """Which pool a launch would go to, by that selector or by the settings' own, and why."""
        found = await self._get("/v1/pools/choice", slow=True, deployment=deployment_id, selector=selector)
        return models.PoolChoice.from_json(found)

    async def limits(self) -> list[ConcurrencyLimit]:
        """Prefect's concurrency limits."""
        return [models.ConcurrencyLimit.from_json(item) for item in await self._get("/v1/limits", slow=True)]
