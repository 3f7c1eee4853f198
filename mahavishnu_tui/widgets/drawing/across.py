"""The drawing from left to right."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from itertools import groupby
from typing import Final

from rich.cells import cell_len

from mahavishnu_tui.widgets.clipping import clip
from mahavishnu_tui.widgets.drawing.canvas import Canvas, Edges
from mahavishnu_tui.widgets.drawing.layers import Item, Layers, Link, TooLarge, layers
from mahavishnu_tui.widgets.drawing.model import (
    Drawing,
    Edge,
    FlatGraph,
    FlatNode,
    Glyphs,
    Placement,
    Span,
)
from mahavishnu_tui.widgets.drawing.order import order, place
from mahavishnu_tui.widgets.drawing.ranks import back_edges, ranks, topological
from mahavishnu_tui.widgets.drawing.route import RoutedGap, Wire, route


@dataclasses.dataclass(frozen=True, slots=True)
class _Style:
    """How much room a node's state gets: beside its name, or `stacked` under it."""

    room: int
    stacked: bool = False


STYLES: Final = (_Style(16), _Style(12), _Style(11, stacked=True), _Style(8, stacked=True))
LABEL_LIMIT: Final = 18


def across(graph: FlatGraph, width: int, glyphs: Glyphs, *, force: bool = False) -> Drawing | None:
    """Draw left to right in the roomiest style that fits `width`.

    With `force` the tightest style is drawn even where it is wider. None when nothing fits, or
    when the graph has too many long edges for this layout.
    """
    back = back_edges(graph)
    rank = ranks(graph, back)
    usable = [style for style in STYLES if _least_width(graph, rank, style) <= width]
    if not usable and not force:
        return None
    try:
        found = layers(graph, back, rank, topological(graph, back))
    except TooLarge:
        return None
    order(found)
    for stacked, styles in groupby(usable or [STYLES[-1]], key=lambda style: style.stacked):
        routed = _seat(found, stacked)
        for style in styles:
            painter = _Painter(graph, found, routed, style, glyphs)
            if painter.width <= width or (force and style is STYLES[-1]):
                return painter.paint()
    return None


def _seat(found: Layers, stacked: bool) -> list[RoutedGap]:
    """Rows for all items, and the wires between them: the same for every style that stacks, or does not."""
    for column in found.columns:
        for item in column:
            tall = stacked and item.node is not None and item.node.kind in ("node", "subgraph")
            item.height = 2 if tall else 1
    place(found)
    return route(found)


def _least_width(graph: FlatGraph, rank: dict[str, int], style: _Style) -> int:
    """What the names alone take, before any line is laid out."""
    columns: dict[int, int] = {}
    for node in graph.nodes:
        place = rank[node.path]
        columns[place] = max(columns.get(place, 0), _node_width(node, style))
    return sum(columns.values()) + 3 * max(0, len(columns) - 1)


def _column_width(column: list[Item], style: _Style) -> int:
    return max((_item_width(item, style) for item in column), default=0)


def _item_width(item: Item, style: _Style) -> int:
    if item.node is None:
        return min(LABEL_LIMIT, cell_len(item.label)) + 5 if item.label else 1
    return _node_width(item.node, style)


def _node_width(node: FlatNode, style: _Style) -> int:
    name = cell_len(node.label)
    if node.kind in ("start", "end"):
        return name + 2
    return 1 + (max(name, style.room) if style.stacked else name + style.room)


