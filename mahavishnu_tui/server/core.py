"""The server's parts, put together."""

from __future__ import annotations

import asyncio
import functools
import logging
import os
import sqlite3
import time
from collections.abc import Coroutine
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Pool, Run, ServerInfo
from mahavishnu_tui.server import runlogs
from mahavishnu_tui.server.disk import DiskWatch
from mahavishnu_tui.server.dispatcher import Dispatcher
from mahavishnu_tui.server.feed import Feed
from mahavishnu_tui.server.hosts.process import Spawner
from mahavishnu_tui.server.hosts.supervisor import Supervisor
from mahavishnu_tui.server.loading import Loader
from mahavishnu_tui.server.moving import Mover
from mahavishnu_tui.server.needs import Needs
from mahavishnu_tui.server.notify.notifier import Notifier
from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.prefect.engine import PrefectEngine
from mahavishnu_tui.server.pruning import Retention
from mahavishnu_tui.server.remote.engine import RemoteEngine
from mahavishnu_tui.server.reports import Reports
from mahavishnu_tui.server.store import Store, Tx, approvals, events, outbox, runs, texts
from mahavishnu_tui.server.transitions.acts import go_on_after_disk
from mahavishnu_tui.server.transitions.deadlines import pass_time
from mahavishnu_tui.server.transitions.recovery import keep_time, park_all, recover_all

log = logging.getLogger(__name__)

_TRIM_SECONDS = 60.0
_SWEEP_SECONDS = 3600.0
_FLUSH_SECONDS = 3.0
_CLOCK_SECONDS = 5.0
_INDEXED_AT_ONCE = 100
"""Runs of an older server that one change makes findable."""


