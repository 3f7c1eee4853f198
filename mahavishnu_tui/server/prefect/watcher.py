"""Keeps the mirror of one Prefect server: turn after turn, for as long as our server lives."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import functools
import logging
import math
import random
import time
from collections.abc import Callable, Collection

from mahavishnu_tui.engines.prefect.api import version_note
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.models import ErrorCode, MahavishnuError, PrefectInfo
from mahavishnu_tui.server.memory import give_back
from mahavishnu_tui.server.options import PrefectOptions
from mahavishnu_tui.server.prefect import taking
from mahavishnu_tui.server.prefect.last_seen import KEEP_SECONDS, LastSeen
from mahavishnu_tui.server.prefect.link import Link
from mahavishnu_tui.server.prefect.listening import Listener, News
from mahavishnu_tui.server.store import Store, flow_runs
from mahavishnu_tui.server.turns import rest

log = logging.getLogger(__name__)

LIVE_SECONDS = 15.0
"""Between two looks while events tell of changes and a dashboard is open."""
ALONE_SECONDS = 15.0
"""Between two looks without events while no dashboard is open."""
_GATHER_SECONDS = 0.05
"""From one turn to the next: what is told meanwhile is gathered."""
_SOON_SECONDS = 0.02
"""Until a run is read again that is still as it was before its event: Prefect tells of a change before it
commits it. Each further wait is twice as long."""
_READINGS = 8
"""How often it is read; what is not there two seconds after its event is found by the next look."""
_UNREAD_SECONDS = 0.2
_LOG_SECONDS = 2.0
"""Between two looks at logs that somebody follows; flows send theirs as often."""
_DEAF = 3
"""Changes that no event told of, found in one look, after which the events are not believed."""
_LONGEST_WAIT = 60.0
_LONGEST_WAIT_LOOKING = 10.0


@dataclasses.dataclass(frozen=True)
class Told:
    """An event has told that a run has changed."""

    at: float
    """When it did, by Prefect's clock."""
    readings: int = 0
    """How often it was read since, and was still as before."""
    due: float = 0.0
    """When it is to be read (again), by the monotonic clock."""

    def again(self) -> Told:
        """It was read too early."""
        wait = _SOON_SECONDS * 2**self.readings
        return Told(self.at, self.readings + 1, time.monotonic() + wait)


