"""Draw a graph on a character grid. Pure: no Textual, so that commands can draw too.

`draw` gives spans that a widget can style by live status; `render_text` gives plain lines.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mahavishnu_tui.widgets.drawing.across import across
from mahavishnu_tui.widgets.drawing.down import down
from mahavishnu_tui.widgets.drawing.flatten import flatten, subgraph_paths
from mahavishnu_tui.widgets.drawing.listing import listing
from mahavishnu_tui.widgets.drawing.model import ASCII, UNICODE, Drawing, Edge, Layout, Placement, Role, Span

if TYPE_CHECKING:
    from mahavishnu_tui.models import GraphShape

__all__ = [
    "Drawing",
    "Edge",
    "Layout",
    "Placement",
    "Role",
    "Span",
    "draw",
    "is_dense",
    "render_text",
    "subgraph_paths",
]

DENSE = 250
"""Edges from which on a drawing may take so long that nobody should wait for it."""


def draw(
    shape: GraphShape,
    width: int,
    *,
    unfolded: frozenset[str] = frozenset(),
    ascii_only: bool = False,
    layout: Layout = "auto",
) -> Drawing:
    """Lay `shape` out for a view `width` cells wide.

    `auto` draws across where that fits, else down, else as a list; a drawing of these is never wider
    than `width` (from 20 cells on). A layout that is asked for by name may be wider, and falls back
    to the next one where the graph is too tangled for it. Depends on the arguments alone, never on
    statuses, so that a drawing stands still while it lights up.

    Args:
        shape: the graph.
        width: cells.
        unfolded: paths of the subgraphs to be shown open, in place.
        ascii_only: use no character outside ASCII for lines and marks.
        layout: which one.
    """
    glyphs = ASCII if ascii_only else UNICODE
    graph = flatten(shape, unfolded, glyphs)
    if layout in ("auto", "across"):
        drawing = across(graph, width, glyphs, force=layout == "across")
        if drawing is not None:
            return drawing
    if layout != "list":
        drawing = down(graph, width, glyphs, force=layout == "down")
        if drawing is not None:
            return drawing
    return listing(graph, width, glyphs)


def is_dense(shape: GraphShape) -> bool:
    """Whether `draw` may take more than a tenth of a second."""
    return _edges(shape) > DENSE


def _edges(shape: GraphShape) -> int:
    return len(shape.edges) + sum(map(_edges, shape.subgraphs.values()))


def render_text(
    shape: GraphShape, width: int, ascii_only: bool = False, unfolded: frozenset[str] = frozenset()
) -> list[str]:
    """The drawing as plain lines, no trailing blanks; subgraphs folded but for those in `unfolded`."""
    lines = []
    for row in draw(shape, width, ascii_only=ascii_only, unfolded=unfolded).rows:
        line, end = "", 0
        for span in row:
            line += " " * (span.x - end) + span.text
            end = span.x + span.width
        lines.append(line.rstrip())
    return lines
