"""Edges that nothing declares are drawn while the run that takes them is at work."""

from __future__ import annotations

from mahavishnu_tui.models import GraphEdge, GraphNode, GraphShape
from tests.unit.screens.driving import drive

DARK = GraphShape([GraphNode("__start__", "start"), GraphNode("build"), GraphNode("deploy")], [])


async def test_an_edge_is_drawn_as_soon_as_a_run_has_shown_it() -> None:
    shapes = [DARK]

    async def graph(_: str) -> GraphShape:
        return shapes[-1]

    async with drive((120, 40)) as driven:
        driven.connection.client.graph = graph  # type: ignore[method-assign]
        await driven.cursor_on("amber-otter")
        await driven.press("enter")
        await driven.until(lambda: "review" not in driven.text and "deploy" in driven.text)
        assert "seen" not in driven.text
        seen = [GraphEdge("__start__", "build"), GraphEdge("build", "deploy", observed=True)]
        shapes.append(GraphShape(DARK.nodes, seen))
        amber = driven.connection.world.runs[0]
        driven.connection.event("run", amber.id, amber.replace(step=10))
        await driven.sees("╌╌ seen", "╌▶ deploy")
