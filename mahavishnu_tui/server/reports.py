"""What hosts say and what becomes of them, on its way into the store."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Callable
from typing import Any

from mahavishnu_tui.models import Host, MahavishnuError, Run
from mahavishnu_tui.server.hosts.host import EngineHost
from mahavishnu_tui.server.journal import Journal
from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.patience import OnFault, insist
from mahavishnu_tui.server.store import Store, Tx
from mahavishnu_tui.server.transitions.recovery import HostDeath

log = logging.getLogger(__name__)


class Reports:
    """Listens to the supervisor: one journal per host, and the host records as events.

    Args:
        store: where all of it goes.
        options: for the number of deaths that a run is allowed.
        on_ended: called with runs whose dispatch is over, after that is on disk.
        on_fault: see `insist`.
        on_said: called with a run's id and the number of the newest line that its code has said.
    """

    def __init__(
        self,
        store: Store,
        options: ServerOptions,
        on_ended: Callable[[list[Run]], None],
        on_fault: OnFault,
        on_said: Callable[[str, int], None],
    ) -> None:
        self._on_said = on_said
        self._store = store
        self._options = options
        self._on_ended = on_ended
        self._on_fault = on_fault
        self._journals: dict[EngineHost, Journal] = {}
        self._ending: set[asyncio.Task[None]] = set()
        self._records: dict[str, Host] = {}
        self._news = asyncio.Event()
        self._telling = asyncio.create_task(self._tell(), name="host records")

    def notice(self, host: EngineHost, notice: dict[str, Any]) -> None:
        """A host reported something about a run."""
        if notice.get("ev") == "log":
            # The lines are in the run's file already: nothing to be stored, only to be passed on.
            self._on_said(str(notice.get("run_id")), int(notice.get("last") or 0))
            return
        self._journal(host).add(notice)
        if notice.get("ev") == "overdue" and host.alone:
            # Its one run is out of time in a node that nothing but the end of the process stops.
            host.kill("out of time")

    def died(self, host: EngineHost, reason: str) -> None:
        """A host has ended: its runs are taken up again once all that it said is in the store."""
        if host.runs:
            death = HostDeath(
                host.id, dict(host.runs), reason, not host.ended_by_us, self._options.host_deaths
            )
            self._journal(host).add(death)
        if host in self._journals:
            task = asyncio.create_task(self._end(host), name=f"last words of {host.id}")
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    def changed(self, record: Host) -> None:
        """A host's record has changed; of several changes in a row only the last is told."""
        self._records[record.id] = record
        self._news.set()

    async def flushed(self) -> None:
        """Wait until everything that hosts have said is on disk."""
        await asyncio.gather(*(journal.flushed() for journal in list(self._journals.values())))

    async def close(self) -> None:
        """End, leaving behind what is not on disk."""
        self._telling.cancel()
        tasks = [self._telling, *self._ending]
        for task in self._ending:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await asyncio.gather(*(journal.close() for journal in self._journals.values()))

    def _journal(self, host: EngineHost) -> Journal:
        journal = self._journals.get(host)
        if journal is None:
            journal = Journal(
                self._store,
                host.project.root,
                on_ended=lambda runs: self._ended(host, runs),
                on_fault=self._on_fault,
                on_full=host.pause,
                rules=self._options.human_input,
            )
            self._journals[host] = journal
        return journal

    def _ended(self, host: EngineHost, ended: list[Run]) -> None:
        for run in ended:
            host.runs.pop(run.id, None)
            host.idle_since = time.monotonic()
            log.info("run %s (%s) is %s%s", run.name, run.id, run.status, f": {run.note}" if run.note else "")
        self._on_ended(ended)

    async def _end(self, host: EngineHost) -> None:
        await self._journals[host].flushed()
        await self._journals.pop(host).close()

    async def _tell(self) -> None:
        while True:
            await self._news.wait()
            self._news.clear()
            records, self._records = list(self._records.values()), {}
            try:
                await insist(
                    functools.partial(self._store.write, functools.partial(_emit, records)), self._on_fault
                )
            except MahavishnuError:
                log.exception("a change of a host could not be told")


def _emit(records: list[Host], tx: Tx) -> None:
    for record in records:
        tx.emit("host", record.id, record.to_json())
