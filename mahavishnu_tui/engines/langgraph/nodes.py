"""What kind of code the nodes of a graph run."""

from __future__ import annotations

import functools
from collections.abc import Iterable

from mahavishnu_tui.engines.langgraph.context import code_of
from mahavishnu_tui.engines.langgraph.shape import AnyGraph, subgraph_of
from mahavishnu_tui.models import NodeVisit


def sync_nodes_at_work(graph: AnyGraph, visits: Iterable[NodeVisit]) -> list[str]:
    """Paths of the visits that run in a thread, which nothing but the end of the process stops."""
    return [visit.path for visit in visits if is_sync(graph, visit)]


def is_subgraph(graph: AnyGraph, visit: NodeVisit) -> bool:
    """Whether the node that was visited is a graph itself."""
    inner = _level(graph, visit)
    return inner is not None and subgraph_of(inner, visit.node) is not None


def _level(graph: AnyGraph, visit: NodeVisit) -> AnyGraph | None:
    """The graph in which the node is; None when it is not known."""
    inner: AnyGraph | None = graph
    for name in visit.namespace.split("/") if visit.namespace else ():
        inner = subgraph_of(inner, name) if inner is not None else None
    return inner


def is_sync(graph: AnyGraph, visit: NodeVisit) -> bool:
    """Whether the node that was visited runs in a thread."""
    inner = _level(graph, visit)
    if inner is None or visit.node not in inner.nodes:
        return False
    bound = code_of(inner.nodes[visit.node].bound)
    # LangGraph wraps a plain function so that its async side runs it in an executor.
    return getattr(bound, "func", None) is not None and isinstance(
        getattr(bound, "afunc", None), functools.partial
    )
