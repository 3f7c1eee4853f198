"""Pruning over the hosts of all projects, on demand and by age."""

from __future__ import annotations

import functools
import logging
import time
from collections.abc import Sequence
from typing import Any

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.checkpoint import PrunePlan
from mahavishnu_tui.server.hosts.supervisor import Supervisor
from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.store import Store, threads
from mahavishnu_tui.server.store.threads import EndedThread

log = logging.getLogger(__name__)

SECONDS = 300.0
"""How long a host may take to prune."""
EVERY = 3600.0
"""Seconds between two looks at what is old."""
_DAY = 86400.0
_MOST_REASONS = 50
_BY_AGE = "retention"


async def prune_threads(
    store: Store,
    supervisor: Supervisor,
    wanted: Sequence[EndedThread],
    policy: dict[str, Any],
    *,
    by: str,
    dry: bool,
    expect: int | None = None,
) -> dict[str, Any]:
    """A `PrunePlan` over all these threads, as JSON.

    Args:
        store: keeps who removed what.
        supervisor: gives hosts.
        wanted: the threads.
        policy: `keep_last`, `older_than` (seconds).
        by: who prunes.
        dry: only say what would go.
        expect: how many checkpoints were agreed to, over all projects.

    Raises:
        MahavishnuError: MHV-121 it would be another number now; a host's own.
    """
    plans = [(mine, await _ask(supervisor, mine, policy, dry=True)) for mine in _by_project(wanted)]
    count = sum(plan.checkpoints for _, plan in plans)
    if not dry and expect is not None and expect != count:
        raise MahavishnuError(
            ErrorCode.CHECKPOINT_MOVED,
            f"{count:,} checkpoints would be removed now, not {expect:,}.",
            "Nothing was removed; look again.",
            checkpoints=count,
        )
    if not dry:
        plans = [
            (mine, await _remove(store, supervisor, mine, policy, by))
            for mine, plan in plans
            if plan.checkpoints
        ]
    found = [plan for _, plan in plans]
    return PrunePlan(
        checkpoints=sum(plan.checkpoints for plan in found),
        bytes=sum(plan.bytes for plan in found),
        threads=sum(plan.threads for plan in found),
        kept=[reason for plan in found for reason in plan.kept][:_MOST_REASONS],
        freed=sum(plan.freed for plan in found),
        done=not dry,
    ).to_json()


async def _remove(
    store: Store, supervisor: Supervisor, mine: Sequence[EndedThread], policy: dict[str, Any], by: str
) -> PrunePlan:
    """Prune threads of one project; their audits tell it as soon as their host does."""
    plan = await _ask(supervisor, mine, policy, dry=False)
    await store.write(functools.partial(threads.pruned, removed=plan.removed, by=by))
    return plan


async def _ask(
    supervisor: Supervisor, mine: Sequence[EndedThread], policy: dict[str, Any], *, dry: bool
) -> PrunePlan:
    told = [thread.candidate for thread in mine]
    _, reply = await supervisor.ask(
        mine[0].project, "prune", timeout=SECONDS, threads=told, dry=dry, **policy
    )
    return PrunePlan.from_json(reply)


def _by_project(wanted: Sequence[EndedThread]) -> list[list[EndedThread]]:
    found: dict[str, list[EndedThread]] = {}
    for thread in wanted:
        found.setdefault(thread.project.id, []).append(thread)
    return list(found.values())


class Retention:
    """Prunes what is older than the settings say.

    Args:
        store: knows which threads have ended, and which were seen to.
        supervisor: gives hosts.
        options: `retention`, `retention_keep`.
    """

    def __init__(self, store: Store, supervisor: Supervisor, options: ServerOptions) -> None:
        self._store = store
        self._supervisor = supervisor
        self._options = options
        self._next = time.monotonic()

    @property
    def due(self) -> bool:
        """Whether it is time to look again; never when nothing has an age limit."""
        return not self._options.retains_all and time.monotonic() >= self._next

    async def look(self) -> int:
        """Prune what has become old since the last look; the number of checkpoints.

        Raises:
            MahavishnuError: a host's own; what was pruned before it stays so.
        """
        self._next = time.monotonic() + EVERY
        ended = await self._store.read(threads.ended)
        removed = 0
        for mine in _by_project([thread for thread in ended if self._is_old(thread)]):
            policy = {"keep_last": self._options.retention_keep, "older_than": 0.0}
            plan = await _remove(self._store, self._supervisor, mine, policy, _BY_AGE)
            removed += plan.checkpoints
            ids = [thread.thread_id for thread in mine]
            await self._store.write(functools.partial(threads.seen_to, thread_ids=ids))
        if removed:
            log.info("retention: %d old checkpoints removed", removed)
        return removed

    def _is_old(self, thread: EndedThread) -> bool:
        days = self._options.retention(thread.workflow)
        seen = thread.pruned_at >= thread.ended_at
        return bool(days) and not seen and thread.ended_at <= time.time() - days * _DAY
