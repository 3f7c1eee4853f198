"""`DocsScreen`: the pages of the documentation; `enter` reads one."""

from __future__ import annotations

import asyncio
import functools
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from mahavishnu_tui.projects.docs import pages, read_page
from mahavishnu_tui.screens.background import in_background_opening
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

COLUMNS: Final = (Column("title", "ABOUT", 40, flex=1), Column("page", "PAGE", 28, priority=1))


class DocsScreen(OperatorScreen):
    """Reads the pages beside the message pump.

    Args:
        session: the session.
        page: read this one at once; the list is under it.
    """

    CSS_PATH = "document.tcss"

    def __init__(self, session: Session, page: str = "") -> None:
        super().__init__(session)
        self.table = VirtualTable(COLUMNS, ascii_only=session.ascii, id="document")
        self._first = page

    def compose_body(self) -> ComposeResult:
        """A title and the list."""
        yield Static("docs", id="document-title", markup=False)
        yield self.table

    def on_mount(self) -> None:
        """List the pages."""
        super().on_mount()
        self.table.set_placeholder("loading", "loading …")
        self.table.focus()
        in_background_opening(self, self._list, "docs")

    async def _list(self) -> None:
        try:
            found = await asyncio.to_thread(pages)
            self.table.set_rows(Row(page.name, (page.title, Cell(page.name, "muted"))) for page in found)
            if self._first:
                await self._read(self._first)
        except Exception as error:  # said in the row, kept in :errors; without pages the table says so
            self.table.set_placeholder("empty", "There is nothing to read here.")
            self.flash_error(error)

    @on(VirtualTable.Activated)
    def _chosen(self, event: VirtualTable.Activated) -> None:
        event.stop()
        in_background_opening(self, functools.partial(self._open, event.key), "docs")

    async def _open(self, name: str) -> None:
        try:
            await self._read(name)
        except Exception as error:  # said in the row, kept in :errors
            self.flash_error(error)

    async def _read(self, name: str) -> None:
        title, text = await asyncio.to_thread(read_page, name)
        self.table.move_to(title)
        self.app.push_screen(DocumentScreen(self.session, f"docs · {title}", text=text))
