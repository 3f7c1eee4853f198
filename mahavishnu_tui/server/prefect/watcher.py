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
from mahavishnu_tui.server.together import for_each, together
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
_SLOW_SECONDS = 1.0
"""An answer that takes longer is slow, and whoever waits for several of them is told so."""
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
        self._aside: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        self._task = asyncio.create_task(self._watch(), name="watch Prefect")
        if self._listener is not None:
            self._listener.start()

    async def close(self) -> None:
        """End; what waits to be sent is sent by the next server."""
        for task in filter(None, (self._task, self._aside)):
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
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
        until_aside = math.inf if self._is_aside else self.link.mirror.blame.wait
        pause = min(self.interval, until_full, until_aside)
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
            if self.link.catalog.known:
                await self.link.answers.deliver()
            if self._loaded:
                await self._read(dirty)
            compared = not self._loaded or time.monotonic() >= self._full_at
            if compared:
                await self._compare()
            elif time.monotonic() >= self._look_at:
                began = time.time()
                await self._suspect(await self.link.mirror.delta(told=self.live))
                self._agree(began)
            await self._take_where()
            if self._stale_catalog:
                self._stale_catalog = False
                await self.link.catalog.refresh()
            await self.link.mirror.read_questions()
            await for_each(self.link.logs.followed, self._look_at_log)
            self._look_aside(compared)
        except BaseException:
            self._dirty = dirty | self._dirty
            raise

    async def _look_at_log(self, run_id: str) -> None:
        visit_of = functools.partial(self.link.details.visit_of, run_id)
        await self.link.logs.look(self.link.api, run_id, visit_of)

    async def _greet(self) -> None:
        """First of all, and after it was away: it may be another server by now, or have other data."""
        version = await self.link.api.system.version()
        await self._store.write(functools.partial(taking.take_source, source=self.link.source))
        self.link.catalog.forget()
        self.info = self.info.replace(version=version, note=version_note(version), slow=self._slow)
        self._full_at = 0.0
        self._greeted = True
        if self._slow:
            self._on_change()

    @property
    def _slow(self) -> float:
        """Whole seconds, so that it is no news each time; 0 where its answers come soon."""
        took = self.link.api.took
        return float(round(took)) if took >= _SLOW_SECONDS else 0.0

    async def _compare(self) -> None:
        """Read all that the mirror has, or see that it is as it was."""
        link, began = self.link, time.time()
        self._stale_catalog = False
        async with together() as group:
            group.create_task(self._read_catalog())
            looking = group.create_task(link.mirror.look(whole=not self._loaded))
        await link.answers.deliver()
        await link.acts.settle()
        if self._loaded:
            await link.mirror.reconcile(looking.result(), self._between)
        else:
            await link.mirror.load(looking.result(), self._between)
            self._loaded = True
            self.info = self.info.replace(note=version_note(self.info.version))
            give_back()
        self._full_at = time.monotonic() + self._options.sync_interval
        self._agree(began)

    async def _read_catalog(self) -> None:
        await self.link.catalog.refresh()
        self._first.set()

    def _look_aside(self, compared: bool) -> None:
        """Look at what nobody waits for, beside the turns: it takes many questions, one after the other."""
        if self._is_aside or not (compared or self.link.mirror.blame.wait <= 0):
            return
        self._aside = asyncio.create_task(self._look_at_the_rest(compared), name="look at Prefect's rest")

    @property
    def _is_aside(self) -> bool:
        return self._aside is not None and not self._aside.done()

    async def _look_at_the_rest(self, compared: bool) -> None:
        try:
            await self.link.mirror.blame.look()
            if compared:
                await self.link.troubles.look()
                await self.link.silent.look()
        except MahavishnuError as error:
            log.info("what goes wrong at Prefect could not be looked at: %s", error)  # the next turn says it
        except Exception:
            log.exception("Prefect: what goes wrong there could not be looked at")
        self._wake.set()

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

    def _agree(self, began: float) -> None:
        """Mirror and server have been compared; what Prefect has told is of when that began, or later."""
        self._look_at = time.monotonic() + self.interval
        self.info = self.info.replace(seen_at=began)

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
            slow=self._slow,
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
            lost = self.info.replace(state="lost", since=since, error=error.to_json())
            self.info = lost.replace(live=self.live, slow=0.0)
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
