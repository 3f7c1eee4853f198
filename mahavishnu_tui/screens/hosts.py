"""`HostsScreen`: the processes in which runs are at work, and how to replace one without losing anything."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models import Host
from mahavishnu_tui.models.growth import size_text
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.refusing import Refusing
from mahavishnu_tui.screens.session import Link, Session
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

HOST_COLUMNS: Final = (
    Column("host", "HOST", 15, min_width=14),
    Column("state", "STATE", 11),
    Column("project", "PROJECT", 14, min_width=8, flex=1),
    Column("runs", "RUNS", 4, align="right"),
    Column("pid", "PID", 7, align="right", priority=2),
    Column("lag", "LAG", 5, align="right", priority=3),
    Column("memory", "MEMORY", 8, align="right", priority=1),
    Column("code", "CODE", 7, priority=2),
    Column("note", "NOTE", 16, min_width=6, flex=2, priority=1),
)
EMPTY = "No engine hosts: one is started with the first run of a project (t launches one)."


class HostsScreen(Refusing):
    """Every engine host; `enter` opens its log, `x` drains or restarts it."""

    CSS_PATH = "document.tcss"
    WRITES: ClassVar[frozenset[str]] = frozenset({"drain", "restart"})
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "log", "Log", id="hosts.log"),
        Binding("x", "actions", "Actions", id="hosts.actions"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.table = VirtualTable(HOST_COLUMNS, ascii_only=session.ascii, sortable=True, id="hosts-table")

    def compose_body(self) -> ComposeResult:
        """A title and the table."""
        yield Static(id="document-title", markup=False)
        yield self.table

    def on_mount(self) -> None:
        """Fill the table; the focus is on it."""
        super().on_mount()
        self.table.set_placeholder("empty", EMPTY)
        self.draw()
        self.table.focus()

    @property
    def current(self) -> Host | None:
        """The host under the cursor."""
        return self.session.mirror.hosts.get(self.table.cursor_key)

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Draw when hosts have changed."""
        if EVERYTHING in changes or any(kind == "host" for kind, _ in changes):
            self.draw()

    def note_link(self, link: Link) -> None:
        """Dimmed while the server is away."""
        self.draw()

    def draw(self) -> None:
        """Every host, by project."""
        hosts = sorted(self.session.mirror.hosts.values(), key=lambda host: (host.project_root, host.id))
        up = sum(host.pid is not None for host in hosts)
        runs = sum(host.running for host in hosts)
        title = f"engine hosts · {up} up · {runs} {'run' if runs == 1 else 'runs'} at work"
        self.query_one("#document-title", Static).update(title)
        self.table.stale = self.session.link.state == "lost"
        self.table.set_rows(host_line(host, self.session.ascii) for host in hosts)

    @on(VirtualTable.Activated)
    def _enter(self, event: VirtualTable.Activated) -> None:
        event.stop()
        self.action_log()

    def action_log(self) -> None:
        """The log of the host under the cursor."""
        host = self.current
        if host is not None:
            from mahavishnu_tui.screens.logs import LogsScreen

            self.app.push_screen(LogsScreen(self.session, f"host:{host.id}"))

    def action_actions(self) -> None:
        """What can be done with the host under the cursor."""
        host = self.current
        if host is None:
            self.flash("No host is selected.", "warning")
            return
        from mahavishnu_tui.screens.actions import Action, MenuScreen

        found = [Action("log", "its log", "l")]
        if not self.session.readonly and host.pid is not None and host.state in ("ready", "blocked"):
            found += [
                Action("drain", "drain: its runs go on in another host …", destructive=True),
                Action("restart", "restart: drain, and a fresh one at once …", destructive=True),
            ]
        self.app.push_screen(MenuScreen(f"host {host.id} · {host.state}", found), self._chosen)

    async def _chosen(self, action: str | None) -> None:
        if action:
            await self.run_action(action)

    def action_drain(self) -> None:
        """Take the host out of service, after asking."""
        self._ask(restart=False)

    def action_restart(self) -> None:
        """Replace the host by a fresh one, after asking."""
        self._ask(restart=True)

    def _ask(self, *, restart: bool) -> None:
        host = self.current
        if host is None:
            return
        from mahavishnu_tui.screens.confirm import ConfirmScreen

        deed = "Restart" if restart else "Drain"
        facts = [
            f"host     {host.id}, process {host.pid}",
            f"project  {clean_line(host.project_root)}",
            f"runs     {host.running} at work",
            "It gets no new runs. Those in it go on in another host from their next step boundary;"
            " one that reaches none in time goes on from its last checkpoint.",
        ]

        def decided(yes: str | None) -> None:
            if yes:
                self.act(functools.partial(_drain, host=host, who=self.session.who, restart=restart))

        self.app.push_screen(ConfirmScreen(f"{deed} host {host.id}?", facts, deed), decided)


def host_line(host: Host, ascii_only: bool) -> Row:
    """A host as a row."""
    mark = status.health_mark(host.state)
    folder = host.project_root.rstrip("/").rpartition("/")[2] or host.project_root
    notes = [host.note, "one run only" if host.isolated else ""]
    notes += [f"restarted {host.restarts}×" if host.restarts else "", (host.error or {}).get("message", "")]
    up = host.pid is not None
    return Row(
        host.id,
        (
            clean_line(host.id, 40),
            Cell(mark.label(ascii_only), mark.tone),
            clean_line(folder, 40),
            str(host.running) if up else "",
            str(host.pid or ""),
            f"{host.lag:.1f}s" if up else "",
            size_text(host.rss) if host.rss else "",
            clean_line(host.code, 12),
            Cell(clean_line("; ".join(filter(None, notes)), 200), "error" if host.error else "muted"),
        ),
    )


async def _drain(client: ServerClient, host: Host, who: str, restart: bool) -> str:
    await client.drain_host(host.id, who, restart=restart)
    return f"host {host.id} takes nothing new; its runs go on elsewhere"
