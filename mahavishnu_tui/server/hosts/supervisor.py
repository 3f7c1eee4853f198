"""Which hosts there are: starts them on demand, restarts them after a death, stops idle ones."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any, Protocol

from mahavishnu_tui.models import ErrorCode, Host, MahavishnuError, Project
from mahavishnu_tui.server.hosts.channel import ChannelClosedError
from mahavishnu_tui.server.hosts.host import EngineHost
from mahavishnu_tui.server.hosts.process import Spawner
from mahavishnu_tui.server.options import ServerOptions

log = logging.getLogger(__name__)

_START_TRIES = 4
_BACKOFF = 0.2
_LONGEST_BACKOFF = 10.0
_LOOK = 1.0
"""Seconds between looks at a host that has not answered."""
_ALONE_PER_PROJECT = 2


class HeldUpError(Exception):
    """A host cannot answer now, and another one could."""


class Listener(Protocol):
    """Who is told what hosts say and what becomes of them."""

    def notice(self, host: EngineHost, notice: dict[str, Any]) -> None:
        """A host reported something about a run."""
        ...

    def died(self, host: EngineHost, reason: str) -> None:
        """A host that was up has ended, `host.ended_by_us` or not."""
        ...

    def changed(self, record: Host) -> None:
        """A host's record has changed."""
        ...


