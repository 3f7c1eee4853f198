"""Breakpoints that one run asks for, beside those its graph was compiled with."""

from __future__ import annotations

from typing import Any

from mahavishnu_tui.engines.base import WorkflowError
from mahavishnu_tui.engines.langgraph.shape import AnyGraph
from mahavishnu_tui.models import ErrorCode


def with_stops(graph: AnyGraph, config: dict[str, Any]) -> AnyGraph:
    """The graph that also stops where `interrupt_before` and `interrupt_after` of the run's config say.

    They belong to the run, so every dispatch of it has them: LangGraph forgets its own with the call.

    Raises:
        WorkflowError: MHV-429 they are no names of nodes.
    """
    update = {
        f"{field}_nodes": _nodes(graph, field, config[field])
        for field in ("interrupt_before", "interrupt_after")
        if config.get(field)
    }
    return graph.copy(update=update) if update else graph


def _nodes(graph: AnyGraph, field: str, wanted: Any) -> Any:
    compiled = getattr(graph, f"{field}_nodes")
    if wanted == "*" or compiled == "*":
        return "*"
    names = [wanted] if isinstance(wanted, str) else wanted
    unknown = [name for name in names if name not in graph.nodes] if isinstance(names, list) else [names]
    if unknown:
        known = ", ".join(name for name in graph.nodes if not name.startswith("__"))
        raise WorkflowError(
            ErrorCode.INPUT_INVALID,
            f"`{field}` names {unknown[0]!r}, which is no node of the graph.",
            f"The graph has {known}; `*` means all of them.",
        )
    return list(dict.fromkeys([*compiled, *names]))
