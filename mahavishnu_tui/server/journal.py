"""Brings what hosts report into the store: in order, in bundles, and however long the disk says no."""

from __future__ import annotations

import asyncio
import functools
import logging
from collections import deque
from collections.abc import Callable
from typing import Any

from mahavishnu_tui.models import DeadlineRules, Run
from mahavishnu_tui.server.patience import OnFault, insist, is_disk_fault
from mahavishnu_tui.server.store import Store, Tx
from mahavishnu_tui.server.transitions.notices import Notice, apply_bundle, broken_notice
from mahavishnu_tui.server.transitions.questions import NO_RULES
from mahavishnu_tui.server.transitions.recovery import HostDeath, host_died

log = logging.getLogger(__name__)

BUNDLE = 500
FULL = 20_000
"""Notices in memory at which a host is no longer read, until the store has caught up."""


class Journal:
    """The notices of one host on their way into the store.

    Args:
        store: where they go.
        project_root: of the host's project; names the workflows of its edges.
        on_ended: called with runs whose dispatch is over, after that is on disk.
        on_fault: called with the storage error while one lasts, then with None.
        on_full: called with True when too much has gathered, with False when it is read again.
        rules: how long questions may wait.
    """

    def __init__(
        self,
        store: Store,
        project_root: str,
        *,
        on_ended: Callable[[list[Run]], None],
        on_fault: OnFault,
        on_full: Callable[[bool], None],
        rules: DeadlineRules = NO_RULES,
    ) -> None:
        self._store = store
        self._rules = rules
        self._root = project_root
        self._on_ended = on_ended
        self._on_fault = on_fault
        self._on_full = on_full
        self._entries: deque[Notice | HostDeath] = deque()
        self._more = asyncio.Event()
        self._empty = asyncio.Event()
        self._empty.set()
        self._full = False
        self._task = asyncio.create_task(self._work(), name="journal")

    def add(self, entry: Notice | HostDeath) -> None:
        """Queue a notice, or the death of the host behind all of its notices."""
        self._entries.append(entry)
        self._empty.clear()
        self._more.set()
        if not self._full and len(self._entries) >= FULL:
            self._full = True
            self._on_full(True)

    async def flushed(self) -> None:
        """Wait until everything queued is on disk."""
        await self._empty.wait()

    async def close(self) -> None:
        """End, leaving behind what is not on disk."""
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _work(self) -> None:
        while True:
            await self._more.wait()
            bundle = [self._entries[index] for index in range(min(BUNDLE, len(self._entries)))]
            ended = await insist(functools.partial(self._write, bundle), self._on_fault)
            for _ in bundle:
                self._entries.popleft()
            if self._full and len(self._entries) < FULL // 2:
                self._full = False
                self._on_full(False)
            if not self._entries:
                self._more.clear()
                self._empty.set()
            if ended:
                self._on_ended(ended)

    async def _write(self, bundle: list[Notice | HostDeath]) -> list[Run]:
        try:
            return await self._store.write(functools.partial(_apply, self._root, self._rules, bundle))
        except Exception as error:
            if is_disk_fault(error):
                raise
            log.exception("a report of a host could not be taken; taking the others of its bundle one by one")
        ended: list[Run] = []
        for entry in bundle:
            ended += await self._write_one(entry)
        return ended

    async def _write_one(self, entry: Notice | HostDeath) -> list[Run]:
        try:
            return await self._store.write(functools.partial(_apply, self._root, self._rules, [entry]))
        except Exception as error:
            if is_disk_fault(error):
                raise
            log.exception("this report of a host was dropped: %.2000r", entry)
            stand_in = broken_notice(entry, error) if isinstance(entry, dict) else None
        return [] if stand_in is None else await self._write_stand_in(stand_in)

    async def _write_stand_in(self, notice: Notice) -> list[Run]:
        try:
            return await self._store.write(functools.partial(_apply, self._root, self._rules, [notice]))
        except Exception as error:
            if is_disk_fault(error):
                raise
            log.exception("nor can the end of that run be written")
            return []


def _apply(project_root: str, rules: DeadlineRules, entries: list[Any], tx: Tx) -> list[Run]:
    """Entries in order; runs of notices that stand together are written once."""
    ended: list[Run] = []
    together: list[Notice] = []
    for entry in entries:
        if isinstance(entry, HostDeath):
            ended += apply_bundle(tx, project_root, together, rules)
            together = []
            ended += host_died(tx, entry)
        else:
            together.append(entry)
    return ended + apply_bundle(tx, project_root, together, rules)
