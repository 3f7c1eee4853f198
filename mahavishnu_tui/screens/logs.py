"""`LogsScreen`: the tail of the server's log, or of one engine host's."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models.text import clean_line, counted
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.base import OperatorScreen, log_sources
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.log_view import LogView

LINES = 2000
AGAIN = 1.0
"""Seconds between two looks at a log, while something happens on the server."""


class LogsScreen(OperatorScreen):
    """Follows a log while something happens; `s` goes to the next source."""

    CSS_PATH = "document.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "next_source", "Other log", id="logs.source"),
        Binding("c", "copy_all", "Copy", id="logs.copy"),
        Binding("ctrl+s", "save", "Save", show=False, id="logs.save"),
    ]

    def __init__(self, session: Session, source: str = "server") -> None:
        super().__init__(session)
        self._source = source
        self._path = ""
        self._asking = False
        self._again = False

    def compose_body(self) -> ComposeResult:
        """Where the log is, and its tail."""
        yield Static(id="document-title", markup=False)
        yield LogView(id="document")

    @property
    def log_view(self) -> LogView:
        """The tail."""
        return self.query_one(LogView)

    def on_mount(self) -> None:
        """Ask for the log."""
        super().on_mount()
        self.log_view.clear("loading …")
        self.log_view.focus()
        self._ask()

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Something happened: there may be new lines."""
        if not self._again:
            self._again = True
            self.set_timer(AGAIN, self._ask)

    def _ask(self) -> None:
        self._again = False
        if not self._asking and self.is_running:
            self._asking = True
            in_background(self, self._load, "logs")

    async def _load(self) -> None:
        source = self._source
        try:
            found = await self.session.client.logs(source, LINES)
        except Exception as error:  # said in the row, kept in :errors
            self.flash_error(error)
            if not self._path:
                self.log_view.clear("The log cannot be read now; it is tried again when the server answers.")
            return
        finally:
            self._asking = False
        if source != self._source:
            self._ask()
            return
        lines = [str(line) for line in found.get("lines", [])]
        self._path = str(found.get("path", ""))
        self.query_one("#document-title", Static).update(
            f"log of {clean_line(source)} · the last {counted(len(lines), 'line')} · {clean_line(self._path)}"
        )
        if lines:
            self.log_view.set_lines(lines)
        else:
            self.log_view.clear("This log is empty.")

    @on(LogView.FollowChanged)
    def _say_rest(self) -> None:
        self.flash_row.set_rest(self.log_view.follow_said)

    def action_next_source(self) -> None:
        """The server, then each host, Prefect, and round again."""
        sources = log_sources(self.session)
        at = sources.index(self._source) if self._source in sources else -1
        self._source = sources[(at + 1) % len(sources)]
        self.log_view.clear("loading …")
        self._ask()

    def action_copy_all(self) -> None:
        """Copy what is shown."""
        self.copy(self.log_view.text())

    def action_save(self) -> None:
        """Write what is shown to a file of the operator's own."""
        self.save(self.log_view.text() + "\n")
