"""Checks of a graph before it runs. Nothing of the user's code is called."""

from __future__ import annotations

from mahavishnu_tui.engines.langgraph.shape import AnyGraph, subgraph_of
from mahavishnu_tui.engines.langgraph.validation.state import check_state
from mahavishnu_tui.engines.langgraph.validation.structure import check_structure
from mahavishnu_tui.models.finding import Finding, worst_first

__all__ = ["validate"]


def validate(graph: AnyGraph) -> list[Finding]:
    """Everything that can be told of a compiled graph and its subgraphs, the worst first."""
    return worst_first(_validate(graph, "", frozenset()))


def _validate(graph: AnyGraph, prefix: str, above: frozenset[int]) -> list[Finding]:
    builder = getattr(graph, "builder", None)
    if builder is None:
        where = prefix.rstrip("/") or graph.get_name()
        said = "It was made without a builder: its routes and its state cannot be checked."
        return [Finding("not-checked", "note", where, said)]
    above = above | {id(graph)}
    found = [*check_structure(builder, prefix), *check_state(builder, prefix)]
    for name in builder.nodes:
        inner = subgraph_of(graph, name)
        if inner is not None and id(inner) not in above:
            found += _validate(inner, f"{prefix}{name}/", above)
    return found
