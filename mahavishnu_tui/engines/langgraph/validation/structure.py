"""Nodes and routes: what never runs, what never ends, what nobody can tell."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from mahavishnu_tui.engines.langgraph.shape import END, START
from mahavishnu_tui.engines.langgraph.validation.functions import read_node
from mahavishnu_tui.models.finding import Finding

Routes = dict[str, set[str]]


def check_structure(builder: Any, prefix: str = "") -> list[Finding]:
    """Check the nodes and edges of a StateGraph.

    Args:
        builder: the graph as it was built.
        prefix: the path of the subgraph it is, `outer/`, or nothing.
    """
    always = _always(builder)
    routes = _routes(builder, always)
    open_routes = list(_open_routes(builder))
    undeclared = {source for source, _ in open_routes} | {
        name
        for name, spec in builder.nodes.items()
        if not getattr(spec, "ends", None) and read_node(spec).routes
    }
    reached = _reach(START, routes)
    found = [_open_route(prefix, source, route) for source, route in open_routes]
    found += _unreachable(builder, prefix, reached, bool(reached & undeclared))
    endless = _cycle(always, reached)
    if endless:
        found.append(_endless(prefix, endless))
    else:
        found += _loops(prefix, routes, reached, undeclared)
    return found


def _always(builder: Any) -> Routes:
    """The edges that are taken whenever their source has run."""
    routes: Routes = {}
    for source, target in builder.edges:
        routes.setdefault(source, set()).add(target)
    return routes


def _routes(builder: Any, always: Routes) -> Routes:
    """Every declared way from node to node."""
    routes = {source: set(targets) for source, targets in always.items()}
    for sources, target in builder.waiting_edges:
        for source in sources:
            routes.setdefault(source, set()).add(target)
    for source, branches in builder.branches.items():
        for branch in branches.values():
            routes.setdefault(source, set()).update((branch.ends or {}).values())
    for name, spec in builder.nodes.items():
        ends = getattr(spec, "ends", None) or ()
        routes.setdefault(name, set()).update(ends.keys() if isinstance(ends, Mapping) else ends)
        handler = getattr(spec, "error_handler_node", None)
        if handler:
            routes[name].add(handler)
    return routes


def _open_routes(builder: Any) -> Iterator[tuple[str, str]]:
    for source, branches in builder.branches.items():
        for name, branch in branches.items():
            if branch.ends is None:
                yield source, name


def _open_route(prefix: str, source: str, route: str) -> Finding:
    return Finding(
        "open-route",
        "warning",
        prefix + source,
        f"The route {route!r} after {source!r} does not say where it may lead.",
        "Give add_conditional_edges a path map, or its function a Literal return type.",
    )


def _unreachable(builder: Any, prefix: str, reached: set[str], some_undeclared: bool) -> list[Finding]:
    found = []
    for name in builder.nodes:
        if name in reached:
            continue
        if some_undeclared:
            said = f"No declared route leads to {name!r}: only one that is not declared could."
            hint = "Declare where routes lead, so that this can be told."
            found.append(Finding("unreachable", "warning", prefix + name, said, hint))
        else:
            said = f"Nothing leads to {name!r}: it never runs."
            found.append(
                Finding("unreachable", "error", prefix + name, said, "Add an edge to it, or remove it.")
            )
    return found


def _endless(prefix: str, cycle: list[str]) -> Finding:
    way = " → ".join([*cycle, cycle[0]])
    return Finding(
        "endless",
        "error",
        prefix + cycle[0],
        f"{way} goes round for ever: each of these edges is always taken.",
        "Make one of them conditional, with a way to END.",
    )


def _loops(prefix: str, routes: Routes, reached: set[str], undeclared: set[str]) -> list[Finding]:
    """Loops that only a route can leave, and those that nothing leaves."""
    found = []
    ends = {name for name in reached if not routes.get(name)} | {END}
    for members in _components(routes, reached):
        names = ", ".join(repr(name) for name in members)
        onwards = set().union(*(_reach(name, routes) for name in members))
        if onwards & (ends | undeclared):
            said = f"The loop of {names} is left only when a route says so; its bound is the recursion limit."
            hint = "Count the rounds in the state where the number matters."
            found.append(Finding("loop", "note", prefix + members[0], said, hint))
        else:
            said = f"There is no way out of {names}: no route leads from there to the end."
            found.append(Finding("no-way-out", "error", prefix + members[0], said, "Add a route to END."))
    return found


def _reach(start: str, routes: Routes) -> set[str]:
    """`start` and all that can be reached from it."""
    seen, waiting = {start}, [start]
    while waiting:
        for target in routes.get(waiting.pop(), ()):
            if target not in seen:
                seen.add(target)
                waiting.append(target)
    return seen


def _cycle(routes: Routes, within: set[str]) -> list[str]:
    """A cycle of these routes, as the nodes on it in order; empty when there is none."""
    for members in _components(routes, within):
        way = [members[0]]
        while (nxt := min(routes[way[-1]] & set(members))) not in way:
            way.append(nxt)
        return way[way.index(nxt) :]
    return []


def _components(routes: Routes, within: Iterable[str]) -> Iterator[list[str]]:
    """The sets of nodes of which each reaches all, sorted; a single one only when it leads to itself."""
    reach = {
        name: set().union(*(_reach(target, routes) for target in routes.get(name, ()))) for name in within
    }
    told: set[str] = set()
    for name in sorted(reach):
        if name in reach[name] and name not in told:
            members = sorted(other for other in reach[name] if name in reach.get(other, ()))
            told.update(members)
            yield members
