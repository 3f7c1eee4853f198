"""From a `GraphShape` to the nodes and edges that are drawn: subgraphs folded, or unfolded in place."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.cells import cell_len

from mahavishnu_tui.models import GraphNode
from mahavishnu_tui.models.graph import node_title
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.clipping import clip
from mahavishnu_tui.widgets.drawing.model import FlatEdge, FlatGraph, FlatNode, Glyphs

if TYPE_CHECKING:
    from mahavishnu_tui.models import GraphShape

NAME_LIMIT = 32
"""A longer name is cut with an ellipsis; the full one is in the details."""


def flatten(shape: GraphShape, unfolded: frozenset[str], glyphs: Glyphs) -> FlatGraph:
    """The drawn graph.

    An unfolded subgraph becomes its header (which stands for its start), its nodes, and an exit
    that stands for its end. Edges to or from a node that is not there get a node of that name.
    """
    builder = _Builder(unfolded, glyphs)
    builder.add(shape, "", 0)
    return FlatGraph(tuple(builder.nodes.values()), tuple(builder.edges.values()))


class _Builder:
    def __init__(self, unfolded: frozenset[str], glyphs: Glyphs) -> None:
        self.unfolded = unfolded
        self.glyphs = glyphs
        self.nodes: dict[str, FlatNode] = {}
        self.edges: dict[tuple[str, str], FlatEdge] = {}

    def add(self, shape: GraphShape, prefix: str, depth: int) -> None:
        known = {node.id: node for node in shape.nodes}
        for edge in shape.edges:
            for name in (edge.source, edge.target):
                known.setdefault(name, GraphNode(name))
        ends: dict[str, tuple[str, str]] = {}
        """Per node the path where edges go in, and the one where they come out."""
        for node in known.values():
            ends[node.id] = self._node(node, shape.subgraphs.get(node.id), prefix, depth)
        for edge in shape.edges:
            label = clean_line(edge.label, 24).strip()
            label = label if cell_len(label) else ""
            self._edge(ends[edge.source][1], ends[edge.target][0], label, edge.observed)

    def _node(self, node: GraphNode, inner: GraphShape | None, prefix: str, depth: int) -> tuple[str, str]:
        path = f"{prefix}/{node.id}" if prefix else node.id
        if prefix and node.kind == "start":
            return prefix, prefix
        if prefix and node.kind == "end":
            out = _exit(prefix)
            return out, out
        if inner is None:
            self.nodes.setdefault(path, FlatNode(path, self._label(node), node.kind, depth))
            return path, path
        mark = self.glyphs.unfolded if path in self.unfolded else self.glyphs.folded
        label = f"{mark} {self._name(node.id)}"
        self.nodes.setdefault(path, FlatNode(path, label, "subgraph", depth))
        if path not in self.unfolded:
            return path, path
        self.add(inner, path, depth + 1)
        self._close(inner, path, depth)
        return path, _exit(path)

    def _close(self, inner: GraphShape, path: str, depth: int) -> None:
        """Add the exit; a subgraph that never reaches its end is linked from header to exit."""
        out = _exit(path)
        self.nodes[out] = FlatNode(out, self.glyphs.exit, "end", depth + 1)
        if not any(edge.target == out for edge in self.edges.values()):
            self._edge(path, out, "", False)
        if not inner.nodes:
            self._edge(path, out, "", False)

    def _label(self, node: GraphNode) -> str:
        if node.kind == "start":
            return self.glyphs.start
        if node.kind == "end":
            return self.glyphs.end
        return self._name(node.id)

    def _name(self, name: str) -> str:
        text = clean_line(node_title(name)).strip()
        # Some names are not empty and yet take no cell: combining characters alone.
        return clip(text if cell_len(text) else "(no name)", NAME_LIMIT, self.glyphs.ellipsis)

    def _edge(self, source: str, target: str, label: str, observed: bool) -> None:
        old = self.edges.get((source, target))
        if old is not None:
            labels = [part for part in (old.label, label) if part]
            label = "|".join(dict.fromkeys(labels))
            observed = observed and old.observed
        self.edges[source, target] = FlatEdge(source, target, label, observed)


def _exit(path: str) -> str:
    """The path of an unfolded subgraph's exit; no visit ever has it."""
    return f"{path}/__end__"


def subgraph_paths(shape: GraphShape, prefix: str = "") -> Iterator[str]:
    """Paths of all subgraphs, outer ones first."""
    for name, inner in shape.subgraphs.items():
        path = f"{prefix}/{name}" if prefix else name
        yield path
        yield from subgraph_paths(inner, path)
