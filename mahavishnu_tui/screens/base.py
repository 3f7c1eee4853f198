"""`OperatorScreen`: header, message row, `:` commands and key hints, and how an act reaches the server."""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import os
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar, Final, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.text import clean_line, counted
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.commands import parse_command
from mahavishnu_tui.screens.health import header_state
from mahavishnu_tui.screens.hints import KeyHints
from mahavishnu_tui.screens.leftovers import let_go
from mahavishnu_tui.screens.line import LineAware
from mahavishnu_tui.screens.prompt import Prompt, PromptKind
from mahavishnu_tui.screens.session import Link, Session, follow
from mahavishnu_tui.screens.surviving import Surviving, survived
from mahavishnu_tui.widgets.flash import FLASH_SECONDS, Flash, Severity
from mahavishnu_tui.widgets.header import Header, HeaderState

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

NO_LIST: Final = "There is nothing to filter here."
Work = Callable[["ServerClient"], Awaitable[str]]
"""Asks something of the server and returns the sentence that says it is done."""


class OperatorScreen(Surviving, Screen[None]):
    """A full screen of the dashboard."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False, id="screen.back"),
        Binding("q", "close", "Back", show=False, id="screen.close"),
        Binding("ctrl+r", "refresh_now", "Refresh", show=False, id="screen.refresh"),
        Binding("K", "freeze", "Hold still / go on", show=False, id="screen.freeze"),
        Binding("colon", "prompt(':')", "Command", id="prompt.command"),
        # Also where there is no list: the letters that come after it, by habit, must not act.
        Binding("slash", "prompt('/')", "Filter, where there is a list", show=False, id="prompt.slash"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.header = Header(
            now=session.clock.unheld,
            ascii_only=session.ascii,
            renew=self._header_state,
            id="header",
        )
        self.flash_row = Flash(ascii_only=session.ascii, id="flash")
        self.prompt = Prompt(self._options, session.commands)
        self._prompted_from: Widget | None = None
        self._follows = False
        self._gathered: set[Change] = set()
        self._relinked = False
        """The way to the server has changed while all stood still."""
        self._rest_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Header, body, prompt over the message row, key hints."""
        yield self.header
        yield from self.compose_body()
        yield self.prompt
        yield self.flash_row
        yield KeyHints(self.session.ascii)

    def compose_body(self) -> ComposeResult:
        """What is between header and message row."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Follow the session, once: Textual calls it of each class, and subclasses want it done before."""
        if self._follows:
            return
        self._follows = True
        follow(self.session.changes, self, self._changed)
        follow(self.session.links, self, self._linked)
        self.show_header()

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was on top, and let go of that."""
        let_go(self.app)
        self.show_header()

    def _changed(self, changes: frozenset[Change]) -> None:
        """The first change is shown at once; those that follow closely are gathered."""
        self._gathered |= changes
        if self._rest_timer is None:
            self._take_changes()

    def _take_changes(self) -> None:
        self._rest_timer = None
        if self._gathered and not self.session.clock.frozen:
            changes, self._gathered = frozenset(self._gathered), set()
            self._rest_timer = self.set_timer(self.session.clock.pace.gather, self._take_changes)
            self.show_header()
            self.note_changes(changes)

    def catch_up(self) -> None:
        """Show at once what was put off."""
        if self._rest_timer is not None:
            self._rest_timer.stop()
        self._take_changes()
        if self._relinked:
            self.draw_anew()
        self.show_header()

    def draw_anew(self) -> None:
        """Something beside the records changed, such as how moments are told."""
        self._relinked = False
        self.show_header()
        self.note_link(self.session.link)

    def _linked(self, link: Link) -> None:
        self._relinked = self.session.clock.frozen
        if self._relinked:
            self.show_header()
        else:
            self.draw_anew()

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Records changed."""

    def note_link(self, link: Link) -> None:
        """The way to the server changed."""

    def show_header(self) -> None:
        """Counts, engines and the age of the data."""
        self.header.show(self._header_state())

    def _header_state(self) -> HeaderState:
        return dataclasses.replace(header_state(self.session), crumbs=self._crumbs())

    def crumb(self) -> str:
        """What this screen is called on the way to it, and to those over it."""
        words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", type(self).__name__.removesuffix("Screen"))
        return words.lower()

    def _crumbs(self) -> tuple[str, ...]:
        stack = [screen for screen in self.app.screen_stack if isinstance(screen, OperatorScreen)]
        if self not in stack[1:]:
            return ()
        return tuple(screen.crumb() for screen in stack[: stack.index(self) + 1])

    def flash(self, text: str, severity: Severity = "info", seconds: float = FLASH_SECONDS) -> None:
        """Say something in the message row, for some seconds.

        What comes of an act once its screen is gone is said on the one that is there; with the context's
        name, where that has been left too.
        """
        app = self.app
        current: Session = getattr(app, "session", self.session)
        if current is not self.session:
            text = f"{self.session.context.name}: {text}"
        if current is not self.session or not self.is_attached:
            cast(Any, app).say(text, severity)
        else:
            self.flash_row.flash(clean_line(text), severity, seconds)

    def flash_error(self, error: BaseException) -> None:
        """Say what went wrong, and keep it for `:errors`."""
        if not isinstance(error, MahavishnuError) and survived(self.app, error):
            return
        recorded = self.session.record(error)
        self.flash(str(recorded), "error")

    def act(self, work: Work) -> None:
        """Do something on the server in the background; its sentence, or its error, is flashed."""
        # Of the app, not of this screen: an act that was begun is carried through, and its end is said.
        in_background(self.app, functools.partial(self._act, work), "acts")

    async def _act(self, work: Work) -> None:
        try:
            done = await work(self.session.client)
        except Exception as error:  # an act that fails is said, and never ends the dashboard
            self.flash_error(error)
        else:
            self.flash(done, "success")

    def ask_first(self, question: str, facts: Sequence[str], deed: str, work: Work) -> None:
        """Do it once the operator has moved to the button of the deed."""
        from mahavishnu_tui.screens.confirm import ConfirmScreen

        def decided(yes: str | None) -> None:
            if yes:
                self.act(work)

        self.app.push_screen(ConfirmScreen(question, facts, deed), decided)

    def ask_typed(self, question: str, facts: Sequence[str], wanted: str, work: Work) -> None:
        """Do it once `wanted`, a name or a number, has been typed."""
        from mahavishnu_tui.screens.asking import AskScreen

        def problem(text: str) -> str:
            return "" if text == wanted else f"Type {wanted} to do it; esc goes back."

        def decided(text: str | None) -> None:
            if text:
                self.act(work)

        screen = AskScreen(question, [*facts, f"Type {wanted} to do it:"], problem)
        self.app.push_screen(screen, decided)

    def copy(self, text: str) -> None:
        """Copy `text`, and say where it went."""
        in_background(self, functools.partial(self._copy, text), "copy")

    async def _copy(self, text: str) -> None:
        from mahavishnu_tui.screens.clipboard import copied_by_tmux, fits_clipboard, osc52, write_private

        driver = self.app._driver
        if driver is not None and fits_clipboard(text, os.environ):
            if not await copied_by_tmux(text, os.environ):
                driver.write(osc52(text, os.environ))
            lines = text.strip().count("\n") + 1
            said = (
                clean_line(text, 60) if lines == 1 else f"{clean_line(text, 45)} ({counted(lines, 'line')})"
            )
            self.flash(f"copied: {said}", "success")
            return
        try:
            path = await asyncio.to_thread(write_private, text)
        except OSError as error:
            self.flash_error(error)
        else:
            self.flash(f"written to {path}: more than the clipboard takes", "success")

    def save(self, text: str) -> None:
        """Write `text` to a file that only its owner can read, and say where it is."""
        in_background(self, functools.partial(self._save, text), "save")

    async def _save(self, text: str) -> None:
        from mahavishnu_tui.screens.clipboard import write_private

        try:
            path = await asyncio.to_thread(write_private, text)
        except OSError as error:
            self.flash_error(error)
        else:
            lines = text.count("\n") + (not text.endswith("\n"))
            self.flash(f"{counted(lines, 'line')} written to {path}", "success")

    def action_prompt(self, kind: PromptKind) -> None:
        """Type a command."""
        self.open_prompt(kind)

    def open_prompt(self, kind: PromptKind, text: str = "") -> None:
        """Type a line; the focus then returns to where it was."""
        self._prompted_from = self.focused
        self.flash_row.dismiss()  # it was about what was done before
        self.add_class("-prompting")
        self.prompt.open(kind, text)
        self.renew_aside()

    @on(Prompt.Typed)
    async def _typed(self, event: Prompt.Typed) -> None:
        event.stop()
        if event.done or event.left:
            self.remove_class("-prompting")
            self.prompt.close()
            self.set_focus(self._prompted_from)
            self.query_one(KeyHints).say("")
        if event.kind == "/":
            self.filter_typed(event)
        self.renew_aside()
        if event.kind == ":" and event.done and event.text.strip():
            await self._command(event.text)

    async def _command(self, line: str) -> None:
        from mahavishnu_tui.screens.obeying import obey

        self._remember(line)
        try:
            spoken = parse_command(line)
        except MahavishnuError as error:
            self.flash_error(error)
        else:
            await obey(self.app, spoken)

    def _remember(self, line: str) -> None:
        """For the next session, best effort."""
        path = self.session.connection.history if self.session.connection is not None else None
        if path is not None:
            from mahavishnu_tui.screens.remembering import remember

            in_background(self, functools.partial(asyncio.to_thread, remember, path, line), "history")

    @property
    def filter_values(self) -> Mapping[str, Iterable[str]]:
        """The attributes that `/` knows here, each with those of its values that can be listed."""
        return {}

    def _options(self, kind: PromptKind, line: str) -> list[str]:
        from mahavishnu_tui.screens.completing import line_options

        return line_options(self, kind, line)

    def prompted(self, kind: PromptKind, line: str) -> str:
        """What is said beside a line that is being typed: what it may become."""
        from mahavishnu_tui.screens.completing import words_after

        if kind == "/" and not self.filter_values:
            return NO_LIST
        return words_after(line, self._options(kind, line)) if line or kind == "/" else ""

    def look_for(self, text: str) -> None:
        """Show what a text lets through, as after `/`."""
        self.flash(NO_LIST, "warning")

    def filter_typed(self, event: Prompt.Typed) -> None:
        """A filter is typed; where there is no list it is of no use, and said to be."""
        if event.done and event.text.strip():
            self.look_for(event.text)

    def renew_aside(self) -> None:
        """The line in the prompt is another one, or what it leads to."""
        if self.has_class("-prompting"):
            line = self.prompt.line.value
            self.query_one(KeyHints).say(self.prompted(self.prompt.kind, line), first=bool(line))

    def action_back(self) -> None:
        """Leave this screen."""
        self.dismiss()

    async def action_close(self) -> None:
        """`q`: leave this screen."""
        self.action_back()

    def action_freeze(self) -> None:
        """Let everything stand still to be read, or go on; the header says so. Acts work meanwhile."""
        clock = self.session.clock
        clock.frozen = not clock.frozen
        self.show_header()
        if not clock.frozen and isinstance(self.app, LineAware):
            self.app.catch_up()

    def action_refresh_now(self) -> None:
        """Try the server again at once."""
        self.session.retry_now()
        if isinstance(self.app, LineAware):
            self.app.redraw()
        self.flash("asked again")


def log_sources(session: Session) -> list[str]:
    """The logs that can be looked at: the server's, each host's, and those of an embedded Prefect."""
    info = session.mirror.prefect
    prefect = ["prefect", "prefect-worker"] if info is not None and info.embedded else []
    return ["server", *(f"host:{host}" for host in sorted(session.mirror.hosts)), *prefect]
