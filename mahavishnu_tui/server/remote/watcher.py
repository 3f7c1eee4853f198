"""Keeps the mirror of one LangGraph server: turn after turn, for as long as our server lives."""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import functools
import logging
import random
import time
from collections.abc import Callable

from mahavishnu_tui.models import ErrorCode, LangGraphServer, MahavishnuError, Run
from mahavishnu_tui.models.run import FINISHED, STALE
from mahavishnu_tui.server.remote import taking
from mahavishnu_tui.server.remote.api import Api, is_about_server, status_of
from mahavishnu_tui.server.remote.assistants import Assistants
from mahavishnu_tui.server.remote.courier import Courier
from mahavishnu_tui.server.remote.doorbells import Doorbells
from mahavishnu_tui.server.remote.threads import Thread, Threads
from mahavishnu_tui.server.store import Store, elsewhere
from mahavishnu_tui.server.turns import rest

log = logging.getLogger(__name__)

_LOOKING_SECONDS = 2.0
_ALONE_SECONDS = 15.0
_BETWEEN_SECONDS = 0.1
"""Between two turns, however often it rings."""
_FULL_SECONDS = 30.0
"""Between two looks at its assistants and at the threads of which it tells nothing."""
_QUIET_LOOKS = 10
"""Threads at work without news that are looked at in one turn."""
_LONGEST_WAIT = 60.0
_LONGEST_WAIT_LOOKING = 10.0


