"""Draw a graph on a character grid. Pure: no Textual, so that commands can draw too.

`draw` gives cells that a widget can style by live status; `render_text` gives plain lines.
"""

from __future__ import annotations

import dataclasses
from typing import Literal

from mahavishnu_tui.models import GraphShape

Layout = Literal["auto", "across", "down", "list"]
"""`across`: left to right. `down`: top to bottom. `list`: one node per line with branch rails."""
Role = Literal["node", "edge", "label", "text"]


@dataclasses.dataclass(frozen=True)
class Span:
    """A piece of one row: text of one role that belongs to one node or edge."""

    x: int
    text: str
    role: Role
    key: str = ""
    """Node path (`outer/inner`) or edge id (`source→target` with paths)."""


@dataclasses.dataclass(frozen=True)
class Drawing:
    """A finished drawing: rows of spans, left to right, blanks left out."""

    width: int
    rows: list[list[Span]]
    layout: Literal["across", "down", "list"]


def draw(
    shape: GraphShape,
    width: int,
    *,
    unfolded: frozenset[str] = frozenset(),
    ascii_only: bool = False,
    layout: Layout = "auto",
) -> Drawing:
    """Lay `shape` out for a view `width` cells wide; `unfolded` holds paths of subgraphs shown open.

    Depends on its arguments alone, never on statuses, so that a drawing stands still while it lights up.
    """
    rows = [[Span(2, node.id, "node", node.id)] for node in shape.nodes]
    return Drawing(width, rows, "list")


def render_text(shape: GraphShape, width: int, ascii_only: bool = False) -> list[str]:
    """The drawing as plain lines, all subgraphs folded."""
    lines = []
    for row in draw(shape, width, ascii_only=ascii_only).rows:
        line = ""
        for span in row:
            line = line.ljust(span.x) + span.text
        lines.append(line)
    return lines
