"""Prefect, as one engine beside the hosts: what the core and the routes talk to."""

from __future__ import annotations

import contextlib
import logging
import re
import sqlite3
import sys
import time
from collections.abc import Callable, Coroutine
from typing import TYPE_CHECKING, Any

from mahavishnu_tui.models import (
    Deployment,
    ErrorCode,
    Finding,
    MahavishnuError,
    Pool,
    PrefectInfo,
    Run,
    Schedule,
)
from mahavishnu_tui.models.pool import ConcurrencyLimit
from mahavishnu_tui.models.prefect import Trouble
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.run_search import run_attributes
from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.store import Store, Tx, flow_runs
from mahavishnu_tui.server.store.every_run import RunQuery

if TYPE_CHECKING:
    from mahavishnu_tui.server.feed import Feed
    from mahavishnu_tui.server.prefect.link import Link
    from mahavishnu_tui.server.prefect.own import Own
    from mahavishnu_tui.server.prefect.silent import Silent
    from mahavishnu_tui.server.prefect.watcher import Watcher

log = logging.getLogger(__name__)

_START_SECONDS = 75.0
"""How long a call waits for an embedded server that it has had started; clients wait a little longer."""
_FIRST_LOOK_SECONDS = 25.0
"""How long a call waits for a server that is slow; that it is away is known sooner. Clients wait longer."""
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class PrefectEngine:
    """Flow runs and all that belongs to them. Nothing of it costs anything while Prefect is off.

    Args:
        store: where flow runs are mirrored to.
        options: the server's.
        feed: who listens.
        in_background: does something that nobody waits for.
    """

    def __init__(
        self,
        store: Store,
        options: ServerOptions,
        feed: Feed,
        in_background: Callable[[Coroutine[Any, Any, None]], None],
    ) -> None:
        self._store = store
        self._options = options
        self._feed = feed
        self._in_background = in_background
        self._idle_info = PrefectInfo(
            mode=options.prefect.mode,
            state="failed" if options.prefect.problem else "off",
            since=time.time(),
            error=options.prefect.problem,
        )
        self._watcher: Watcher | None = None
        self._own: Own | None = None
        self._findings: list[Finding] = []

    async def start(self) -> None:
        """Begin to watch; an embedded server that was there before is there again."""
        prefect = self._options.prefect
        if prefect.mode == "off" or prefect.problem:
            return
        if prefect.api_url:
            self._watch(prefect.api_url, embedded=False)
        elif prefect.mode == "embedded" or (self._options.prefect_home / "prefect.db").exists():
            self._embed()

    async def close(self) -> None:
        """Stop watching, and the embedded server with its worker."""
        await self._unwatch()
        if self._own is not None:
            await self._own.stop()

    async def start_embedded(self) -> None:
        """Start an embedded server; raises MHV-411 where there is to be none."""
        if not self._may_embed:
            raise MahavishnuError(
                ErrorCode.PREFECT_START,
                "No embedded Prefect is started: "
                + ("Prefect is off." if self.info.mode == "off" else f"{self.info.url} is used."),
                "Set `prefect.mode` to embedded, then restart the server.",
            )
        self._embed()

    async def stop_embedded(self) -> None:
        """Stop the embedded server and its worker until it is wanted again; raises MHV-411 without one."""
        if self._own is None or not self._own.server.wanted:
            raise MahavishnuError(ErrorCode.PREFECT_START, "No embedded Prefect runs.")
        await self._unwatch()
        await self._own.stop()
        self._idle_info = self._idle_info.replace(since=time.time())
        self._changed()

    async def check(self) -> list[Finding]:
        """The self-test; raises what Prefect says."""
        from mahavishnu_tui.server.prefect import selftest

        link = await self.reach()
        silent = [f"{item.schedule.name} {item.schedule.rule}" for item in self.silent() or ()]
        python = self._options.prefect.python or sys.executable
        self._findings = await selftest.check(link.api, python, embedded=link.embedded, silent=silent)
        self._changed()
        return self._findings

    def keeps_up(self, conn: sqlite3.Connection) -> bool:
        """Whether our server must stay although nobody looks: ours is the Prefect, or a flow's process, or
        an answer is on its way."""
        if flow_runs.with_open_answers(conn) or (self._watcher and self._watcher.link.local_flows.at_work):
            return True
        if self._own is None or not self._own.server.wanted:
            return False
        unfinished = ("queued", "running", "interrupted", "paused", "scheduled")
        counts = flow_runs.counts(conn)
        return any(map(counts.get, unfinished)) or any(item.runs for item in self.schedules(conn))

    @staticmethod
    def owns(run: Run) -> bool:
        """Whether a run lives on Prefect's server."""
        return run.engine == flow_runs.ENGINE

    @property
    def info(self) -> PrefectInfo:
        """Prefect, and how old the mirror is."""
        info = self._watcher.info if self._watcher else self._idle_info
        if self._own is not None:
            info = self._own.told(info, self._watcher.link if self._watcher else None)
        return info.replace(findings=[item.to_json() for item in self._findings])

    @property
    def watched(self) -> bool:
        """Whether there is a Prefect to ask."""
        return self._watcher is not None

    def wake(self) -> None:
        """There may be something to send."""
        if self._watcher is not None:
            self._watcher.wake()

    def look(self) -> None:
        """Look now: somebody asks how it is."""
        if self._watcher is not None:
            self._watcher.look()

    async def reach(self, *, start: bool = False) -> Link:
        """The way to Prefect; raises MHV-400 when there is none, or none that was ever read.

        Args:
            start: start an embedded server where none is there and one may be.
        """
        if start and self._may_embed:
            self._embed()
            assert self._own is not None
            await self._own.server.ready(_START_SECONDS)
        if self._watcher is None:
            raise not_there(self.info)
        await self._read_once(self._watcher)
        return self._watcher.link

    async def listed(self) -> None:
        """Wait until deployments, schedules and pools are known; raises why they are not.

        They are kept in memory alone: a server that has begun while Prefect is away knows none of them,
        and that is no empty list. Without any Prefect there are none.
        """
        if self._watcher is not None:
            await self._read_once(self._watcher)
        if (unlisted := self._unlisted()) is not None:
            raise unlisted

    async def _read_once(self, watcher: Watcher) -> None:
        if watcher.link.catalog.known and watcher.info.state != "starting":
            return
        await watcher.known(_FIRST_LOOK_SECONDS)
        if not watcher.link.catalog.known:
            raise not_there(watcher.info)

    def _unlisted(self) -> MahavishnuError | None:
        """Why its deployments, schedules and pools are not known; None when they are, or there is none."""
        if self._watcher is not None:
            known = self._watcher.link.catalog.known
        else:
            known = self.info.error is None and not self.info.embedded
        return None if known else not_there(self.info)

    async def whole(self, run: Run) -> dict[str, Any]:
        """What `GET /v1/runs/{id}` answers; what the mirror knows where Prefect was never read.

        Raises:
            MahavishnuError: MHV-400 there is no Prefect.
        """
        with contextlib.suppress(MahavishnuError):
            await self.reach()
        if self._watcher is None:
            raise not_there(self.info)
        return await self._watcher.link.details.whole(run)

    async def fetch(self, run_id: str, unknown: MahavishnuError) -> Run:
        """A flow run that the mirror does not have; raises `unknown` when Prefect has none either."""
        if self._watcher is None or not _UUID.fullmatch(run_id):
            raise unknown
        try:
            return await self._watcher.link.details.fetch(run_id)
        except MahavishnuError as error:
            if error.code is ErrorCode.RUN_UNKNOWN:
                raise unknown from None
            raise

    async def older(self, query: RunQuery, limit: int) -> list[Run]:
        """What a page of the list lacks: flow runs that ended before the mirror's window.

        None while Prefect is away, or where the list is not paged that far.
        """
        ended = not query.statuses or set(query.statuses) & FINISHED
        if self._watcher is None or query.before is None or query.thread or limit <= 0 or not ended:
            return []
        if query.engine not in ("", flow_runs.ENGINE) or self._watcher.info.state != "ready":
            return []
        try:
            found = await self._watcher.link.mirror.older(query.before, limit, query.workflow)
        except MahavishnuError as error:
            log.info("older flow runs: %s", error)
            return []
        now = time.time()
        return [
            run
            for run in found
            if run.created_at < query.before
            and (not query.statuses or run.status in query.statuses)
            and query.filter.matches(run_attributes(run, now))
        ]

    async def find(self, text: str, limit: int) -> list[Run]:
        """Runs by name, id or tag that Prefect has and the mirror has not; none while there is no Prefect.

        Raises what Prefect says.
        """
        if self._watcher is None or self._watcher.info.state != "ready":
            return []
        return await self._watcher.link.mirror.find(text, limit)

    def deployments(self) -> list[Deployment]:
        """Every deployment, by name; none while there is no Prefect, as with the next four."""
        return self._watcher.link.views.deployments() if self._watcher else []

    def schedules(self, conn: sqlite3.Connection) -> list[Schedule]:
        """Every schedule of every deployment, the next to start first."""
        return self._watcher.link.views.schedules(conn) if self._watcher else []

    def pools(self, conn: sqlite3.Connection) -> list[Pool]:
        """The work pools; where they are not known, one line that says so."""
        if (unlisted := self._unlisted()) is not None:
            from mahavishnu_tui.server.prefect import pool_records

            return [pool_records.unread(unlisted, away=self.info.state in ("lost", "failed"))]
        return self._watcher.link.views.pools(conn) if self._watcher else []

    def troubles(self) -> list[Trouble]:
        """Flow runs that will not come right by themselves, as the last look has found them."""
        return self._watcher.link.troubles.known if self._watcher else []

    def silent(self) -> list[Silent] | None:
        """Schedules that make no runs although their time has passed; None while that cannot be told yet."""
        return self._watcher.link.silent.known if self._watcher else []

    async def limits(self) -> list[ConcurrencyLimit]:
        """Concurrency limits; raises what Prefect says."""
        return await self._watcher.link.views.limits() if self._watcher else []

    @property
    def _may_embed(self) -> bool:
        prefect = self._options.prefect
        return prefect.mode in ("auto", "embedded") and not prefect.api_url and not prefect.problem

    def _embed(self) -> None:
        from mahavishnu_tui.server.prefect.own import Own

        if self._own is None:
            self._own = Own(self._options, self._own_changed)
        self._own.server.begin()

    def _own_changed(self) -> None:
        """The embedded server is starting, ready, or cannot be started."""
        own = self._own
        if own is not None and own.server.state == "ready":
            if self._watcher is None or self._watcher.link.connection.api_url != own.server.url:
                if self._watcher is not None:
                    self._in_background(self._watcher.close())
                self._watch(own.server.url, embedded=True)
            else:
                self._watcher.look()
        self._changed()

    async def _unwatch(self) -> None:
        watcher, self._watcher = self._watcher, None
        if watcher is not None:
            await watcher.close()

    def _catalog_changed(self, what: str) -> None:
        self._in_background(self._tell("catalog", what, {"what": what}))
        if self._own is not None and self._watcher is not None and self._watcher.link.embedded:
            self._in_background(self._own.see_to_worker(self._watcher.link))

    def _watch(self, api_url: str, *, embedded: bool) -> None:
        # httpx and its like cost memory: only who has a Prefect pays for them.
        from mahavishnu_tui.server.prefect.link import Link, connection_of
        from mahavishnu_tui.server.prefect.watcher import Watcher

        options = self._options.prefect
        link = Link(
            connection_of(options, api_url),
            self._store,
            self._options,
            embedded=embedded,
            on_catalog=self._catalog_changed,
            on_log=self._feed.mark,
            in_background=self._in_background,
        )
        self._watcher = Watcher(
            link,
            self._store,
            options,
            looking=lambda: len(self._feed) > 0,
            on_change=self._changed,
            on_path=self._feed.mark_path,
        )
        self._watcher.start()

    def _changed(self) -> None:
        self._in_background(self._tell("prefect", "prefect", self.info.to_json()))

    async def _tell(self, kind: Any, key: str, data: dict[str, Any]) -> None:
        """Log something of Prefect as an event."""

        def tell(tx: Tx) -> None:
            tx.emit(kind, key, data)

        try:
            await self._store.write(tell)
        except MahavishnuError as error:
            log.warning("a change of Prefect could not be told: %s", error)


def not_there(info: PrefectInfo) -> MahavishnuError:
    """There is no Prefect to ask: MHV-400, or why none could be made out."""
    if info.error is not None:
        return MahavishnuError.from_json(info.error)
    if info.mode == "off":
        return MahavishnuError(
            ErrorCode.PREFECT_CONNECTION,
            "Prefect is off.",
            "Set `prefect.mode` to auto, then restart the server.",
        )
    if info.state == "starting":
        return MahavishnuError(
            ErrorCode.PREFECT_CONNECTION,
            f"Prefect at {info.url} has not answered yet."
            if info.url
            else "The embedded Prefect is starting.",
            "`mahavishnu prefect health` says how it is.",
        )
    if info.embedded:
        return MahavishnuError(
            ErrorCode.PREFECT_CONNECTION,
            "The embedded Prefect is stopped.",
            "Start it: `mahavishnu prefect start`.",
        )
    return MahavishnuError(
        ErrorCode.PREFECT_CONNECTION,
        "No Prefect server is watched.",
        "Set `prefect.api_url`, or start an embedded one: `mahavishnu prefect start`.",
    )
