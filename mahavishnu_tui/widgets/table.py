"""`VirtualTable`: rows as plain tuples, painted line by line, cursor and marks by key."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message

from mahavishnu_tui.widgets.columns import Column
from mahavishnu_tui.widgets.extent import set_extent
from mahavishnu_tui.widgets.rows import Cell, PlaceholderKind, Row
from mahavishnu_tui.widgets.sorting import SortedView

__all__ = ["Cell", "Column", "PlaceholderKind", "Row", "VirtualTable"]


class VirtualTable(SortedView):
    """A table of any length that paints only what is seen and repaints only what changed.

    The first line holds the titles. Rows keep the owner's order unless `sort_by` was called.
    They can be marked only where an act takes more than the row under the cursor (`markable`).
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, id="table.down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="table.up"),
        Binding("g,home", "first", "First", show=False, id="table.first"),
        Binding("G,end", "last", "Last", show=False, id="table.last"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="table.page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="table.page_up"),
        Binding("enter", "activate", "Open", show=False, id="table.open"),
        Binding("space", "mark", "Mark", show=False, id="table.mark"),
        Binding(
            "ctrl+@,ctrl+space",  # the first is what a terminal sends that does not speak Kitty's protocol
            "mark_range",
            "Mark from the last mark to here",
            key_display="ctrl+space",
            show=False,
            id="table.mark_range",
        ),
        Binding("escape", "unmark", "Take all marks away", show=False, id="table.unmark"),
    ]

    class _Keyed(Message):
        def __init__(self, table: VirtualTable, key: str) -> None:
            super().__init__()
            self.table = table
            self.key = key

        @property
        def control(self) -> VirtualTable:
            """The table that sent it."""
            return self.table

    class CursorMoved(_Keyed):
        """The cursor is on another row now; `key` is `""` when there is none."""

    class Activated(_Keyed):
        """Enter, or a click on the cursor's row."""

    class MarksChanged(_Keyed):
        """A mark was set or taken away; `key` is the row it happened to, `""` when all were."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        ascii_only: bool = False,
        markable: bool = False,
        sortable: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(columns, ascii_only=ascii_only, sortable=sortable, id=id, classes=classes)
        self.markable = markable
        self._cursor = 0
        self._hidden: Container[str] = ()
        self._mark_from = ""
        """The row that was marked last: where a range begins."""

    # Data

    @property
    def rows(self) -> Sequence[Row]:
        """The rows in the order shown."""
        return self._held.shown

    @property
    def marks_said(self) -> str:
        """`5 marked`, `5 marked, 2 hidden`, or nothing."""
        hidden = len(self.hidden_marks)
        said = f"{len(self._marked):,} marked" if self._marked else ""
        return f"{said}, {hidden:,} hidden" if hidden else said

    @property
    def marked(self) -> list[str]:
        """Keys of the marked rows, in the order shown; those that are filtered out come last."""
        if not self._marked:
            return []
        return [*(row.key for row in self._rows if row.key in self._marked), *sorted(self.hidden_marks)]

    @property
    def hidden_marks(self) -> frozenset[str]:
        """Keys of the marked rows that are filtered out."""
        return frozenset(key for key in self._marked if key not in self._held)

    def row(self, key: str) -> Row | None:
        """The row of that key."""
        index = self._held.position(key)
        return None if index is None else self._rows[index]

    def set_rows(self, rows: Iterable[Row], hidden: Container[str] = ()) -> None:
        """Show these rows, diffed by key: what is equal is not painted. Of equal keys the last counts.

        Rows that are the very ones shown before cost next to nothing: keep those that have not changed.
        Rows that are `hidden` by a filter keep their marks; those of all others vanish with them.
        """
        old, self._hidden = self._held.shown, hidden
        self._show(old, self._held.put(rows))

    def update_rows(self, rows: Iterable[Row]) -> None:
        """Exchange some rows for others of their keys; those of keys that are not shown are passed over."""
        old = self._held.shown
        self._show(old, self._held.update(rows))

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Show other columns from now on; rows that have their cells follow."""
        if tuple(columns) != self.columns:
            self.columns = tuple(columns)
            self._fitted = (-1, [])
            if self._sort is not None:
                self.reorder()
            self.refresh()

    def set_placeholder(self, kind: PlaceholderKind, text: str) -> None:
        """What is shown where there are no rows: each kind looks different."""
        if (kind, text) != self._placeholder:
            self._placeholder = (kind, text)
            if not self._rows:
                self.refresh()

    def toggle_mark(self, key: str | None = None) -> None:
        """Mark or unmark a row (the cursor's when none is named)."""
        key = self.cursor_key if key is None else key
        index = self._held.position(key)
        if index is not None:
            self._marked ^= {key}
            self._mark_from = key
            self._refresh_row(index)
            self.post_message(self.MarksChanged(self, key))

    def clear_marks(self) -> None:
        """Take every mark away."""
        if self._marked:
            self._marked.clear()
            self.refresh()
            self.post_message(self.MarksChanged(self, ""))

    def move_to(self, key: str) -> bool:
        """Put the cursor on a row and scroll it into view; False when it is not shown."""
        index = self._held.position(key)
        if index is None:
            return False
        self._move(index)
        return True

    # Internals of data

    def reorder(self) -> None:
        """Take up the order that is wanted."""
        key, reverse = self._sort or ("", False)
        at = next((i for i, column in enumerate(self.columns) if column.key == key), None)
        old = self._held.shown
        self._held.sort(at, reverse)
        self._rearranged(old)

    def _show(self, old: list[Row], changed: list[int] | None) -> None:
        """Paint what is another row than before; `changed` and None as from `HeldRows.put`."""
        if changed is None:
            self._rearranged(old)
            return
        top, bottom = self.scroll_offset.y, self.scroll_offset.y + self._page
        for index in changed:
            if top <= index < bottom:
                self._refresh_row(index)

    def _rearranged(self, old: list[Row]) -> None:
        """Rows came, went or moved: keep the cursor on its row and repaint the lines that differ."""
        rows, old_cursor, old_marks = self._rows, self._cursor, self._marked
        kept = {key for key in self._marked if key in self._held or key in self._hidden}
        if kept != self._marked:
            self._marked = kept
            self.post_message(self.MarksChanged(self, ""))
        scroll = self.scroll_offset.y
        set_extent(self, Size(self.size.width, len(rows) + 1))
        self._keep_cursor(old_cursor)
        if self.scroll_offset.y != scroll or not old or not rows:
            self.refresh()
            return
        for index in range(scroll, scroll + self.size.height):
            before = old[index] if index < len(old) else None
            after = rows[index] if index < len(rows) else None
            marked = before is not None and (before.key in old_marks) != (before.key in self._marked)
            if (
                before != after
                or marked
                or (index in (old_cursor, self._cursor) and old_cursor != self._cursor)
            ):
                self._refresh_row(index)

    def _keep_cursor(self, old: int) -> None:
        """The cursor stays on its key; where that is gone, on what stands in its place now."""
        if not self._rows:
            self._cursor = 0
            self._set_cursor_key("")
            return
        index = self._held.position(self.cursor_key)
        if index is None:
            self._cursor = min(old, len(self._rows) - 1)
            self._set_cursor_key(self._rows[self._cursor].key)
        else:
            self._cursor = index
            if index != old and self.scroll_offset.y > 0:
                # Rows came or went above: what one reads stays where it is.
                self.scroll_to(y=self.scroll_offset.y + index - old, animate=False, force=True)
        self._show_cursor()

    def _set_cursor_key(self, key: str) -> None:
        if key != self.cursor_key:
            was, self.cursor_key = self.cursor_key, key
            if not (key and was):
                self.refresh_bindings()
            self.post_message(self.CursorMoved(self, key))

    @property
    def _page(self) -> int:
        """Rows that are seen at once."""
        return max(1, self.size.height - 1)

    def _show_cursor(self) -> None:
        if not self.size.height:
            return
        top = self.scroll_offset.y
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + self._page:
            self.scroll_to(y=self._cursor - self._page + 1, animate=False, force=True)

    def _move(self, index: int) -> None:
        if not self._rows:
            return
        old, self._cursor = self._cursor, max(0, min(index, len(self._rows) - 1))
        self._refresh_row(old)
        self._refresh_row(self._cursor)
        self._set_cursor_key(self._rows[self._cursor].key)
        self._show_cursor()

    def _refresh_row(self, index: int) -> None:
        y = index + 1 - self.scroll_offset.y
        if 1 <= y < self.size.height:
            self.refresh(Region(0, y, self.size.width, 1))

    # Events and keys

    def watch_has_focus(self, _focused: bool) -> None:
        """The cursor's row looks different with and without focus."""
        super().watch_has_focus(_focused)
        self._refresh_row(self._cursor)

    def on_resize(self) -> None:
        """Keep the cursor in view."""
        set_extent(self, Size(self.size.width, len(self._rows) + 1))
        self._show_cursor()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; a click on its own row opens it."""
        index = event.y - 1 + self.scroll_offset.y
        if event.y < 1 or index >= len(self._rows):
            return
        if self._rows[index].key == self.cursor_key:
            self.action_activate()
        else:
            self._move(index)

    def action_move(self, step: int) -> None:
        """Up or down by rows."""
        self._move(self._cursor + step)

    def action_page(self, pages: int) -> None:
        """Up or down by what is seen at once."""
        self._move(self._cursor + pages * self._page)

    def action_first(self) -> None:
        """To the first row."""
        self._move(0)

    def action_last(self) -> None:
        """To the last row."""
        self._move(len(self._rows) - 1)

    def action_activate(self) -> None:
        """Open the cursor's row."""
        if self.cursor_key:
            self.post_message(self.Activated(self, self.cursor_key))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys unbound that would open, mark or take away what is not there."""
        if action == "activate" and not self.cursor_key:
            return False
        if action in ("mark", "mark_range") and not self.markable:
            return False
        if action == "unmark" and not self._marked:
            return False
        return super().check_action(action, parameters)

    def action_mark(self) -> None:
        """Mark the cursor's row and go down one."""
        self.toggle_mark()
        self._move(self._cursor + 1)

    def action_mark_range(self) -> None:
        """Mark all rows from the one that was marked last to the cursor's."""
        start = self._held.position(self._mark_from)
        low, high = sorted((self._cursor if start is None else start, self._cursor))
        self._marked |= {row.key for row in self._rows[low : high + 1]}
        self.refresh()
        self.post_message(self.MarksChanged(self, ""))

    def action_unmark(self) -> None:
        """Take every mark away."""
        self.clear_marks()
