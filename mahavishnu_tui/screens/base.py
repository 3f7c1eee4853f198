"""`OperatorScreen`: header, message row, `:` commands and key hints, and how an act reaches the server."""

from __future__ import annotations

import asyncio
import functools
import os
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.timer import Timer
from textual.widget import Widget

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.commands import parse_command
from mahavishnu_tui.screens.hints import KeyHints
from mahavishnu_tui.screens.prompt import Prompt, PromptKind
from mahavishnu_tui.screens.session import Link, Session
from mahavishnu_tui.widgets.flash import Flash, Severity
from mahavishnu_tui.widgets.header import EngineState, Header, HeaderState

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

GATHER = 0.1
"""Seconds between two looks at what changed, while much changes."""

STATES = ("running", "waiting", "failed", "queued", "paused", "done", "cancelled")

Work = Callable[["ServerClient"], Awaitable[str]]
"""Asks something of the server and returns the sentence that says it is done."""


class OperatorScreen(Screen[None]):
    """A full screen of the dashboard."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back", "Back", show=False, id="screen.back"),
        Binding("q", "close", "Back", show=False, id="screen.close"),
        Binding("ctrl+r", "refresh_now", "Refresh", show=False, id="screen.refresh"),
        Binding("colon", "prompt(':')", "Command", id="prompt.command"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.header = Header(now=session.now, ascii_only=session.ascii, id="header")
        self.flash_row = Flash(ascii_only=session.ascii, id="flash")
        self.prompt = Prompt(self._candidates, session.commands)
        self._prompted_from: Widget | None = None
        self._gathered: set[Change] = set()
        self._rest_timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """Header, body, prompt over the message row, key hints."""
        yield self.header
        yield from self.compose_body()
        yield self.prompt
        yield self.flash_row
        yield KeyHints()

    def compose_body(self) -> ComposeResult:
        """What is between header and message row."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """Follow the session."""
        self.session.changes.subscribe(self, self._changed)
        self.session.links.subscribe(self, self._linked)
        self.show_header()

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was on top."""
        self.show_header()

    def _changed(self, changes: frozenset[Change]) -> None:
        """The first change is shown at once; those that follow closely are gathered."""
        self._gathered |= changes
        if self._rest_timer is None:
            self._take_changes()

    def _take_changes(self) -> None:
        self._rest_timer = None
        if self._gathered:
            changes, self._gathered = frozenset(self._gathered), set()
            self._rest_timer = self.set_timer(GATHER, self._take_changes)
            self.show_header()
            self.note_changes(changes)

    def _linked(self, link: Link) -> None:
        self.show_header()
        self.note_link(link)

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Records changed."""

    def note_link(self, link: Link) -> None:
        """The way to the server changed."""

    def show_header(self) -> None:
        """Counts, engines and the age of the data."""
        self.header.show(header_state(self.session))

    def flash(self, text: str, severity: Severity = "info") -> None:
        """Say something in the message row, for six seconds."""
        self.flash_row.flash(clean_line(text), severity)

    def flash_error(self, error: BaseException) -> None:
        """Say what went wrong, and keep it for `:errors`."""
        recorded = self.session.record(error)
        self.flash(str(recorded), "error")

    def act(self, work: Work) -> None:
        """Do something on the server in the background; its sentence, or its error, is flashed."""
        in_background(self, functools.partial(self._act, work), "acts")

    async def _act(self, work: Work) -> None:
        try:
            done = await work(self.session.client)
        except Exception as error:  # an act that fails is said, and never ends the dashboard
            self.flash_error(error)
        else:
            self.flash(done, "success")

    def copy(self, text: str) -> None:
        """Copy `text`, and say where it went."""
        in_background(self, functools.partial(self._copy, text), "copy")

    async def _copy(self, text: str) -> None:
        from mahavishnu_tui.screens.clipboard import osc52, write_private

        sequence = osc52(text, os.environ)
        driver = self.app._driver
        if sequence is not None and driver is not None:
            driver.write(sequence)
            self.flash(f"copied: {clean_line(text, 60)}", "success")
            return
        try:
            path = await asyncio.to_thread(write_private, text)
        except OSError as error:
            self.flash_error(error)
        else:
            self.flash(f"too long for the terminal's clipboard: written to {path}", "success")

    def action_prompt(self, kind: PromptKind) -> None:
        """Type a command."""
        self.open_prompt(kind)

    def open_prompt(self, kind: PromptKind, text: str = "") -> None:
        """Type a line; the focus then returns to where it was."""
        self._prompted_from = self.focused
        self.add_class("-prompting")
        self.prompt.open(kind, text)

    @on(Prompt.Typed)
    async def _typed(self, event: Prompt.Typed) -> None:
        event.stop()
        if event.done or event.left:
            self.remove_class("-prompting")
            self.prompt.close()
            self.set_focus(self._prompted_from)
        if event.kind == ":" and event.done and event.text.strip():
            await self._command(event.text)

    async def _command(self, line: str) -> None:
        from mahavishnu_tui.screens.obeying import obey

        try:
            spoken = parse_command(line)
        except MahavishnuError as error:
            self.flash_error(error)
        else:
            await obey(self.app, spoken)

    def _candidates(self, command: str) -> list[str]:
        if command.startswith("log"):
            return ["server", *(f"host:{host}" for host in self.session.mirror.hosts)]
        if command == "compare":
            return [run.name for run in self.session.mirror.runs.values()]
        return [f"state:{word}" for word in STATES] if command == "runs" else []

    def action_back(self) -> None:
        """Leave this screen."""
        self.dismiss()

    async def action_close(self) -> None:
        """`q`: leave this screen."""
        self.action_back()

    def action_refresh_now(self) -> None:
        """Try the server again at once."""
        self.session.retry_now()
        self.flash("asked again")


def header_state(session: Session) -> HeaderState:
    """What the header shows of a session."""
    mirror, link = session.mirror, session.link
    seen = bool(mirror.epoch)
    notice = ""
    if link.live and mirror.server is not None:
        notice = clean_line(mirror.server.note, 60)
    elif link.state == "starting":
        notice = "starting it again…" if seen else "starting the server…"
    elif not seen:
        notice = "connecting …"
    engines: tuple[EngineState, ...] = ()
    if seen and link.live:
        engines = (EngineState("langgraph", engine_state(session)),)
    return HeaderState(
        context=clean_line(session.options.context, 24),
        engines=engines,
        running=mirror.running,
        failed=mirror.failed,
        queued=mirror.queued,
        waiting=mirror.waiting,
        stale_since=link.since if seen and not link.live else None,
        retry=link.attempt,
        notice=notice,
        readonly=session.options.readonly,
    )


def engine_state(session: Session) -> str:
    """The worst state of the engine's hosts: what an operator has to know first."""
    server = session.mirror.server
    if server is not None and server.state == "draining":
        return "draining"
    states = {host.state for host in session.mirror.hosts.values()}
    for word in ("failed", "lost", "blocked"):
        if word in states:
            return word
    return "ready"