class _Painter:
    def __init__(
        self, graph: FlatGraph, found: Layers, routed: list[RoutedGap], style: _Style, glyphs: Glyphs
    ) -> None:
        self.found = found
        self.style = style
        self.glyphs = glyphs
        observed = frozenset(edge.key for edge in graph.edges if edge.observed)
        self.canvas = Canvas(glyphs, observed)
        self.nodes: dict[str, Placement] = {}
        self.routed = routed
        self.leaving: dict[int, set[tuple[str, str]]] = {}
        """Edges that leave an item at its right, by `id`."""
        self.entering: dict[int, set[tuple[str, str]]] = {}
        for gap in found.gaps:
            for link in gap:
                self._count_ends(link)
        self._measure()

    def _count_ends(self, link: Link) -> None:
        for item in (link.source, link.target):
            side = self.leaving if item.rank == link.gap - 1 else self.entering
            side.setdefault(id(item), set()).update(link.edges)

    def _measure(self) -> None:
        """The first cell of every column and gap."""
        self.columns: list[tuple[int, int]] = []
        self.gaps: list[tuple[int, int]] = []
        x = 0
        for index, routed in enumerate(self.routed):
            size = self._gap_width(index, routed)
            self.gaps.append((x, size))
            x += size
            if index < len(self.found.columns):
                column = _column_width(self.found.columns[index], self.style)
                self.columns.append((x, column))
                x += column
        self.width = x

    def _gap_width(self, index: int, routed: RoutedGap) -> int:
        if not routed.wires:
            return 0 if index in (0, len(self.found.columns)) else 1
        if index == len(self.found.columns):
            return 1 + routed.tracks * self._pitch(routed)
        labels = [cell_len(text) for text in self._labels(routed).values()]
        room = max(labels, default=-3) + 3
        return 1 + routed.tracks * self._pitch(routed) + room + 1

    def _pitch(self, routed: RoutedGap) -> int:
        return 2 if routed.tracks <= 4 else 1

    def _labels(self, routed: RoutedGap) -> dict[int, str]:
        """What is written before each item at the right of a gap, by `id`."""
        texts: dict[int, list[str]] = {}
        for wire in routed.wires:
            for link in wire.links:
                if link.labels:
                    texts.setdefault(id(link.target), []).extend(link.labels)
        return {key: _short("|".join(dict.fromkeys(parts)), self.glyphs) for key, parts in texts.items()}

    def paint(self) -> Drawing:
        """Draw everything."""
        for index, routed in enumerate(self.routed):
            for wire in routed.wires:
                self._wire(index, routed, wire)
            self._write_labels(index, routed)
        for column in self.found.columns:
            for item in column:
                if item.node is None:
                    self._waypoint(item)
                else:
                    self._node(item)
        return Drawing(self.width, self.canvas.rows(), "across", self.nodes)

    def _wire(self, index: int, routed: RoutedGap, wire: Wire) -> None:
        start, size = self.gaps[index]
        end = start + size - 1
        x = start + 1 + wire.track * self._pitch(routed)
        if index == 0:
            x -= 1
        ends: dict[int, set[Edge]] = defaultdict(set)
        """Per item that the wire touches (by `id`) the edges that run there."""
        for link in wire.links:
            ends[id(link.source)] |= link.edges
            ends[id(link.target)] |= link.edges
            if link.source.y != link.target.y:
                self.canvas.down(x, link.source.y, link.target.y, frozenset(link.edges), wire)
            if link.target.node is not None and link.target.rank == index:
                self.canvas.head(end, link.target.y, self.glyphs.right)
        for items, side in ((wire.left, start), (wire.right, end)):
            for item in items:
                begin = start + end - side if wire.level else x
                self.canvas.across(item.y, begin, side, frozenset(ends[id(item)]), wire)

    def _write_labels(self, index: int, routed: RoutedGap) -> None:
        labels = self._labels(routed)
        start, _ = self.gaps[index]
        for wire in routed.wires:
            for link in wire.links:
                text = labels.pop(id(link.target), "")
                if text:
                    x = start + 1 + routed.tracks * self._pitch(routed)
                    edges = frozenset(self.entering[id(link.target)])
                    self.canvas.write(link.target.y, Span(x, f" {text} ", "label", "", edges))

    def _waypoint(self, item: Item) -> None:
        x, size = self.columns[item.rank]
        edges = self._through(item)
        self.canvas.across(item.y, x, x + size - 1, edges)
        if item.kind == "return":
            if not self._reached_from_left(item):
                self.canvas.head(x, item.y, self.glyphs.left)
            if item.label:
                self.canvas.write(
                    item.y, Span(x + 2, f" {_short(item.label, self.glyphs)} ", "label", "", edges)
                )

    def _reached_from_left(self, item: Item) -> bool:
        """Whether a return line goes on beyond this column."""
        return any(link.source is item and not link.bent for link in self.found.gaps[item.rank])

    def _through(self, item: Item) -> Edges:
        both = self.leaving.get(id(item), set()) | self.entering.get(id(item), set())
        return frozenset(both)

    def _node(self, item: Item) -> None:
        assert item.node is not None
        node = item.node
        x, size = self.columns[item.rank]
        terminal = node.kind in ("start", "end")
        name = Span(x + 1, node.label, "terminal" if terminal else "node", node.path)
        self.canvas.write(item.y, name)
        self.nodes[node.path] = Placement(name.x, item.y, name.width)
        after = name.x + name.width + 1
        room = x + size - after
        edges = frozenset(self.leaving.get(id(item), set()))
        if self.style.stacked and not terminal:
            self.canvas.write(item.y + 1, Span(name.x, " " * (size - 1), "status", node.path))
        if room < 1:
            return
        if not terminal and not self.style.stacked:
            fill = self.canvas.level(edges) if edges else " "
            self.canvas.write(item.y, Span(after, fill * room, "status", node.path, edges))
        elif edges:
            self.canvas.across(item.y, after, x + size - 1, edges)


def _short(text: str, glyphs: Glyphs) -> str:
    return clip(text, LABEL_LIMIT, glyphs.ellipsis)
