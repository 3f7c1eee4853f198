"""What Prefect knows besides runs: flows, deployments with their schedules, pools, workers."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Callable, Iterable
from typing import Any

from mahavishnu_tui.engines.prefect.api import PrefectApi, Select
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.server.prefect.mapping import Names

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
        self.now = Listing()
        self.known = False
        """Whether it was ever read: until then nothing in it does not mean that there is nothing."""

    @property
    def names(self) -> Names:
        """Of what flow runs name by id."""
        return Names(self._flows, {key: str(item["name"]) for key, item in self.now.deployments.items()})

    async def refresh(self) -> None:
        """Read everything; raises PrefectError."""
        deployments = {str(item["id"]): item async for item in self._api.deployments.all(most=MOST)}
        pools = await self._api.pools.filter(limit=_MOST_POOLS)
        queues, workers = await self._of_pools([str(pool["name"]) for pool in pools]) if pools else ([], {})
        found = Listing(deployments, pools, queues, workers)
        await self.name_flows(str(item["flow_id"]) for item in deployments.values())
        before, self.now = self.now, found
        self.known = True
        for what in _changes(before, found):
            self._on_change(what)

    async def _of_pools(
        self, names: list[str]
    ) -> tuple[list[dict[str, Any]], dict[str, list[dict[str, Any]]]]:
        """Queues, and workers by pool."""
        queues, *workers = await asyncio.gather(
            optional(self._api.pools.queues()),
            *(optional(self._api.pools.workers(name)) for name in names),
        )
        return queues, dict(zip(names, workers, strict=True))

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