class Core:
    """Everything between the routes and the disk. `open`, then `close`."""

    def __init__(self, options: ServerOptions, store: Store, feed: Feed, spawner: Spawner) -> None:
        self.options = options
        self.store = store
        self.feed = feed
        self.started_at = time.time()
        self.stopping = asyncio.Event()
        """Set when somebody, or something, wants the server to end."""
        self.drain = True
        self.drain_seconds = options.drain_seconds
        self.closed = False
        self._hurry = asyncio.Event()
        self._state: Literal["starting", "ready", "draining"] = "ready"
        self._waits = ""
        """Why writes wait; empty while they do not."""
        self._damage = ""
        """What a read found damaged; it does not heal while the server runs."""
        self._last_client = time.monotonic()
        self._background = set[asyncio.Task[None]]()
        self._reports = Reports(store, options, self._ended, self._fault, feed.mark)
        self.supervisor = Supervisor(options, spawner, self._reports)
        self.loader = Loader(store, self.supervisor, options.load_seconds)
        self.remote = RemoteEngine(store, options.servers, lambda: len(feed) > 0, self._note_changed)
        self.prefect = PrefectEngine(store, options, feed, self._spawn)
        self.needs = Needs(store, feed, self.supervisor, self.remote, self.prefect)
        self.notifier = Notifier(store, options.notify, self._note_changed)
        self.needs.listen(self.notifier.hear)
        self.dispatcher = Dispatcher(
            store,
            self.supervisor,
            self.loader,
            options,
            self._fault,
            on_ended=self._ended,
            on_wake=self._wake_elsewhere,
        )
        self._retention = Retention(store, self.supervisor, options)
        self.mover = Mover(store, self.supervisor, options)
        self._disk = DiskWatch(options.data / "checkpoints", self._go_on_after_disk)

    @classmethod
    async def open(cls, options: ServerOptions, spawner: Spawner) -> Core:
        """Open the store, take up what the last server left, and begin to work.

        Raises:
            MahavishnuError: MHV-004, MHV-005, MHV-006.
        """
        feed = Feed()
        store = await Store.open(options.database, feed.publish)
        core = cls(options, store, feed, spawner)
        try:
            for run in await store.write(recover_all):
                log.info("run %s (%s): %s", run.name, run.id, run.note)
            await core._pass_time()
            await core.needs.start()
            await core.notifier.start()
            await core.remote.start()
            await core.prefect.start()
        except BaseException:
            await core._reports.close()
            await store.close()
            raise
        # A dashboard that takes up its stream again gets no snapshot, and knows the server that was stopping.
        await core._tell()
        core.dispatcher.start()
        core._spawn(core._look_after())
        core._spawn(core._index_older())
        return core

    @property
    def note(self) -> str:
        """What an operator has to know of the server; empty when all is well. Prefect has its own record."""
        return self._ill or self.remote.note or self.notifier.note

    @property
    def _ill(self) -> str:
        """What is wrong with this server itself."""
        return self._damage or self._waits

    def damaged(self, fault: MahavishnuError) -> None:
        """A read met a damaged database: say so from now on."""
        if not self._damage:
            self._damage = fault.message
            log.error("%s", fault)

    def seen_client(self) -> None:
        """A client has called: the server is not idle."""
        self._last_client = time.monotonic()

    def in_background(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something that nobody waits for; it handles its own errors and ends with the server."""
        self._spawn(work)

    def refuse_when_draining(self) -> None:
        """Raise MHV-002 when the server takes on nothing new."""
        if self._state == "draining":
            raise MahavishnuError(
                ErrorCode.SERVER_UNREACHABLE,
                "The server is stopping and takes nothing new.",
                "Start it again, then retry.",
            )

    def hurry(self) -> None:
        """Do not wait any longer for runs to reach a step boundary."""
        self.drain = False
        self._hurry.set()

    def info(self, conn: sqlite3.Connection) -> ServerInfo:
        """The server about itself."""
        counts = runs.counts(conn)
        return ServerInfo(
            version=_version(),
            pid=os.getpid(),
            epoch=self.store.epoch,
            started_at=self.started_at,
            seq=events.last_seq(conn),
            data=str(self.options.data),
            socket=str(self.options.socket),
            log=str(self.options.log),
            state=self._state,
            queued=counts.get("queued", 0),
            running=counts.get("running", 0),
            slots=self.options.max_concurrent_workflows,
            agent_api=f"http://{self.options.agent_api}" if self.options.agent_api else "",
            warn_thread_bytes=self.options.warn_thread_bytes,
            note=self.note,
        )

    def pool(self, conn: sqlite3.Connection) -> Pool:
        """This server's own pool of slots, and how well its hosts are."""
        records = self.supervisor.records()
        failed = [record for record in records if record.state == "failed"]
        ill = [record for record in records if record.state in ("blocked", "lost")]
        status: Literal["healthy", "degraded", "unhealthy"] = (
            "degraded" if failed or ill or self._ill else "healthy"
        )
        if failed and not any(record.state in ("ready", "blocked") for record in records):
            status = "unhealthy"
        notes = [
            self._ill,
            *(record.note or str((record.error or {}).get("message", "")) for record in failed + ill),
        ]
        return Pool(
            name="langgraph",
            kind="engine hosts",
            status=status,
            slots=self.options.max_concurrent_workflows,
            used=self.dispatcher.used,
            queued=runs.counts(conn).get("queued", 0),
            note="; ".join(filter(None, notes)),
        )

    async def close(self) -> None:
        """Drain what runs (when asked to), stop the hosts, and leave the rest queued for the next server."""
        self.closed = True
        self._state = "draining"
        await self._tell()
        if self.drain:
            await self._drain()
        await self.remote.close()
        await self.prefect.close()
        await self.mover.close()
        await self.dispatcher.close()
        await self.notifier.close()
        try:
            async with asyncio.timeout(_FLUSH_SECONDS):
                await self._reports.flushed()
                for run in await self.store.write(park_all):
                    log.info("run %s (%s): %s", run.name, run.id, run.note)
        except (TimeoutError, MahavishnuError) as error:
            # What is still `running` in the store is taken up by the next server.
            log.warning(
                "not everything could be written at the stop: %s", error or "the disk takes no writes"
            )
        await self.supervisor.close()
        for task in self._background:
            task.cancel()
        await asyncio.gather(*self._background, return_exceptions=True)
        await self._reports.close()
        self.feed.close()
        await self.store.close()

    async def _drain(self) -> None:
        draining = asyncio.create_task(self.dispatcher.drain(self.drain_seconds))
        hurrying = asyncio.create_task(self._hurry.wait())
        await asyncio.wait([draining, hurrying], return_when=asyncio.FIRST_COMPLETED)
        if not (draining.done() and draining.result()):
            log.info("stopping before every run has reached a step boundary")
        draining.cancel()
        hurrying.cancel()
        await asyncio.gather(draining, hurrying, return_exceptions=True)

    def _ended(self, finished: list[Run]) -> None:
        self._disk.note(finished)
        self.dispatcher.ended(finished)

    async def _go_on_after_disk(self) -> None:
        for run in await self.store.write(go_on_after_disk):
            log.info("run %s (%s): %s", run.name, run.id, run.note)
        self.dispatcher.wake()

    def _fault(self, fault: MahavishnuError | None) -> None:
        note = f"{fault.message} Reports of running workflows wait in memory." if fault else ""
        if note != self._waits:
            self._waits = note
            self._spawn(self._tell())

    def _wake_elsewhere(self) -> None:
        self.remote.wake()
        self.prefect.wake()

    def _note_changed(self) -> None:
        self._spawn(self._tell())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)

    async def _tell(self) -> None:
        """Log the server's own record as an event."""

        def tell(tx: Tx) -> None:
            tx.emit("server", "server", self.info(tx.conn).to_json())

        try:
            await self.store.write(tell)
        except MahavishnuError as error:
            log.warning("the server's state could not be told: %s", error)

    async def _look_after(self) -> None:
        trimmed = timed = time.monotonic()
        swept = -_SWEEP_SECONDS
        while True:
            await asyncio.sleep(1.0)
            try:
                await self.supervisor.look_after()
                await self._pass_time()
                await self.mover.look()
                await self._disk.look()
                await self.needs.look()
                if time.monotonic() - timed > _CLOCK_SECONDS and self.dispatcher.used:
                    timed = time.monotonic()
                    await self.store.write(keep_time)
                if time.monotonic() - trimmed > _TRIM_SECONDS:
                    trimmed = time.monotonic()
                    await self.store.write(lambda tx: events.trim(tx, self.options.keep_events))
                if time.monotonic() - swept > _SWEEP_SECONDS:
                    swept = time.monotonic()
                    known = await self.store.read(runs.ids)
                    await asyncio.to_thread(runlogs.sweep, self.options.run_logs, known)
                if self._retention.due:
                    self._spawn(self._prune_old())
                if await self._idle():
                    log.info("nothing to do for %g minutes: the server ends", self.options.idle_minutes)
                    self.stopping.set()
            except MahavishnuError as error:
                log.warning("housekeeping: %s", error)
            except Exception:
                log.exception("housekeeping failed; going on")

    async def _pass_time(self) -> None:
        """Carry out the deadlines that have passed, also those that did while no server was there."""
        due = await self.store.read(approvals.next_due)
        if due is not None and due <= time.time():
            for line in await self.store.write(pass_time):
                log.info("%s", line)
            self.dispatcher.wake()

    async def _index_older(self) -> None:
        """Let the search find what an older server has run, a few at a time."""
        before: float | None = None
        try:
            while not await self.store.read(texts.is_whole):
                fill = functools.partial(texts.fill, before=before, limit=_INDEXED_AT_ONCE)
                before = await self.store.write(fill)
                await asyncio.sleep(0.05)
        except MahavishnuError as error:
            log.warning("older runs cannot be found by searching: %s", error)

    async def _prune_old(self) -> None:
        try:
            await self._retention.look()
        except MahavishnuError as error:
            log.warning("retention: %s", error)
        except Exception:
            log.exception("retention failed; trying again later")

    async def _idle(self) -> bool:
        minutes = self.options.idle_minutes
        # Who calls at an address of its own cannot start a server that has gone.
        if len(self.feed) or not minutes or self.options.agent_api:
            self.seen_client()
            return False
        if time.monotonic() - self._last_client < minutes * 60:
            return False
        counts = await self.store.read(runs.counts)
        if await self.store.read(approvals.next_due) is not None:
            return False
        if any(counts.get(status) for status in ("queued", "running", "interrupted")):
            return False
        return not await self.store.read(
            lambda c: self.remote.waits(c) or self.prefect.keeps_up(c) or outbox.waits(c)
        )


def _version() -> str:
    try:
        return version("mahavishnu-tui")
    except PackageNotFoundError:
        return "unknown"
