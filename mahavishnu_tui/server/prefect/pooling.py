"""Work pools: made, changed, chosen."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any, get_args

import orjson

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.models import ErrorCode, MahavishnuError, Pool
from mahavishnu_tui.models.pool import PoolChoice, PoolSelector
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.options import PrefectOptions
from mahavishnu_tui.server.prefect.catalog import Catalog
from mahavishnu_tui.server.prefect.views import Views
from mahavishnu_tui.server.store import Store, acts, flow_runs

_NULL = orjson.Fragment(b"null")


class Pooling:
    """What is done to work pools. Raises what Prefect says.

    Args:
        api: the server.
        store: knows which pools ran what.
        options: names the pool that is made on demand, and how pools are chosen.
        catalog: knows the pools.
        views: the same as records.
        embedded: whether the server is ours, so that a missing pool may be made.
    """

    def __init__(
        self,
        api: PrefectApi,
        store: Store,
        options: PrefectOptions,
        catalog: Catalog,
        views: Views,
        embedded: bool,
    ) -> None:
        self._api = api
        self._store = store
        self._options = options
        self._catalog = catalog
        self._views = views
        self._embedded = embedded
        self._turns: dict[str, int] = {}

    async def see_to(self, name: str) -> None:
        """Make our own pool on our own server, where it is not there yet."""
        if not self._embedded or name != self._options.work_pool:
            return
        if all(pool["name"] != name for pool in await self._api.pools.filter(names=[name])):
            await self.create(name, "process", 0, "mahavishnu")

    async def create(self, name: str, kind: str, limit: int, by: str) -> Pool:
        """Make a pool of a type that Prefect knows; the same again is that one.

        Raises:
            MahavishnuError: MHV-405 there is no such type, or a pool of that name and another type.
        """
        there = [pool for pool in await self._api.pools.filter(names=[name]) if pool["name"] == name]
        if there and there[0].get("type") != kind:
            raise MahavishnuError(
                ErrorCode.PREFECT_WORK_POOL,
                f"There is a pool {clean_line(name, 60)} already; its type is {there[0].get('type')}.",
                "Choose another name.",
            )
        if not there:
            templates = await self._api.pools.templates()
            if kind not in templates:
                raise MahavishnuError(
                    ErrorCode.PREFECT_WORK_POOL,
                    f"Prefect knows no pool of type {clean_line(kind, 60)!r}.",
                    f"There are {', '.join(sorted(templates))}.",
                )
            await self._api.pools.create(
                name, kind, base_job_template=templates[kind], concurrency_limit=limit or None
            )
            await self._store.write(lambda tx: acts.record(tx, f"pool:{name}", "start", by, kind=kind))
        await self._catalog.refresh_pool(name)
        return await self._pool(name)

    async def change(
        self, name: str, seen: str, changes: Mapping[str, Any], queue: str | None, by: str
    ) -> Pool:
        """Pause, resume or resize a pool, or a queue of it; raises MHV-101 when it is not as `seen`."""
        await self._catalog.refresh_pool(name)
        found = await self._pool(name)
        if found.seen != seen:
            raise MahavishnuError(
                ErrorCode.RUN_STATE,
                f"Pool {name} has changed since you looked.",
                "Nothing was done; look again.",
            )
        fields: dict[str, Any] = {}
        if "paused" in changes:
            fields["is_paused"] = changes["paused"]
        if "limit" in changes:
            fields["concurrency_limit"] = changes["limit"] or _NULL
        if queue:
            await self._api.pools.update_queue(name, queue, **fields)
        else:
            await self._api.pools.update(name, **fields)
        told = {"queue": queue or "", **changes}
        await self._store.write(lambda tx: acts.record(tx, f"pool:{name}", "change", by, **told))
        await self._catalog.refresh_pool(name)
        return await self._pool(name)

    async def choose(self, deployment_id: str, selector: str) -> PoolChoice:
        """Which pool a launch would go to, and why.

        Raises:
            MahavishnuError: MHV-401, MHV-405 there is none, MHV-010 no such selector.
        """
        how = selector or self._options.pool_selector
        if how not in get_args(PoolSelector):
            raise MahavishnuError(
                ErrorCode.BAD_INPUT,
                f"There is no selector {clean_line(how, 40)!r}.",
                f"There are {', '.join(get_args(PoolSelector))}.",
            )
        deployment = self._views.deployment(deployment_id) if deployment_id else None
        own = deployment.pool if deployment else self._options.work_pool
        if deployment and not own:
            return PoolChoice("", selector=how, reason="It is served by its own process: there is no choice.")
        pools = await self._store.read(self._views.pools)
        base = next((pool for pool in pools if pool.name == own), None)
        kind = base.kind if base else "process"
        fit = [p for p in pools if p.kind == kind and not p.paused and p.status != "unhealthy"]
        if not fit:
            if base is None:
                raise MahavishnuError(
                    ErrorCode.PREFECT_WORK_POOL,
                    f"No pool of type {kind} takes runs.",
                    "`mahavishnu pool list` says why.",
                )
            return PoolChoice(own, selector=how, reason=f"{own}: no pool of type {kind} is healthy.")
        return await self._chosen(how, fit, kind, deployment.flow_id if deployment else "")

    async def _chosen(self, how: str, fit: list[Pool], kind: str, flow_id: str) -> PoolChoice:
        if len(fit) == 1:
            return PoolChoice(
                fit[0].name, selector=how, reason=f"{fit[0].name}: the only healthy pool of type {kind}."
            )
        if how == "random":
            chosen = random.choice(fit)  # noqa: S311 # nosec B311
            return PoolChoice(chosen.name, selector=how, reason=f"{chosen.name}: by chance, of {len(fit)}.")
        if how == "round-robin":
            turn = self._turns.get(kind, 0)
            self._turns[kind] = turn + 1
            chosen = sorted(fit, key=lambda pool: pool.name)[turn % len(fit)]
            return PoolChoice(chosen.name, selector=how, reason=f"{chosen.name}: its turn, of {len(fit)}.")
        if how == "affinity" and flow_id:
            last = await self._store.read(lambda conn: flow_runs.last_pool(conn, flow_id))
            if any(pool.name == last for pool in fit):
                return PoolChoice(last, selector=how, reason=f"{last}: it ran this flow last.")
        chosen = min(fit, key=lambda pool: (_load(pool), pool.name))
        why = "the others are fuller" if _load(chosen) < max(map(_load, fit)) else "all are as full"
        of = f"{chosen.used} of {chosen.slots} slots" if chosen.slots else f"{chosen.used} at work"
        return PoolChoice(chosen.name, selector=how, reason=f"{chosen.name}: {of}, {why}.")

    async def _pool(self, name: str) -> Pool:
        for pool in await self._store.read(self._views.pools):
            if pool.name == name:
                return pool
        raise MahavishnuError(
            ErrorCode.PREFECT_WORK_POOL,
            f"Prefect has no work pool {clean_line(name, 60)}.",
            "`mahavishnu pool list` shows those there are.",
        )


def _load(pool: Pool) -> float:
    busy = pool.used + pool.queued
    return busy / pool.slots if pool.slots else float(busy)
