"""`LedgerScreen`: every answer ever given, searched on the server, page by page."""

from __future__ import annotations

import functools
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import LedgerEntry, MahavishnuError
from mahavishnu_tui.models.text import clean_line, counted
from mahavishnu_tui.screens.audit_rows import LEDGER_COLUMNS, ledger_row, proof
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.ledger_query import WORDS, parse_query
from mahavishnu_tui.screens.prompt import Prompt, PromptKind
from mahavishnu_tui.screens.session import Link, Session
from mahavishnu_tui.widgets.table import VirtualTable

PAGE = 200
AGAIN = 1.0
"""Seconds between two looks, while something happens on the server."""
_NEWS = frozenset({"approval", "act", "*"})


class LedgerScreen(OperatorScreen):
    """Newest first; `/` searches, `enter` shows the proof, `e` and `E` write a file."""

    CSS_PATH = "document.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "prompt('/')", "Search", id="ledger.search"),
        Binding("e", "export('csv')", "Export CSV", id="ledger.export_csv"),
        Binding("E", "export('jsonl')", "Export JSON Lines", id="ledger.export_jsonl"),
        Binding("c", "copy_entry", "Copy", show=False, id="ledger.copy"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.table = VirtualTable(LEDGER_COLUMNS, ascii_only=session.ascii, sortable=True, id="document")
        self.query_text = ""
        self._wanted = parse_query("")
        self._entries: list[LedgerEntry] = []
        self._more = False
        self._asking = False
        self._again = False

    def compose_body(self) -> ComposeResult:
        """How much there is, and the list."""
        yield Static("ledger", id="document-title", markup=False)
        yield self.table

    def on_mount(self) -> None:
        """Ask for the first page."""
        super().on_mount()
        self.table.set_placeholder("loading", "loading …")
        self.table.focus()
        self._ask()

    # -- loading

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Somebody answered, or an answer was taken up: look again, not more often than once in `AGAIN`."""
        if not self._again and any(kind in _NEWS for kind, _ in changes):
            self._again = True
            self.set_timer(AGAIN, self._ask)

    def note_link(self, link: Link) -> None:
        """Dimmed while the server is away; asked for again when it is back."""
        self.table.stale = link.state == "lost"
        if link.live:
            self._ask()

    def _ask(self, older: bool = False) -> None:
        self._again = self._again and older
        if not self._asking and self.is_running:
            self._asking = True
            in_background(self, functools.partial(self._load, older), "ledger")

    async def _load(self, older: bool) -> None:
        """The newest page, or the page after the last one shown; what was loaded before stays."""
        wanted = self._wanted
        before = self._entries[-1].seq if older and self._entries else None
        try:
            size = PAGE if older else min(5000, max(PAGE, len(self._entries)))
            found = await self.session.client.ledger(size, before, wanted=wanted)
        except Exception as error:  # said in the row, kept in :errors; what is shown stays
            self.flash_error(error)
            self.table.set_placeholder("error", "The ledger cannot be read now; ctrl+r asks again.")
            return
        finally:
            self._asking = False
        if wanted != self._wanted:
            self._ask()
            return
        self._entries = [*self._entries, *found] if older else found
        self._more = len(found) == size
        self._show()

    def _show(self) -> None:
        if self.query_text:
            self.table.set_placeholder("filtered", "No answer matches; esc clears the search")
        else:
            self.table.set_placeholder("empty", "No question has been answered yet.")
        times = self.session.times
        self.table.set_rows(ledger_row(entry, times) for entry in self._entries)
        shown = len(self._entries)
        count = f"{shown:,}+ answers" if self._more else counted(shown, "answer")
        search = f" · search {clean_line(self.query_text, 80)}" if self.query_text else ""
        self.query_one("#document-title", Static).update(f"ledger · {count}{search}")

    @on(VirtualTable.CursorMoved)
    def _moved(self, event: VirtualTable.CursorMoved) -> None:
        if self._more and self._entries and event.key == str(self._entries[-1].seq):
            self._ask(older=True)

    def action_refresh_now(self) -> None:
        """Ask again at once."""
        super().action_refresh_now()
        self._ask()

    # -- searching

    def action_prompt(self, kind: PromptKind) -> None:
        """Type a command or a search."""
        self.open_prompt(kind, self.query_text if kind == "/" else "")

    @property
    def filter_values(self) -> Mapping[str, Iterable[str]]:
        """What can be searched alone."""
        return WORDS

    def filter_typed(self, event: Prompt.Typed) -> None:
        """Search once it is typed; an empty text shows all."""
        if event.done:
            self.look_for(event.text)

    def look_for(self, text: str) -> None:
        """Show what matches; a text that makes no sense is said, and changes nothing."""
        try:
            self._wanted = parse_query(text)
        except MahavishnuError as error:
            self.flash_error(error)
            return
        self.query_text = text.strip()
        self._entries = []
        self._ask()

    def action_back(self) -> None:
        """Clear the search, then leave."""
        if self.query_text:
            self.look_for("")
        else:
            super().action_back()

    # -- one of them

    @property
    def current(self) -> LedgerEntry | None:
        """The answer under the cursor."""
        return next((item for item in self._entries if str(item.seq) == self.table.cursor_key), None)

    @on(VirtualTable.Activated)
    def _open(self, event: VirtualTable.Activated) -> None:
        event.stop()
        entry = self.current
        if entry is not None:
            title = f"{entry.run_name} · answer #{entry.seq}"
            told = proof(entry, self.session.times.still)
            self.app.push_screen(DocumentScreen(self.session, title, value=told))

    def action_copy_entry(self) -> None:
        """Copy the answer under the cursor, with its proof, as JSON."""
        import json

        if self.current is not None:
            self.copy(json.dumps(self.current.to_json(), indent=2, ensure_ascii=False, default=str))

    # -- all of them

    def action_export(self, form: Literal["csv", "jsonl"]) -> None:
        """Write what matches into a new private file in the home directory."""
        if not self._entries and not self._asking:
            self.flash("there is no answer to export", "warning")
            return
        self.flash("writing …")
        in_background(self, functools.partial(self._export, form), "export")

    async def _export(self, form: Literal["csv", "jsonl"]) -> None:
        from mahavishnu_tui.client.saving import save_private

        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(self.session.now()))
        path = Path.home() / f"mahavishnu-ledger-{stamp}.{form}"
        try:
            size = await save_private(path, self.session.client.export_ledger(form, self._wanted))
        except Exception as error:  # said in the row, kept in :errors; no half file is left
            self.flash_error(error)
        else:
            self.flash(f"~/{path.name}: {size:,} bytes, mode 0600", "success")
