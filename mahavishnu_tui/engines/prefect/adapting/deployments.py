"""Deployments and the pools that they run in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.adapting.part import Part
from mahavishnu_tui.engines.prefect.api import PAGE, Select
from mahavishnu_tui.engines.prefect.deploying import DeploymentConfig
from mahavishnu_tui.engines.prefect.local_runs import ask_child
from mahavishnu_tui.engines.prefect.states import moment
from mahavishnu_tui.models import ErrorCode

_MISSED_BEATS = 3


class DeploymentMethods(Part):
    """Everything about deployments, and about work pools."""

    async def create_deployment(
        self, config: DeploymentConfig, *, update: bool = True, timeout: float = 120.0
    ) -> str:
        """Deploy a flow from its file; a child process loads it. Gives the deployment's id.

        Args:
            config: what it is to be like; checked against its work pool first.
            update: whether one of that name is changed to it; else it is refused.
            timeout: seconds, importing the file included.

        Raises:
            AdapterError: MHV-401 to 406, and what the child says of the file.
        """
        pool = config.pool or self._pool
        config.validate(await self.api.pools.get(pool))
        answer = await ask_child(self._code, "register", config.request(pool, update), timeout=timeout)
        return str(answer["deployment_id"])

    async def register_flow(self, name: str, tags: Sequence[str] = ()) -> str:
        """The id of the flow of that name, made when there is none."""
        return str((await self.api.flows.create(name, list(tags)))["id"])

    async def inspect(self, entrypoint: str, flow: str = "") -> list[dict[str, Any]]:
        """The flows in a file, with the schemas of their parameters; a child process loads it."""
        request = {"entrypoint": entrypoint, **({"flow": flow} if flow else {})}
        answer = await ask_child(self._code, "inspect", request)
        return list(answer["flows"])

    async def update_deployment(self, deployment: str, **changes: Any) -> dict[str, Any]:
        """Change some of its fields (`api.deployments.CHANGEABLE`) and give it as it is then."""
        found = await self.get_deployment(deployment)
        await self.api.deployments.update(found["id"], **changes)
        return await self.api.deployments.get(found["id"])

    async def delete_deployment(self, deployment: str) -> None:
        """Delete it; its runs stay."""
        await self.api.deployments.delete((await self.get_deployment(deployment))["id"])

    async def pause_deployment(self, deployment: str) -> None:
        """Let its schedules rest."""
        await self.api.deployments.pause((await self.get_deployment(deployment))["id"])

    async def resume_deployment(self, deployment: str) -> None:
        """Let its schedules go on."""
        await self.api.deployments.resume((await self.get_deployment(deployment))["id"])

    async def list_deployments(
        self, flow_name: str = "", tags: Sequence[str] = (), limit: int = PAGE, offset: int = 0
    ) -> list[dict[str, Any]]:
        """Deployments by name, one page of at most 200."""
        select = Select(
            flows={"name": {"any_": [flow_name]}} if flow_name else None,
            deployments={"tags": {"all_": list(tags)}} if tags else None,
        )
        return await self.api.deployments.filter(select, limit=limit, offset=offset)

    async def list_work_pools(self) -> list[dict[str, Any]]:
        """Work pools, each with its `workers`; see `get_work_pool`."""
        return [await self._with_workers(pool) for pool in await self.api.pools.filter()]

    async def get_work_pool(self, name: str) -> dict[str, Any]:
        """A work pool with its `workers`, each with `online` as we reckon it: Prefect notices late.

        Raises:
            AdapterError: MHV-405 there is none.
        """
        return await self._with_workers(await self.api.pools.get(name))

    async def check_pool(self, name: str) -> dict[str, Any]:
        """A work pool that takes runs now.

        Raises:
            AdapterError: MHV-405 there is none, it is paused, or no worker is there.
        """
        pool = await self.get_work_pool(name)
        remote = str(pool.get("type") or "").endswith((":push", ":managed"))
        if pool.get("is_paused") or not (remote or any(worker["online"] for worker in pool["workers"])):
            why = "is paused" if pool.get("is_paused") else "has no worker that lives"
            raise AdapterError(
                ErrorCode.PREFECT_WORK_POOL,
                f"Work pool {name} {why}.",
                f"`prefect worker start --pool {name}` starts one; runs wait until then."
                if "worker" in why
                else "Resume it, or name another pool.",
            )
        return pool

    async def _with_workers(self, pool: Mapping[str, Any]) -> dict[str, Any]:
        now = self.api.clock()
        workers = await self.api.pools.workers(pool["name"])
        return {**pool, "workers": [{**worker, "online": is_online(worker, now)} for worker in workers]}


def is_online(worker: Mapping[str, Any], now: float) -> bool:
    """Whether a worker lives: it has not missed three heartbeats. Its server takes two minutes to say so."""
    seen, every = moment(worker.get("last_heartbeat_time")), worker.get("heartbeat_interval_seconds")
    interval = float(every) if isinstance(every, (int, float)) and every > 0 else 30.0
    return seen is not None and now - seen < _MISSED_BEATS * interval and worker.get("status") != "OFFLINE"
