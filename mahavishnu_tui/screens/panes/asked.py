"""Panes 5 and 6: what does not come with the stream and is asked for."""

from __future__ import annotations

from typing import ClassVar

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import Host, MahavishnuError, Pool, Schedule
from mahavishnu_tui.screens import rows
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.layout import PaneName
from mahavishnu_tui.screens.panes.pane import Listed, TablePane
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.table import PlaceholderKind

PAUSE = 1.0
"""Seconds between two looks at the same list."""


class AskedPane(TablePane):
    """A list that is fetched when it is seen and when a change says that it may differ."""

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.error: MahavishnuError | None = None
        self.known = False
        self._asking = False
        self._planned = False

    async def ask(self) -> None:
        """Fetch the list. Raises MahavishnuError."""
        raise NotImplementedError

    def note(self, changes: frozenset[Change], seen: bool) -> None:
        """Ask again, not more often than once in `PAUSE` seconds."""
        super().note(changes, seen)
        if seen and not self._planned and (self._concerns(changes) or not self.known):
            self._planned = True
            self.set_timer(PAUSE if self.known else 0.01, self._start)

    def _concerns(self, changes: frozenset[Change]) -> bool:
        return any(kind in self.KINDS or kind == "*" for kind, _ in changes)

    def _start(self) -> None:
        self._planned = False
        if not self._asking and self.session.connection is not None and self.session.link.live:
            self._asking = True
            in_background(self, self._fetch, "asked")

    async def _fetch(self) -> None:
        try:
            await self.ask()
            self.error, self.known = None, True
        except Exception as error:  # whatever it is: it is shown in the pane and kept in :errors
            self.error = self.session.record(error)
        finally:
            self._asking = False
        self.invalidate(seen=self.display)

    def problem(self) -> tuple[PlaceholderKind, str] | None:
        """The error, or that it is not there yet."""
        if self.error is not None:
            return self.failed(self.error)
        return None if self.known else ("loading", "loading …")


class SchedulesPane(AskedPane):
    """The rules by which runs start."""

    PANE: ClassVar[PaneName] = "schedules"
    TITLE = "Schedules"
    KINDS = frozenset({"server"})
    ATTRIBUTES = frozenset({"name"})
    COLUMNS = rows.SCHEDULE_COLUMNS

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.schedules: list[Schedule] = []

    async def ask(self) -> None:
        """Fetch the schedules."""
        self.schedules = await self.session.client.schedules()

    def problem(self) -> tuple[PlaceholderKind, str] | None:
        """A server without schedules says so: that is not an empty list."""
        found = super().problem()
        if found is None and not self.schedules:
            return "absent", "This server has no schedules: they come with Prefect."
        return found

    def listed(self) -> list[Listed]:
        """Every schedule."""
        now = self.session.now()
        return [
            Listed(
                rows.schedule_row(schedule, now),
                {"text": f"{schedule.name} {schedule.rule}", "name": schedule.name},
            )
            for schedule in self.schedules
        ]

    def until_step(self) -> float | None:
        """When the next start reads differently."""
        now = self.session.now()
        delays = [
            status.next_step(abs(item.next_at - now)) for item in self.schedules if item.next_at is not None
        ]
        return min(delays, default=None)


class PoolsPane(AskedPane):
    """Slots, and the engine hosts under them."""

    PANE: ClassVar[PaneName] = "pools"
    TITLE = "Pools"
    KINDS = frozenset({"server", "host", "run"})
    ATTRIBUTES = frozenset({"name", "state"})
    COLUMNS = rows.POOL_COLUMNS
    EMPTY = "This server reports no pools."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.pools: list[Pool] = []

    async def ask(self) -> None:
        """Fetch the pools."""
        self.pools = await self.session.client.pools()

    @property
    def host(self) -> Host | None:
        """The engine host under the cursor."""
        return self.session.mirror.hosts.get(self.cursor.removeprefix("host:"))

    def listed(self) -> list[Listed]:
        """Our own pool with its hosts, then the pools that are elsewhere."""
        ascii_only = self.session.ascii
        found = [
            Listed(
                rows.pool_row(pool, ascii_only),
                {"text": f"{pool.name} {pool.status} {pool.note}", "name": pool.name, "state": pool.status},
            )
            for pool in self.pools
        ]
        hosts = sorted(self.session.mirror.hosts.values(), key=lambda host: (host.project_root, host.id))
        hosted = [
            Listed(
                rows.host_row(host, ascii_only),
                {"text": f"{host.project_root} {host.state}", "name": host.project_root, "state": host.state},
            )
            for host in hosts
        ]
        # The hosts are those of the first pool: this server's own.
        return [*found[:1], *hosted, *found[1:]]

    def counts(self) -> str:
        """Slots in use of all there are."""
        if self.filter or not self.pools:
            return super().counts()
        ours = [pool for pool in self.pools if pool.slots]
        return f"{sum(pool.used for pool in ours)}/{sum(pool.slots for pool in ours)} slots"
