"""`VirtualTable`: rows as plain tuples, painted line by line, cursor and marks by key."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from typing import ClassVar, Literal, NamedTuple

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from mahavishnu_tui.widgets.status import Tone
from mahavishnu_tui.widgets.tones import LineView

PlaceholderKind = Literal["loading", "empty", "filtered", "error", "absent"]


@dataclasses.dataclass(frozen=True)
class Column:
    """A column. Widths are cells; `priority` 0 never drops, 9 drops first when the view is narrow."""

    key: str
    title: str
    width: int
    min_width: int = 0
    flex: int = 0
    """Share of the space that is left over; 0 for a fixed width."""
    priority: int = 0
    align: Literal["left", "right"] = "left"


class Cell(NamedTuple):
    """Text with a tone of its own."""

    text: str
    tone: Tone = ""


class Row(NamedTuple):
    """One row; `cells` in the order of the columns, `style` the tone of the whole row."""

    key: str
    cells: tuple[Cell | str, ...]
    style: Tone = ""


class VirtualTable(LineView):
    """A table of any length that paints only what is seen and repaints only what changed."""

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

    stale: reactive[bool] = reactive(False)
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
        """Enter (or a click on the cursor's row)."""

    class MarksChanged(_Keyed):
        """A mark was set or taken away; `key` is the row it happened to."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.cursor_key = ""

    @property
    def rows(self) -> Sequence[Row]:
        """The rows in the order shown."""
        return ()

    @property
    def marked(self) -> list[str]:
        """Keys of the marked rows, in the order shown."""
        return []

    def set_rows(self, rows: Iterable[Row]) -> None:
        """Show these rows, diffed by key: what is equal is not painted again."""

    def update_row(self, row: Row) -> bool:
        """Change one row in place; False when its key is not shown."""
        return False

    def row(self, key: str) -> Row | None:
        """The row of that key."""
        return None

    def move_to(self, key: str) -> bool:
        """Put the cursor on a row and scroll it into view; False when it is not shown."""
        return False

    def toggle_mark(self, key: str | None = None) -> None:
        """Mark or unmark a row (the cursor's when none is named)."""

    def clear_marks(self) -> None:
        """Take every mark away."""

    def sort_by(self, key: str | None, reverse: bool = False) -> None:
        """Keep rows sorted by a column's text (numbers by value), or with None in the owner's order."""

    def set_placeholder(self, kind: PlaceholderKind, text: str) -> None:
        """What is shown where there are no rows: each kind looks different."""

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        return Strip.blank(self.size.width)
