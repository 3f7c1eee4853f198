"""The Textual application: the session, the first screen, and what is the same on every screen."""

from __future__ import annotations

import functools
import gc
import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.screen import Screen

from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.commands import COMMANDS, Command, Spoken
from mahavishnu_tui.screens.dashboard import Dashboard
from mahavishnu_tui.screens.session import DashboardOptions, Session, Taste
from mahavishnu_tui.screens.surviving import Outliving, changed_beneath, changed_since
from mahavishnu_tui.screens.tastes import TasteAware
from mahavishnu_tui.screens.unlocking import Unlocking
from mahavishnu_tui.widgets.themes import DEFAULT, theme_for

if TYPE_CHECKING:
    from textual.command import Provider

    from mahavishnu_tui.screens.attention import Attention
    from mahavishnu_tui.screens.linking import Opener
    from mahavishnu_tui.screens.switching import Switcher

__all__ = ["DashboardOptions", "MahavishnuApp", "run_dashboard"]

SETTLED = 2.0
"""Seconds after the first paint at which all that stays has been imported and built."""


def _keys() -> type[Provider]:
    from mahavishnu_tui.screens.palette import KeyProvider

    return KeyProvider


def _runs() -> type[Provider]:
    from mahavishnu_tui.screens.palette import RunProvider

    return RunProvider


