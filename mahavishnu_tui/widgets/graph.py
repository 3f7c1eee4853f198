"""`GraphView`: the path through a graph, drawn and lit live."""

from __future__ import annotations

import asyncio
import functools
import textwrap
import time
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar, cast

from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.extent import set_extent
from mahavishnu_tui.widgets.path import PathState
from mahavishnu_tui.widgets.status import next_step
from mahavishnu_tui.widgets.tones import LineView

if TYPE_CHECKING:
    from mahavishnu_tui.models import GraphShape, NodeVisit
    from mahavishnu_tui.widgets.graph_layout import Drawing, Layout, Placement
    from mahavishnu_tui.widgets.graph_lit import LitDrawing

    _Wanted = tuple[int, Layout, frozenset[str]]
    """Cells, layout, unfolded subgraphs: what a drawing depends on beside its graph."""
_LAYOUTS: tuple[Layout, ...] = ("auto", "across", "down", "list")


class GraphView(LineView):
    """The graph of one run; nodes are lit by their newest visit.

    Args:
        now: the clock, seconds since the epoch; a test gives a fixed one.
        until_step: seconds until that clock moves on; 0 where it moves all the time.
        ascii_only: draw with ASCII characters.
    """

    DEFAULT_CSS = """
    GraphView {
        overflow-x: auto;
        &> .graph--active { background: $primary 35%; text-style: bold; }
        &> .graph--hot { color: $text-primary; text-style: bold; }
        &> .graph--untaken { color: $foreground 40%; }
        &> .graph--unvisited { color: $foreground 70%; }
        &:ansi > .graph--active { background: transparent; color: $primary; text-style: bold reverse; }
        &:ansi > .graph--untaken { color: $foreground; text-style: dim; }
        &:ansi > .graph--unvisited { color: $foreground; text-style: dim; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(0, 1)", "Down", show=False, id="graph.down"),
        Binding("up,k", "step(0, -1)", "Up", show=False, id="graph.up"),
        Binding("left,h", "step(-1, 0)", "Left", show=False, id="graph.left"),
        Binding("right,l", "step(1, 0)", "Right", show=False, id="graph.right"),
        Binding("enter", "open", "Open node", show=False, id="graph.open"),
        Binding("o", "fold", "Fold or unfold", show=False, id="graph.toggle"),
        Binding("z", "fold_all", "Fold or unfold all", show=False, id="graph.fold"),
        Binding("v", "turn", "Turn the drawing", show=False, id="graph.turn"),
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
        until_step: Callable[[], float] = lambda: 0.0,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.now = now
        self.until_step = until_step
        self.ascii_only = ascii_only
        self.cursor_path = ""
        self.following = True
        self.turned: Layout = "auto"
        self.unfolded: frozenset[str] = frozenset()
        self._shape: GraphShape | None = None
        self._path = PathState()
        self._message = ""
        self._lit: LitDrawing | None = None
        self._drawings: dict[_Wanted, Drawing] = {}
        self._strips: dict[int, Strip] = {}
        self._timer: Timer | None = None
        self._moment: float | None = None
        """The moment that is shown; None for now."""

    @property
    def layout_shown(self) -> str:
        """`across`, `down`, `list`, or nothing when there is no drawing."""
        return self._lit.drawing.layout if self._lit else ""

    def show(self, shape: GraphShape | None) -> None:
        """Draw another graph, or the same one again; cursor, folds and visits stay where they still fit."""
        if shape is None:
            self.clear(self._message)
            return
        if shape == self._shape:
            return
        from mahavishnu_tui.widgets.graph_layout import is_dense, subgraph_paths

        self._shape = shape
        self._message = ""
        self._drawings.clear()
        if is_dense(shape):
            self._lit, self._message = None, "drawing …"
            self.refresh()
        self.unfolded &= set(subgraph_paths(shape))
        self._lay_out()

    def set_visits(self, visits: Iterable[NodeVisit], moment: float | None = None) -> None:
        """Replace every visit; with a `moment`, times stand still at it."""
        self._moment = moment
        self._path = PathState(visits)
        if self._lit is not None:
            self._paint(self._lit.light(self._path))
        self._follow()
        self._schedule()

    def update_visit(self, visit: NodeVisit) -> None:
        """Apply one new or changed visit (by its number)."""
        changed = self._path.update(visit)
        if not changed:
            return
        if self._lit is not None:
            self._paint(self._lit.light(self._path, changed))
        self._follow()
        self._schedule()

    def clear(self, message: str = "") -> None:
        """Show no graph and no visits, and `message` in their place."""
        self._shape, self._lit = None, None
        self._message = clean_line(message)
        self._path = PathState()
        self._moment = None
        self._drawings.clear()
        self._strips.clear()
        self.following = True
        set_extent(self, Size(0, 1))
        self._select("")
        self._schedule()
        self.refresh()

    def look_at(self, path: str) -> None:
        """Put the cursor on a node, or on the folded subgraph that it is in."""
        self.move_to(self._shown(path))

    def move_to(self, path: str) -> bool:
        """Put the node cursor on `path`; False when it is not drawn."""
        if path not in self._placed:
            return False
        self._select(path)
        self._scroll_into_view(path)
        return True

    def on_resize(self) -> None:
        """Draw for the new width."""
        if self._shape is not None:
            self._lay_out()

    def notify_style_update(self) -> None:
        """The theme changed: nothing painted so far is right."""
        self._strips.clear()
        super().notify_style_update()

    def watch_has_focus(self, _focused: bool) -> None:
        """The cursor looks different with and without focus."""
        super().watch_has_focus(_focused)
        self._paint(self._rows_of(self.cursor_path))

    # Keys

    def action_step(self, dx: int, dy: int) -> None:
        """Move the cursor to the nearest node in that direction."""
        nodes = self._placed
        here = nodes.get(self.cursor_path)
        if here is None:
            self.move_to(next(iter(nodes), ""))
            return
        best, nearest = "", float("inf")
        for path, place in nodes.items():
            along = (place.x - here.x) * dx + (place.y - here.y) * dy
            aside = abs(place.y - here.y) * 4 if dx else abs(place.x - here.x) // 2
            if along > 0 and along + aside < nearest:
                best, nearest = path, along + aside
        if best:
            self.following = False
            self.move_to(best)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where no node is drawn there is none to open."""
        if action == "open" and not self.cursor_path:
            return False
        return super().check_action(action, parameters)

    def action_open(self) -> None:
        """Fold or unfold a subgraph; any other node is activated."""
        if not self._toggle(self.cursor_path) and self.cursor_path:
            self.post_message(self.NodeActivated(self, self.cursor_path))

    def action_fold(self) -> None:
        """Fold or unfold the subgraph under the cursor, or fold the one that the cursor is in."""
        if not self._toggle(self.cursor_path):
            self._toggle(self.cursor_path.rpartition("/")[0])

    def _toggle(self, path: str) -> bool:
        if self._shape is None:
            return False
        from mahavishnu_tui.widgets.graph_layout import subgraph_paths

        if path not in set(subgraph_paths(self._shape)):
            return False
        self.unfolded = self.unfolded ^ {path}
        self._lay_out()
        return True

    def action_fold_all(self) -> None:
        """Unfold every subgraph, or fold them when any is unfolded."""
        if self._shape is not None:
            from mahavishnu_tui.widgets.graph_layout import subgraph_paths

            self.unfolded = frozenset() if self.unfolded else frozenset(subgraph_paths(self._shape))
            self._lay_out()

    def action_turn(self) -> None:
        """The next layout: by width, across, down, list."""
        self.turned = _LAYOUTS[(_LAYOUTS.index(self.turned) + 1) % len(_LAYOUTS)]
        self._lay_out()

    def action_follow(self) -> None:
        """Follow the running node again."""
        self.following = True
        self._follow()

    def on_mouse_scroll_down(self) -> None:
        """Who scrolls wants to look elsewhere."""
        self.following = False

    def on_mouse_scroll_up(self) -> None:
        """Who scrolls wants to look elsewhere."""
        self.following = False

    # Layout

    def _lay_out(self) -> None:
        if self._shape is None or not self.size.width:
            return
        from mahavishnu_tui.widgets.graph_layout import is_dense
        from mahavishnu_tui.widgets.graph_lit import LitDrawing

        key = self._wanted
        drawing = self._drawings.get(key)
        if drawing is None and is_dense(self._shape):
            draft = cast(Any, functools.partial(self._draft, self._shape, key))
            self.run_worker(draft, group="drawing", exclusive=True, exit_on_error=False)
            return
        if drawing is None:
            drawing = self._drawings[key] = self._drawn(self._shape, key)
        if self._lit is not None and drawing is self._lit.drawing:
            return
        self._lit = LitDrawing(drawing, self.tone, self.ascii_only)
        self._lit.light(self._path)
        self._strips.clear()
        set_extent(self, Size(drawing.width, drawing.height))
        if self.cursor_path not in drawing.nodes:
            parent = self.cursor_path.rpartition("/")[0]
            self._select(parent if parent in drawing.nodes else self._first_node(drawing))
        self._follow()
        self.refresh()

    @property
    def _wanted(self) -> _Wanted:
        # One column stays free for a scrollbar, so that its coming and going redraws nothing.
        return (max(1, self.size.width - 1), self.turned, self.unfolded)

    def _drawn(self, shape: GraphShape, wanted: _Wanted) -> Drawing:
        from mahavishnu_tui.widgets.graph_layout import draw

        width, layout, unfolded = wanted
        return draw(shape, width, unfolded=unfolded, ascii_only=self.ascii_only, layout=layout)

    async def _draft(self, shape: GraphShape, wanted: _Wanted) -> None:
        """Draw what takes long in a thread; what was drawn before stays until then."""
        drawing = await asyncio.to_thread(self._drawn, shape, wanted)
        if shape is self._shape:
            self._drawings[wanted] = drawing
            if wanted == self._wanted:
                self._lay_out()

    def _first_node(self, drawing: Drawing) -> str:
        """Where the run is, else the first node of the drawing."""
        names = [span.key for row in drawing.rows for span in row if span.role == "node"]
        first = min(names, key=lambda path: (drawing.nodes[path].x, drawing.nodes[path].y), default="")
        return self._shown(self._path.focus()) or first

    @property
    def _placed(self) -> dict[str, Placement]:
        return self._lit.drawing.nodes if self._lit is not None else {}

    def _rows_of(self, path: str) -> set[int]:
        return self._lit.rows_of.get(path, set()) if self._lit is not None else set()

    def _paint(self, rows: Iterable[int]) -> None:
        for row in rows:
            self._strips.pop(row, None)
            self.refresh_line(row)

    # Cursor and scrolling

    def _select(self, path: str) -> None:
        if path == self.cursor_path:
            return
        rows = self._rows_of(self.cursor_path) | self._rows_of(path)
        drawn, self.cursor_path = bool(self.cursor_path), path
        if drawn != bool(path):
            self.refresh_bindings()
        self._paint(rows)
        self.post_message(self.NodeSelected(self, path))

    def _shown(self, path: str) -> str:
        """`path`, or the folded subgraph it is in; nothing when neither is drawn."""
        while path and path not in self._placed:
            path = path.rpartition("/")[0]
        return path

    def _follow(self) -> None:
        if self.following and (path := self._shown(self._path.focus())):
            self._scroll_into_view(path)

    def _scroll_into_view(self, path: str) -> None:
        if self.size:
            place = self._placed[path]
            region = Region(max(0, place.x - 4), max(0, place.y - 2), place.width + 20, 5)
            self.scroll_to_region(region, animate=False, force=True)

    # Time

    def _schedule(self) -> None:
        """One timer, to the next moment at which a shown age reads differently; none when all rests."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if not self.is_attached or self._moment is not None:
            return
        now = self.now()
        waits = [next_step(now - light.since) for light in self._path.going()]
        if waits:
            self._timer = self.set_timer(max(min(waits), self.until_step()), self._tick)

    def _time(self) -> float:
        return self.now() if self._moment is None else self._moment

    def _tick(self) -> None:
        if self._lit is not None:
            self._paint(self._lit.ticking())
        self._schedule()

    # Lines

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        scroll_x, scroll_y = self.scroll_offset
        width = self.size.width
        if self._lit is None:
            lines = textwrap.wrap(self._message, max(8, width))
            strip = Strip([Segment(lines[y] if y < len(lines) else "", self.tone("muted"))])
            return strip.adjust_cell_length(width).apply_style(self.rich_style)
        row = y + scroll_y
        if row >= self._lit.drawing.height:
            return Strip.blank(width, self.rich_style)
        strip = self._strips.get(row) or self._lit.row(row, self.cursor_path, self._time())
        self._strips[row] = strip
        return strip.crop_extend(scroll_x, scroll_x + width, None).apply_style(self.rich_style)
