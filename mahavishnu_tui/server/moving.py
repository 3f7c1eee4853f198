"""Takes hosts out of service while runs are at work in them: the runs go on elsewhere, nothing is lost."""

from __future__ import annotations

import asyncio
import functools
import logging
import time
from collections.abc import Coroutine
from typing import Any

from mahavishnu_tui.models import ErrorCode, Host, MahavishnuError
from mahavishnu_tui.server.hosts.host import EngineHost
from mahavishnu_tui.server.hosts.supervisor import Supervisor
from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.store import Store
from mahavishnu_tui.server.transitions.recovery import move

log = logging.getLogger(__name__)

LEAST_LIFE = 60.0
"""Seconds before which a host is not replaced for its size: one that starts too large would always be."""
_ASK_SECONDS = 5.0
_BY_SIZE = "host_max_mb"


class Mover:
    """Drains hosts.

    A drained host gets no new runs. Those at work in it stop at their next step boundary and go on in another
    host at once; one that reaches none in time goes on from its last checkpoint.

    Args:
        store: what moves is remembered there, so that a crash in between changes nothing.
        supervisor: knows the hosts.
        options: `host_max_mb`, `host_drain_seconds`.
    """

    def __init__(self, store: Store, supervisor: Supervisor, options: ServerOptions) -> None:
        self._store = store
        self._supervisor = supervisor
        self._options = options
        self._tasks: set[asyncio.Task[None]] = set()

    async def drain(self, host_id: str, by: str, limit: float | None = None) -> Host:
        """Take a host out of service; returns when its runs know, not when they have left.

        Args:
            host_id: which one.
            by: who wants it.
            limit: seconds until it is ended; None: `host_drain_seconds`.

        Raises:
            MahavishnuError: MHV-110 there is no such host, or it is not up.
        """
        host = self._supervisor.by_id(host_id)
        if host is None or host.dead or not (host.ready or host.record.state == "draining"):
            state = f": it is {host.record.state}" if host else ""
            raise MahavishnuError(
                ErrorCode.HOST_UNKNOWN,
                f"There is no engine host {host_id[:80]!r} that could be drained{state}.",
                "`mahavishnu host list` shows those there are.",
            )
        seconds = self._options.host_drain_seconds if limit is None else limit
        await self._drain(host, by, f"asked by {by}", seconds)
        return host.record

    async def restart(self, host_id: str, by: str, limit: float | None = None) -> Host:
        """Drain a host, and have a fresh one up as soon as possible, also when nothing runs.

        Raises:
            MahavishnuError: see `drain`.
        """
        record = await self.drain(host_id, by, limit)
        host = self._supervisor.by_id(host_id)
        if host is not None and not host.alone:
            self._spawn(self._replace(host))
        return record

    async def look(self) -> None:
        """Called every second: replaces hosts that have grown too large."""
        most = self._options.host_max_mb * 1024 * 1024
        for host in self._supervisor.every() if most else ():
            # One that has done nothing yet would only be replaced by another one as large.
            settled = host.useful and time.time() - (host.record.started_at or 0.0) > LEAST_LIFE
            if host.ready and settled and not host.alone and host.record.rss > most:
                size = host.record.rss // 2**20
                why = f"it uses {size} MB, more than host_max_mb ({self._options.host_max_mb})"
                log.warning("host %s is replaced: %s", host.id, why)
                await self._drain(host, _BY_SIZE, why, self._options.host_drain_seconds)

    async def close(self) -> None:
        """End what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _drain(self, host: EngineHost, by: str, why: str, limit: float) -> None:
        log.info("draining host %s: %s", host.id, why)
        host.drain_by = time.monotonic() + limit
        host.set(state="draining", note=why)
        await self._store.write(
            functools.partial(move, leases=dict(host.runs), host_id=host.id, by=by, why=why)
        )
        if host.runs:
            self._spawn(self._ask(host))

    async def _ask(self, host: EngineHost) -> None:
        try:
            await host.request("drain", timeout=_ASK_SECONDS)
        except MahavishnuError as error:
            # A blocked host reads the request when it turns again; else its time runs out.
            log.info("drain of host %s: %s", host.id, error)

    async def _replace(self, host: EngineHost) -> None:
        try:
            await self._supervisor.acquire(host.project)
        except MahavishnuError as error:
            log.warning("no host in the place of %s: %s", host.id, error)

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
