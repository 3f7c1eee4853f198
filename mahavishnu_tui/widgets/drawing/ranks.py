"""Loops and layers: which edges lead back, in which order nodes come, in which column they stand."""

from __future__ import annotations

from collections import defaultdict

from mahavishnu_tui.widgets.drawing.model import Edge, FlatGraph


def back_edges(graph: FlatGraph) -> set[Edge]:
    """Edges that close a cycle (self-loops too), found depth first from the starts in declared order."""
    after = successors(graph)
    found: set[Edge] = set()
    done: set[str] = set()
    on_path: set[str] = set()
    roots = [node.path for node in graph.nodes if node.kind == "start"]
    has_source = {edge.target for edge in graph.edges}
    roots += [node.path for node in graph.nodes if node.path not in has_source]
    roots += [node.path for node in graph.nodes]
    for root in roots:
        if root in done:
            continue
        stack = [(root, iter(after[root]))]
        on_path.add(root)
        while stack:
            here, rest = stack[-1]
            for target in rest:
                if target in on_path:
                    found.add((here, target))
                elif target not in done:
                    on_path.add(target)
                    stack.append((target, iter(after[target])))
                    break
            else:
                stack.pop()
                on_path.discard(here)
                done.add(here)
    return found


def successors(graph: FlatGraph) -> dict[str, list[str]]:
    """Targets per node in declared order."""
    after: dict[str, list[str]] = {node.path: [] for node in graph.nodes}
    for edge in graph.edges:
        after[edge.source].append(edge.target)
    return after


def ranks(graph: FlatGraph, back: set[Edge]) -> dict[str, int]:
    """The column of every node: one more than its furthest predecessor; ends stand last."""
    order = topological(graph, back)
    after = successors(graph)
    rank = dict.fromkeys(order, 0)
    fed: set[str] = set()
    for path in order:
        for target in after[path]:
            if (path, target) not in back:
                rank[target] = max(rank[target], rank[path] + 1)
                fed.add(target)
    kinds = {node.path: node.kind for node in graph.nodes}
    for path in reversed(order):
        # A node that nothing leads to stands beside what it leads to, not far away at the left.
        if path in fed or kinds[path] == "start":
            continue
        forward = [rank[target] for target in after[path] if (path, target) not in back]
        if forward:
            rank[path] = max(0, min(forward) - 1)
    last = max(rank.values(), default=0)
    for node in graph.nodes:
        if node.kind == "end" and node.depth == 0 and not after[node.path]:
            rank[node.path] = last
    return rank


def topological(graph: FlatGraph, back: set[Edge]) -> list[str]:
    """Every node after its predecessors, branches kept together, ends last."""
    after = successors(graph)
    waiting: dict[str, int] = defaultdict(int)
    for edge in graph.edges:
        if edge.key not in back:
            waiting[edge.target] += 1
    kinds = {node.path: node.kind for node in graph.nodes}
    ready = [node.path for node in reversed(graph.nodes) if not waiting[node.path]]
    last = {node.path for node in graph.nodes if node.kind == "end" and not node.depth}
    # Starts on top of the stack: a graph is read from there.
    ready.sort(key=lambda path: kinds[path] == "start")
    order: list[str] = []
    ends: list[str] = []
    while ready or ends:
        path = ready.pop() if ready else ends.pop(0)
        order.append(path)
        freed: list[str] = []
        for target in after[path]:
            if (path, target) in back:
                continue
            waiting[target] -= 1
            if not waiting[target]:
                (ends if target in last else freed).append(target)
        ready.extend(reversed(freed))
    return order