class MahavishnuApp(Outliving, TasteAware, Unlocking):
    """The dashboard.

    Args:
        options: what the command line said.
        opener: how to reach the server; by default imported after the first paint.
        now: the clock; a test gives a fixed one.
        theme: what to look like until the settings are read.
    """

    TITLE = "Mahavishnu"
    # The default screen is not pushed, so that its own CSS_PATH would not be read.
    CSS_PATH: ClassVar[list[str | PurePath]] = ["app.tcss", "screens/dashboard.tcss"]
    ENABLE_COMMAND_PALETTE = True
    COMMANDS: ClassVar[Any] = {*App.COMMANDS, _keys, _runs}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", id="app.help"),
        Binding("exclamation_mark", "needs", "Needs you", key_display="!", show=False, id="app.needs"),
        Binding("ctrl+f", "search", "Search every run", show=False, id="app.search"),
        Binding("Z", "times", "Times as usual, relative, local, UTC", show=False, id="app.times"),
        Binding("ctrl+c", "hint_quit", "", show=False, system=True, id="app.hint_quit"),
        Binding("ctrl+q", "leave", "Quit", show=False, system=True, priority=True, id="app.leave"),
    ]

    def __init__(
        self,
        options: DashboardOptions,
        opener: Opener | None = None,
        now: Callable[[], float] = time.time,
        theme: str = DEFAULT,
    ) -> None:
        super().__init__(theme)
        self.began = time.time()
        self.animation_level = "none"
        self.session = Session(self, options, now)
        if options.ssh:
            self.save_bytes()
        self._opener = opener
        self._connecting = False
        self._attention: Attention | None = None
        self._switcher: Switcher | None = None
        self.afterwards: tuple[str, ...] = ()
        """The command that is to be run once the dashboard is closed."""

    def get_default_screen(self) -> Screen[None]:
        """The dashboard."""
        return Dashboard(self.session)

    def post_display_hook(self) -> None:
        """Once something is painted, connect; everything that costs time comes after the first paint."""
        if not self._connecting:
            self._connecting = True
            self.set_timer(SETTLED, collect_garbage)
            self.listen()

    def on_resize(self) -> None:
        """Draw everything: a terminal that was smaller for a moment has lost what it showed.

        Textual does nothing when the size is the one from before that moment.
        """
        if self._size is not None:  # the first one comes before the first frame
            self.call_later(self.screen.refresh)

    def listen(self) -> None:
        """Follow the server of the session, and no other any longer."""
        in_background(self, functools.partial(self._listen, self.session), "link", exclusive=True)

    async def _listen(self, session: Session) -> None:
        from mahavishnu_tui.screens.linking import Listener

        if self._opener is None:
            from mahavishnu_tui.screens.connection import open_connection

            self._opener = open_connection
        await Listener(self, session).follow(self._opener)

    def adopted(self) -> None:
        """The settings have been read."""
        self.apply_taste()
        self.show_guard()

    def renewed(self, before: Taste) -> None:
        """The settings have been read again: do what they say now."""
        if self.session.taste.times != before.times:
            self.session.time_form = self.session.taste.times
        self.follow_taste(before)
        self.show_guard()

    def attend(self) -> None:
        """Bell and title follow what waits for the operator, once that is known."""
        if self._attention is None and not self.session.mirror.epoch:
            return
        from mahavishnu_tui.screens.attention import Attention, needed

        if self._attention is None:
            taste = self.session.taste
            self._attention = Attention(
                self._write_past,
                self.session.now,
                os.environ,
                bell=taste.bell,
                title=taste.title,
                desktop=taste.desktop,
            )
        self._attention.look(needed(self.session), self.session.ascii)

    def _write_past(self, sequence: str) -> None:
        if self._driver is not None:
            self._driver.write(sequence)

    @property
    def titled(self) -> bool:
        """Whether the terminal's own title is to be given back at the end."""
        return self._attention is not None and self._attention.titled

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
        said = f"The dashboard failed and had to close; the server goes on. {where}"
        changed = changed_since(self.began)
        self.panic(Text(str(changed_beneath()) if changed else f"{ErrorCode.INTERNAL.value} {said}"))

    def catch_up(self) -> None:
        """Paint now what was put off while nobody looked."""
        for screen in self.screen_stack:
            if isinstance(screen, OperatorScreen):
                screen.catch_up()

    # -- actions that are the same everywhere

    def action_context(self, name: str = "") -> None:
        """Another context: the list of them, or the one named."""
        from mahavishnu_tui.screens.switching import Switcher

        self._switcher = self._switcher or Switcher(self)
        if name:
            self._switcher.go(name)
            return
        from mahavishnu_tui.screens.contexts import ContextsScreen

        self.push_screen(ContextsScreen(self.session, self._switcher))

    def action_hint_quit(self) -> None:
        """ctrl+c copies elsewhere and interrupts nothing here."""
        self.say("ctrl+c does not quit: q goes back, and at the runs it leaves; the server goes on.")

    async def action_leave(self) -> None:
        """Close the dashboard; the server and its runs go on."""
        self.exit()

    def action_demo(self) -> None:
        """Close this dashboard, and open the demo's."""
        self.afterwards = ("demo",)
        self.exit()

    def action_docs(self, page: str = "") -> None:
        """The documentation; `page` is read at once."""
        from mahavishnu_tui.screens.docs import DocsScreen

        self.push_screen(DocsScreen(self.session, page))

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

    def action_search(self, text: str = "") -> None:
        """Look for a text in every run."""
        from mahavishnu_tui.screens.search import SearchScreen

        self.push_screen(SearchScreen(self.session, text))

    def action_needs(self) -> None:
        """What needs the operator."""
        from mahavishnu_tui.screens.needs import NeedsScreen

        if not isinstance(self.screen, NeedsScreen):
            self.push_screen(NeedsScreen(self.session))

    def action_notifications(self) -> None:
        """What was told off the terminal."""
        from mahavishnu_tui.screens.catalog.notifications import NotificationsScreen

        self.push_screen(NotificationsScreen(self.session))

    def action_hosts(self) -> None:
        """The engine hosts."""
        from mahavishnu_tui.screens.hosts import HostsScreen

        self.push_screen(HostsScreen(self.session))

    def action_deployments(self) -> None:
        """What Prefect can start."""
        from mahavishnu_tui.screens.catalog.deployments import DeploymentsScreen

        self.push_screen(DeploymentsScreen(self.session))

    def action_problems(self) -> None:
        """Flow runs that will not come right by themselves."""
        from mahavishnu_tui.screens.catalog.problems import ProblemsScreen

        self.push_screen(ProblemsScreen(self.session))

    def action_limits(self) -> None:
        """Concurrency limits that flow runs share."""
        from mahavishnu_tui.screens.catalog.limits import LimitsScreen

        self.push_screen(LimitsScreen(self.session))

    def action_prefect(self, deed: str = "") -> None:
        """Prefect itself; `deed` is done at once."""
        from mahavishnu_tui.screens.catalog.prefect import PrefectScreen

        self.push_screen(PrefectScreen(self.session, deed))

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


def collect_garbage() -> None:
    """Have garbage collected again, if `__main__` had it stopped, without what is there now."""
    if not gc.isenabled():
        gc.freeze()
        gc.enable()


def run_dashboard(options: DashboardOptions, follow: Callable[[Sequence[str]], int]) -> int:
    """Open the dashboard and stay until it is closed; the exit status of the process.

    Args:
        options: what the command line said.
        follow: runs a command of ours once the dashboard is closed, where that was chosen in it.
    """
    app = MahavishnuApp(options, theme=theme_for(os.environ))
    app.run(mouse=options.mouse)
    if app.titled:
        from mahavishnu_tui.screens.attention import POP_TITLE

        print(POP_TITLE, end="", flush=True)  # noqa: T201
    if app.afterwards:
        return follow(app.afterwards)
    code = app.return_code or 0
    if code == 0 and app.session.link.live:
        mirror = app.session.mirror
        print(f"The server goes on: {mirror.running} running, {mirror.waiting} waiting for you.")  # noqa: T201
    return code
