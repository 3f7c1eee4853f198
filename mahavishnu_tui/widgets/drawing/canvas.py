"""Strokes in, rows of spans out."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Hashable, Iterable

from mahavishnu_tui.widgets.drawing.model import DOWN, LEFT, RIGHT, UP, Edge, Glyphs, Span

Edges = frozenset[Edge]
NO_EDGES: Edges = frozenset()


@dataclasses.dataclass(slots=True)
class _Cell:
    strokes: dict[Hashable, int] = dataclasses.field(default_factory=dict)
    """Direction bits per wire. Strokes of one wire join; those of two wires cross."""
    edges: Edges = NO_EDGES


class Canvas:
    """A grid that grows as it is drawn on. Coordinates are cells, from the upper left corner."""

    def __init__(self, glyphs: Glyphs, observed: Edges = NO_EDGES) -> None:
        self.glyphs = glyphs
        self.observed = observed
        """Edges to be dashed."""
        self.cells: dict[tuple[int, int], _Cell] = defaultdict(_Cell)
        self.heads: dict[tuple[int, int], str] = {}
        self.texts: dict[int, list[Span]] = defaultdict(list)
        self._unions: dict[tuple[Edges, Edges], Edges] = {}

    def across(self, y: int, start: int, end: int, edges: Edges, wire: Hashable = None) -> None:
        """A horizontal stroke over cells `start` to `end`, both included, in either direction."""
        low, high = min(start, end), max(start, end)
        for x in range(low, high + 1):
            bits = (RIGHT if x < high else 0) | (LEFT if x > low else 0)
            self._stroke(x, y, bits or LEFT | RIGHT, edges, wire)

    def stub(self, x: int, y: int, bits: int, edges: Edges, wire: Hashable = None) -> None:
        """One cell with the given directions."""
        self._stroke(x, y, bits, edges, wire)

    def down(self, x: int, start: int, end: int, edges: Edges, wire: Hashable = None) -> None:
        """A vertical stroke over rows `start` to `end`, both included, in either direction."""
        low, high = min(start, end), max(start, end)
        for y in range(low, high + 1):
            bits = (DOWN if y < high else 0) | (UP if y > low else 0)
            self._stroke(x, y, bits or UP | DOWN, edges, wire)

    def head(self, x: int, y: int, glyph: str) -> None:
        """An arrow head on a line."""
        self.heads[x, y] = glyph

    def write(self, y: int, span: Span) -> None:
        """Text; it hides what is drawn under it."""
        self.texts[y].append(span)

    def rows(self) -> tuple[tuple[Span, ...], ...]:
        """The rows, texts over lines."""
        by_row: dict[int, list[tuple[int, str, Edges]]] = defaultdict(list)
        for (x, y), cell in self.cells.items():
            by_row[y].append((x, self.heads.get((x, y)) or self._char(cell), cell.edges))
        height = max([*by_row, *self.texts, -1]) + 1
        return tuple(tuple(_row(by_row.get(y, []), self.texts.get(y, []))) for y in range(height))

    def _stroke(self, x: int, y: int, bits: int, edges: Edges, wire: Hashable) -> None:
        cell = self.cells[x, y]
        cell.strokes[wire] = cell.strokes.get(wire, 0) | bits
        if cell.edges is not edges:
            cell.edges = self._union(cell.edges, edges)

    def _union(self, one: Edges, other: Edges) -> Edges:
        """One object per union: cells of one line share their set, and comparing them is cheap."""
        found = self._unions.get((one, other))
        if found is None:
            found = self._unions[one, other] = one | other
        return found

    def _char(self, cell: _Cell) -> str:
        bits = 0
        for stroke in cell.strokes.values():
            bits |= stroke
        straight = all(stroke in (UP | DOWN, LEFT | RIGHT) for stroke in cell.strokes.values())
        if bits == UP | DOWN | LEFT | RIGHT and straight:
            # Two lines that only cross: the upright one passes over, so that nothing seems joined.
            bits = UP | DOWN
        if self.observed and cell.edges <= self.observed:
            if not bits & (UP | DOWN):
                return self.glyphs.dash_h
            if not bits & (LEFT | RIGHT):
                return self.glyphs.dash_v
        return self.glyphs.lines[bits]


def _row(cells: list[tuple[int, str, Edges]], texts: Iterable[Span]) -> list[Span]:
    """One row: runs of line cells with the same edges become spans; texts cut them."""
    spans = sorted(texts, key=lambda span: span.x)
    hidden = {x for span in spans for x in range(span.x, span.x + span.width)}
    run: list[str] = []
    start, last, edges = 0, -2, NO_EDGES
    for x, char, owners in sorted(cells, key=lambda cell: cell[0]):
        if x in hidden:
            continue
        if x != last + 1 or owners != edges:
            if run:
                spans.append(Span(start, "".join(run), "edge", "", edges))
            run, start, edges = [], x, owners
        run.append(char)
        last = x
    if run:
        spans.append(Span(start, "".join(run), "edge", "", edges))
    spans.sort(key=lambda span: span.x)
    return spans
