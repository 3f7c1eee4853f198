"""Concurrency limits: by name (global) and by task tag."""

from __future__ import annotations

from mahavishnu_tui.engines.prefect.api.base import PAGE, Calls, Json, part
from mahavishnu_tui.engines.prefect.api.transport import Repeat
from mahavishnu_tui.engines.prefect.errors import About


class LimitCalls(Calls):
    """Both kinds of concurrency limits."""

    async def global_limits(self, limit: int = PAGE, offset: int = 0) -> list[Json]:
        """Limits by name: `name`, `limit`, `active_slots`, `denied_slots`, `active`."""
        about = About("concurrency limits")
        found = await self._wire.read(
            "/v2/concurrency_limits/filter", about, {"limit": limit, "offset": offset}
        )
        return self._objects(about, found, "id", "name")

    async def tag_limits(self, limit: int = PAGE, offset: int = 0) -> list[Json]:
        """Limits by task tag: `tag`, `concurrency_limit`, `active_slots` (ids of task runs)."""
        about = About("concurrency limits of task tags")
        found = await self._wire.read("/concurrency_limits/filter", about, {"limit": limit, "offset": offset})
        return self._objects(about, found, "id", "tag")

    async def create_global(
        self, name: str, limit: int, *, slot_decay_per_second: float | None = None
    ) -> Json:
        """Make a limit by name."""
        about = About(f"concurrency limit {name}")
        body = {"name": name, "limit": limit, "slot_decay_per_second": slot_decay_per_second}
        return self._object(
            about, await self._wire.write("POST", "/v2/concurrency_limits/", about, body), "id"
        )

    async def update_global(
        self,
        name: str,
        *,
        limit: int | None = None,
        active: bool | None = None,
        active_slots: int | None = None,
    ) -> None:
        """Change what is given; `active_slots=0` frees slots whose holders died."""
        about = About(f"concurrency limit {name}")
        body = {"limit": limit, "active": active, "active_slots": active_slots}
        await self._wire.write(
            "PATCH", f"/v2/concurrency_limits/{part(name)}", about, body, repeat=Repeat.SAFE
        )

    async def delete_global(self, name: str) -> None:
        """Remove a limit by name."""
        await self._wire.write(
            "DELETE",
            f"/v2/concurrency_limits/{part(name)}",
            About(f"concurrency limit {name}"),
            repeat=Repeat.SAFE,
        )
