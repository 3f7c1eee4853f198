"""Runs that will not come right by themselves, each with the evidence and the act that cures it."""

from __future__ import annotations

import asyncio
import functools
import sqlite3
import time
from collections.abc import Callable
from typing import Any

from mahavishnu_tui.engines.prefect.api import PAGE, PrefectApi, Select
from mahavishnu_tui.engines.prefect.presence import presence, process_here
from mahavishnu_tui.engines.prefect.states import TERMINAL, moment
from mahavishnu_tui.models import Run
from mahavishnu_tui.models.prefect import Cure, Trouble, TroubleKind
from mahavishnu_tui.models.spans import age
from mahavishnu_tui.server.prefect.mapping import mapping, text
from mahavishnu_tui.server.prefect.views import Views
from mahavishnu_tui.server.store import Store, flow_runs
from mahavishnu_tui.server.together import for_each

FRESH_SECONDS = 10.0
MOST_LATE = 1000
MOST_LOOKED_AT = 50
"""Runs at work whose process is looked for in one look."""
_DEEPEST = 10
"""Subflows in subflows that are followed to the flow run that has their process."""
RUNNING_SECONDS = 30.0
CANCELLING_SECONDS = 120.0
PENDING_SECONDS = 300.0
LATE_SECONDS = 60.0
"""How long a run may be in such a state before it counts as stuck."""


class Troubles:
    """Looks for them.

    Args:
        api: the server.
        store: the mirror of it.
        views: knows the pools.
        on_change: called when there are others than before.
    """

    def __init__(self, api: PrefectApi, store: Store, views: Views, on_change: Callable[[], None]) -> None:
        self._api = api
        self._store = store
        self._views = views
        self._on_change = on_change
        self._found: list[Trouble] = []
        self._looked_at = 0.0
        self._turn = asyncio.Lock()
        self.heard: Callable[[str], bool] = lambda run_id: False
        """Whether a run was heard of lately: then nobody needs to look for its process."""

    @property
    def known(self) -> list[Trouble]:
        """What the last look has found."""
        return self._found

    async def all(self) -> list[Trouble]:
        """Every trouble that nobody has cured since, the oldest first; raises PrefectError."""
        if time.monotonic() - self._looked_at > FRESH_SECONDS:
            await self.look()
        self._found = await self._store.read(functools.partial(_uncured, found=self._found))
        return self._found

    async def look(self) -> None:
        """Look again; raises PrefectError."""
        async with self._turn:
            now = self._api.clock()
            found = [*await self._stuck(now), *await self._late(now)]
            found.sort(key=lambda trouble: trouble.since)
            changed = _keys(found) != _keys(self._found)
            self._found, self._looked_at = found, time.monotonic()
        if changed:
            self._on_change()

    async def _stuck(self, now: float) -> list[Trouble]:
        rows = await self._store.read(lambda conn: flow_runs.with_status(conn, ["running", "queued"]))
        by_id = {row.run.id: row.run for row in rows if row.run.state != "Late" and row.run.started_at}
        by_id |= {row.run.id: row.run for row in rows if row.run.state in ("Pending", "Cancelling")}
        ids = list(by_id)[:PAGE]
        told = await self._api.flow_runs.filter(Select(flow_runs={"id": {"any_": ids}})) if ids else []
        found, silent = list[Trouble](), list[dict[str, Any]]()
        for item in told:
            run, state = by_id[str(item["id"])], mapping(item.get("state"))
            since = moment(state.get("timestamp")) or now
            kind, lasted = item.get("state_type"), now - since
            if kind == "CANCELLING" and lasted > CANCELLING_SECONDS:
                why = f"It has been cancelling for {age(lasted)}; nothing says that its process is there."
                found.append(_trouble("cancelling", "force-cancel", run, since, why))
            elif kind == "PENDING" and lasted > PENDING_SECONDS:
                why = f"It was taken up {age(lasted)} ago and has not begun."
                found.append(_trouble("pending", "reschedule", run, since, why))
            elif kind == "RUNNING" and lasted > RUNNING_SECONDS and len(silent) < MOST_LOOKED_AT:
                silent.append(item)

        async def look_for(item: dict[str, Any]) -> None:
            if (zombie := await self._zombie(by_id[str(item["id"])], item, now)) is not None:
                found.append(zombie)

        await for_each(silent, look_for)
        return found

    async def _zombie(self, run: Run, told: dict[str, Any], now: float) -> Trouble | None:
        if self.heard(run.id) and not process_here(told):
            return None
        parent = await self._parent(told)
        if parent.get("state_type") in TERMINAL:
            why = f"The flow run {text(parent.get('name'))} that called it has ended."
        else:
            seen = await presence(self._api, parent or told, now)
            if seen.gone is not True:
                return None
            why = seen.why
        return _trouble("zombie", "crash", run, run.started_at or run.created_at, why)

    async def _parent(self, told: dict[str, Any]) -> dict[str, Any]:
        """The outermost flow run in whose process a subflow runs; empty of one that has its own."""
        parent: dict[str, Any] = {}
        for _ in range(_DEEPEST):
            task_id = (parent or told).get("parent_task_run_id")
            if not task_id or (parent or told).get("deployment_id"):
                break
            task = await self._api.task_runs.get(str(task_id))
            parent = await self._api.flow_runs.get(str(task.get("flow_run_id")))
            if parent.get("state_type") in TERMINAL:
                break
        return parent

    async def _late(self, now: float) -> list[Trouble]:
        late = await self._store.read(flow_runs.late)
        pools = {pool.name: pool for pool in await self._store.read(self._views.pools)}
        found = []
        for run in late[:MOST_LATE]:
            since = run.due_at or run.created_at
            if now - since < LATE_SECONDS:
                continue
            pool = pools.get(run.pool)
            about = f"pool {run.pool}: {pool.note}" if pool and pool.note else "no worker has taken it"
            found.append(_trouble("late", "skip", run, since, f"It was due {age(now - since)} ago; {about}."))
        return found


def _trouble(kind: TroubleKind, cure: Cure, run: Run, since: float, why: str) -> Trouble:
    return Trouble(
        kind=kind,
        run_id=run.id,
        run_name=run.name,
        workflow=run.workflow,
        since=since,
        why=why,
        cure=cure,
        pool=run.pool,
        version=run.version,
    )


def _uncured(conn: sqlite3.Connection, found: list[Trouble]) -> list[Trouble]:
    """Those whose runs are as they were when they were looked at."""
    rows = ((trouble, flow_runs.by_id(conn, trouble.run_id)) for trouble in found)
    return [trouble for trouble, row in rows if row is not None and row.run.version == trouble.version]


def _keys(found: list[Trouble]) -> set[tuple[str, str, int]]:
    return {(trouble.run_id, trouble.kind, trouble.version) for trouble in found}
