"""Runs that wait at a node which their graph no longer has."""

from __future__ import annotations

import sqlite3

from mahavishnu_tui.models import Finding, GraphShape, Run, Workflow
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.store import runs

_HINT = (
    "Bring the node back under that name, or go on from an earlier checkpoint: "
    "`mahavishnu langgraph resume {} --checkpoint ID`."
)


def lost_pauses(conn: sqlite3.Connection, workflow: Workflow) -> list[Finding]:
    """The unfinished runs of a workflow whose pause is lost: its node was renamed or removed."""
    if not workflow.shape:
        return []
    nodes = set(_paths(GraphShape.from_json(workflow.shape)))
    found = []
    for run in runs.unfinished_of(conn, workflow.id):
        gone = [node for node in _waits_at(run) if node not in nodes]
        if gone:
            names = ", ".join(repr(clean_line(node, 60)) for node in gone)
            said = f"{run.name} waits at {names}, which the graph no longer has: it cannot go on from there."
            found.append(Finding("lost-pause", "error", run.name, said, _HINT.format(run.name)))
    return found


def _waits_at(run: Run) -> list[str]:
    return run.where if run.status in ("interrupted", "paused") else []


def _paths(shape: GraphShape, prefix: str = "") -> list[str]:
    """The node paths of a graph, those of its subgraphs too."""
    found = [prefix + node.id for node in shape.nodes]
    for name, inner in shape.subgraphs.items():
        found += _paths(inner, f"{prefix}{name}/")
    return found
