"""The drawing of a workflow: nodes, edges, folded subgraphs."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from mahavishnu_tui.models.record import Record

NodeKind = Literal["start", "end", "node", "subgraph"]


END = "__end__"
"""Where a graph ends."""
ERROR_HANDLER = "__error_handler__"
"""What LangGraph puts before a node's name to name its error handler."""


def node_title(name: str) -> str:
    """The name of a node as people read it: `pay (handler)` for the error handler of `pay`."""
    if name.startswith(ERROR_HANDLER):
        return f"{name[len(ERROR_HANDLER) :]} (handler)"
    return name


def path_title(path: str) -> str:
    """`node_title` for each part of a path."""
    return "/".join(node_title(name) for name in path.split("/")) if ERROR_HANDLER in path else path


@dataclasses.dataclass(frozen=True)
class GraphNode(Record):
    """A node of a graph; `id` is its name within its own graph."""

    id: str
    kind: NodeKind = "node"
    defer: bool = False
    breakpoint: str = ""
    """`before`, `after` or nothing: where LangGraph will stop by itself."""


@dataclasses.dataclass(frozen=True)
class GraphEdge(Record):
    """An edge between two nodes of one graph."""

    source: str
    target: str
    conditional: bool = False
    label: str = ""
    observed: bool = False
    """Not declared by the graph: drawn because a run took it."""


@dataclasses.dataclass(frozen=True)
class GraphShape(Record):
    """A graph as declared, subgraphs folded under the node that holds them."""

    nodes: list[GraphNode]
    edges: list[GraphEdge]
    subgraphs: dict[str, GraphShape] = dataclasses.field(default_factory=dict)

    def undeclared(self) -> bool:
        """Whether runs may show more edges: there are nodes of which nothing declares where they lead."""
        told = {edge.source for edge in self.edges if not edge.observed}
        dark = (node.id not in told for node in self.nodes if node.kind in ("node", "subgraph"))
        return any(dark) or any(shape.undeclared() for shape in self.subgraphs.values())

    def to_json(self) -> dict[str, Any]:
        """The whole drawing as one JSON object."""
        return {
            "nodes": [node.to_json() for node in self.nodes],
            "edges": [edge.to_json() for edge in self.edges],
            "subgraphs": {name: shape.to_json() for name, shape in self.subgraphs.items()},
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> GraphShape:
        """Read what `to_json` wrote."""
        return cls(
            nodes=[GraphNode.from_json(node) for node in data.get("nodes", [])],
            edges=[GraphEdge.from_json(edge) for edge in data.get("edges", [])],
            subgraphs={name: cls.from_json(shape) for name, shape in data.get("subgraphs", {}).items()},
        )