class Supervisor:
    """The hosts of every project.

    Args:
        options: limits, paths and what hosts are told.
        spawner: starts the processes.
        listener: is told what happens.
    """

    def __init__(self, options: ServerOptions, spawner: Spawner, listener: Listener) -> None:
        self._options = options
        self._spawner = spawner
        self._listener = listener
        self._hosts: dict[str, EngineHost] = {}
        self._locks: dict[str, asyncio.Lock] = {}
        self._lonely: dict[str, asyncio.Semaphore] = {}
        self._fruitless: dict[str, int] = {}
        """Starts of a project's hosts in a row after which nothing was achieved."""
        self._closing = False

    def records(self) -> list[Host]:
        """Every host that is or was, by id."""
        hosts = [self._hosts[key] for key in sorted(self._hosts)]
        return [host.record.replace(running=len(host.runs)) for host in hosts]

    def by_id(self, host_id: str) -> EngineHost | None:
        """The host with this id as it is now."""
        return self._hosts.get(host_id)

    def every(self) -> list[EngineHost]:
        """Every host as it is now."""
        return list(self._hosts.values())

    async def acquire(
        self, project: Project, *, alone: bool = False, suspect: bool = False, spec: str = ""
    ) -> EngineHost:
        """A host of the project that takes runs: a free one, or a new one.

        Args:
            project: whose host.
            alone: a host for this one run only; it is stopped when the run has left it.
            suspect: so too, and only few of a project at the same time: its run may kill it.
            spec: the graph that it is wanted for.

        Raises:
            MahavishnuError: MHV-423, MHV-433: it cannot be started, and why.
        """
        if suspect:
            await self._lonely.setdefault(project.id, asyncio.Semaphore(_ALONE_PER_PROJECT)).acquire()
            try:
                host = await self._start(project, self._free_id(project), alone=True)
            except BaseException:
                self._lonely[project.id].release()
                raise
            host.suspect = True
            return host
        if alone:
            return await self._start(project, self._free_id(project), alone=True)
        async with self._locks.setdefault(project.id, asyncio.Lock()):
            mine = [host for host in self._of(project) if host.ready and not host.alone]
            free = [host for host in mine if not host.held_up(spec=spec)]
            if free or len(mine) >= self._options.hosts_per_project:
                chosen = min(free or mine, key=lambda host: len(host.runs))
                chosen.idle_since = time.monotonic()
                return chosen
            if mine:
                log.info("all hosts of %s are blocked; starting another one", project.root)
            return await self._start(project, self._free_id(project), alone=False)

    async def request(
        self, host: EngineHost, op: str, *, timeout: float = 30.0, own: int = 0, **fields: Any
    ) -> Any:
        """A request to a host, given up when one of its runs holds it up and another host could do it.

        Args:
            host: who is asked.
            op: what, see docs/protocols.md.
            timeout: seconds.
            own: how many of the host's runs are the caller's.
            fields: of the request.

        Raises:
            HeldUpError: ask another host.
            MahavishnuError: see `EngineHost.request`.
        """
        asking = asyncio.create_task(host.request(op, timeout=timeout, **fields), name=f"{op} {host.id}")
        try:
            while not asking.done():
                await asyncio.wait([asking], timeout=_LOOK)
                held_up = host.held_up(own, str(fields.get("spec") or ""))
                if not asking.done() and held_up and self._has_better(host):
                    raise HeldUpError(host.record.note)
            return asking.result()
        finally:
            asking.cancel()

    async def ask(
        self, project: Project, op: str, *, timeout: float = 30.0, **fields: Any
    ) -> tuple[EngineHost, Any]:
        """Ask whichever host of a project can answer; that host and its reply.

        Raises:
            MahavishnuError: see `acquire` and `EngineHost.request`.
        """
        while True:
            host = await self.acquire(project, spec=str(fields.get("spec") or ""))
            try:
                return host, await self.request(host, op, timeout=timeout, **fields)
            except HeldUpError as held_up:
                log.info("host %s is held up (%s): %s goes to another", host.id, held_up, op)

    async def retire(self, host: EngineHost) -> None:
        """Give a host no new runs; it is stopped once it has none."""
        host.set(state="draining", note="its code has changed; ends with its runs")
        if not host.runs:
            await self._retire(host, "its code has changed")

    async def look_after(self) -> None:
        """Called every second: notices silence, stops hosts that nobody needs."""
        surplus: list[tuple[EngineHost, str]] = []
        for host in self._hosts.values():
            host.look()
            idle = time.monotonic() - host.idle_since
            if host.runs:
                continue
            if host.record.state == "draining" and not host.ended_by_us:
                surplus.append((host, "drained"))
            elif host.ready and idle > self._patience(host):
                surplus.append((host, "idle"))
        await asyncio.gather(*(self._retire(host, why) for host, why in surplus))

    async def close(self) -> None:
        """Stop every host."""
        self._closing = True
        living = [host for host in self._hosts.values() if host.record.pid]
        await asyncio.gather(*(host.stop("the server stops") for host in living))

    def _has_better(self, host: EngineHost) -> bool:
        """Whether `acquire` would give another host than this one, which is held up."""
        mine = [other for other in self._of(host.project) if other.ready and not other.alone]
        free = any(not other.held_up() for other in mine if other is not host)
        return free or len(mine) < self._options.hosts_per_project

    def _of(self, project: Project) -> list[EngineHost]:
        return [host for host in self._hosts.values() if host.project.id == project.id]

    def _patience(self, host: EngineHost) -> float:
        """Seconds that a host may be idle."""
        if host.alone:
            return 1.0
        first = host.id == host.project.id
        return self._options.host_idle_seconds if first else min(30.0, self._options.host_idle_seconds)

    def _free_id(self, project: Project) -> str:
        """The project's id for its first host, then `<id>-2`, `<id>-3` …"""
        number = 1
        while True:
            host_id = project.id if number == 1 else f"{project.id}-{number}"
            host = self._hosts.get(host_id)
            if host is None or host.record.state in ("lost", "failed", "stopped"):
                return host_id
            number += 1

    async def _start(self, project: Project, host_id: str, *, alone: bool) -> EngineHost:
        for attempt in range(1, _START_TRIES + 1):
            await self._hold_off(project)
            host = self._new(project, host_id, alone)
            try:
                await host.start(self._spawner)
            except ChannelClosedError:
                self._fruitless[project.id] = self._fruitless.get(project.id, 0) + 1
                host.set(state="lost", note=f"died while starting (attempt {attempt})")
            except MahavishnuError as error:
                host.set(state="failed", error=error.to_json(), note="")
                log.warning("host %s cannot be started: %s", host_id, error)
                raise
            else:
                log.info("host %s (pid %s) is up for %s", host_id, host.record.pid, project.root)
                return host
        raise MahavishnuError(
            ErrorCode.HOST_START,
            f"The engine host of {project.root} died {_START_TRIES} times in a row while it started.",
            f"Its log is {self._options.host_log(host_id)}.",
        )

    async def _hold_off(self, project: Project) -> None:
        """The more starts came to nothing, the longer until the next."""
        if self._closing:
            raise MahavishnuError(ErrorCode.SERVER_UNREACHABLE, "The server is stopping.", "Start it again.")
        deaths = self._fruitless.get(project.id, 0)
        if deaths > 1:
            await asyncio.sleep(min(_BACKOFF * 2 ** (deaths - 2), _LONGEST_BACKOFF))

    def _new(self, project: Project, host_id: str, alone: bool) -> EngineHost:
        before = self._hosts.get(host_id)
        restarts = before.record.restarts + 1 if before and before.record.state == "lost" else 0
        record = Host(
            id=host_id,
            project_id=project.id,
            project_root=project.root,
            interpreter=project.interpreter,
            state="starting",
            restarts=restarts,
            isolated=alone,
        )
        host = EngineHost(
            record,
            project,
            self._options,
            on_notice=lambda notice: self._listener.notice(host, notice),
            on_change=lambda: self._listener.changed(host.record),
            on_death=lambda reason: self._died(host, reason),
        )
        host.alone = alone
        self._hosts[host_id] = host
        return host

    def _died(self, host: EngineHost, reason: str) -> None:
        if host.ended_by_us and not (host.faulty and host.runs):
            host.set(state="stopped", note=reason)
        else:
            count = 0 if host.useful or host.ended_by_us else self._fruitless.get(host.project.id, 0) + 1
            self._fruitless[host.project.id] = count
            host.set(state="lost", note=reason)
        if host.suspect:
            host.suspect = False
            self._lonely[host.project.id].release()
        self._listener.died(host, reason)

    async def _retire(self, host: EngineHost, why: str) -> None:
        log.info("stopping host %s: %s", host.id, why)
        await host.stop(why)
        if host.record.id != host.project.id and self._hosts.get(host.id) is host:
            del self._hosts[host.id]
