"""`SparingApp`: knows what the terminal shows, and of a repaint writes only what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from rich.console import Console
from rich.control import Control
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.app import App
from textual.screen import Screen
from textual.strip import Strip

Piece = tuple[int, str, Style | None]
"""Text in one style, and the column where it begins."""


class Difference(CompositorUpdate):
    """The pieces of some lines that differ from what the terminal shows."""

    def __init__(self, lines: Mapping[int, list[Piece]]) -> None:
        self.lines = lines

    def render_segments(self, console: Console) -> str:
        """What is written: pieces that follow each other after one move of the cursor."""
        written: list[str] = []
        for y, pieces in self.lines.items():
            strip: list[Segment] = []
            begin = end = -1
            for x, text, style in pieces:
                if x != end and strip:
                    written += (Control.move_to(begin, y).segment.text, Strip(strip).render(console))
                    strip = []
                if not strip:
                    begin = end = x
                piece = Segment(text, style)
                end += piece.cell_length
                if strip and strip[-1].style == style:  # its colours are set already
                    piece = Segment(strip.pop().text + text, style)
                strip.append(piece)
            written += (Control.move_to(begin, y).segment.text, Strip(strip).render(console))
        return "".join(written)


class Frame:
    """The lines of the terminal as they were written last.

    Textual writes what was asked to be painted, from the left end of its widget on. On a slow line most of
    that is there already. An update of the whole screen is written as it is, so that it mends a terminal
    on which something else has written.
    """

    def __init__(self) -> None:
        self._lines: dict[int, dict[int, Strip]] = {}

    def differing(self, update: CompositorUpdate) -> CompositorUpdate | None:
        """What has to be written of an update; None for nothing. It is taken for written from then on."""
        if isinstance(update, LayoutUpdate):
            self._lines = dict(enumerate(map(_columns, update.strips), update.region.y))
            return update
        if not isinstance(update, ChopsUpdate):
            return update
        lines: dict[int, list[Piece]] = {}
        for y, x, strip in _touched(update):
            if pieces := self._new(y, x, strip):
                lines.setdefault(y, []).extend(pieces)
        return Difference({y: sorted(lines[y], key=_column) for y in lines}) if lines else None

    def _new(self, y: int, x: int, strip: Strip) -> list[Piece]:
        """The pieces of a strip that are not shown; from now on they are."""
        line = self._lines.setdefault(y, {})
        known = line.get(x)
        if known is strip:
            return []
        pieces, width = list(_pieces(x, strip)), strip.cell_length
        if known is not None and known.cell_length == width:
            line[x] = strip
            old = set(_pieces(x, known))
            return [piece for piece in pieces if piece not in old]
        # The widgets of this line are others: what they cover is no longer known.
        for other, shown in list(line.items()):
            if other < x + width and x < other + shown.cell_length:
                del line[other]
        line[x] = strip
        return pieces


def _columns(strips: Iterable[Strip]) -> dict[int, Strip]:
    """The strips of a whole line by the column where each begins."""
    found: dict[int, Strip] = {}
    x = 0
    for strip in strips:
        found[x] = strip
        x += strip.cell_length
    return found


def _touched(update: ChopsUpdate) -> Iterator[tuple[int, int, Strip]]:
    """The strips of an update that are painted at least in part."""
    for y, x1, x2 in _spans(update.spans):
        for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
            if strip is not None and x < x2 and end > x1:
                yield y, x, strip


def _spans(spans: Iterable[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    """One span a line: a strip that two of them touch is looked at once."""
    last: tuple[int, int, int] | None = None
    for y, x1, x2 in spans:
        if last is not None and last[0] == y:
            last = (y, last[1], max(x2, last[2]))
        else:
            if last is not None:
                yield last
            last = (y, x1, x2)
    if last is not None:
        yield last


def _pieces(x: int, strip: Strip) -> Iterator[Piece]:
    for segment in strip:
        yield x, segment.text, segment.style
        x += segment.cell_length


def _column(piece: Piece) -> int:
    return piece[0]


class SparingApp(App[None]):
    """An app for slow lines."""

    def __init__(self) -> None:
        super().__init__()
        self._frame = Frame()

    def packed(self, update: CompositorUpdate) -> CompositorUpdate:
        """What is written, in the form in which it is written."""
        return update

    def _display(self, screen: Screen[Any], renderable: Any) -> None:
        """Write what differs; nothing at all where nothing does."""
        writes = self._running and not (self._batch_count or self._closed or self.is_headless)
        if writes and isinstance(renderable, CompositorUpdate):
            renderable = self._frame.differing(renderable)
            if renderable is not None:
                renderable = self.packed(renderable)
        super()._display(screen, renderable)
