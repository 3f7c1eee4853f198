"""A graph as Mermaid text, subgraphs unfolded."""

from __future__ import annotations

from mahavishnu_tui.models.graph import GraphShape, node_title
from mahavishnu_tui.models.text import clean_line


def mermaid(shape: GraphShape) -> str:
    """The flowchart of a graph, for documents and pull requests."""
    lines = ["flowchart TD"]
    _body(shape, "", lines, "    ")
    return "\n".join(lines)


def _body(shape: GraphShape, prefix: str, lines: list[str], indent: str) -> None:
    # Ids are numbers: a node's own name may hold anything, also what Mermaid takes for syntax.
    ids = {node.id: f"{prefix}n{number}" for number, node in enumerate(shape.nodes)}
    for node in shape.nodes:
        inner = shape.subgraphs.get(node.id)
        if inner is None:
            lines.append(f"{indent}{ids[node.id]}{_box(node.kind, node_title(node.id))}")
            continue
        lines.append(f'{indent}subgraph {ids[node.id]}["{_escape(node_title(node.id))}"]')
        _body(inner, f"{ids[node.id]}_", lines, indent + "    ")
        lines.append(f"{indent}end")
    for edge in shape.edges:
        if edge.source in ids and edge.target in ids:
            arrow = "-.->" if edge.conditional or edge.observed else "-->"
            label = f'|"{_escape(edge.label)}"|' if edge.label else ""
            lines.append(f"{indent}{ids[edge.source]} {arrow}{label} {ids[edge.target]}")


def _box(kind: str, name: str) -> str:
    if kind in ("start", "end"):
        return f'(["{kind}"])'
    return f'["{_escape(name)}"]'


def _escape(text: str) -> str:
    entities = {"&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "#": "#35;", "`": "#96;"}
    return "".join(entities.get(char, char) for char in clean_line(text))
