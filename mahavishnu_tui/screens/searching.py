"""`StateSearch`: finds a text in the states of all checkpoints of a thread."""

from __future__ import annotations

import functools
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.widgets import Input, Static

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.checkpoint import Match
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

MOST = 500
"""Places that are listed."""
_COLUMNS: Final = (
    Column("step", "STEP", 5, align="right"),
    Column("at", "AT", 8, priority=1),
    Column("path", "PATH", 24, min_width=10, flex=2),
    Column("text", "TEXT", 30, min_width=10, flex=3),
)


class StateSearch(OperatorScreen):
    """`enter` in the line searches, `enter` on a place shows the state there."""

    CSS_PATH = "searching.tcss"

    def __init__(self, session: Session, run: Run) -> None:
        super().__init__(session)
        self._run = run
        self._asked = 0

    def compose_body(self) -> ComposeResult:
        """A line, and where it is found."""
        name = clean_line(self._run.name)
        yield Static(f"{name} · search in the states of all checkpoints", id="search-title", markup=False)
        yield Input(
            placeholder="text; name=value looks only where the path has name", compact=True, id="search-line"
        )
        yield VirtualTable(_COLUMNS, ascii_only=self.session.ascii, sortable=True, id="search-found")

    def on_mount(self) -> None:
        """Type at once."""
        super().on_mount()
        self.table.set_placeholder("empty", "Type what to look for; values and keys are searched.")
        line = self.query_one("#search-line", Input)
        line.cursor_blink = False
        line.focus()

    @property
    def table(self) -> VirtualTable:
        """The places."""
        return self.query_one("#search-found", VirtualTable)

    @on(Input.Submitted, "#search-line")
    def _search(self, event: Input.Submitted) -> None:
        event.stop()
        where, equals, text = event.value.strip().partition("=")
        if not equals:
            where, text = "", where
        if where or text:
            self._asked += 1
            self.table.set_rows([])
            self.table.set_placeholder("loading", "searching …")
            in_background(self, functools.partial(self._find, self._asked, text, where), "search")

    async def _find(self, number: int, text: str, where: str) -> None:
        rows: list[Row] = []
        scanned, before = 0, ""
        try:
            while number == self._asked:
                page = await self.session.client.search_state(self._run.id, text, where, before)
                scanned, before = scanned + page.scanned, page.before
                for item in page.matches:
                    rows += _rows(Match.from_json(item), self.session.times)
                self.table.set_rows(rows[:MOST])
                if not before or len(rows) >= MOST:
                    break
        except Exception as error:  # shown in place of the list, kept in :errors
            self.table.set_placeholder(
                "error", f"{clean_line(self.session.record(error))} (:errors has all of it)"
            )
            return
        if number != self._asked:
            return
        self.table.set_placeholder("empty", f"Not found in {scanned:,} checkpoints.")
        counts = ((len(rows), "place"), (scanned, "checkpoint"))
        more = f", the first {MOST} are listed" if len(rows) > MOST else ""
        places, checkpoints = (f"{number:,} {noun}{'s' * (number != 1)}" for number, noun in counts)
        self.flash(f"{places} in {checkpoints}{more}")
        if rows:
            self.table.focus()

    @on(VirtualTable.Activated)
    def _open(self, event: VirtualTable.Activated) -> None:
        from mahavishnu_tui.screens.run import RunScreen

        checkpoint = event.key.partition("#")[0]
        self.app.push_screen(RunScreen(self.session, self._run.id, "state", checkpoint=checkpoint))


def _rows(match: Match, times: Times) -> list[Row]:
    """A row per place; the key begins with the checkpoint's id."""
    found = [
        Row(
            f"{match.checkpoint_id}#{number}",
            (str(match.step), times.clock(match.created_at), clean_line(path, 200), clean_line(text, 300)),
        )
        for number, (path, text) in enumerate(match.places)
    ]
    if match.more:
        more = Cell(f"… {match.more:,} more in this checkpoint", "muted")
        found.append(Row(f"{match.checkpoint_id}#more", (str(match.step), "", more, "")))
    return found
