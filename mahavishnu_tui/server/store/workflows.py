"""Workflows, and the edges that only runs have shown."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import Any

from mahavishnu_tui.models import ErrorCode, GraphEdge, GraphNode, GraphShape, MahavishnuError, Workflow
from mahavishnu_tui.models.graph import END
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store.tx import Tx


def workflow_id(root: str, spec: str) -> str:
    """The same graph of the same project is the same workflow for ever."""
    return hashlib.sha256(f"{root}\0{spec}".encode()).hexdigest()[:12]


def get(conn: sqlite3.Connection, found_id: str) -> tuple[Workflow, str] | None:
    """A workflow and the stamp its file had when it was loaded."""
    found = conn.execute("SELECT doc, stamp FROM workflows WHERE id = ?", (found_id,)).fetchone()
    return (Workflow.from_json(codec.loads(found[0])), found[1]) if found else None


def require(conn: sqlite3.Connection, wanted: str) -> Workflow:
    """The workflow with this id; raises MHV-108."""
    found = get(conn, wanted)
    if found is None:
        raise MahavishnuError(
            ErrorCode.WORKFLOW_UNKNOWN,
            f"There is no workflow {wanted!r}.",
            "Register it first: `mahavishnu langgraph execute --workflow-file FILE`.",
        )
    return found[0]


def save(tx: Tx, workflow: Workflow, stamp: str) -> None:
    """Write a new or changed workflow and tell the clients."""
    doc = codec.dumps(workflow.to_json()).decode()
    tx.conn.execute(
        "INSERT INTO workflows VALUES(?, ?, ?, ?)"
        " ON CONFLICT(id) DO UPDATE SET doc = excluded.doc, stamp = excluded.stamp",
        (workflow.id, workflow.registered_at, doc, stamp),
    )
    tx.emit("workflow", workflow.id, workflow.to_json())


def every(conn: sqlite3.Connection) -> list[Any]:
    """All workflows in the order in which they came, as stored JSON."""
    rows = conn.execute("SELECT doc FROM workflows ORDER BY registered_at, rowid")
    return [codec.Raw(doc) for (doc,) in rows]


def observe(tx: Tx, of_workflow: str, namespace: str, source: str, target: str) -> None:
    """Remember an edge that a run took and the graph does not declare."""
    tx.conn.execute(
        "INSERT OR IGNORE INTO edges VALUES(?, ?, ?, ?)", (of_workflow, namespace, source, target)
    )


def drawing(conn: sqlite3.Connection, workflow: Workflow) -> GraphShape:
    """The declared shape with the observed edges drawn in."""
    shape = GraphShape.from_json(workflow.shape or {})
    rows = conn.execute("SELECT namespace, source, target FROM edges WHERE workflow_id = ?", (workflow.id,))
    for namespace, source, target in rows:
        part: GraphShape | None = shape
        for name in filter(None, namespace.split("/")):
            part = part.subgraphs.get(name) if part else None
        if part and not any((edge.source, edge.target) == (source, target) for edge in part.edges):
            part.edges.append(GraphEdge(source, target, observed=True))
            if target == END and not any(node.id == END for node in part.nodes):
                part.nodes.append(GraphNode(END, "end"))
    return shape
