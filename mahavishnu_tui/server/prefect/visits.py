"""Task runs as the path of their flow run, and the graph that they make. Pure but for the numbers given."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

from mahavishnu_tui.engines.prefect.states import TERMINAL, moment, visit_outcome
from mahavishnu_tui.models import GraphEdge, GraphNode, GraphShape, NodeVisit
from mahavishnu_tui.models.graph import END
from mahavishnu_tui.server.prefect.mapping import mapping, text

START = "__start__"
_KEY = re.compile(r"(.+)-[0-9a-f]{8}")
_MOST_EDGES = 5000


class Numbers:
    """The numbers of a run's visits: given once, in the order in which task runs were first seen to begin."""

    def __init__(self) -> None:
        self._of: dict[str, int] = {}

    def give(self, told: Iterable[dict[str, Any]]) -> list[tuple[int, dict[str, Any]]]:
        """The task runs with their numbers, in that order."""
        found = sorted(told, key=lambda item: (_began(item), str(item.get("id"))))
        for item in found:
            self._of.setdefault(str(item["id"]), len(self._of) + 1)
        return sorted(((self._of[str(item["id"])], item) for item in found), key=lambda pair: pair[0])

    def of(self, task_run_id: str) -> int:
        """The number of a task run; 0 when it was not seen."""
        return self._of.get(task_run_id, 0)


def node_of(told: dict[str, Any]) -> str:
    """The name of the task that a task run is of."""
    key = text(told.get("task_key"))
    found = _KEY.fullmatch(key)
    name = (found[1] if found else key) or text(told.get("name")) or "task"
    return name.rpartition(".")[2] or name


def visits(run_id: str, numbered: Sequence[tuple[int, dict[str, Any]]]) -> list[NodeVisit]:
    """Task runs as visits; those of a task that was called several times are its branches."""
    calls: dict[str, int] = {}
    for _, told in numbered:
        calls[node_of(told)] = calls.get(node_of(told), 0) + 1
    so_far: dict[str, int] = {}
    found = []
    for number, told in numbered:
        node = node_of(told)
        place = so_far.get(node, 0)
        so_far[node] = place + 1
        found.append(_visit(run_id, number, told, f"map:{place}" if calls[node] > 1 else ""))
    return found


def _visit(run_id: str, number: int, told: dict[str, Any], branch: str) -> NodeVisit:
    state = mapping(told.get("state"))
    kind = str(told.get("state_type") or state.get("type") or "") or None
    name = text(told.get("state_name") or state.get("name"), 60)
    outcome = visit_outcome(kind, name)
    said = text(state.get("message"), 2000)
    attempts = told.get("run_count")
    return NodeVisit(
        run_id=run_id,
        number=number,
        node=node_of(told),
        task_id=str(told["id"]),
        step=number - 1,
        started_at=_began(told),
        outcome=outcome,
        attempt=attempts if isinstance(attempts, int) and attempts > 0 else 1,
        branch=branch,
        ended_at=(moment(told.get("end_time")) or moment(state.get("timestamp")))
        if kind in TERMINAL
        else None,
        error=(said or "It does not say why.") if outcome in ("error", "lost") else None,
        label=text(told.get("name")),
        state=name,
    )


def _began(told: dict[str, Any]) -> float:
    return (
        moment(told.get("start_time"))
        or moment(told.get("expected_start_time"))
        or moment(told.get("created"))
        or 0.0
    )


def shape(numbered: Sequence[tuple[int, dict[str, Any]]]) -> GraphShape:
    """The tasks of a run and what they were given of each other.

    A task that was given nothing of another one follows the one that had ended last when it began, if any:
    that edge was seen, not declared.
    """
    nodes: dict[str, GraphNode] = {}
    by_id = {str(told["id"]): node_of(told) for _, told in numbered}
    edges: dict[tuple[str, str], bool] = {}
    ended: list[tuple[float, str]] = []
    for _, told in numbered:
        node = node_of(told)
        sub = mapping(mapping(told.get("state")).get("state_details")).get("child_flow_run_id")
        nodes.setdefault(node, GraphNode(node, "subgraph" if sub else "node"))
        given = {by_id[key] for key in _inputs(told) if key in by_id}
        for source in given:
            edges[source, node] = False
        if not given:
            before = [(at, name) for at, name in ended if at <= _began(told) and name != node]
            source = max(before)[1] if before else START
            edges.setdefault((source, node), source != START)
        if at := moment(told.get("end_time")):
            ended = sorted([*ended, (at, node)])[-50:]
    sources = {source for source, target in edges if source != target}
    for node in nodes:
        if node not in sources:
            edges[node, END] = False
    if not nodes:
        edges[START, END] = False
    drawn = [GraphEdge(source, target, observed=seen) for (source, target), seen in edges.items()]
    ends = [GraphNode(START, "start"), *nodes.values(), GraphNode(END, "end")]
    return GraphShape(nodes=ends, edges=drawn[:_MOST_EDGES])


def _inputs(told: dict[str, Any]) -> set[str]:
    """The ids of the task runs whose results this one was given."""
    found = set()
    for given in mapping(told.get("task_inputs")).values():
        for item in given if isinstance(given, list) else ():
            if isinstance(item, dict) and item.get("input_type") == "task_run":
                found.add(str(item.get("id")))
    return found
