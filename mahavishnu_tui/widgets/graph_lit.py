"""`LitDrawing`: a drawing and the path that lights it: what changed on which row, and how a row looks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from mahavishnu_tui.widgets.graph_layout import Drawing, Edge, Span
from mahavishnu_tui.widgets.path import WAITING, Light, PathState

_ITALIC = Style(italic=True)
_BOLD = Style(bold=True)


class LitDrawing:
    """One drawing under one path.

    Args:
        drawing: what is drawn; it never changes.
        tone: gives the style of a tone or component class.
        ascii_only: use no glyph outside ASCII.
    """

    def __init__(self, drawing: Drawing, tone: Callable[[str], Style], ascii_only: bool) -> None:
        self.drawing = drawing
        self.tone = tone
        self.ascii_only = ascii_only
        self.path = PathState()
        self.rows_of: dict[str, set[int]] = defaultdict(set)
        """Rows on which something of a node is written."""
        self._rows_with: dict[Edge, set[int]] = defaultdict(set)
        self._taken: set[Edge] = set()
        self._hot: set[Edge] = set()
        terminals: set[str] = set()
        for y, row in enumerate(drawing.rows):
            for span in row:
                if span.role != "edge":
                    self.rows_of[span.key].add(y)
                if span.role == "terminal":
                    terminals.add(span.key)
                for edge in span.edges:
                    self._rows_with[edge].add(y)
        sources = {source for source, _ in self._rows_with}
        self._ends = frozenset(path for path in terminals if path not in sources or "/" in path)
        self._starts = frozenset(terminals - self._ends)

    def light(self, path: PathState, changed: set[str] | None = None) -> set[int]:
        """Light the drawing by `path`; the rows that look different now.

        Args:
            path: all visits so far.
            changed: paths of the nodes whose light is another one; None for all of them.
        """
        self.path = path
        taken = path.taken(self._rows_with, self._starts, self._ends)
        hot = path.hot(taken, self._starts)
        edges = (taken ^ self._taken) | (hot ^ self._hot)
        self._taken, self._hot = taken, hot
        if changed is None:
            return set(range(self.drawing.height))
        rows = {row for edge in edges for row in self._rows_with[edge]}
        return rows.union(*(self.rows_of.get(node, ()) for node in changed))

    def ticking(self) -> set[int]:
        """The rows on which a time goes on."""
        going = [
            node for node in self.rows_of if (light := self.path.light(node)) and light.outcome in WAITING
        ]
        return set().union(*(self.rows_of[node] for node in going))

    def row(self, y: int, cursor: str, now: float) -> Strip:
        """One row of the whole drawing.

        Args:
            y: which one.
            cursor: path of the node under the cursor.
            now: seconds since the epoch.
        """
        segments: list[Segment] = []
        x = 0
        for span in self.drawing.rows[y]:
            if span.x > x:
                segments.append(Segment(" " * (span.x - x)))
            segments += self._span(span, cursor, now)
            x = span.x + span.width
        return Strip(segments)

    def _span(self, span: Span, cursor: str, now: float) -> list[Segment]:
        if span.role == "edge":
            return [Segment(span.text, self._edge_style(span))]
        if span.role == "label":
            # A word must be read where a line need only be seen.
            taken = not self._taken.isdisjoint(span.edges)
            style = self._edge_style(span) if taken else self.tone("graph--unvisited")
            return [Segment(span.text, style + _ITALIC)]
        if span.role == "terminal":
            lit = any(span.key in edge for edge in self._taken)
            style = self.tone("success" if lit else "graph--unvisited")
            return [Segment(span.text, style + self._cursor(span, cursor))]
        light = self.path.light(span.key)
        if span.role == "node":
            return [Segment(span.text, self._name_style(light) + self._cursor(span, cursor))]
        if span.role == "mark":
            if light is None:
                return [Segment(span.text, self.tone("graph--untaken"))]
            sign = light.mark.sign(self.ascii_only)
            return [Segment(sign + " " * (span.width - cell_len(sign)), self.tone(light.mark.tone))]
        return self._status(span, light, now)

    def _status(self, span: Span, light: Light | None, now: float) -> list[Segment]:
        """The state, and behind it what is left of the line or blank that was laid out there."""
        rest = self._edge_style(span)
        if light is None:
            return [Segment(span.text, rest)]
        room = span.width - 1 if span.edges else span.width
        glyph = self.drawing.layout == "across"
        text = light.text(room, now, ascii_only=self.ascii_only, glyph=glyph)
        used = cell_len(text)
        segments = [Segment(text, self.tone(light.mark.tone))]
        if used < span.width:
            segments.append(Segment(" " + span.text[used + 1 :], rest))
        return segments

    def _cursor(self, span: Span, cursor: str) -> Style:
        return self.tone("cursor") if cursor and span.key == cursor else Style.null()

    def _edge_style(self, span: Span) -> Style:
        taken = self._taken & span.edges
        if not taken:
            return self.tone("graph--untaken")
        return Style.null() if self._hot.isdisjoint(taken) else self.tone("graph--hot")

    def _name_style(self, light: Light | None) -> Style:
        if light is None:
            return self.tone("graph--unvisited")
        if light.outcome == "running":
            return self.tone("graph--active")
        if light.outcome in ("success", "cached"):
            return Style.null()
        return self.tone(light.mark.tone) + _BOLD
