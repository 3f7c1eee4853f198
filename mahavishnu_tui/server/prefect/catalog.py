"""What Prefect knows besides runs: flows, deployments with their schedules, pools, workers."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
from collections.abc import Callable, Iterable
from typing import Any

from mahavishnu_tui.engines.prefect.api import PrefectApi, Select
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.server.prefect.mapping import Names
from mahavishnu_tui.server.together import together

MOST = 5000
"""Things of one kind that are kept."""
_MOST_POOLS = 200


@dataclasses.dataclass(frozen=True)
class Listing:
    """One look at all of it, as Prefect's JSON."""

    deployments: dict[str, dict[str, Any]] = dataclasses.field(default_factory=dict)
    pools: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    queues: list[dict[str, Any]] = dataclasses.field(default_factory=list)
    workers: dict[str, list[dict[str, Any]]] = dataclasses.field(default_factory=dict)
    """By pool."""


class Catalog:
    """Kept in memory: it is small, and read anew at each start.

    Args:
        api: where it is read from.
        on_change: called with `deployments`, `schedules` or `pools` when those have changed.
    """

    def __init__(self, api: PrefectApi, on_change: Callable[[str], None]) -> None:
        self._api = api
        self._on_change = on_change
        self._flows: dict[str, str] = {}
        self._amended: list[Callable[[Listing], Listing]] = []
        """What single readings have changed since the last reading of everything began."""
        self.now = Listing()
        self.known = False
        """Whether it was ever read: until then nothing in it does not mean that there is nothing."""

    @property
    def names(self) -> Names:
        """Of what flow runs name by id."""
        return Names(self._flows, {key: str(item["name"]) for key, item in self.now.deployments.items()})

    async def refresh(self) -> None:
        """Read everything, one such reading at a time; raises PrefectError."""
        self._amended.clear()
        async with together() as group:
            deployments = group.create_task(self._deployments())
            pools = group.create_task(self._pools())
        found = Listing(deployments.result(), *pools.result())
        for amend in self._amended:  # what was read meanwhile is newer
            found = amend(found)
        self.known = True
        self._is(found)

    async def refresh_deployment(self, deployment_id: str) -> None:
        """Read one deployment with its schedules; raises PrefectError (`missing`: it is gone)."""
        try:
            told = await self._api.deployments.get(deployment_id)
        except PrefectError as error:
            if error.kind == "missing":
                self.forget_deployment(deployment_id)
            raise
        await self.name_flows([str(told["flow_id"])])
        self._amend(functools.partial(_with_deployment, told=told))

    def forget_deployment(self, deployment_id: str) -> None:
        """It was deleted."""
        self._amend(functools.partial(_without_deployment, deployment_id=deployment_id))

    async def refresh_pool(self, name: str) -> None:
        """Read one pool with its queues and workers; raises PrefectError."""
        async with together() as group:
            told = group.create_task(self._api.pools.get(name))
            queues = group.create_task(optional(self._api.pools.queues()))
            workers = group.create_task(optional(self._api.pools.workers(name)))
        self._amend(
            functools.partial(
                _with_pool, told=told.result(), queues=queues.result(), workers=workers.result()
            )
        )

    def _amend(self, amend: Callable[[Listing], Listing]) -> None:
        self._amended.append(amend)
        self._is(amend(self.now))

    def _is(self, found: Listing) -> None:
        before, self.now = self.now, found
        for what in _changes(before, found):
            self._on_change(what)

    async def _deployments(self) -> dict[str, dict[str, Any]]:
        """By id; their flows can be named then."""
        found = {str(item["id"]): item async for item in self._api.deployments.all(most=MOST)}
        await self.name_flows(str(item["flow_id"]) for item in found.values())
        return found

    async def _pools(
        self,
    ) -> tuple[list[dict[str, Any]], list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
        """Pools, queues, and workers by pool."""
        pools = await self._api.pools.filter(limit=_MOST_POOLS)
        if not pools:
            return [], [], {}
        names = [str(pool["name"]) for pool in pools]
        queues, *workers = await asyncio.gather(
            optional(self._api.pools.queues()),
            *(optional(self._api.pools.workers(name)) for name in names),
        )
        return pools, queues, dict(zip(names, workers, strict=True))

    async def name_flows(self, flow_ids: Iterable[str]) -> None:
        """See that the names of these flows are known; raises PrefectError."""
        unknown = sorted({flow_id for flow_id in flow_ids if flow_id and flow_id not in self._flows})
        for start in range(0, len(unknown), 200):
            part = unknown[start : start + 200]
            for flow in await self._api.flows.filter(Select(flows={"id": {"any_": part}})):
                self._flows[str(flow["id"])] = str(flow["name"])
            for flow_id in part:
                self._flows.setdefault(flow_id, "")

    def forget(self) -> None:
        """The server was away: it may have come back with another database."""
        self._flows.clear()


async def optional(call: Any) -> list[dict[str, Any]]:
    """A list that not every server, and not every account, can give."""
    try:
        found: list[dict[str, Any]] = await call
    except PrefectError as error:
        if error.kind in ("not_offered", "missing", "invalid") or error.status == 403:
            return []
        raise
    return found


def _with_deployment(listing: Listing, told: dict[str, Any]) -> Listing:
    deployments = {**listing.deployments, str(told["id"]): told}
    by_name = sorted(deployments.items(), key=lambda item: str(item[1]["name"]))
    return dataclasses.replace(listing, deployments=dict(by_name))


def _without_deployment(listing: Listing, deployment_id: str) -> Listing:
    kept = {key: item for key, item in listing.deployments.items() if key != deployment_id}
    return dataclasses.replace(listing, deployments=kept)


def _with_pool(
    listing: Listing, told: dict[str, Any], queues: list[dict[str, Any]], workers: list[dict[str, Any]]
) -> Listing:
    name = str(told["name"])
    pools = [*(pool for pool in listing.pools if pool["name"] != name), told]
    return Listing(
        listing.deployments,
        sorted(pools, key=lambda pool: str(pool["name"])),
        queues,
        {**listing.workers, name: workers},
    )


def _changes(before: Listing, now: Listing) -> list[str]:
    """Which lists differ in what people see; signs of life do not count."""
    changed = []
    if _told(before.deployments.values(), "schedules") != _told(now.deployments.values(), "schedules"):
        changed.append("deployments")
    if [item.get("schedules") for item in before.deployments.values()] != [
        item.get("schedules") for item in now.deployments.values()
    ]:
        changed.append("schedules")
    if (
        _told(before.pools) != _told(now.pools)
        or _told(before.queues) != _told(now.queues)
        or {key: _told(found) for key, found in before.workers.items()}
        != {key: _told(found) for key, found in now.workers.items()}
    ):
        changed.append("pools")
    return changed


_LIFE = frozenset({"updated", "last_polled", "last_heartbeat_time", "last_transitioned_status_at"})


def _told(items: Iterable[dict[str, Any]], *but: str) -> list[dict[str, Any]]:
    return [
        {key: value for key, value in item.items() if key not in _LIFE and key not in but} for item in items
    ]
