"""Pane 6: where runs find a slot: our own engine and its hosts, LangGraph servers, Prefect's work pools."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens import catalog_rows
from mahavishnu_tui.screens.layout import PaneName
from mahavishnu_tui.screens.panes.asked import AskedPane
from mahavishnu_tui.screens.panes.pane import Listed
from mahavishnu_tui.screens.session import Session

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models import Host, Pool
    from mahavishnu_tui.models.pool import WorkQueue


class PoolsPane(AskedPane["Pool"]):
    """One health pane; a work pool unfolds into its queues and workers."""

    PANE: ClassVar[PaneName] = "pools"
    TITLE = "Pools"
    KINDS = frozenset({"server", "host", "run", "prefect"})
    WRITES = frozenset({"pause", "limit"})
    CATALOG = frozenset({"pools"})
    ATTRIBUTES = frozenset({"name", "state", "kind"})
    SORTS = False
    COLUMNS = catalog_rows.POOL_COLUMNS
    EMPTY = "This server reports no pools."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "fold", "Fold or unfold", show=False, id="pools.fold"),
        Binding("z", "fold_all", "Fold or unfold all", show=False, id="pools.fold_all"),
        Binding("p", "pause", "Pause/resume", id="pools.pause"),
        Binding("e", "limit", "Limit", id="pools.limit"),
        Binding("x", "actions", "Actions", id="pools.actions"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session, _ask)
        self._unfolded: set[str] = set()
        self._stood: dict[str, tuple[str, str]] = {}
        """Of flow runs that have not ended: their state and pool, as far as changes have told."""

    def note(self, changes: frozenset[Change], seen: bool) -> None:
        """Slots change with runs; with a flow run only where it has another state, not with each task."""
        super().note(frozenset([change for change in changes if self._counts_here(change)]), seen)

    def _counts_here(self, change: Change) -> bool:
        run = self.session.mirror.runs.get(change[1]) if change[0] == "run" else None
        if run is None or run.engine != "prefect":
            return True
        stands, stood = (run.state or run.status, run.pool), self._stood.pop(run.id, None)
        if run.status not in FINISHED:
            self._stood[run.id] = stands
        return stood != stands

    @property
    def host(self) -> Host | None:
        """The engine host under the cursor."""
        return self.session.mirror.hosts.get(self.cursor.removeprefix("host:"))

    @property
    def pool(self) -> Pool | None:
        """The work pool under the cursor, also from one of its queues or workers."""
        kind, _, name = self.cursor.partition(":")
        pools = [pool for pool in self.fetched.items if pool.engine == "prefect"]
        if kind == "pool":
            return next((pool for pool in pools if pool.name == name), None)
        return next((pool for pool in pools if name.startswith(f"{pool.name}/")), None)

    @property
    def queue(self) -> WorkQueue | None:
        """The queue under the cursor."""
        pool = self.pool
        wanted = self.cursor.removeprefix("queue:")
        queues = pool.queues if pool is not None else []
        return next((queue for queue in queues if pool and f"{pool.name}/{queue.name}" == wanted), None)

    def listed(self) -> list[Listed]:
        """Our own pool with its hosts, then the pools that are elsewhere."""
        # The hosts are those of the first pool, this server's own; they are known without asking.
        ours, others = self.fetched.items[:1], self.fetched.items[1:]
        found = [line for pool in ours for line in self._of_pool(pool)] + self._hosts()
        return found + [line for pool in others for line in self._of_pool(pool)]

    def _of_pool(self, pool: Pool) -> list[Listed]:
        """A pool, and what is under it where it is unfolded."""
        now, ascii_only = self.session.now(), self.session.ascii
        below = bool(pool.queues or pool.workers)
        folded = pool.name not in self._unfolded
        row = catalog_rows.pool_row(pool, ascii_only, folded if below else None)
        state = "paused" if pool.paused else pool.status
        about = {
            "text": f"{pool.name} {state} {pool.kind} {pool.note}{' late' if pool.late else ''}",
            "name": pool.name,
            "state": state,
            "kind": pool.kind,
        }
        found = [Listed(row, about)]
        if below and not folded:
            rows = [catalog_rows.queue_row(pool, queue, ascii_only) for queue in pool.queues]
            rows += [catalog_rows.worker_row(pool, worker, now, ascii_only) for worker in pool.workers]
            found += [Listed(row, about) for row in rows]
        return found

    def _hosts(self) -> list[Listed]:
        hosts = sorted(self.session.mirror.hosts.values(), key=lambda host: (host.project_root, host.id))
        return [
            Listed(
                catalog_rows.host_row(host, self.session.ascii),
                {"text": f"{host.project_root} {host.state}", "name": host.project_root, "state": host.state},
            )
            for host in hosts
        ]

    def counts(self) -> str:
        """Slots in use of all there are, and what is late."""
        if self.filter or not self.fetched.items:
            return super().counts()
        sized = [pool for pool in self.fetched.items if pool.slots]
        late = sum(pool.late for pool in self.fetched.items)
        said = f"{sum(pool.used for pool in sized)}/{sum(pool.slots for pool in sized)} slots"
        return said + (f" · {late:,} late" if late else "")

    def until_step(self) -> float | None:
        """Minutes while a worker is silent."""
        silent = any(not worker.online for pool in self.fetched.items for worker in pool.workers)
        return 60.0 if silent else None

    def hints(self, action: str) -> bool:
        """Only work pools are paused and limited."""
        return super().hints(action) and (action not in self.WRITES or self.pool is not None)

    def hinted(self) -> Sequence[object]:
        """What the cursor is on, too."""
        return self.pool is not None, *super().hinted()

    # -- acts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only Prefect's pools are changed from here."""
        if action in self.WRITES and not self._any_work_pool():
            return False
        return super().check_action(action, parameters)

    def _any_work_pool(self) -> bool:
        return any(pool.engine == "prefect" for pool in self.fetched.items)

    def enter(self) -> None:
        """Fold or unfold a work pool; of what is ours its log, else all that is known of it."""
        pool = next((item for item in self.fetched.items if f"pool:{item.name}" == self.cursor), None)
        if self.host is not None:
            self.operator.open_logs(f"host:{self.host.id}")
        elif pool is None or pool.queues or pool.workers:
            self.action_fold()
        elif pool is self.fetched.items[0]:
            self.operator.open_logs("server")
        else:
            from mahavishnu_tui.screens.document import DocumentScreen

            title = f"{clean_line(pool.name, 60)} · pool"
            self.app.push_screen(DocumentScreen(self.session, title, value=pool.to_json()))

    def action_fold(self) -> None:
        """Show what is under the pool, or hide it."""
        pool = self.pool
        if pool is not None:
            self._unfolded ^= {pool.name}
            self.invalidate()
            self.table.move_to(f"pool:{pool.name}")

    def action_fold_all(self) -> None:
        """Show what is under every pool, or hide it."""
        below = {pool.name for pool in self.fetched.items if pool.queues or pool.workers}
        self._unfolded = set() if below <= self._unfolded else below
        self.invalidate()

    def action_pause(self) -> None:
        """Pause or resume the work pool, or the queue, under the cursor."""
        pool = self._pool_or_say()
        if pool is not None:
            from mahavishnu_tui.screens.pool_acts import pause

            pause(self.operator, pool, self.queue)

    def action_limit(self) -> None:
        """Another limit for the work pool, or the queue, under the cursor."""
        pool = self._pool_or_say()
        if pool is not None:
            from mahavishnu_tui.screens.pool_acts import ask_limit

            ask_limit(self.operator, pool, self.queue)

    def _pool_or_say(self) -> Pool | None:
        pool = self.pool
        if pool is None:
            self.operator.flash(
                "No work pool: its limit is set by langgraph.max_concurrent_workflows.", "warning"
            )
        return pool

    def action_actions(self) -> None:
        """The menu of what is under the cursor."""
        from mahavishnu_tui.screens.actions import MenuScreen
        from mahavishnu_tui.screens.pool_acts import menu

        pool = self.pool
        title = self.cursor.partition(":")[2] or "pools"
        found = menu(pool, self.queue, self.session.readonly)
        self.app.push_screen(MenuScreen(title, found), self._chosen)

    async def _chosen(self, action: str | None) -> None:
        if action:
            await self.run_action(action)


async def _ask(client: ServerClient) -> list[Pool]:
    return await client.pools()
