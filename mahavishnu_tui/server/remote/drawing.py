"""The graph of an assistant, as its server draws it, in our folded shape. Pure."""

from __future__ import annotations

from typing import Any

from mahavishnu_tui.models import GraphEdge, GraphNode, GraphShape
from mahavishnu_tui.models.graph import NodeKind
from mahavishnu_tui.server.remote.reading import items

START, END = "__start__", "__end__"
_MOST = 5000
"""Nodes and edges that are taken, each."""


def shape_of(outer: dict[str, Any], inner: dict[str, Any] | None = None) -> GraphShape:
    """A shape from the plain drawing and, for what is inside of nodes, the unfolded one.

    Args:
        outer: `GET /assistants/{id}/graph`.
        inner: the same with `xray=true`, where a subgraph's nodes are called `outer:node`; None when that
            server could not draw it.
    """
    names = [str(node.get("id")) for node in items(outer.get("nodes"))[:_MOST]]
    edges = [
        GraphEdge(
            str(edge.get("source")),
            str(edge.get("target")),
            conditional=bool(edge.get("conditional")),
            label=str(edge.get("data") or ""),
        )
        for edge in items(outer.get("edges"))[:_MOST]
    ]
    subgraphs = _insides(inner) if inner else {}
    subgraphs = {name: shape for name, shape in subgraphs.items() if name in names}
    return GraphShape([GraphNode(name, _kind(name, subgraphs)) for name in names], edges, subgraphs)


def _kind(name: str, subgraphs: dict[str, GraphShape]) -> NodeKind:
    if name in (START, END):
        return "start" if name == START else "end"
    return "subgraph" if name in subgraphs else "node"


def _insides(drawing: dict[str, Any]) -> dict[str, GraphShape]:
    """The subgraphs of an unfolded drawing, by the node that holds them."""
    inside: dict[str, list[str]] = {}
    for node in items(drawing.get("nodes"))[:_MOST]:
        holder, separator, rest = str(node.get("id")).partition(":")
        if separator and rest:
            inside.setdefault(holder, []).append(rest)
    edges = items(drawing.get("edges"))[:_MOST]
    return {holder: _inside(holder, names, edges) for holder, names in inside.items()}


def _inside(holder: str, names: list[str], edges: list[dict[str, Any]]) -> GraphShape:
    prefix = f"{holder}:"
    mine = []
    for edge in edges:
        source, target = str(edge.get("source")), str(edge.get("target"))
        begins, ends = source.startswith(prefix), target.startswith(prefix)
        if begins or ends:
            # What comes in from outside comes from the subgraph's own start, what leaves goes to its end.
            mine.append(
                {
                    **edge,
                    "source": source[len(prefix) :] if begins else START,
                    "target": target[len(prefix) :] if ends else END,
                }
            )
    drawing = {"nodes": [{"id": name} for name in (START, *names, END)], "edges": mine}
    folded = {"nodes": [{"id": name} for name in _tops(names)], "edges": _folded(mine)}
    return shape_of(folded, drawing)


def _tops(names: list[str]) -> list[str]:
    return [START, *dict.fromkeys(name.partition(":")[0] for name in names), END]


def _folded(edges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for edge in edges:
        source, target = (str(edge[side]).partition(":")[0] for side in ("source", "target"))
        nested = ":" in str(edge["source"]) and ":" in str(edge["target"])
        if not (nested and source == target):
            found.setdefault((source, target), {**edge, "source": source, "target": target})
    return list(found.values())
