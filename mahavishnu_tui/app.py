"""The Textual application: the session, the first screen, and what is the same on every screen."""

from __future__ import annotations

import functools
import time
from collections.abc import Awaitable, Callable, Iterable
from pathlib import PurePath
from typing import ClassVar

from textual.app import SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.commands import COMMANDS, Command, Spoken
from mahavishnu_tui.screens.dashboard import Dashboard
from mahavishnu_tui.screens.session import Connection, DashboardOptions, Link, Session
from mahavishnu_tui.screens.typeahead import TypeAhead

__all__ = ["DashboardOptions", "MahavishnuApp", "run_dashboard"]

Opener = Callable[[DashboardOptions], Awaitable[Connection]]
"""Finds the way to the server: `screens.connection.open_connection`, or a test's stand-in."""


class MahavishnuApp(TypeAhead):
    """The dashboard.

    Args:
        options: what the command line said.
        opener: how to reach the server; by default imported after the first paint.
        now: the clock; a test gives a fixed one.
    """

    TITLE = "Mahavishnu"
    # The default screen is not pushed, so that its own CSS_PATH would not be read.
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "screens/dashboard.tcss"]
    ENABLE_COMMAND_PALETTE = True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", id="app.help"),
        Binding("ctrl+c", "hint_quit", "", show=False, system=True, id="app.hint_quit"),
        Binding("ctrl+q", "leave", "Quit", show=False, system=True, priority=True, id="app.leave"),
    ]

    def __init__(
        self,
        options: DashboardOptions,
        opener: Opener | None = None,
        now: Callable[[], float] = time.time,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self.session = Session(self, options, now)
        self._opener = opener
        self._connecting = False
        self._told_hosts: dict[str, str] = {}

    def get_default_screen(self) -> Screen[None]:
        """The dashboard."""
        return Dashboard(self.session)

    def post_display_hook(self) -> None:
        """Once something is painted, connect; everything that costs time comes after the first paint."""
        if not self._connecting:
            self._connecting = True
            in_background(self, self._follow_server, "link")

    async def _follow_server(self) -> None:
        """Import the client, open the connection and take in what it says, until the end."""
        try:
            connection = await self._open()
        except Exception as error:  # bad settings, no rights …: said in the panes, the dashboard stays
            recorded = self.session.record(error)
            self.session.link = Link("connecting", self.session.now(), 2, message=str(recorded))
            self.session.links.publish(self.session.link)
            self.say(str(recorded), "error")
            return
        self.session.adopt(connection)
        self._apply_taste()
        for note in connection.notes:
            self.say(note, "warning")
        try:
            await self._take(connection)
        except Exception as error:  # the feed never raises: this would be a fault of ours
            self.say(str(self.session.record(error)), "error")
        finally:
            await connection.aclose()

    async def _open(self) -> Connection:
        if self._opener is None:
            from mahavishnu_tui.screens.connection import open_connection

            self._opener = open_connection
        return await self._opener(self.session.options)

    async def _take(self, connection: Connection) -> None:
        async for update in connection.updates():
            before = self.session.link
            self.session.link = update.link
            if update.error is not None:
                self.session.record(update.error)
            if update.link != before:
                self.session.links.publish(update.link)
                self._say_link(before, update.link)
            if update.changes:
                self.session.changes.publish(update.changes)
                self._say_hosts(update.changes)

    def _say_link(self, before: Link, link: Link) -> None:
        if link.live and before.state in ("lost", "starting") and self.session.mirror.epoch:
            self.say("The server answers again.", "success")
        elif link.state == "starting" and self.session.mirror.epoch:
            self.say("The server died; starting it again. What you see is old.", "warning")
        elif link.state == "lost" and before.live:
            self.say("The server does not answer; what you see is old. Trying again.", "warning")

    def _say_hosts(self, changes: Iterable[tuple[str, str]]) -> None:
        """A host that died is news, once."""
        for kind, key in changes:
            host = self.session.mirror.hosts.get(key) if kind == "host" else None
            if host is None:
                continue
            if host.state in ("lost", "failed") and self._told_hosts.get(key) != host.state:
                self._told_hosts[key] = host.state
                why = clean_line(host.note or (host.error or {}).get("message", ""))
                deed = "cannot be started" if host.state == "failed" else "died; it is being restarted"
                folder = host.project_root.rstrip("/").rpartition("/")[2]
                self.say(f"The engine host of {folder} {deed}. {why}", "error")
            elif host.state == "ready":
                self._told_hosts.pop(key, None)

    def say(self, text: str, severity: str = "info") -> None:
        """Put a message on the topmost screen that has a row for it."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, OperatorScreen):
                screen.flash(text, severity)  # type: ignore[arg-type]
                return

    def _fatal_error(self) -> None:
        """A fault of ours: one sentence at the operator, the traceback in a private file."""
        import traceback

        from rich.text import Text

        from mahavishnu_tui.screens.clipboard import write_private

        try:
            where = f"Its traceback is in {write_private(traceback.format_exc())}; please report it."
        except OSError as error:
            where = f"Its traceback could not be written ({error.strerror})."
        said = (
            f"{ErrorCode.INTERNAL.value} The dashboard failed and had to close; the server goes on. {where}"
        )
        self.panic(Text(said))

    def _apply_taste(self) -> None:
        taste = self.session.taste
        if taste.theme and taste.theme in self.available_themes:
            self.theme = taste.theme
        if taste.keymap:
            self.set_keymap(dict(taste.keymap))
        if taste.ascii:
            for widget in self.screen.walk_children():
                if hasattr(widget, "ascii_only"):  # painted before the settings were read
                    widget.ascii_only = True
                    widget.refresh()

    # -- actions that are the same everywhere

    def action_hint_quit(self) -> None:
        """ctrl+c copies elsewhere and interrupts nothing here."""
        self.say("ctrl+c does not quit: q goes back, and at the runs it leaves; the server goes on.")

    async def action_leave(self) -> None:
        """Close the dashboard; the server and its runs go on."""
        self.exit()

    def action_help(self) -> None:
        """Every key that works here, and every command."""
        from mahavishnu_tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.session, self.screen))

    def action_errors(self) -> None:
        """Every error of this session, in full."""
        from mahavishnu_tui.screens.errors import ErrorsScreen

        self.push_screen(ErrorsScreen(self.session))

    def action_ledger(self) -> None:
        """Every answer ever given."""
        from mahavishnu_tui.screens.ledger import LedgerScreen

        self.push_screen(LedgerScreen(self.session))

    def action_hosts(self) -> None:
        """The engine hosts."""
        from mahavishnu_tui.screens.hosts import HostsScreen

        self.push_screen(HostsScreen(self.session))

    def action_info(self) -> None:
        """Versions, paths, the server about itself."""
        from mahavishnu_tui.screens.info import InfoScreen

        self.push_screen(InfoScreen(self.session))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """What ctrl+p offers: the `:` commands."""
        for command in COMMANDS:
            yield SystemCommand(command.name, command.help, functools.partial(self._palette, command))

    async def _palette(self, command: Command) -> None:
        from mahavishnu_tui.screens.obeying import obey

        await obey(self, Spoken(command, ""))


def run_dashboard(options: DashboardOptions) -> int:
    """Open the dashboard and stay until it is closed; the exit status of the process."""
    app = MahavishnuApp(options)
    app.run(mouse=False)
    code = app.return_code or 0
    if code == 0 and app.session.link.live:
        mirror = app.session.mirror
        print(f"The server goes on: {mirror.running} running, {mirror.waiting} waiting for you.")  # noqa: T201
    return code
