"""The drawing of a graph, read from what its builder declares.

`get_graph()` is not used where a builder exists: it loses edges of long graphs, drops conditional edges
without a path map and draws a false edge to the end in their place.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from langgraph.pregel import Pregel

from mahavishnu_tui.models import GraphEdge, GraphNode, GraphShape
from mahavishnu_tui.models.graph import NodeKind

START = "__start__"
END = "__end__"
AnyGraph = Pregel[Any, Any, Any, Any]


def graph_shape(graph: AnyGraph) -> GraphShape:
    """Draw a graph with its subgraphs folded under the nodes that hold them."""
    return _shape(graph, frozenset())


def graph_hash(shape: GraphShape) -> str:
    """A short key that changes when nodes or edges do."""
    text = json.dumps(shape.to_json(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def subgraph_of(graph: AnyGraph, node: str) -> AnyGraph | None:
    """The graph that a node runs, when it runs one."""
    found = graph.nodes[node].subgraphs if node in graph.nodes else ()
    return next((sub for sub in found if isinstance(sub, Pregel)), None)


def _shape(graph: AnyGraph, above: frozenset[int]) -> GraphShape:
    above = above | {id(graph)}
    names = [name for name in graph.nodes if name != START]
    held = {name: sub for name in names if (sub := subgraph_of(graph, name)) and id(sub) not in above}
    edges = _edges(graph, names)
    nodes = [GraphNode(START, "start")]
    nodes += [_node(graph, name, "subgraph" if name in held else "node") for name in names]
    if any(edge.target == END for edge in edges):
        nodes.append(GraphNode(END, "end"))
    return GraphShape(nodes, edges, {name: _shape(sub, above) for name, sub in held.items()})


def _node(graph: AnyGraph, name: str, kind: NodeKind) -> GraphNode:
    spec = _spec(graph, name)
    return GraphNode(
        name,
        kind,
        defer=bool(getattr(spec, "defer", False)),
        breakpoint=(
            "before"
            if stops_at(graph.interrupt_before_nodes, name)
            else "after"
            if stops_at(graph.interrupt_after_nodes, name)
            else ""
        ),
    )


def stops_at(nodes: str | Iterable[str], name: str) -> bool:
    """Whether `interrupt_before` or `interrupt_after` (names, or `*`) covers a node."""
    return nodes == "*" or name in nodes


def _spec(graph: AnyGraph, name: str) -> Any:
    builder = getattr(graph, "builder", None)
    return builder.nodes.get(name) if builder is not None else None


def _edges(graph: AnyGraph, names: list[str]) -> list[GraphEdge]:
    builder = getattr(graph, "builder", None)
    if builder is None:
        return _drawn_edges(graph, names)
    found: dict[tuple[str, str, str], GraphEdge] = {}
    for source, target in builder.edges:
        _add(found, GraphEdge(source, target))
    for sources, target in builder.waiting_edges:
        for source in sources:
            _add(found, GraphEdge(source, target))
    for source, branches in builder.branches.items():
        for branch in branches.values():
            for label, target in (branch.ends or {}).items():
                text = "" if str(label) == target else str(label)
                _add(found, GraphEdge(source, target, conditional=True, label=text))
    for name in names:
        for edge in _spec_edges(name, _spec(graph, name)):
            _add(found, edge)
    order = {name: index for index, name in enumerate([START, *names, END])}
    return sorted(
        found.values(),
        key=lambda edge: (order.get(edge.source, -1), order.get(edge.target, -1), edge.label),
    )


def _spec_edges(name: str, spec: Any) -> list[GraphEdge]:
    """What a node's own annotation declares: `Command[Literal[...]]` targets and its error handler."""
    edges = []
    ends = getattr(spec, "ends", None) or ()
    labels = ends if isinstance(ends, Mapping) else dict.fromkeys(ends, "")
    for target, label in labels.items():
        edges.append(GraphEdge(name, str(target), conditional=True, label=str(label or "")))
    if handler := getattr(spec, "error_handler_node", None):
        edges.append(GraphEdge(name, handler, conditional=True, label="on error"))
    return edges


def _add(found: dict[tuple[str, str, str], GraphEdge], edge: GraphEdge) -> None:
    found.setdefault((edge.source, edge.target, edge.label), edge)


def _drawn_edges(graph: AnyGraph, names: list[str]) -> list[GraphEdge]:
    """Edges of graphs without a builder (the functional API), as far as LangGraph draws them."""
    try:
        drawn = graph.get_graph().edges
    except Exception:
        return [GraphEdge(START, name) for name in names[:1]]
    return [GraphEdge(edge.source, edge.target, conditional=bool(edge.conditional)) for edge in drawn]
