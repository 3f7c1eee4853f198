"""`ListScreen`: a list that is asked for, filtered with `/`, on a screen of its own."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.fetched import Fetched
from mahavishnu_tui.screens.filtered import Filtered
from mahavishnu_tui.screens.panes.pane import Listed
from mahavishnu_tui.screens.prefect_words import without_prefect
from mahavishnu_tui.screens.session import Link, Session
from mahavishnu_tui.widgets.table import Column, PlaceholderKind, VirtualTable

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

Item = TypeVar("Item")


class ListScreen(Filtered, Generic[Item]):
    """Asked for when it is opened, and when a change says that it may differ.

    Args:
        session: the session.
        ask: the call.
    """

    CSS_PATH = "../document.tcss"
    HEADING: ClassVar[str]
    COLUMNS: ClassVar[Sequence[Column]]
    CATALOG: ClassVar[frozenset[str]]
    """The lists of the catalog that it is made of."""
    EMPTY: ClassVar[str]
    MARKS: ClassVar[bool] = False
    ACTS: ClassVar[bool] = True
    """Whether something can be done with a row; else it is only looked at."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "prompt('/')", "Filter", id="list.filter"),
        Binding("x", "actions", "Actions", id="list.actions"),
        Binding("y", "raw", "Raw JSON", show=False, id="list.raw"),
        Binding("c", "copy_key", "Copy", show=False, id="list.copy"),
    ]

    def __init__(self, session: Session, ask: Callable[[ServerClient], Awaitable[list[Item]]]) -> None:
        super().__init__(session)
        self.table = VirtualTable(
            self.COLUMNS, ascii_only=session.ascii, markable=self.MARKS, sortable=True, id="document"
        )
        self.fetched: Fetched[Item] = Fetched(self, session, ask, self._answered)

    def crumb(self) -> str:
        """What is listed."""
        return self.HEADING.lower()

    def compose_body(self) -> ComposeResult:
        """A title and the table."""
        yield Static(self.HEADING, id="document-title", markup=False)
        yield self.table

    def on_mount(self) -> None:
        """Ask; the focus is on the table."""
        super().on_mount()
        self.draw()
        self.table.focus()
        self.fetched.want()

    # -- what is shown

    def key_of(self, item: Item) -> str:
        """The key of an item's row."""
        raise NotImplementedError

    def listed(self) -> list[Listed]:
        """Every row, in order."""
        raise NotImplementedError

    def said(self) -> str:
        """What the title says of all of them beside their number."""
        return ""

    @property
    def current(self) -> Item | None:
        """What is under the cursor."""
        key = self.table.cursor_key
        return next((item for item in self.fetched.items if self.key_of(item) == key), None)

    def draw(self) -> None:
        """Filter, show, and say why when there is nothing to show."""
        everything = self.listed()
        rows = [item.row for item in everything if not self.filter or self.filter.matches(item.attributes)]
        self.table.stale = self.session.link.state == "lost"
        self.table.set_placeholder(*self._placeholder(len(everything)))
        self.table.set_rows(rows)
        count = f"{len(rows):,} of {len(everything):,}" if self.filter else f"{len(everything):,}"
        parts = [f"{self.HEADING} · {count}" if everything else self.HEADING, self.said()]
        if self.filter:
            parts.append(f"filter {clean_line(self.filter.text, 60)}")
        parts.append(self.table.sort_said)
        problem = self.fetched.error
        if problem is not None and everything:
            parts.append(f"STALE: {clean_line(problem.message)}")
        self.query_one("#document-title", Static).update(" · ".join(filter(None, parts)))

    def absent(self) -> tuple[PlaceholderKind, str] | None:
        """Why there can be none of them; None when there can."""
        return without_prefect(self.session, self.HEADING)

    @on(VirtualTable.Sorted)
    def _sorted(self) -> None:
        self.draw()

    def _placeholder(self, total: int) -> tuple[PlaceholderKind, str]:
        absent = self.absent() if not total else None
        if absent is not None:
            return absent
        if total and self.filter:
            return "filtered", self.filter.nothing(f"0 of {total:,}")
        if self.fetched.error is not None:
            error = self.fetched.error
            return "error", f"{error.code.value} {clean_line(error.message)} (:errors has all of it)"
        if not self.fetched.known:
            return "loading", "loading …"
        return "empty", self.EMPTY

    def _answered(self) -> None:
        self.draw()
        self.refresh_bindings()

    # -- changes

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Ask again where the list may differ."""
        if EVERYTHING in changes or any(
            key in self.CATALOG if kind == "catalog" else kind == "prefect" for kind, key in changes
        ):
            self.fetched.want()

    def note_link(self, link: Link) -> None:
        """Dimmed while the server is away; asked for again when it is back."""
        if link.live:
            self.fetched.want()
        self.draw()

    def on_screen_resume(self) -> None:
        """Something may have been done to it from another screen."""
        super().on_screen_resume()
        if self.fetched.known:
            self.draw()

    # -- acts

    @on(VirtualTable.Activated)
    def _activated(self, event: VirtualTable.Activated) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """`enter`: all that is known of what is under the cursor."""
        self.action_raw()

    def action_actions(self) -> None:
        """What can be done with what is under the cursor."""

    async def menu_chosen(self, action: str | None) -> None:
        """Do what was chosen from the menu."""
        if action:
            await self.run_action(action)

    def action_raw(self) -> None:
        """What is under the cursor, as JSON."""
        import json
        from typing import Any, cast

        item = cast(Any, self.current)
        if item is not None:
            from mahavishnu_tui.screens.document import DocumentScreen

            text = json.dumps(item.to_json(), indent=2, ensure_ascii=False, default=str)
            self.app.push_screen(DocumentScreen(self.session, f"{self.HEADING} · JSON", text=text))

    def action_copy_key(self) -> None:
        """Copy the id of what is under the cursor."""
        if self.table.cursor_key:
            self.copy(self.table.cursor_key)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a row there is nothing to act on."""
        if action == "actions" and not self.ACTS:
            return False
        if action in ("actions", "raw", "copy_key") and self.current is None:
            return False
        return super().check_action(action, parameters)
