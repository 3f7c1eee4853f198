"""`TableLines`: how the lines of a table are drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region, Spacing
from textual.reactive import reactive
from textual.strip import Strip

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.columns import GAP, Column, fit
from mahavishnu_tui.widgets.held import HeldRows
from mahavishnu_tui.widgets.rows import (
    PLACEHOLDERS,
    Cell,
    PlaceholderKind,
    Row,
    padded,
    placeholder_line,
    with_arrow,
)
from mahavishnu_tui.widgets.status import Tone
from mahavishnu_tui.widgets.tones import LineView

_NO_GUTTER = Spacing()
_KEPT = 3000
"""Cells that are kept as they were drawn, and so some hundred rows: a line takes 2 KiB."""
_TITLES, _BLANK = "\0titles", "\0blank"
"""The keys of lines that show no row: no row has them."""
_INDENT = 2
"""Cells before the first column; the first of them shows the mark."""
_RowLook = tuple[Tone, bool, bool, bool]
"""A row's own tone; whether it is old data, is marked, has the cursor."""


class TableLines(LineView):
    """The first line holds the titles, the others rows, or what stands where there are none."""

    DEFAULT_CSS = """
    TableLines {
        &> .table--title { color: $text-muted; text-style: bold; }
    }
    """

    stale: reactive[bool] = reactive(False, repaint=False)
    """Dims every row: the data is older than it should be."""

    def __init__(
        self,
        columns: Sequence[Column],
        *,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.ascii_only = ascii_only
        self.cursor_key = ""
        self._held = HeldRows()
        self._marked: set[str] = set()
        self._sort: tuple[str, bool] | None = None
        self._placeholder: tuple[PlaceholderKind, str] = ("loading", "")
        self._fitted: tuple[int, list[tuple[int, int]]] = (-1, [])
        self._drawn: dict[str, tuple[tuple[object, bool, bool], Strip]] = {}
        """By key: what a row was drawn of (the titles: which column rows follow), and its line."""
        self._cells: dict[tuple[Cell | str, int, int, _RowLook], Sequence[Segment]] = {}
        """Cells as they were drawn."""
        self._dressed: object = None
        self._look: tuple[object, ...] = ()

    @property
    def _rows(self) -> list[Row]:
        return self._held.shown

    def watch_stale(self) -> None:
        """Repaint in the other brightness."""
        self.refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        """The lines of the view.

        Textual keeps lines by where they stand, and after a step of scrolling none stands where it stood.
        Here rows are kept, each as one strip: what is worked out of a strip further on is kept with it.
        """
        styles = self.styles
        if styles.gutter != _NO_GUTTER or self.opacity != 1 or styles.tint.a or styles.text_opacity != 1:
            return super().render_lines(crop)
        look = (self.size.width, self.line_width, self.columns, self.ascii_only, self.stale)
        if self._tones.styles is not self._dressed or look != self._look or len(self._cells) > _KEPT:
            self._drawn.clear()
            self._cells.clear()
            self._dressed, self._look = self._tones.styles, look
        filters = self.get_line_filters()
        background = self.background_colors[1]
        strips = []
        for y in crop.line_range:
            strip = self._line(y)
            for line_filter in filters:
                strip = strip.apply_filter(line_filter, background)
            strips.append(strip)
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def _line(self, y: int) -> Strip:
        """A line as wide as the widget; it is the same strip as long as what it shows looks the same."""
        rows, index = self._rows, y - 1 + self.scroll_offset.y
        row = rows[index] if y > 0 and index < len(rows) else None
        key = row.key if row is not None else _TITLES if y == 0 else _BLANK
        made_of = (row or self._sort, key in self._marked, key == self.cursor_key)
        known = self._drawn.get(key)
        if rows and known is not None and known[0] == made_of:
            return known[1]
        ground = Style(bgcolor=self.rich_style.bgcolor)
        strip = self.render_line(y).adjust_cell_length(self.size.width, ground)
        if rows:
            self._drawn[key] = (made_of, strip)
        return strip

    def render_line(self, y: int) -> Strip:
        """One line of the view: the titles, a row, or a part of the placeholder."""
        width = self.line_width
        ground = self.rich_style
        index = y - 1 + self.scroll_offset.y
        if not self._rows and (y > 0 or self._placeholder[0] in ("error", "absent")):
            strip = self._render_placeholder(y - 1, width)
        elif y == 0:
            strip = self._render_titles(width)
        elif index < len(self._rows):
            return self._render_row(self._rows[index], width)
        else:
            strip = Strip.blank(width)
        return strip.adjust_cell_length(width).apply_style(ground)

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
                title = with_arrow(title, cells, ("^v" if self.ascii_only else "▲▼")[self._sort[1]])
            segments.append(Segment(padded(title, cells, column.align) + " " * GAP, style))
        return Strip(segments)

    def _render_row(self, row: Row, width: int) -> Strip:
        """A row in one strip with its final styles: each strip in between would cost as much as the text."""
        marked = row.key in self._marked
        look = (row.style, self.stale, marked, row.key == self.cursor_key)
        bare: _RowLook = ("", *look[1:])
        plain = self._dress("", bare)
        gap = Segment(" " * GAP, plain)
        sign = ("*" if self.ascii_only else "◆") if marked else " "
        segments = [Segment(f"{sign} ", self._dress("accent" if marked else "", bare))]
        used = _INDENT
        for at, cells in self._fit(width):
            segments += (*self._pieces(row.cells[at] if at < len(row.cells) else "", at, cells, look), gap)
            used += cells + GAP
        if used < width:
            segments.append(Segment(" " * (width - used), plain))
        elif used == width + GAP:  # as a rule: the gap after the last column is not seen
            segments.pop()
        elif used > width:
            return Strip(segments, used).crop(0, width)
        return Strip(segments, width)

    def _pieces(self, cell: Cell | str, at: int, cells: int, look: _RowLook) -> Sequence[Segment]:
        """A cell, as wide as its column. Where a row is another one, most of its cells are as they were."""
        key = (cell, at, cells, look)
        pieces = self._cells.get(key)
        if pieces is None:
            if isinstance(cell, Cell) and cell.tone_of is not None:
                pieces = self._through_time(cell.text[-cells:], cell.tone_of, cells, look)
            else:
                text, tone = (cell.text, cell.tone) if isinstance(cell, Cell) else (cell, "")
                ellipsis = "~" if self.ascii_only else "…"
                text = padded(clean_line(text), cells, self.columns[at].align, ellipsis)
                pieces = [Segment(text, self._dress(tone, look))]
            self._cells[key] = pieces
        return pieces

    def _through_time(
        self, signs: str, tone_of: Callable[[str], Tone], cells: int, look: _RowLook
    ) -> list[Segment]:
        """A line through time."""
        segments = [
            Segment("".join(same), self._dress(tone, look)) for tone, same in groupby(signs, key=tone_of)
        ]
        return [*segments, Segment(" " * (cells - len(signs)), self._dress("", ("", *look[1:])))]

    def _dress(self, tone: Tone, look: _RowLook) -> Style:
        """The style of a tone in a row; over it lies what is so of the whole row."""
        sums = self._tones.sums
        style = sums.get((tone, look))
        if style is None:
            row_tone, stale, marked, at_cursor = look
            style = self.rich_style + (self.tone(row_tone) + self.tone(tone))
            if stale:
                style += Style(dim=True)
            if marked:
                style += self.tone("mark")
            if at_cursor:
                style += self.tone("cursor")
            sums[tone, look] = style
        return style

    def _render_placeholder(self, y: int, width: int) -> Strip:
        kind, text = self._placeholder
        line = placeholder_line(kind, text, y, max(8, width - 2 * _INDENT), self.ascii_only)
        style = self.tone(PLACEHOLDERS[kind].tone) + Style(italic=kind == "absent")
        return Strip([Segment(" " * _INDENT + line, style)])