class Watcher:
    """One server's mirror. Nothing that it does can raise: what goes wrong is in `record`.

    Args:
        store: where it is mirrored to.
        api: the way to what is watched; closed with the watcher.
        looking: whether a dashboard is open; else it is asked less often.
        on_change: called when it was lost, and when it is there again.
    """

    def __init__(
        self,
        store: Store,
        api: Api,
        looking: Callable[[], bool],
        on_change: Callable[[], None],
    ) -> None:
        self.api = api
        self.record = LangGraphServer(name=api.server.name, url=api.server.url)
        self._store = store
        self._looking = looking
        self._on_change = on_change
        self._courier = Courier(store, self.api)
        self._assistants = Assistants(self.api)
        self._threads = Threads(self.api)
        self._bells = Doorbells(self.api, self.ring)
        self._wake = asyncio.Event()
        self._rung = set[str]()
        self._seen: dict[str, str] = {}
        self._looked = set[str]()
        """Threads whose checkpoints were read since we started."""
        self._working: dict[str, str] = {}
        """The runs at work there, by thread."""
        self._quiet: dict[str, float] = {}
        """When threads at work that told nothing were looked at, in `time.monotonic()`."""
        self._full_at = 0.0
        self._failures = 0
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._watch(), name=f"watch {self.record.name}")

    async def close(self) -> None:
        """End; what waits to be sent is sent by the next server."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self._bells.close()
        await self.api.close()

    def wake(self) -> None:
        """There is something to send, or somebody looks."""
        self._wake.set()

    async def read_path(self, run: Run) -> None:
        """Read the checkpoints of a run that ended before we looked; nothing when that cannot be now."""
        if run.thread_id in self._looked or self.record.state != "ready" or run.status not in FINISHED:
            return
        with contextlib.suppress(MahavishnuError):
            thread = await self.api.thread(run.thread_id)
            await self._take(thread, deep=True)
            self._threads.forget(run.thread_id)

    def ring(self, thread_id: str) -> None:
        """There is something new in a thread."""
        self._rung.add(thread_id)
        self._wake.set()

    async def _watch(self) -> None:
        while True:
            try:
                await self._turn()
                await self._found()
            except MahavishnuError as error:
                await self._lost(error)
            except Exception as error:
                log.exception("LangGraph server %s: a turn failed", self.record.name)
                await self._lost(_unexpected(self.record, error))
            await asyncio.sleep(_BETWEEN_SECONDS)
            chance = random.uniform(0.5, 1.0)  # noqa: S311 # nosec B311
            await rest(self._wake, functools.partial(self._pause, chance), time.monotonic())

    def _pause(self, chance: float) -> float:
        if self._failures:
            longest = _LONGEST_WAIT_LOOKING if self._looking() else _LONGEST_WAIT
            wait = min(2.0 ** min(self._failures - 1, 10), longest)
            return wait * chance
        return _LOOKING_SECONDS if self._looking() or self._working else _ALONE_SECONDS

    async def _turn(self) -> None:
        rung, self._rung = self._rung, set()
        self._wake.clear()
        if not self._seen:
            self._seen = await self._store.read(functools.partial(elsewhere.seen, server=self.record.name))
        full = time.monotonic() >= self._full_at
        if full:
            await self._read_server()
        # A bell tells which thread; everything is read again when its time has come.
        rung |= await self._courier.deliver()
        threads = {str(thread.get("thread_id")): thread for thread in await self._threads.changed(self._seen)}
        for thread_id in rung - set(threads):
            await self._look_again(thread_id)
        for thread_id, thread in self._due(threads, rung):
            await self._take_what_can_be(thread, deep=self._is_worth(thread_id, thread))
        if full:
            await self._look_for_gone(set(threads) | rung)
            self._full_at = time.monotonic() + _FULL_SECONDS
        self._bells.follow(self._working.items())

    def _due(self, threads: dict[str, Thread], rung: set[str]) -> list[tuple[str, Thread]]:
        """What has news; of threads that are at work without telling any, some at each turn."""
        news = [
            (key, thread)
            for key, thread in threads.items()
            if key in rung or key not in self._working or str(thread.get("updated_at")) != self._seen.get(key)
        ]
        known = {key for key, _ in news}
        quiet = sorted(set(threads) - known, key=lambda key: self._quiet.get(key, 0.0))[:_QUIET_LOOKS]
        self._quiet = {key: self._quiet.get(key, 0.0) for key in self._working}
        self._quiet.update({key: time.monotonic() for key in quiet})
        return [*news, *((key, threads[key]) for key in quiet)]

    async def _take_what_can_be(self, thread: Thread, deep: bool) -> None:
        """Take in a thread; one that its server cannot read must not stand in the way of the others."""
        for depth in (True, False) if deep else (False,):
            try:
                await self._take(thread, depth)
            except MahavishnuError as error:
                if is_about_server(error):
                    raise
                log.warning("thread %s: %s", thread.get("thread_id"), error)
            except Exception:
                log.exception("thread %s on %s", thread.get("thread_id"), self.record.name)
            else:
                return
        self._seen[str(thread.get("thread_id"))] = str(thread.get("updated_at"))

    async def _read_server(self) -> None:
        info = await self.api.info()
        flags = info.get("flags")
        self._courier.strict_resume = bool(isinstance(flags, dict) and flags.get("strict_resume"))
        self.record = self.record.replace(version=str(info.get("version") or "")[:40])
        for workflow in await self._assistants.changed():
            await self._store.write(functools.partial(taking.take_workflow, workflow=workflow))

    def _is_worth(self, thread_id: str, thread: Thread) -> bool:
        """Whether to read a thread's checkpoints; of what ended before we came, only when somebody asks."""
        return thread.get("status") != "idle" or thread_id in self._looked or bool(self._seen_here)

    @property
    def _seen_here(self) -> bool:
        return self.record.seen_at is not None

    async def _look_again(self, thread_id: str) -> None:
        try:
            await self._take_what_can_be(await self.api.thread(thread_id), deep=True)
        except MahavishnuError as error:
            if status_of(error) != 404:
                raise

    async def _take(self, thread: Thread, deep: bool) -> None:
        view = await self._threads.look(thread, self._assistants.shapes, deep)
        if view is None:
            return
        if deep:
            self._looked.add(view.id)
        changed = await self._store.write(
            functools.partial(taking.take_thread, server=self.record.name, view=view, epoch=self._store.epoch)
        )
        for run in changed:
            log.debug("run %s (%s) on %s is %s", run.name, run.id, self.record.name, run.status)
        self._seen[view.id] = view.updated_at
        if view.parts and view.parts[-1].active:
            self._working[view.id] = view.parts[-1].id
        elif self._working.pop(view.id, None) is not None or view.status != "busy":
            self._threads.forget(view.id)

    async def _look_for_gone(self, told: set[str]) -> None:
        """Runs that have not ended, and of whose threads that server tells nothing."""
        for row in await self._store.read(functools.partial(elsewhere.unfinished, server=self.record.name)):
            if row.run.thread_id in told or row.work.intent:
                continue
            try:
                thread = await self.api.thread(row.run.thread_id)
            except MahavishnuError as error:
                if status_of(error) != 404:
                    raise
                note = f"its thread is no longer on {self.record.name}"
                await self._store.write(functools.partial(taking.take_end, run_id=row.run.id, note=note))
            else:
                if str(thread.get("updated_at")) != self._seen.get(row.run.thread_id):
                    await self._take_what_can_be(thread, deep=True)

    async def _found(self) -> None:
        again = self.record.state != "ready"
        self._failures = 0
        self.record = self.record.replace(state="ready", note="", seen_at=time.time(), error=None)
        if again:
            log.info("LangGraph server %s (%s) is there", self.record.name, self.record.url)
            await self._tell("")

    async def _lost(self, error: MahavishnuError) -> None:
        first = self.record.state != "lost" or self.record.note != error.message
        self._failures += 1
        self._full_at = 0.0
        self._assistants.again()
        self.record = self.record.replace(state="lost", note=error.message, error=error.to_json())
        self._working.clear()
        self._bells.follow([])
        if first:
            log.warning("%s", error)
            since = self.record.seen_at
            when = f" of {_clock(since)}" if since else ""
            await self._tell(f"{STALE}: what is shown is{when}; {self.record.trouble}")

    async def _tell(self, note: str) -> None:
        self._on_change()
        try:
            await self._store.write(functools.partial(taking.take_loss, server=self.record.name, note=note))
        except MahavishnuError as error:
            log.warning("the state of %s could not be told: %s", self.record.name, error)


def _clock(at: float) -> str:
    return datetime.datetime.fromtimestamp(at, datetime.UTC).strftime("%H:%M:%S UTC")


def _unexpected(record: LangGraphServer, error: Exception) -> MahavishnuError:
    return MahavishnuError(
        ErrorCode.INTERNAL,
        f"What LangGraph server {record.name} says could not be taken in ({type(error).__name__}).",
        "The server's log has the details.",
    )
