"""The drawing from top to bottom: one node per line, rails at its left, lines back at its right.

A rail is a lane that leads to one node; who goes there joins it. So a fan-out opens lanes, a join
closes them, and a graph of any length needs only as many lanes as it has open ends.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict

from rich.cells import cell_len

from mahavishnu_tui.models.graph import node_title
from mahavishnu_tui.widgets.clipping import clip
from mahavishnu_tui.widgets.drawing.canvas import NO_EDGES, Canvas
from mahavishnu_tui.widgets.drawing.model import (
    DOWN,
    LEFT,
    RIGHT,
    UP,
    Drawing,
    Edge,
    FlatGraph,
    FlatNode,
    Glyphs,
    Placement,
    Span,
)
from mahavishnu_tui.widgets.drawing.ranks import back_edges, topological

ROOMS = (23, 13, 8)
"""Cells for the state beside a name; the first that leaves enough for the names is taken."""
LEAST_NAME = 10


@dataclasses.dataclass(slots=True)
class _Step:
    """One node's line, and whether a line of links follows it."""

    node: FlatNode
    row: int
    lane: int
    links: int | None = None
    """The row of its links."""


def down(graph: FlatGraph, width: int, glyphs: Glyphs, *, force: bool = False) -> Drawing | None:
    """Draw top to bottom; None when rails and names do not fit into `width` (unless forced)."""
    rails = _Rails(graph, glyphs, len(graph.nodes) if force else width // 2)
    if len(rails.lanes) > rails.most:
        return None
    names = max(
        (cell_len(step.node.label) + 2 * step.node.depth for step in rails.steps if _named(step.node)),
        default=0,
    )
    for room in ROOMS:
        left = width - rails.width - room - rails.back_width - 1
        if left >= min(names, LEAST_NAME) or (force and room == ROOMS[-1]):
            return rails.paint(max(1, min(names, max(left, LEAST_NAME))), room)
    return None


def _named(node: FlatNode) -> bool:
    return node.kind in ("node", "subgraph")


class _Rails:
    def __init__(self, graph: FlatGraph, glyphs: Glyphs, most: int) -> None:
        self.glyphs = glyphs
        self.graph = graph
        self.most = most
        """Lanes; with more of them nothing is drawn."""
        self.canvas = Canvas(glyphs, frozenset(edge.key for edge in graph.edges if edge.observed))
        self.back = back_edges(graph)
        self.labels = {edge.key: edge.label for edge in graph.edges}
        self.forward: dict[str, list[str]] = defaultdict(list)
        self.returns: dict[str, list[str]] = defaultdict(list)
        for edge in graph.edges:
            (self.returns if edge.key in self.back else self.forward)[edge.source].append(edge.target)
        self.lanes: list[str | None] = []
        self.inside: dict[str, frozenset[Edge]] = defaultdict(frozenset)
        """The edges in the lane to a node."""
        self.steps: list[_Step] = []
        self.row = 0
        self.tracks: dict[str, int] = {}
        nodes = {node.path: node for node in graph.nodes}
        for path in topological(graph, self.back):
            self._node(nodes[path])
            if len(self.lanes) > most:
                return
        self.width = 2 * len(self.lanes) + 1
        self.tracks = self._tracks()
        self.back_width = 2 * (max(self.tracks.values(), default=-1) + 1) + (2 if self.tracks else 0)

    def _node(self, node: FlatNode) -> None:
        lane = self._lane_of(node.path)
        if lane is None:
            lane = self._free_lane(0)
            if self.canvas.drawn(2 * lane, self.row - 1) or self._node_above(lane):
                self._pass_lanes()
                self.row += 1
        self.lanes[lane] = None
        step = _Step(node, self.row, lane)
        self.steps.append(step)
        self._pass_lanes()
        self.row += 1
        self._links(step)

    def _node_above(self, lane: int) -> bool:
        return bool(self.steps) and self.steps[-1].row == self.row - 1 and self.steps[-1].lane == lane

    def _lane_of(self, path: str) -> int | None:
        return self.lanes.index(path) if path in self.lanes else None

    def _free_lane(self, near: int) -> int:
        """The nearest free lane, at the right where two are as near; a new one when none is free."""
        free = [index for index, target in enumerate(self.lanes) if target is None and index != near]
        if near == 0 and self.lanes and self.lanes[0] is None:
            free.append(0)
        right = [index for index in free if index >= near]
        if right:
            return right[0]
        self.lanes.append(None)
        return len(self.lanes) - 1

    def _pass_lanes(self, skip: frozenset[int] = frozenset()) -> None:
        for index, target in enumerate(self.lanes):
            if target is not None and index not in skip:
                self.canvas.stub(2 * index, self.row, UP | DOWN, self.inside[target], ("lane", target))

    def _links(self, step: _Step) -> None:
        """Open or join the lanes of a node's targets, on a line of their own where needed."""
        path = step.node.path
        targets = self.forward[path]
        joined = [target for target in targets if target in self.lanes]
        fresh = [target for target in targets if target not in self.lanes]
        turned = bool(self.returns[path]) and any(edge[1] == path for edge in self.back)
        labelled = any(self.labels[path, target] for target in targets)
        if not (joined or len(fresh) > 1 or turned or labelled):
            for target in fresh:
                self.lanes[step.lane] = target
                self.inside[target] |= {(path, target)}
            return
        step.links = self.row
        if not fresh and joined:
            self._take_over(step.lane, joined[0])
        opened: dict[str, int] = {}
        for target in fresh:
            opened[target] = step.lane if not opened else self._free_lane(step.lane)
            self.lanes[opened[target]] = target
        self._pass_lanes(frozenset(opened.values()))
        self._strokes(step, joined, opened)
        self.row += 1

    def _take_over(self, lane: int, target: str) -> None:
        """A lane that ends moves one that it would join, at its right, to its own place: rails stay left."""
        old = self.lanes.index(target)
        if old < lane:
            return
        wire, edges = ("links", target), self.inside[target]
        self.canvas.across(self.row, 2 * lane, 2 * old, edges, wire)
        self.canvas.stub(2 * old, self.row, UP | LEFT, edges, wire)
        self.canvas.stub(2 * lane, self.row, UP | DOWN | RIGHT, edges, wire)
        self.lanes[old], self.lanes[lane] = None, target

    def _strokes(self, step: _Step, joined: list[str], opened: dict[str, int]) -> None:
        path, x, y = step.node.path, 2 * step.lane, self.row
        wire = ("links", path)
        for target in [*opened, *joined]:
            edges = frozenset([(path, target)])
            self.inside[target] |= edges
            at = 2 * (opened[target] if target in opened else self.lanes.index(target))
            bits = DOWN if target in opened else UP | DOWN
            self.canvas.stub(x, y, UP, edges, wire)
            if at == x:
                self.canvas.stub(x, y, UP | DOWN, edges, wire)
                continue
            self.canvas.across(y, x, at, edges, wire)
            self.canvas.stub(at, y, bits, edges, wire)

    def _source_row(self, step: _Step) -> int:
        """The row from which edges lead back: the node's own, or its links' when one comes back to it."""
        is_target = any(target == step.node.path for _, target in self.back)
        return step.links if is_target and step.links is not None else step.row

    def _tracks(self) -> dict[str, int]:
        """Per target of edges back the track at the right on which they run; short ones nearest."""
        steps = {step.node.path: step for step in self.steps}
        self.spans: dict[str, tuple[int, int]] = {}
        for source, target in self.back:
            row = self._source_row(steps[source])
            low, high = self.spans.get(target, (steps[target].row, 0))
            self.spans[target] = (low, max(high, row))
        tracks: dict[str, int] = {}
        taken: list[list[tuple[int, int]]] = []
        for target, rows in sorted(self.spans.items(), key=lambda item: (item[1][1] - item[1][0], item[1])):
            track = 0
            while track < len(taken) and any(
                low <= rows[1] and high >= rows[0] for low, high in taken[track]
            ):
                track += 1
            if track == len(taken):
                taken.append([])
            taken[track].append(rows)
            tracks[target] = track
        return tracks

    def paint(self, names: int, room: int) -> Drawing:
        """Names and states beside the rails, and the lines back."""
        status_x = self.width + names
        right = status_x + room
        placed: dict[str, Placement] = {}
        outgoing: dict[int, frozenset[Edge]] = {}
        for step in self.steps:
            for target in self.returns[step.node.path]:
                edge = frozenset([(step.node.path, target)])
                row = self._source_row(step)
                outgoing[row] = outgoing.get(row, NO_EDGES) | edge
                self._turn(step, row, right, target, edge)
        for step in self.steps:
            placed[step.node.path] = self._write(step, names, room, outgoing.get(step.row, NO_EDGES))
            self._write_labels(step, names + room)
        steps = {step.node.path: step for step in self.steps}
        for target, (low, _) in self.spans.items():
            self.canvas.head(right, low, self.glyphs.left)
            step = steps[target]
            if not _named(step.node):
                # A start or an end has neither name nor state: the line goes all the way to its mark.
                edges = frozenset(edge for edge in self.back if edge[1] == target)
                self.canvas.across(low, 2 * step.lane + 1, right, edges, ("track", target))
        width = right + self.back_width
        return Drawing(width, self.canvas.rows(), "down", placed)

    def _turn(self, step: _Step, row: int, right: int, target: str, edge: frozenset[Edge]) -> None:
        """One edge back: out to its track, up, and in to its target."""
        x = right + 2 + 2 * self.tracks[target]
        goal = self.spans[target][0]
        wire, track = ("turn", step.node.path), ("track", target)
        start = right
        if row != step.row:
            start = 2 * step.lane
            self.canvas.stub(start, row, UP | RIGHT, edge, ("links", step.node.path))
            start += 1
        self.canvas.across(row, start, x, edge, wire)
        self.canvas.stub(x, row, UP | LEFT, edge, wire)
        self.canvas.down(x, goal, row, edge, track)
        self.canvas.across(goal, right, x, edge, track)
        self.canvas.stub(right, goal, LEFT | RIGHT, edge, track)

    def _write(self, step: _Step, names: int, room: int, edges: frozenset[Edge]) -> Placement:
        node, y = step.node, step.row
        fill = self.canvas.level(edges) if edges else " "
        if not _named(node):
            self.canvas.write(y, Span(2 * step.lane, node.label, "terminal", node.path))
            if edges:
                start = 2 * step.lane + 1
                self.canvas.across(y, start, self.width + names + room, edges, ("turn", node.path))
            return Placement(2 * step.lane, y, cell_len(node.label))
        self.canvas.write(y, Span(2 * step.lane, f"{self.glyphs.node} ", "mark", node.path))
        indent = min(2 * node.depth, max(0, names - 4))
        label = clip(node.label, names - indent, self.glyphs.ellipsis)
        x = self.width + indent
        self.canvas.write(y, Span(x, label, "node", node.path))
        status = self.width + names + 1
        self.canvas.write(y, Span(status, fill * (room - 1), "status", node.path, edges))
        return Placement(x, y, cell_len(label))

    def _write_labels(self, step: _Step, room: int) -> None:
        path = step.node.path
        if step.links is None:
            return
        x = self.width
        for target in self.forward[path] + self.returns[path]:
            label = self.labels[path, target]
            text = f" {label} {self.glyphs.to} {_last(target)} "
            if label and x + cell_len(text) <= self.width + room:
                self.canvas.write(step.links, Span(x - 1, text, "label", "", frozenset([(path, target)])))
                x += cell_len(text) + 1


def _last(path: str) -> str:
    """A short name for a target within a label."""
    name = node_title(path.rsplit("/", 1)[-1])
    return "end" if name == "__end__" else clip(name, 24)
