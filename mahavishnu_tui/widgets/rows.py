"""What a table holds: rows of cells, and what stands where there are none. Pure."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from typing import Final, Literal, NamedTuple

from rich.cells import cell_len

from mahavishnu_tui.models.text import clean
from mahavishnu_tui.widgets.clipping import clip
from mahavishnu_tui.widgets.columns import sort_key
from mahavishnu_tui.widgets.status import Tone

PlaceholderKind = Literal["loading", "empty", "filtered", "error", "absent"]


class Cell(NamedTuple):
    """Text with a tone of its own."""

    text: str
    tone: Tone = ""
    by: float | None = None
    """What it is sorted by, where the text does not say: a moment, a length in seconds."""
    tone_of: Callable[[str], Tone] | None = None
    """The tone of each sign of the text, all one cell wide: a line through time, whose end counts most."""


class Row(NamedTuple):
    """One row; `cells` in the order of the columns, `style` the tone of the whole row."""

    key: str
    cells: tuple[Cell | str, ...]
    style: Tone = ""


class _Look(NamedTuple):
    sign: str
    ascii: str
    tone: Tone


PLACEHOLDERS: Final[dict[PlaceholderKind, _Look]] = {
    "loading": _Look("◌ ", ". ", "accent"),
    "empty": _Look("", "", "muted"),
    "filtered": _Look("/ ", "/ ", "warning"),
    "error": _Look("✘ ", "x ", "error"),
    "absent": _Look("– ", "- ", "muted"),
}


def placeholder_line(kind: PlaceholderKind, text: str, y: int, width: int, ascii_only: bool) -> str:
    """Line `y` of a placeholder, wrapped to `width`; the first has the sign of its kind."""
    look = PLACEHOLDERS[kind]
    sign = look.ascii if ascii_only else look.sign
    lines: list[str] = []
    for part in clean(text).splitlines():
        lines += textwrap.wrap(part, width) or [""]
    if not 0 <= y < len(lines):
        return ""
    return f"{sign}{lines[y]}" if y == 0 else lines[y]


def sort_value(row: Row, at: int) -> tuple[int, float, str]:
    """What a row is sorted by in a column: like `sort_key`; blank where the row is too short."""
    cell = row.cells[at] if at < len(row.cells) else ""
    if isinstance(cell, Cell):
        return sort_key(cell.text) if cell.by is None else (0, cell.by, "")
    return sort_key(cell)


def padded(text: str, cells: int, align: str, ellipsis: str = "…") -> str:
    """`text` made exactly `cells` wide."""
    if text.isascii() and len(text) <= cells:
        return text.rjust(cells) if align == "right" else text.ljust(cells)
    text = clip(text, cells, ellipsis)
    blank = " " * (cells - cell_len(text))
    return blank + text if align == "right" else text + blank


def is_blank(value: tuple[int, float, str]) -> bool:
    """Whether there is nothing to sort by: such rows come last, in either direction."""
    return value[0] == 2


def with_arrow(title: str, cells: int, arrow: str) -> str:
    """The title of the column that rows follow, no wider than the column."""
    room = cells - 1
    if cell_len(title) < room:
        return f"{title} {arrow}"
    return f"{clip(title, room, '')}{arrow}"
