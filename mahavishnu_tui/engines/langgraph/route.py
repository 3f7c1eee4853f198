"""Watches where each node routes to, and refuses routes to nodes that do not exist.

LangGraph itself ignores a write to an unknown `branch:to:X` channel, or a `Send` to an unknown node: the run
ends as a success, and nobody knows that half of it never happened. A guard at the end of each node's writers
sees the writes of that attempt before they are committed, so that a bad route is an ordinary failure of the
node that made it: nothing of it is committed, and a retry runs the node again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.pregel import Pregel
from langgraph.types import Send

from mahavishnu_tui.engines.langgraph.context import in_context
from mahavishnu_tui.models.graph import END, ERROR_HANDLER

BRANCH = "branch:to:"
RouteSeen = Callable[[str, str, str], None]
"""Called with namespace, source and target of a route that was taken."""


class UnknownRouteError(ValueError):
    """A node routed to a node that its graph does not have.

    A ValueError, because LangGraph's default retry policy does not retry those.
    """

    def __init__(self, source: str, target: str, known: Iterable[str]) -> None:
        self.source = source
        self.target = target
        self.known = sorted(name for name in known if not name.startswith(ERROR_HANDLER))
        super().__init__(
            f"{source!r} routed to {target!r}, which does not exist; the graph has: {', '.join(self.known)}"
        )


class RouteGuard(Runnable[Any, Any]):
    """The last writer of a node: checks the targets of its attempt, passes its input on."""

    def __init__(
        self, source: str, known: frozenset[str], declared: frozenset[str], may_end: bool, seen: RouteSeen
    ) -> None:
        self.source = source
        self.known = known
        self.declared = declared
        self.may_end = may_end
        self.seen = seen

    def invoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """Check the writes of this attempt.

        Raises:
            UnknownRouteError: one of them is a route to nowhere.
        """
        targets = list(_targets(config))
        if self.may_end and not targets:
            self.seen(self._namespace(config), self.source, END)
        for target in targets:
            if target not in self.known:
                raise UnknownRouteError(self.source, target, self.known)
            if target not in self.declared:
                self.seen(self._namespace(config), self.source, target)
        return input

    async def ainvoke(self, input: Any, config: RunnableConfig | None = None, **kwargs: Any) -> Any:  # noqa: A002
        """As `invoke`."""
        return self.invoke(input, config)

    def _namespace(self, config: RunnableConfig | None) -> str:
        parts = str(((config or {}).get("metadata") or {}).get("langgraph_checkpoint_ns", "")).split("|")[:-1]
        if self.source.startswith(ERROR_HANDLER):
            parts = parts[:-1]  # LangGraph nests a handler under the task that failed
        return namespace_path(parts)


def guard(graph: Pregel[Any, Any, Any, Any], seen: RouteSeen) -> Pregel[Any, Any, Any, Any]:
    """Return a copy of the graph whose nodes are guarded.

    Subgraphs are guarded in place, since nodes may hold them in closures, where a copy would not be found.
    """
    return graph.copy(update={"nodes": _guarded(graph, seen, set())})


def _guarded(graph: Pregel[Any, Any, Any, Any], seen: RouteSeen, done: set[int]) -> dict[str, Any]:
    done.add(id(graph))
    known = frozenset(name for name in graph.nodes if name != "__start__")
    nodes = {}
    for name, node in graph.nodes.items():
        for subgraph in node.subgraphs:
            if isinstance(subgraph, Pregel) and id(subgraph) not in done:
                subgraph.nodes = _guarded(subgraph, seen, done)
        if any(isinstance(writer, RouteGuard) for writer in node.writers) or not _routes(graph, name):
            nodes[name] = node
            continue
        writer = RouteGuard(name, known, _declared(graph, name), _may_end(graph, name), seen)
        nodes[name] = node.copy({"writers": [*node.writers, writer], **in_context(node)})
    return nodes


def _routes(graph: Pregel[Any, Any, Any, Any], name: str) -> bool:
    """Any node can route by returning a Command; the start can only by a conditional entry."""
    builder = getattr(graph, "builder", None)
    return builder is not None and (name != "__start__" or bool(builder.branches.get(name)))


def _declared(graph: Pregel[Any, Any, Any, Any], source: str) -> frozenset[str]:
    """The targets that a node's edges, path maps and annotations name."""
    builder = graph.builder  # type: ignore[attr-defined]  # see _routes
    targets = {end for start, end in builder.edges if start == source}
    targets.update(end for starts, end in builder.waiting_edges if source in starts)
    for branch in builder.branches.get(source, {}).values():
        targets.update((branch.ends or {}).values())
    spec = builder.nodes.get(source)
    targets.update(spec.ends if spec is not None and spec.ends else ())
    return frozenset(targets)


def _may_end(graph: Pregel[Any, Any, Any, Any], source: str) -> bool:
    """Whether to lead nowhere is to reach the end, though no edge to it is declared.

    So it is for a node without any edges, and for one whose branch has no path map.
    """
    builder = graph.builder  # type: ignore[attr-defined]  # see _routes
    always = any(start == source for start, _ in builder.edges)
    joins = any(source in starts for starts, _ in builder.waiting_edges)
    branches = builder.branches.get(source, {}).values()
    told = bool(branches) and all(branch.ends for branch in branches)
    return not (always or joins or told or END in _declared(graph, source))


def _targets(config: RunnableConfig | None) -> Iterable[str]:
    send = ((config or {}).get("configurable") or {}).get("__pregel_send")
    writes = getattr(send, "__self__", ())
    for channel, value in tuple(writes):
        if channel.startswith(BRANCH):
            yield channel[len(BRANCH) :]
        elif isinstance(value, Send) and channel == "__pregel_tasks":
            yield value.node


def namespace_path(parts: Iterable[str]) -> str:
    """`("outer:<task id>", "1", "inner:<task id>")` → `outer/inner`."""
    return "/".join(part.split(":", 1)[0] for part in parts if part and not part.isdigit())