class Watcher:
    """One server's mirror. Nothing that it does can raise: what goes wrong is in `info`.

    Args:
        link: the way there; closed with the watcher.
        store: where it is mirrored to.
        options: how often to look.
        looking: whether a dashboard is open.
        on_change: called when `info` has changed.
        on_path: called with the id of a run whose task runs have changed.
    """

    def __init__(
        self,
        link: Link,
        store: Store,
        options: PrefectOptions,
        *,
        looking: Callable[[], bool],
        on_change: Callable[[], None],
        on_path: Callable[[str], None],
    ) -> None:
        self.link = link
        self._store = store
        self._options = options
        self._looking = looking
        self._on_change = on_change
        self._on_path = on_path
        self.info = PrefectInfo(
            mode=options.mode,
            state="starting",
            embedded=link.embedded,
            url=link.connection.api_url,
            source="" if link.embedded else options.source,
            since=time.time(),
            hours=options.mirror_hours,
        )
        self._listener = Listener(link.connection, self._hear) if options.events else None
        if self._listener is not None:
            link.troubles.heard = self._listener.alive
        self._dirty: dict[str, Told] = {}
        """Runs of which events have told, by id."""
        self._suspects = set[str]()
        self._stale_catalog = False
        self._wake = asyncio.Event()
        self._first = asyncio.Event()
        self._full_at = 0.0
        self._look_at = 0.0
        self._greeted = False
        self._loaded = False
        self._failures = 0
        self._last_seen = LastSeen(store, link.source)
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._watch(), name="watch Prefect")
        if self._listener is not None:
            self._listener.start()

    async def close(self) -> None:
        """End; what waits to be sent is sent by the next server."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._listener is not None:
            await self._listener.close()
        await self._last_seen.keep(self.info.seen_at)
        await self.link.close()

    def wake(self) -> None:
        """There may be something to send."""
        self._wake.set()

    def look(self) -> None:
        """Look now, whatever the turn."""
        self._look_at = 0.0
        self._wake.set()

    async def known(self, seconds: float) -> None:
        """Wait for the first look, or for the time to pass; a server that is lost is looked at anew."""
        if self.info.state == "lost":
            self._first.clear()
            self.look()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._first.wait()

    @property
    def live(self) -> bool:
        """Whether the server tells of changes by itself."""
        return self._listener is not None and self._listener.up

    @property
    def interval(self) -> float:
        """Seconds between two looks while all is well."""
        if self.live:
            return LIVE_SECONDS if self._looking() else self._options.sync_interval
        return (
            self._options.poll_seconds if self._looking() else max(self._options.poll_seconds, ALONE_SECONDS)
        )

    def _hear(self, news: News) -> None:
        if news.run_id:
            self._dirty[news.run_id] = Told(news.at)
            self._wake.set()
        if news.path_of:
            if news.task_run_id:
                self.link.details.late.tell(news.path_of, news.task_run_id, news.at, self._path_changed)
            self._path_changed(news.path_of)
            self._wake.set()
        if news.catalog:
            self._stale_catalog = True
            self._wake.set()
        if news.connection:
            # What happened while nobody listened is not told afterwards.
            self.look()

    def _path_changed(self, run_id: str) -> None:
        self.link.details.stale(run_id)
        self._on_path(run_id)

    async def _watch(self) -> None:
        self.info = self.info.replace(kept_at=await self._last_seen.recall())
        while True:
            try:
                await self._turn()
                await self._found()
            except MahavishnuError as error:
                await self._lost(error)
            except Exception as error:
                log.exception("Prefect: a turn failed")
                await self._lost(_unexpected(error))
            self._first.set()
            await self._rest()

    async def _rest(self) -> None:
        """Wait for the next turn."""
        chance, began = random.uniform(0.75, 1.25), time.monotonic()  # noqa: S311 # nosec B311
        again = min((told.due for told in self._dirty.values() if told.readings), default=math.inf)
        await asyncio.sleep(max(0.0, min(_GATHER_SECONDS, again - began)))
        await rest(self._wake, functools.partial(self._pause, chance, began), began)

    def _pause(self, chance: float, began: float) -> float:
        limited = self.link.api.waits_until - time.time()
        if limited > 0:
            return limited + 1.0
        if self._failures:
            longest = _LONGEST_WAIT_LOOKING if self._looking() else _LONGEST_WAIT
            return min(2.0 ** min(self._failures - 1, 10), longest) * chance
        if self._dirty:
            return min(told.due for told in self._dirty.values()) - began
        if self.link.mirror.unread:
            return _UNREAD_SECONDS
        until_full = max(0.0, self._full_at - time.monotonic())
        pause = min(self.interval, until_full, self.link.mirror.blame.wait)
        return min(_LOG_SECONDS, pause) if self.link.logs.followed else pause

    def _take_due(self) -> dict[str, Told]:
        """The runs that are to be read now; they are no longer dirty."""
        now = time.monotonic()
        due = {run_id: told for run_id, told in self._dirty.items() if told.due <= now}
        self._dirty = {run_id: told for run_id, told in self._dirty.items() if run_id not in due}
        return due

    async def _turn(self) -> None:
        self._wake.clear()
        dirty = self._take_due()
        try:
            if not self._greeted:
                await self._greet()
            await self.link.answers.deliver()
            if self._loaded:
                await self._read(dirty)
            if not self._loaded:
                await self.link.acts.settle()
                await self.link.mirror.load(self._between)
                self._loaded = True
                self.info = self.info.replace(note=version_note(self.info.version))
                give_back()
                self._full_at = time.monotonic() + self._options.sync_interval
                self._agree()
            elif time.monotonic() >= self._full_at:
                await self.link.catalog.refresh()
                await self.link.acts.settle()
                await self.link.mirror.reconcile(self._between)
                await self.link.troubles.look()
                await self.link.silent.look()
                self._full_at = time.monotonic() + self._options.sync_interval
                self._agree()
            elif time.monotonic() >= self._look_at:
                await self._suspect(await self.link.mirror.delta(told=self.live))
                self._agree()
            await self._take_where()
            if self._stale_catalog:
                self._stale_catalog = False
                await self.link.catalog.refresh()
            await self.link.mirror.read_questions()
            await self.link.mirror.blame.look()
            for run_id in self.link.logs.followed:
                await self.link.logs.look(
                    self.link.api, run_id, functools.partial(self.link.details.visit_of, run_id)
                )
        except BaseException:
            self._dirty = dirty | self._dirty
            raise

    async def _greet(self) -> None:
        """First of all, and after it was away: it may be another server by now, or have other data."""
        link = self.link
        version = await link.api.system.version()
        await self._store.write(functools.partial(taking.take_source, source=link.source))
        link.catalog.forget()
        await link.catalog.refresh()
        self.info = self.info.replace(version=version, note=version_note(version))
        self._full_at = 0.0
        self._greeted = True
        self._first.set()

    async def _between(self, number: int) -> None:
        """Between two pages of a long reading: what has changed meanwhile does not wait for its end."""
        await self._read(self._take_due())
        if self.info.state == "starting" and number % 1000 == 0:
            self.info = self.info.replace(note=f"reading its runs: {number} so far", runs=number)
            self._on_change()

    async def _read(self, dirty: dict[str, Told]) -> None:
        """Read the runs of which events have told; those that are as they were before it soon once more."""
        if not dirty:
            return
        found = await self.link.mirror.refresh(dirty)
        for run_id, told in dirty.items():
            if found.get(run_id, told.at) < told.at and told.readings + 1 < _READINGS:
                self._dirty.setdefault(run_id, told.again())

    async def _take_where(self) -> None:
        """Which tasks are at work, as events have told."""
        if self._listener is None or not self._listener.moved:
            return
        moved, self._listener.moved = self._listener.moved, set()
        places = {run_id: self._listener.tasks_of(run_id) for run_id in moved}
        await self._store.write(functools.partial(taking.take_where, places=places))

    async def _suspect(self, changed: Collection[str]) -> None:
        """Events that tell nothing of what has changed come through a connection that only seems to live."""
        if self._listener is None or not self._listener.up:
            return
        # An event may be on its way: only what no event has told of by the next look counts.
        untold = sum(not self._listener.heard(run_id) for run_id in self._suspects)
        self._suspects = {run_id for run_id in changed if not self._listener.heard(run_id)}
        if untold >= _DEAF:
            await self._listener.connect_anew()

    def _agree(self) -> None:
        """Mirror and server were compared just now."""
        self._look_at = time.monotonic() + self.interval
        self.info = self.info.replace(seen_at=time.time())

    async def _found(self) -> None:
        self._failures = 0
        number = sum((await self._store.read(flow_runs.counts)).values())
        again = self.info.state != "ready"
        before = self.info
        self.info = before.replace(
            state="ready",
            error=None,
            since=time.time() if again else before.since,
            live=self.live,
            interval=self.interval,
            runs=number,
            limited_until=None,
        )
        if again:
            log.info("Prefect %s at %s is mirrored: %d runs", self.info.version, self.info.url, number)
        if self.info.replace(seen_at=before.seen_at, runs=before.runs) != before:
            self._on_change()
        await self._last_seen.keep(self.info.seen_at, KEEP_SECONDS)

    async def _lost(self, error: MahavishnuError) -> None:
        first = self.info.state == "ready" or (self.info.error or {}).get("message") != error.message
        self._failures += 1
        limited = isinstance(error, PrefectError) and error.kind == "rate_limit"
        if limited:
            # It is there, and what is shown grows old: that is all.
            self.info = self.info.replace(limited_until=error.details.get("until"), error=error.to_json())
        else:
            self._greeted = False
            since = self.info.since if self.info.state == "lost" else time.time()
            self.info = self.info.replace(state="lost", since=since, error=error.to_json(), live=self.live)
        if first:
            log.warning("%s", error)
            self._on_change()
            await self._last_seen.keep(self.info.seen_at)


def _unexpected(error: Exception) -> MahavishnuError:
    return MahavishnuError(
        ErrorCode.INTERNAL,
        f"What Prefect says could not be taken in ({type(error).__name__}).",
        "The server's log has the details.",
    )
