"""`VirtualTable`: rows as plain tuples, painted line by line, cursor and marks by key."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.columns import GAP, Column, fit, sort_key
from mahavishnu_tui.widgets.extent import set_extent
from mahavishnu_tui.widgets.rows import (
    PLACEHOLDERS,
    Cell,
    PlaceholderKind,
    Row,
    cell_text,
    padded,
    placeholder_line,
)
from mahavishnu_tui.widgets.tones import LineView

__all__ = ["Cell", "Column", "PlaceholderKind", "Row", "VirtualTable"]

_INDENT = 2
"""Cells before the first column; the first of them shows the mark."""


class VirtualTable(LineView):
    """A table of any length that paints only what is seen and repaints only what changed.

    The first line holds the titles. Rows keep the owner's order unless `sort_by` was called.
    They can be marked only where an act takes more than the row under the cursor (`markable`).
    """

    DEFAULT_CSS = """
    VirtualTable {
        &> .table--title { color: $text-muted; text-style: bold; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--title"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, id="table.down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="table.up"),
        Binding("g,home", "first", "First", show=False, id="table.first"),
        Binding("G,end", "last", "Last", show=False, id="table.last"),
        Binding("pagedown,ctrl+f", "page(1)", "Page down", show=False, id="table.page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="table.page_up"),
        Binding("enter", "activate", "Open", show=False, id="table.open"),
        Binding("space", "mark", "Mark", show=False, id="table.mark"),
    ]

    stale: reactive[bool] = reactive(False, repaint=False)
    """Dims every row: the data is older than it should be."""

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
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.ascii_only = ascii_only
        self.markable = markable
        self.cursor_key = ""
        self._cursor = 0
        self._given: list[Row] = []
        self._rows: list[Row] = []
        self._index: dict[str, int] = {}
        self._marked: set[str] = set()
        self._sort: tuple[str, bool] | None = None
        self._placeholder: tuple[PlaceholderKind, str] = ("loading", "")
        self._fitted: tuple[int, list[tuple[int, int]]] = (-1, [])

    # Data

    @property
    def rows(self) -> Sequence[Row]:
        """The rows in the order shown."""
        return self._rows

    @property
    def marked(self) -> list[str]:
        """Keys of the marked rows, in the order shown."""
        return sorted(self._marked, key=self._index.__getitem__)

    def row(self, key: str) -> Row | None:
        """The row of that key."""
        index = self._index.get(key)
        return None if index is None else self._rows[index]

    def set_rows(self, rows: Iterable[Row]) -> None:
        """Show these rows, diffed by key: what is equal is not painted. Of equal keys the last counts."""
        self._given = list({row.key: row for row in rows}.values())
        self._apply()

    def sort_by(self, key: str | None, reverse: bool = False) -> None:
        """Keep rows sorted by a column (numbers, durations and sizes by value), or with None as given."""
        self._sort = None if key is None else (key, reverse)
        self._apply()
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
        if key in self._index:
            self._marked ^= {key}
            self._refresh_row(self._index[key])
            self.post_message(self.MarksChanged(self, key))

    def clear_marks(self) -> None:
        """Take every mark away."""
        if self._marked:
            self._marked.clear()
            self.refresh()
            self.post_message(self.MarksChanged(self, ""))

    def move_to(self, key: str) -> bool:
        """Put the cursor on a row and scroll it into view; False when it is not shown."""
        index = self._index.get(key)
        if index is None:
            return False
        self._move(index)
        return True

    # Internals of data

    def _apply(self) -> None:
        """Show `_given` in its order: keep the cursor on its row and repaint the lines that differ."""
        old, old_cursor, old_marks = self._rows, self._cursor, self._marked
        rows = self._given
        if self._sort is not None:
            key, reverse = self._sort
            column = next((i for i, column in enumerate(self.columns) if column.key == key), None)
            if column is not None:
                at = column
                rows = sorted(rows, key=lambda row: sort_key(cell_text(row, at)), reverse=reverse)
        self._rows = rows if rows is not self._given else list(rows)
        if len(old) != len(rows) or any(a.key != b.key for a, b in zip(old, rows, strict=True)):
            self._index = {row.key: index for index, row in enumerate(rows)}
            if not self._marked <= self._index.keys():
                self._marked = self._marked & self._index.keys()
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
        index = self._index.get(self.cursor_key)
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
            self.cursor_key = key
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

    def watch_stale(self) -> None:
        """Repaint in the other brightness."""
        self.refresh()

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
        """Leave the key unbound that would mark what cannot be."""
        if action == "mark" and not self.markable:
            return False
        return super().check_action(action, parameters)

    def action_mark(self) -> None:
        """Mark the cursor's row and go down one."""
        self.toggle_mark()
        self._move(self._cursor + 1)

    # Lines

    def render_line(self, y: int) -> Strip:
        """One line of the view: the titles, a row, or a part of the placeholder."""
        width = self.line_width
        if not self._rows and (y > 0 or self._placeholder[0] in ("error", "absent")):
            strip = self._render_placeholder(y - 1, width)
        elif y == 0:
            strip = self._render_titles(width)
        else:
            index = y - 1 + self.scroll_offset.y
            strip = self._render_row(index, width) if index < len(self._rows) else Strip.blank(width)
        return strip.adjust_cell_length(width).apply_style(self.rich_style)

    def _fit(self, width: int) -> list[tuple[int, int]]:
        if self._fitted[0] != width:
            self._fitted = (width, fit(self.columns, width - _INDENT))
        return self._fitted[1]

    def _render_titles(self, width: int) -> Strip:
        style = self.tone("table--title")
        segments = [Segment(" " * _INDENT, style)]
        for index, cells in self._fit(width):
            column = self.columns[index]
            title = column.title
            if self._sort is not None and self._sort[0] == column.key:
                arrows = "v^" if self.ascii_only else "↓↑"
                title = f"{title} {arrows[0] if self._sort[1] else arrows[1]}"
            segments.append(Segment(padded(title, cells, column.align) + " " * GAP, style))
        return Strip(segments)

    def _render_row(self, index: int, width: int) -> Strip:
        row = self._rows[index]
        mark = "*" if self.ascii_only else "◆"
        segments = [Segment(f"{mark} ", self.tone("accent")) if row.key in self._marked else Segment("  ")]
        base = self.tone(row.style)
        for at, cells in self._fit(width):
            cell = row.cells[at] if at < len(row.cells) else ""
            text, tone = cell if isinstance(cell, Cell) else (cell, "")
            text = padded(clean_line(text), cells, self.columns[at].align, "~" if self.ascii_only else "…")
            segments.append(Segment(text, base + self.tone(tone)))
            segments.append(Segment(" " * GAP))
        strip = Strip(segments).adjust_cell_length(width)
        under = Style.null()
        if self.stale:
            under += Style(dim=True)
        if row.key in self._marked:
            under += self.tone("mark")
        if row.key == self.cursor_key:
            under += self.tone("cursor")
        return Strip(Segment.apply_style(strip, post_style=under)) if under else strip

    def _render_placeholder(self, y: int, width: int) -> Strip:
        kind, text = self._placeholder
        line = placeholder_line(kind, text, y, max(8, width - 2 * _INDENT), self.ascii_only)
        style = self.tone(PLACEHOLDERS[kind].tone) + Style(italic=kind == "absent")
        return Strip([Segment(" " * _INDENT + line, style)])
