"""`SearchScreen`: a text, and every run of every engine in which it is found."""

from __future__ import annotations

import asyncio
import functools
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Input, Static

from mahavishnu_tui.models import MahavishnuError, Run
from mahavishnu_tui.models.search import FoundPage, SearchHit, parse_search
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background, in_background_opening
from mahavishnu_tui.screens.found_rows import FOUND_COLUMNS, TABS, hit_row, older_row
from mahavishnu_tui.screens.prefect_words import prefect_unread
from mahavishnu_tui.screens.run_acts import RunActs
from mahavishnu_tui.screens.session import Link, Session
from mahavishnu_tui.widgets.table import VirtualTable

SETTLE: Final = 0.2
"""Seconds without a key after which what is typed is looked for."""
PAGE: Final = 50
MOST: Final = 1000
"""Runs that are listed."""
_HELP: Final = (
    "Type a part of a name, id, tag, workflow, error, node, question, answer or input. All words have to be"
    ' there; "two words" are one, error:timeout looks there alone.'
)


class SearchLine(Input):
    """Where one types; `down` goes into what was found."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "submit", "Search", id="search.now"),
        Binding("down", "screen.results", "To the results", key_display="↓", id="search.results"),
        Binding("escape", "screen.back", "Back", id="screen.back"),
    ]


class SearchScreen(RunActs):
    """Looks while one types; what answers an older question is dropped. `enter` opens a run at the place.

    Args:
        session: the session.
        text: what to look for at once.
    """

    CSS_PATH = "searching.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "line", "Search", id="search.line"),
    ]

    def __init__(self, session: Session, text: str = "") -> None:
        super().__init__(session)
        self.table = VirtualTable(FOUND_COLUMNS, ascii_only=session.ascii, sortable=True, id="search-found")
        self._text = text
        self._asked = 0
        """Number of the newest question: what answers an older one is dropped."""
        self._timer: Timer | None = None
        self._hits: dict[str, SearchHit] = {}
        self._older: dict[str, Run] = {}
        self._page = FoundPage(())
        self._count = FoundPage(())
        """The first page: it has counted."""
        self._asking = False
        self._found = asyncio.Event()
        """What is listed answers what was last looked for."""

    def compose_body(self) -> ComposeResult:
        """A title, the line, what was found."""
        yield Static("search every run", id="search-title", markup=False)
        yield SearchLine(
            self._text, placeholder="text", compact=True, select_on_focus=False, id="search-line"
        )
        yield self.table

    def on_mount(self) -> None:
        """Type at once; what was given is looked for."""
        super().on_mount()
        self.table.set_placeholder("empty", _HELP)
        line = self.line
        line.cursor_blink = False
        line.focus()
        if self._text.strip():
            self._look()

    @property
    def line(self) -> Input:
        """Where one types."""
        return self.query_one("#search-line", Input)

    @property
    def selected_run(self) -> Run | None:
        """The run under the cursor, as last heard."""
        key = self.table.cursor_key
        hit = self._hits.get(key)
        return self.session.run(key) or (hit.run if hit else self._older.get(key))

    def note_link(self, link: Link) -> None:
        """Dimmed while the server is away; looked for again when it is back."""
        self.table.stale = link.state == "lost"
        if link.live and self.line.value.strip():
            self._look()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing is launched from here; without a result there is nothing to act on."""
        if action == "launch" or (action in ("answer", "logs", "actions") and self.selected_run is None):
            return False
        if action == "results" and not (self.table.rows or self._asking):
            return False
        return super().check_action(action, parameters)

    # -- typing

    @on(Input.Changed, "#search-line")
    def _line_typed(self, event: Input.Changed) -> None:
        event.stop()
        if event.value == self._text:
            return
        self._text = event.value
        self.workers.cancel_group(self, "search-enter")
        if self._timer is not None:
            self._timer.stop()
        self._timer = self.set_timer(SETTLE, self._look)

    @on(Input.Submitted, "#search-line")
    def _line_entered(self, event: Input.Submitted) -> None:
        event.stop()
        self.action_results()

    def action_results(self) -> None:
        """From the line into what was found for it; what comes after this key is meant for that."""
        if self._timer is not None:
            self._timer.stop()
            self._look()
        in_background_opening(self, self._go_in, "search-enter")

    async def _go_in(self) -> None:
        await self._found.wait()
        if self.table.rows and self.line.has_focus:
            self.table.focus()

    def action_line(self) -> None:
        """Type something else."""
        self.line.focus()

    # -- looking

    def _look(self) -> None:
        self._timer = None
        self._asked += 1
        self._found.clear()
        self._hits, self._older = {}, {}
        self._page = self._count = FoundPage(())
        try:
            parse_search(self._text)
        except MahavishnuError as error:
            said = f"{error.message}" if self._text.strip() else _HELP
            self.table.set_placeholder("empty", said)
            self._found.set()
            self._draw()
            return
        self.table.set_placeholder("loading", "searching …")
        self._say("searching …")
        self._ask(first=True)

    def _ask(self, first: bool = False) -> None:
        """Look for the first page, or the next one; what was looked for before is given up."""
        self._asking = True
        in_background(self, functools.partial(self._find, self._asked, first), "search", exclusive=True)

    async def _find(self, number: int, first: bool) -> None:
        wanted = len(self._hits) + PAGE
        cursor = "" if first else self._page.cursor
        try:
            while number == self._asked:
                size = max(1, wanted - len(self._hits))
                page = await self.session.client.search(self._text, cursor=cursor, limit=size)
                if number != self._asked:
                    return
                self._take(page, first and not cursor)
                cursor = page.cursor
                if not cursor or len(self._hits) >= wanted:
                    break
        except Exception as error:  # shown in place of the list, kept in :errors
            if number == self._asked:
                self._failed(error)
            return
        finally:
            if number == self._asked:
                self._asking = False
                self._found.set()
        if not self._hits:
            nothing = f"No run has {clean_line(self._text, 80)}"
            unread = prefect_unread(self.session, nothing)
            self.table.set_placeholder(*(unread or ("filtered", f"{nothing}.")))
        self._draw()
        self.refresh_bindings()
        if first:
            in_background(
                self, functools.partial(self._ask_prefect, number), "search-prefect", exclusive=True
            )

    def _take(self, page: FoundPage, counts: bool) -> None:
        if counts:
            self._count = page
        self._page = page
        self.session.keep(hit.run for hit in page.hits if hit.run.id not in self.session.mirror.runs)
        self._hits.update((hit.run.id, hit) for hit in page.hits)
        self._draw()

    def _failed(self, error: Exception) -> None:
        recorded = self.session.record(error)
        self.table.set_placeholder("error", f"{clean_line(recorded)} (:errors has all of it)")
        self._draw()
        if self._hits:
            self.flash(str(recorded), "error")

    async def _ask_prefect(self, number: int) -> None:
        """What is older than the mirror, by name, id or tag."""
        info = self.session.mirror.prefect
        if info is None or info.state != "ready":
            return
        try:
            found = await self.session.client.search_prefect(self._text)
        except Exception as error:  # what was found here stays
            if number == self._asked:
                self.flash_error(error)
            return
        if number == self._asked:
            self._older = {run.id: run for run in found if run.id not in self._hits}
            self.session.keep(self._older.values())
            self._draw()

    @on(VirtualTable.CursorMoved)
    def _moved(self, event: VirtualTable.CursorMoved) -> None:
        self.refresh_bindings()
        last = next(reversed(self._hits), "")
        if self._page.cursor and event.key == last and len(self._hits) < MOST and not self._asking:
            self._ask()

    # -- what is shown

    def _draw(self) -> None:
        times, ascii_only = self.session.times, self.session.ascii
        rows = [hit_row(hit, times, ascii_only) for hit in self._hits.values()]
        rows += [older_row(run, times, ascii_only) for run in self._older.values()]
        self.table.set_rows(rows)
        self._say(self._said())

    def _said(self) -> str:
        shown, count = len(self._hits), self._count
        total = f"{max(count.total, shown):,}"
        if not count.exact and self._page.cursor:
            total = f"at least {total}"
        parts = []
        if shown and self._page.cursor:
            first = f"the first {shown:,} of {total}"
            parts.append(f"{first}: type more to narrow it" if shown >= MOST else first)
        elif shown:
            parts.append(f"{shown:,} run{'' if shown == 1 else 's'}")
        if self._older:
            parts.append(f"{len(self._older):,} more at Prefect")
        if (info := self.session.mirror.prefect) is not None and info.trouble and self._text.strip():
            parts.append("older ones at Prefect are not known")
        if not count.whole and shown:
            parts.append("older ones are still being taken in")
        return " · ".join(parts)

    def _say(self, text: str) -> None:
        title = f"search every run · {text}" if text else "search every run"
        self.query_one("#search-title", Static).update(
            title.replace("·", "-") if self.session.ascii else title
        )

    # -- going in

    @on(VirtualTable.Activated)
    def _open(self, event: VirtualTable.Activated) -> None:
        event.stop()
        run = self.selected_run
        if run is None:
            return
        from mahavishnu_tui.screens.run import open_run

        hit = self._hits.get(run.id)
        self.app.push_screen(open_run(self.session, run.id, TABS.get(hit.field, "path") if hit else "path"))
