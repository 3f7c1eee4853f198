"""Deployments, schedules, pools and limits, as they were when Prefect was last looked at."""

from __future__ import annotations

import asyncio
import sqlite3
from typing import Any

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.models import Deployment, ErrorCode, MahavishnuError, Pool, Schedule
from mahavishnu_tui.models.pool import ConcurrencyLimit
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.prefect import pool_records, records
from mahavishnu_tui.server.prefect.catalog import Catalog, optional
from mahavishnu_tui.server.prefect.mapping import mapping, text
from mahavishnu_tui.server.store import flow_runs


class Views:
    """Nothing is asked of Prefect but versions and limits.

    Args:
        api: the server.
        catalog: what it has told.
        worker: the name of the worker that we keep; empty without one.
    """

    def __init__(self, api: PrefectApi, catalog: Catalog, worker: str) -> None:
        self._api = api
        self._catalog = catalog
        self._worker = worker

    def deployments(self) -> list[Deployment]:
        """Every deployment, by name."""
        names, now = self._catalog.names, self._api.clock()
        found = (records.deployment(told, names, now) for told in self._catalog.now.deployments.values())
        return sorted(found, key=lambda item: item.title)

    def deployment(self, wanted: str) -> Deployment:
        """A deployment, by its id or as `flow/name`; raises MHV-401."""
        for found in self.deployments():
            if wanted in (found.id, found.title):
                return found
        raise MahavishnuError(
            ErrorCode.PREFECT_DEPLOYMENT_NOT_FOUND,
            f"Prefect has no deployment {clean_line(wanted, 100)}.",
            "`mahavishnu prefect deployment list` shows those there are.",
        )

    async def versions(self, wanted: str) -> list[dict[str, Any]]:
        """The versions of a deployment, the newest first; raises MHV-401 and what Prefect says."""
        found = self.deployment(wanted)
        return [
            {
                "version": text(mapping(item.get("version_info")).get("version"), 80) or str(item.get("id")),
                "at": item.get("created"),
                "by": text(mapping(item.get("created_by")).get("display_value"), 80),
                "entrypoint": text(item.get("entrypoint"), 300),
                "current": item.get("is_current") is True,
            }
            for item in await self._api.deployments.versions(found.id)
        ]

    def schedules(self, conn: sqlite3.Connection) -> list[Schedule]:
        """Every schedule of every deployment, the next to start first."""
        now = self._api.clock()
        return records.schedules(
            self._catalog.now,
            self._catalog.names,
            flow_runs.coming(conn, now),
            flow_runs.once(conn),
            flow_runs.late_of_schedules(conn),
            now,
        )

    def pools(self, conn: sqlite3.Connection) -> list[Pool]:
        """The work pools."""
        at_work, late = flow_runs.at_work(conn), flow_runs.late(conn)
        return pool_records.pools(self._catalog.now, at_work, late, self._worker, self._api.clock())

    async def limits(self) -> list[ConcurrencyLimit]:
        """Concurrency limits; raises what Prefect says. What is used of them changes with every task."""
        by_name, by_tag = await asyncio.gather(
            optional(self._api.limits.global_limits()), optional(self._api.limits.tag_limits())
        )
        return pool_records.limits(by_name, by_tag)
