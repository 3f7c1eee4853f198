"""Strokes in, rows of spans out."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Hashable
from operator import itemgetter

from mahavishnu_tui.widgets.drawing.model import DOWN, LEFT, RIGHT, UP, Edge, Glyphs, Span

Edges = frozenset[Edge]
NO_EDGES: Edges = frozenset()
_column = itemgetter(0)


@dataclasses.dataclass(slots=True)
class _Cell:
    strokes: dict[Hashable, int]
    """Direction bits per wire. Strokes of one wire join; those of two wires cross."""
    edges: Edges


class Canvas:
    """A grid that grows as it is drawn on. Coordinates are cells, from the upper left corner."""

    def __init__(self, glyphs: Glyphs, observed: Edges = NO_EDGES) -> None:
        self.glyphs = glyphs
        self.observed = observed
        """Edges to be dashed."""
        self.lines: dict[int, dict[int, _Cell]] = defaultdict(dict)
        """Cells by row, then by column."""
        self.heads: dict[tuple[int, int], str] = {}
        self.texts: dict[int, list[Span]] = defaultdict(list)
        self._sets: dict[Edges, Edges] = {}
        self._unions: dict[tuple[Edges, Edges], Edges] = {}

    def across(self, y: int, start: int, end: int, edges: Edges, wire: Hashable = None) -> None:
        """A horizontal stroke over cells `start` to `end`, both included, in either direction."""
        low, high = min(start, end), max(start, end)
        if low == high:
            self.stub(low, y, LEFT | RIGHT, edges, wire)
            return
        edges, line = self._one(edges), self.lines[y]
        self._stroke(line, low, RIGHT, edges, wire)
        for x in range(low + 1, high):
            self._stroke(line, x, LEFT | RIGHT, edges, wire)
        self._stroke(line, high, LEFT, edges, wire)

    def stub(self, x: int, y: int, bits: int, edges: Edges, wire: Hashable = None) -> None:
        """One cell with the given directions."""
        self._stroke(self.lines[y], x, bits, self._one(edges), wire)

    def down(self, x: int, start: int, end: int, edges: Edges, wire: Hashable = None) -> None:
        """A vertical stroke over rows `start` to `end`, both included, in either direction."""
        low, high = min(start, end), max(start, end)
        if low == high:
            self.stub(x, low, UP | DOWN, edges, wire)
            return
        edges = self._one(edges)
        self._stroke(self.lines[low], x, DOWN, edges, wire)
        for y in range(low + 1, high):
            self._stroke(self.lines[y], x, UP | DOWN, edges, wire)
        self._stroke(self.lines[high], x, UP, edges, wire)

    def head(self, x: int, y: int, glyph: str) -> None:
        """An arrow head on a line."""
        self.heads[x, y] = glyph

    def write(self, y: int, span: Span) -> None:
        """Text; it hides what is drawn under it."""
        self.texts[y].append(span)

    def drawn(self, x: int, y: int) -> bool:
        """Whether a line runs through this cell."""
        return y in self.lines and x in self.lines[y]

    def rows(self) -> tuple[tuple[Span, ...], ...]:
        """The rows, texts over lines."""
        height = max([*self.lines, *self.texts, -1]) + 1
        return tuple(tuple(self._row(y)) for y in range(height))

    def _one(self, edges: Edges) -> Edges:
        """One object per set: the cells of a line share it, so comparing them looks at no edge."""
        return self._sets.setdefault(edges, edges)

    def _stroke(self, line: dict[int, _Cell], x: int, bits: int, edges: Edges, wire: Hashable) -> None:
        cell = line.get(x)
        if cell is None:
            line[x] = _Cell({wire: bits}, edges)
            return
        cell.strokes[wire] = cell.strokes.get(wire, 0) | bits
        if cell.edges is not edges:
            cell.edges = self._union(cell.edges, edges)

    def _union(self, one: Edges, other: Edges) -> Edges:
        found = self._unions.get((one, other))
        if found is None:
            found = self._unions[one, other] = self._one(one | other)
        return found

    def _row(self, y: int) -> list[Span]:
        """One row: runs of line cells with the same edges become spans; texts cut them."""
        spans = sorted(self.texts.get(y, ()), key=lambda span: span.x)
        hidden = {x for span in spans for x in range(span.x, span.x + span.width)}
        run: list[str] = []
        start, last, edges = 0, -2, NO_EDGES
        for x, cell in sorted(self.lines.get(y, {}).items(), key=_column):
            if x in hidden:
                continue
            if x != last + 1 or cell.edges is not edges:
                if run:
                    spans.append(Span(start, "".join(run), "edge", "", edges))
                run, start, edges = [], x, cell.edges
            run.append(self.heads.get((x, y)) or self._char(cell))
            last = x
        if run:
            spans.append(Span(start, "".join(run), "edge", "", edges))
        spans.sort(key=lambda span: span.x)
        return spans

    def _char(self, cell: _Cell) -> str:
        bits = 0
        for stroke in cell.strokes.values():
            bits |= stroke
        if bits == UP | DOWN | LEFT | RIGHT and all(
            stroke in (UP | DOWN, LEFT | RIGHT) for stroke in cell.strokes.values()
        ):
            # Two lines that only cross: the upright one passes over, so that nothing seems joined.
            bits = UP | DOWN
        if self._dashed(cell.edges):
            if not bits & (UP | DOWN):
                return self.glyphs.dash_h
            if not bits & (LEFT | RIGHT):
                return self.glyphs.dash_v
        return self.glyphs.lines[bits]

    def level(self, edges: Edges) -> str:
        """The sign of a level line on which these edges run."""
        return self.glyphs.dash_h if self._dashed(edges) else self.glyphs.lines[LEFT | RIGHT]

    def _dashed(self, edges: Edges) -> bool:
        """Whether nothing declares any of them."""
        return bool(self.observed) and edges <= self.observed
