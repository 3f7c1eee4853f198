"""Three tables of the same rows in an app each: Textual's, ours, and a floor of bare tuples."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Protocol

from rich.segment import Segment
from rich.style import Style
from textual.app import App, ComposeResult
from textual.drivers.headless_driver import HeadlessDriver
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import DataTable

from mahavishnu_tui.screens.rows import RUN_COLUMNS
from mahavishnu_tui.widgets.frame import SparingApp
from mahavishnu_tui.widgets.table import Cell, Row, VirtualTable

WIDTHS = (11, 30, 30, 50, 6, 10, 8)
"""Cells of the columns at 200, for the two that do not reckon them."""
WORDS = ("extract", "clean", "write", "deliver", "review", "publish")
Line = tuple[str, ...]


class Counting(HeadlessDriver):
    """A terminal that counts what is written to it."""

    written = 0

    @property
    def is_headless(self) -> bool:
        """No: what is painted is to be rendered."""
        return False

    def write(self, data: str) -> None:
        """Count the bytes."""
        Counting.written += len(data.encode())


def lines(count: int) -> list[Line]:
    """Rows as a busy day leaves them."""
    chance = random.Random(7)
    return [
        (
            chance.choice(("✔ done", "▶ running", "✘ failed")),
            f"run-{number:06}",
            f"workflow-{chance.randrange(40):02}",
            chance.choice(WORDS),
            f"{chance.randrange(1, 59)}s",
            "✔✔✔✘✔✔✔✔✔✔",
            f"{chance.randrange(24):02}:{chance.randrange(60):02}:{chance.randrange(60):02}",
        )
        for number in range(count)
    ]


class Table(Protocol):
    """What is done to each of them. Rows are made beforehand: the table is measured, not who fills it."""

    widget: Widget

    @staticmethod
    def made(line: Line) -> Any: ...
    def fill(self, rows: Sequence[Any]) -> None: ...
    def change(self, changed: dict[int, Any]) -> None: ...
    def page(self) -> None: ...
    def sort(self, reverse: bool) -> None: ...
    def clear(self) -> None: ...


class Theirs:
    """Textual's DataTable."""

    name = "DataTable"

    def __init__(self) -> None:
        self.widget: DataTable[str] = DataTable(cursor_type="row")

    @staticmethod
    def made(line: Line) -> Line:
        return line

    def fill(self, rows: Sequence[Line]) -> None:
        if not self.widget.columns:
            self._columns = self.widget.add_columns(*(column.title for column in RUN_COLUMNS))
        for row in rows:
            self.widget.add_row(*row, key=row[1])

    def change(self, changed: dict[int, Line]) -> None:
        for row in changed.values():
            for column, text in zip(self._columns, row, strict=True):
                self.widget.update_cell(row[1], column, text)

    def page(self) -> None:
        self.widget.action_page_down()

    def sort(self, reverse: bool) -> None:
        self.widget.sort(self._columns[2], reverse=reverse)

    def clear(self) -> None:
        self.widget.clear()


class Ours:
    """Ours, with the columns of the list of runs."""

    name = "ours"

    def __init__(self) -> None:
        self.widget = VirtualTable(RUN_COLUMNS, markable=True)

    @staticmethod
    def made(line: Line) -> Row:
        """A row as a pane makes it."""
        state, *rest, last, began = line
        cells = (Cell(state, "success"), *rest, Cell(last, "muted"), Cell(began, "muted"))
        return Row(line[1], cells)

    def fill(self, rows: Sequence[Row]) -> None:
        self.widget.set_rows(rows)

    def change(self, changed: dict[int, Row]) -> None:
        self.widget.update_rows(changed.values())

    def page(self) -> None:
        self.widget.action_page(1)

    def sort(self, reverse: bool) -> None:
        self.widget.sort_by("workflow", reverse)

    def clear(self) -> None:
        self.widget.set_rows([])


class Lines(ScrollView, can_focus=True):
    """Paints tuples, finds them by key, repaints the lines that changed. No cursor, marks or tones."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[Line] = []
        self.places: dict[str, int] = {}

    def render_line(self, y: int) -> Strip:
        """One row."""
        index = y + self.scroll_offset.y
        width = self.size.width
        if index >= len(self.rows):
            return Strip.blank(width)
        cells = zip(self.rows[index], WIDTHS, strict=True)
        text = "  ".join(cell[:size].ljust(size) for cell, size in cells)
        return Strip([Segment(text.ljust(width)[:width], Style.null())], width)


class Floor:
    """The floor."""

    name = "a bare list of lines"

    def __init__(self) -> None:
        self.widget = Lines()

    @staticmethod
    def made(line: Line) -> Line:
        return line

    def fill(self, rows: Sequence[Line]) -> None:
        self.widget.rows = list(rows)
        self.widget.places = {row[1]: place for place, row in enumerate(rows)}
        self.widget.virtual_size = Size(self.widget.size.width, len(rows))
        self.widget.refresh()

    def change(self, changed: dict[int, Line]) -> None:
        widget = self.widget
        top, height = widget.scroll_offset.y, widget.size.height
        for row in changed.values():
            index = widget.places[row[1]]
            if widget.rows[index] != row:
                widget.rows[index] = row
                if top <= index < top + height:
                    widget.refresh(Region(0, index - top, widget.size.width, 1))

    def page(self) -> None:
        self.widget.scroll_to(y=self.widget.scroll_offset.y + self.widget.size.height, animate=False)

    def sort(self, reverse: bool) -> None:
        self.widget.rows = sorted(self.widget.rows, key=lambda row: row[2], reverse=reverse)
        self.widget.refresh()

    def clear(self) -> None:
        self.fill([])


class Holder(App[None]):
    """An app with one table and nothing else."""

    def __init__(self, table: Table) -> None:
        super().__init__()
        self.driver_class = Counting
        self.table = table
        self.animation_level = "none"

    def compose(self) -> ComposeResult:
        """The table."""
        yield self.table.widget

    def on_mount(self) -> None:
        """Keys go to it."""
        self.table.widget.focus()


class SparingHolder(Holder, SparingApp):
    """The same, as our dashboard is one."""
