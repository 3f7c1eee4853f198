"""What a table holds: rows of cells, and what stands where there are none. Pure."""

from __future__ import annotations

import textwrap
from typing import Final, Literal, NamedTuple

from rich.cells import cell_len

from mahavishnu_tui.models.text import clean
from mahavishnu_tui.widgets.drawing.model import clip
from mahavishnu_tui.widgets.status import Tone

PlaceholderKind = Literal["loading", "empty", "filtered", "error", "absent"]


class Cell(NamedTuple):
    """Text with a tone of its own."""

    text: str
    tone: Tone = ""


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


def cell_text(row: Row, at: int) -> str:
    """The text of a cell; empty where the row is too short."""
    cell = row.cells[at] if at < len(row.cells) else ""
    return cell.text if isinstance(cell, Cell) else cell


def padded(text: str, cells: int, align: str, ellipsis: str = "…") -> str:
    """`text` made exactly `cells` wide."""
    text = clip(text, cells, ellipsis)
    blank = " " * (cells - cell_len(text))
    return blank + text if align == "right" else text + blank
