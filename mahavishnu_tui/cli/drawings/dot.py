"""A graph in Graphviz's language, subgraphs as clusters."""

from __future__ import annotations

from mahavishnu_tui.models.graph import GraphShape, node_title
from mahavishnu_tui.models.text import clean_line


def dot(shape: GraphShape) -> str:
    """The graph for `dot -Tpng`."""
    lines = [
        "digraph workflow {",
        "  rankdir=LR;",
        '  node [shape=box, style=rounded, fontname="monospace"];',
    ]
    _body(shape, "n", lines, "  ")
    return "\n".join([*lines, "}"])


def _body(shape: GraphShape, prefix: str, lines: list[str], indent: str) -> None:
    # Ids are numbers: a node's own name may hold anything, also what Graphviz takes for syntax.
    ids = {node.id: f"{prefix}{number}" for number, node in enumerate(shape.nodes)}
    for node in shape.nodes:
        inner = shape.subgraphs.get(node.id)
        if inner is not None:
            lines.append(f"{indent}subgraph cluster_{ids[node.id]} {{")
            lines.append(f"{indent}  label={_quoted(node_title(node.id))}; style=dotted;")
            lines.append(f"{indent}  {ids[node.id]} [label={_quoted(node_title(node.id))}, penwidth=2];")
            _body(inner, f"{ids[node.id]}_", lines, indent + "  ")
            lines.append(f"{indent}}}")
        elif node.kind in ("start", "end"):
            lines.append(f"{indent}{ids[node.id]} [label={_quoted(node.kind)}, shape=ellipse];")
        else:
            lines.append(f"{indent}{ids[node.id]} [label={_quoted(node_title(node.id))}];")
    for edge in shape.edges:
        if edge.source in ids and edge.target in ids:
            style = "dotted" if edge.observed else "dashed" if edge.conditional else "solid"
            label = f", label={_quoted(edge.label)}" if edge.label else ""
            lines.append(f"{indent}{ids[edge.source]} -> {ids[edge.target]} [style={style}{label}];")


def _quoted(text: str) -> str:
    return '"' + clean_line(text).replace("\\", "\\\\").replace('"', '\\"') + '"'
