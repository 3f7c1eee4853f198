"""`GraphView`: the path through a graph, drawn and lit live."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from mahavishnu_tui.models import GraphShape, NodeVisit
from mahavishnu_tui.widgets.tones import LineView


class GraphView(LineView):
    """The graph of one run; nodes are lit by the newest visit.

    Args:
        now: the clock, seconds since the epoch; a test gives a fixed one.
        ascii_only: draw with ASCII characters.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step('down')", "Down", show=False, id="graph.down"),
        Binding("up,k", "step('up')", "Up", show=False, id="graph.up"),
        Binding("left,h", "step('left')", "Left", show=False, id="graph.left"),
        Binding("right,l", "step('right')", "Right", show=False, id="graph.right"),
        Binding("enter", "open", "Open node", show=False, id="graph.open"),
        Binding("v", "layout", "Turn the drawing", show=False, id="graph.layout"),
        Binding("z", "fold", "Fold or unfold", show=False, id="graph.fold"),
        Binding("F", "follow", "Follow the run", show=False, id="graph.follow"),
    ]

    class NodeSelected(Message):
        """The node cursor moved to `path`, or `""` when nothing is drawn."""

        def __init__(self, view: GraphView, path: str) -> None:
            super().__init__()
            self.view = view
            self.path = path

        @property
        def control(self) -> GraphView:
            """The view that sent it."""
            return self.view

    class NodeActivated(NodeSelected):
        """Enter on a node that is not a subgraph (a subgraph folds and unfolds instead)."""

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        ascii_only: bool = False,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.now = now
        self.ascii_only = ascii_only
        self.cursor_path = ""

    def show(self, shape: GraphShape | None) -> None:
        """Draw another graph, or the same one again; cursor, folds and visits stay where they still fit."""

    def set_visits(self, visits: list[NodeVisit]) -> None:
        """Replace every visit."""

    def update_visit(self, visit: NodeVisit) -> None:
        """Apply one new or changed visit (by its number)."""

    def clear(self, message: str = "") -> None:
        """Show no graph, and `message` in its place."""

    def move_to(self, path: str) -> bool:
        """Put the node cursor on `path`; False when it is not drawn."""
        return False

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        return Strip.blank(self.size.width)
