"""What a drawing is made of, and the characters it is drawn with."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Final, Literal

from rich.cells import cell_len

if TYPE_CHECKING:
    from mahavishnu_tui.models.graph import NodeKind


Layout = Literal["auto", "across", "down", "list"]
"""`across`: left to right. `down`: top to bottom, one node per line with rails. `list`: no lines."""
Role = Literal["node", "terminal", "mark", "status", "edge", "label", "text"]
"""`terminal`: a start or an end. `mark`: the place of a glyph on a rail. `status`: room kept for the state of
node `key`, filled with its line or blanks."""
Edge = tuple[str, str]
"""Paths of source and target."""

UP: Final = 1
DOWN: Final = 2
LEFT: Final = 4
RIGHT: Final = 8


@dataclasses.dataclass(frozen=True, slots=True)
class Span:
    """A piece of one row that looks and means the same throughout."""

    x: int
    text: str
    role: Role
    key: str = ""
    """Path of the node it belongs to (`outer/inner`); empty for edges."""
    edges: frozenset[Edge] = frozenset()
    """The edges that run through these cells."""

    @property
    def width(self) -> int:
        """Cells taken."""
        return cell_len(self.text)


@dataclasses.dataclass(frozen=True, slots=True)
class Placement:
    """Where a node is: the cells of its name."""

    x: int
    y: int
    width: int


@dataclasses.dataclass(frozen=True, slots=True)
class Drawing:
    """A finished drawing: rows of spans from left to right, blanks left out."""

    width: int
    rows: tuple[tuple[Span, ...], ...]
    layout: Literal["across", "down", "list"]
    nodes: dict[str, Placement]

    @property
    def height(self) -> int:
        """How many rows."""
        return len(self.rows)


@dataclasses.dataclass(frozen=True, slots=True)
class FlatNode:
    """A node that is drawn; `label` is its name made fit for a terminal, mark included."""

    path: str
    label: str
    kind: NodeKind
    depth: int = 0
    """How many unfolded subgraphs it lies in."""


@dataclasses.dataclass(frozen=True, slots=True)
class FlatEdge:
    """All parallel edges from one drawn node to another."""

    source: str
    target: str
    label: str = ""
    observed: bool = False

    @property
    def key(self) -> Edge:
        """What names it in a span."""
        return (self.source, self.target)


@dataclasses.dataclass(frozen=True, slots=True)
class FlatGraph:
    """The graph as drawn: subgraphs folded to one node or unfolded in place."""

    nodes: tuple[FlatNode, ...]
    edges: tuple[FlatEdge, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Glyphs:
    """One set of drawing characters; `lines` is indexed by the direction bits."""

    lines: str
    dash_h: str
    dash_v: str
    right: str
    left: str
    start: str
    end: str
    exit: str
    node: str
    folded: str
    unfolded: str
    loop: str
    to: str
    ellipsis: str


#                    none U D UD L UL DL UDL R UR DR UDR LR ULR DLR UDLR
UNICODE: Final = Glyphs(
    lines=" │││─┘┐┤─└┌├─┴┬┼",
    dash_h="╌",
    dash_v="╎",
    right="▶",
    left="◀",
    start="●",
    end="◉",
    exit="○",
    node="◦",
    folded="▣",
    unfolded="▾",
    loop="↺",
    to="→",
    ellipsis="…",
)
ASCII: Final = Glyphs(
    lines=" |||-+++-+++-+++",
    dash_h=".",
    dash_v=":",
    right=">",
    left="<",
    start="*",
    end="@",
    exit="o",
    node="o",
    folded="[+]",
    unfolded="[-]",
    loop="(loop)",
    to="->",
    ellipsis="~",
)
