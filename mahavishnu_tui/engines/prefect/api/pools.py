"""Work pools, their queues and their workers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mahavishnu_tui.engines.prefect.api.base import PAGE, Calls, Json, part
from mahavishnu_tui.engines.prefect.api.transport import Repeat
from mahavishnu_tui.engines.prefect.errors import About
from mahavishnu_tui.engines.prefect.states import iso
from mahavishnu_tui.models import ErrorCode

_POOLS = About("work pools", missing=ErrorCode.PREFECT_WORK_POOL)


class PoolCalls(Calls):
    """Everything about work pools, queues and workers."""

    async def filter(
        self, *, names: Sequence[str] | None = None, limit: int = PAGE, offset: int = 0
    ) -> list[Json]:
        """Work pools, all or those of these names."""
        body = {
            "work_pools": None if names is None else {"name": {"any_": list(names)}},
            "limit": limit,
            "offset": offset,
        }
        return self._objects(_POOLS, await self._wire.read("/work_pools/filter", _POOLS, body), "id", "name")

    async def get(self, name: str) -> Json:
        """One work pool."""
        about = _about(name)
        return self._object(about, await self._wire.get(f"/work_pools/{part(name)}", about), "id", "name")

    async def create(
        self,
        name: str,
        kind: str = "process",
        *,
        base_job_template: Mapping[str, Any] | None = None,
        description: str | None = None,
        concurrency_limit: int | None = None,
        is_paused: bool | None = None,
    ) -> Json:
        """Make a work pool. The server checks neither kind nor template: `templates` has those it knows."""
        about = _about(name)
        body = {
            "name": name,
            "type": kind,
            "base_job_template": base_job_template,
            "description": description,
            "concurrency_limit": concurrency_limit,
            "is_paused": is_paused,
        }
        return self._object(about, await self._wire.write("POST", "/work_pools/", about, body), "id")

    async def update(
        self,
        name: str,
        *,
        is_paused: bool | None = None,
        concurrency_limit: int | None = None,
        description: str | None = None,
        base_job_template: Mapping[str, Any] | None = None,
    ) -> None:
        """Change what is given."""
        body = {
            "is_paused": is_paused,
            "concurrency_limit": concurrency_limit,
            "description": description,
            "base_job_template": base_job_template,
        }
        await self._wire.write("PATCH", f"/work_pools/{part(name)}", _about(name), body, repeat=Repeat.SAFE)

    async def delete(self, name: str) -> None:
        """Delete a pool with its queues."""
        await self._wire.write("DELETE", f"/work_pools/{part(name)}", _about(name), repeat=Repeat.SAFE)

    async def concurrency(self, name: str) -> Json:
        """Which runs have its slots, by queue."""
        about = _about(name)
        found = await self._wire.read(f"/work_pools/{part(name)}/concurrency_status", about, {})
        return self._object(about, found)

    async def workers(self, name: str, limit: int = PAGE) -> list[Json]:
        """The workers that have reported there, dead ones too."""
        about = _about(name)
        found = await self._wire.read(f"/work_pools/{part(name)}/workers/filter", about, {"limit": limit})
        return self._objects(about, found, "name")

    async def delete_worker(self, pool: str, worker: str) -> None:
        """Forget a worker that is gone; one that lives reports again."""
        path = f"/work_pools/{part(pool)}/workers/{part(worker)}"
        await self._wire.write("DELETE", path, _about(f"{pool}, worker {worker}"), repeat=Repeat.SAFE)

    async def scheduled_runs(
        self,
        name: str,
        *,
        before: float | None = None,
        queues: Sequence[str] | None = None,
        limit: int = PAGE,
    ) -> list[Json]:
        """The runs that its workers would take up next; each has its run under `flow_run`.

        Prefect counts this as a sign of life of the pool's workers, so it is for tests and for workers.
        """
        about = _about(name)
        body = {
            "work_queue_names": queues,
            "scheduled_before": None if before is None else iso(before),
            "limit": limit,
        }
        found = await self._wire.read(f"/work_pools/{part(name)}/get_scheduled_flow_runs", about, body)
        return self._objects(about, found, "flow_run")

    async def queues(self, limit: int = PAGE, offset: int = 0) -> list[Json]:
        """The queues of all pools, with `work_pool_name`, `priority` (1 is first), `status`."""
        found = await self._wire.read("/work_queues/filter", _POOLS, {"limit": limit, "offset": offset})
        return self._objects(_POOLS, found, "id", "name")

    async def queue_status(self, queue_id: str) -> Json:
        """`healthy`, `late_runs_count`, `last_polled`."""
        about = _about(f"queue {queue_id}")
        return self._object(about, await self._wire.get(f"/work_queues/{part(queue_id)}/status", about))

    async def create_queue(
        self, pool: str, name: str, *, priority: int | None = None, concurrency_limit: int | None = None
    ) -> Json:
        """Add a queue to a pool; priority 1 is served first."""
        about = _about(f"{pool}, queue {name}")
        body = {"name": name, "priority": priority, "concurrency_limit": concurrency_limit}
        found = await self._wire.write("POST", f"/work_pools/{part(pool)}/queues", about, body)
        return self._object(about, found, "id")

    async def update_queue(
        self,
        pool: str,
        name: str,
        *,
        is_paused: bool | None = None,
        priority: int | None = None,
        concurrency_limit: int | None = None,
    ) -> None:
        """Change what is given."""
        body = {"is_paused": is_paused, "priority": priority, "concurrency_limit": concurrency_limit}
        path = f"/work_pools/{part(pool)}/queues/{part(name)}"
        await self._wire.write("PATCH", path, _about(f"{pool}, queue {name}"), body, repeat=Repeat.SAFE)

    async def templates(self) -> dict[str, Json]:
        """The base job template of each type of pool that the server knows, by type."""
        about = About("types of work pools")
        found = await self._wire.get("/collections/views/aggregate-worker-metadata", about)
        types: dict[str, Json] = {}
        for package in self._object(about, found).values():
            for name, worker in package.items() if isinstance(package, dict) else ():
                template = worker.get("default_base_job_configuration") if isinstance(worker, dict) else None
                if isinstance(template, dict):
                    types[str(name)] = template
        return types


def _about(which: str) -> About:
    code = ErrorCode.PREFECT_WORK_POOL
    return About(f"work pool {which}", missing=code, refused=code)
