"""The layered graph: every edge cut into links between neighbouring columns.

An edge that skips columns runs through *waypoints*. All edges to one target share its waypoints, so
that a line always leads to one place and a graph in which every node goes to the end stays readable.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from typing import Literal

from mahavishnu_tui.widgets.drawing.model import Edge, FlatGraph, FlatNode

Kind = Literal["node", "forward", "return"]


@dataclasses.dataclass(slots=True, eq=False)
class Item:
    """What takes a row of a column: a node, or a waypoint on the way to `target` (or back to it)."""

    kind: Kind
    target: str
    """Path of the node itself, or of the one that a waypoint leads to."""
    rank: int
    node: FlatNode | None = None
    height: int = 1
    label: str = ""
    """Labels of the edges that turn back here; only on waypoints of kind `return`."""
    position: int = 0
    """Place in its column, from the top."""
    y: int = 0


@dataclasses.dataclass(slots=True, eq=False)
class Link:
    """A piece of one or more edges within one gap; `gap` g lies left of column g."""

    source: Item
    target: Item
    gap: int
    edges: set[Edge]
    labels: list[str]

    @property
    def bent(self) -> bool:
        """Both ends stand in the same column: the line turns round in the gap."""
        return self.source.rank == self.target.rank


@dataclasses.dataclass(slots=True)
class Layers:
    """Columns of items, from left to right, and the links of every gap."""

    columns: list[list[Item]]
    gaps: list[list[Link]]
    """One more than columns: the last one lies right of the last column."""
    items: int


class TooLarge(Exception):
    """More waypoints than can be placed in reasonable time."""


MOST_ITEMS = 4000


def layers(graph: FlatGraph, back: set[Edge], rank: dict[str, int], order: list[str]) -> Layers:
    """Cut the edges. Raises TooLarge when that would take more than `MOST_ITEMS` places."""
    return _Cutter(graph, back, rank, order).cut()


class _Cutter:
    def __init__(self, graph: FlatGraph, back: set[Edge], rank: dict[str, int], order: list[str]) -> None:
        self.graph = graph
        self.back = back
        self.rank = rank
        depth = max(rank.values(), default=-1) + 1
        self.columns: list[list[Item]] = [[] for _ in range(depth)]
        self.links: dict[tuple[int, int], Link] = {}
        self.items: dict[tuple[Kind, str, int], Item] = {}
        nodes = {node.path: node for node in graph.nodes}
        for path in order:
            self._item("node", path, rank[path], nodes[path])

    def cut(self) -> Layers:
        for edge in self.graph.edges:
            if edge.key in self.back:
                self._cut_back(edge.key, edge.label)
            else:
                self._cut_forward(edge.key, edge.label)
        gaps: list[list[Link]] = [[] for _ in range(len(self.columns) + 1)]
        for link in self.links.values():
            gaps[link.gap].append(link)
        for column in self.columns:
            self._seat_loops(column)
        return Layers(self.columns, gaps, len(self.items))

    def _seat_loops(self, column: list[Item]) -> None:
        """A node's loop to itself stands right under it; longer ways back begin at the bottom."""
        seats = {item.target: place for place, item in enumerate(column) if item.kind == "node"}
        bottom = len(column)
        column.sort(key=lambda item: seats.get(item.target, bottom) if item.kind != "forward" else bottom)
        for position, item in enumerate(column):
            item.position = position

    def _cut_forward(self, edge: Edge, label: str) -> None:
        source, target = edge
        here = self._item("node", source, self.rank[source])
        for column in range(self.rank[source] + 1, self.rank[target]):
            waypoint = self._item("forward", target, column)
            self._link(here, waypoint, column, edge, label)
            here, label = waypoint, ""
        self._link(here, self._item("node", target, self.rank[target]), self.rank[target], edge, label)

    def _cut_back(self, edge: Edge, label: str) -> None:
        source, target = edge
        column = self.rank[source]
        here = self._item("return", target, column)
        if label:
            here.label = "|".join(dict.fromkeys([*filter(None, here.label.split("|")), label]))
        self._link(self._item("node", source, column), here, column + 1, edge, "")
        while column > self.rank[target]:
            waypoint = self._item("return", target, column - 1)
            self._link(here, waypoint, column, edge, "")
            here, column = waypoint, column - 1
        self._link(here, self._item("node", target, column), column, edge, "")

    def _item(self, kind: Kind, target: str, column: int, node: FlatNode | None = None) -> Item:
        key = (kind, target, column)
        item = self.items.get(key)
        if item is None:
            if len(self.items) >= MOST_ITEMS:
                raise TooLarge
            item = self.items[key] = Item(kind, target, column, node)
            item.position = len(self.columns[column])
            self.columns[column].append(item)
        return item

    def _link(self, source: Item, target: Item, gap: int, edge: Edge, label: str) -> None:
        link = self.links.get((id(source), id(target)))
        if link is None:
            link = self.links[id(source), id(target)] = Link(source, target, gap, set(), [])
        link.edges.add(edge)
        if label and label not in link.labels:
            link.labels.append(label)


def neighbours(found: Layers) -> tuple[dict[int, list[Item]], dict[int, list[Item]]]:
    """Per item (by `id`) what it is linked to in the column at its left, and at its right."""
    left: dict[int, list[Item]] = defaultdict(list)
    right: dict[int, list[Item]] = defaultdict(list)
    for gap in found.gaps:
        for link in gap:
            if link.bent:
                continue
            low, high = sorted((link.source, link.target), key=lambda item: item.rank)
            right[id(low)].append(high)
            left[id(high)].append(low)
    return left, right
