"""`GraphView`: the path through a graph, drawn and lit live."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.strip import Strip
from textual.timer import Timer

from mahavishnu_tui.models import GraphShape, NodeVisit
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.drawing.flatten import subgraph_paths
from mahavishnu_tui.widgets.graph_layout import Drawing, Edge, Layout, Span, draw
from mahavishnu_tui.widgets.path import Light, PathState
from mahavishnu_tui.widgets.status import next_step
from mahavishnu_tui.widgets.tones import LineView

_LAYOUTS: tuple[Layout, ...] = ("auto", "across", "down", "list")


class GraphView(LineView):
    """The graph of one run; nodes are lit by their newest visit.

    Args:
        now: the clock, seconds since the epoch; a test gives a fixed one.
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
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "graph--active",
        "graph--hot",
        "graph--untaken",
        "graph--unvisited",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "step(0, 1)", "Down", show=False, id="graph.down"),
        Binding("up,k", "step(0, -1)", "Up", show=False, id="graph.up"),
        Binding("left,h", "step(-1, 0)", "Left", show=False, id="graph.left"),
        Binding("right,l", "step(1, 0)", "Right", show=False, id="graph.right"),
        Binding("enter", "open", "Open node", show=False, id="graph.open"),
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
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.now = now
        self.ascii_only = ascii_only
        self.cursor_path = ""
        self.following = True
        self.turned: Layout = "auto"
        self.unfolded: frozenset[str] = frozenset()
        self._shape: GraphShape | None = None
        self._path = PathState()
        self._message = ""
        self._drawing: Drawing | None = None
        self._drawings: dict[tuple[int, Layout, frozenset[str]], Drawing] = {}
        self._strips: dict[int, Strip] = {}
        self._rows_of: dict[str, set[int]] = {}
        self._rows_with: dict[Edge, set[int]] = {}
        self._starts: frozenset[str] = frozenset()
        self._ends: frozenset[str] = frozenset()
        self._taken: set[Edge] = set()
        self._hot: set[Edge] = set()
        self._timer: Timer | None = None

    @property
    def layout_shown(self) -> str:
        """`across`, `down`, `list`, or nothing when there is no drawing."""
        return self._drawing.layout if self._drawing else ""

    def show(self, shape: GraphShape | None) -> None:
        """Draw another graph, or the same one again; cursor, folds and visits stay where they still fit."""
        if shape is None:
            self.clear(self._message)
            return
        if shape == self._shape:
            return
        self._shape = shape
        self._message = ""
        self._drawings.clear()
        self.unfolded &= set(subgraph_paths(shape))
        self._lay_out()

    def set_visits(self, visits: Iterable[NodeVisit]) -> None:
        """Replace every visit."""
        self._path = PathState(visits)
        self._relight()
        self._paint(range(self._drawing.height if self._drawing else 0))
        self._follow()
        self._schedule()

    def update_visit(self, visit: NodeVisit) -> None:
        """Apply one new or changed visit (by its number)."""
        changed = self._path.update(visit)
        if not changed:
            return
        rows = {row for path in changed for row in self._rows_of.get(path, ())}
        rows |= self._relight()
        self._paint(rows)
        self._follow()
        self._schedule()

    def clear(self, message: str = "") -> None:
        """Show no graph and no visits, and `message` in their place."""
        self._shape, self._drawing = None, None
        self._message = clean_line(message)
        self._path = PathState()
        self._drawings.clear()
        self._strips.clear()
        self._rows_of, self._rows_with, self._taken, self._hot = {}, {}, set(), set()
        self.following = True
        self.virtual_size = Size(0, 1)
        self._select("")
        self._schedule()
        self.refresh()

    def move_to(self, path: str) -> bool:
        """Put the node cursor on `path`; False when it is not drawn."""
        if self._drawing is None or path not in self._drawing.nodes:
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
        self._paint(self._rows_of.get(self.cursor_path, ()))

    # Keys

    def action_step(self, dx: int, dy: int) -> None:
        """Move the cursor to the nearest node in that direction."""
        if self._drawing is None or not self._drawing.nodes:
            return
        here = self._drawing.nodes.get(self.cursor_path)
        if here is None:
            self.move_to(next(iter(self._drawing.nodes)))
            return
        best, nearest = "", float("inf")
        for path, place in self._drawing.nodes.items():
            along = (place.x - here.x) * dx + (place.y - here.y) * dy
            aside = abs(place.y - here.y) * 4 if dx else abs(place.x - here.x) // 2
            if along > 0 and along + aside < nearest:
                best, nearest = path, along + aside
        if best:
            self.following = False
            self.move_to(best)

    def action_open(self) -> None:
        """Fold or unfold a subgraph; any other node is activated."""
        path = self.cursor_path
        if self._shape is not None and path in set(subgraph_paths(self._shape)):
            self.unfolded = self.unfolded ^ {path}
            self._lay_out()
        elif path:
            self.post_message(self.NodeActivated(self, path))

    def action_fold_all(self) -> None:
        """Unfold every subgraph, or fold them when any is unfolded."""
        if self._shape is not None:
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
        # One column stays free for a scrollbar, so that its coming and going redraws nothing.
        key = (max(1, self.size.width - 1), self.turned, self.unfolded)
        drawing = self._drawings.get(key)
        if drawing is None:
            drawing = draw(
                self._shape, key[0], unfolded=key[2], ascii_only=self.ascii_only, layout=self.turned
            )
            self._drawings[key] = drawing
        if drawing is self._drawing:
            return
        self._drawing = drawing
        self._index(drawing)
        self._relight()
        self._strips.clear()
        self.virtual_size = Size(drawing.width, drawing.height)
        if self.cursor_path not in drawing.nodes:
            parent = self.cursor_path.rpartition("/")[0]
            self._select(parent if parent in drawing.nodes else self._first_node())
        self._follow()
        self.refresh()

    def _first_node(self) -> str:
        focus = self._shown(self._path.focus())
        if focus or self._drawing is None:
            return focus
        nodes = self._drawing.nodes
        names = [span.key for row in self._drawing.rows for span in row if span.role == "node"]
        return min(names, key=lambda path: (nodes[path].x, nodes[path].y), default="")

    def _index(self, drawing: Drawing) -> None:
        rows_of: dict[str, set[int]] = defaultdict(set)
        rows_with: dict[Edge, set[int]] = defaultdict(set)
        terminals = set()
        for y, row in enumerate(drawing.rows):
            for span in row:
                if span.key:
                    rows_of[span.key].add(y)
                if span.role == "terminal":
                    terminals.add(span.key)
                for edge in span.edges:
                    rows_with[edge].add(y)
        self._rows_of, self._rows_with = rows_of, rows_with
        sources = {source for source, _ in rows_with}
        self._ends = frozenset(path for path in terminals if path not in sources or "/" in path)
        self._starts = frozenset(terminals - self._ends)

    def _relight(self) -> set[int]:
        """Find the taken edges anew; the rows on which something changed."""
        taken = self._path.taken(self._rows_with, self._starts, self._ends)
        hot = self._path.hot(taken, self._starts)
        changed = (taken ^ self._taken) | (hot ^ self._hot)
        self._taken, self._hot = taken, hot
        return {row for edge in changed for row in self._rows_with.get(edge, ())}

    def _paint(self, rows: Iterable[int]) -> None:
        for row in rows:
            self._strips.pop(row, None)
            self.refresh_line(row)

    # Cursor and scrolling

    def _select(self, path: str) -> None:
        if path == self.cursor_path:
            return
        rows = self._rows_of.get(self.cursor_path, set()) | self._rows_of.get(path, set())
        self.cursor_path = path
        self._paint(rows)
        self.post_message(self.NodeSelected(self, path))

    def _shown(self, path: str) -> str:
        """`path`, or the folded subgraph it is in; nothing when neither is drawn."""
        while path and (self._drawing is None or path not in self._drawing.nodes):
            path = path.rpartition("/")[0]
        return path

    def _follow(self) -> None:
        if self.following and (path := self._shown(self._path.focus())):
            self._scroll_into_view(path)

    def _scroll_into_view(self, path: str) -> None:
        if self._drawing is not None and self.size:
            place = self._drawing.nodes[path]
            region = Region(max(0, place.x - 4), max(0, place.y - 2), place.width + 20, 5)
            self.scroll_to_region(region, animate=False, force=True)

    # Time

    def _schedule(self) -> None:
        """One timer, to the next moment at which a shown age reads differently; none when all rests."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        if not self.is_attached:
            return
        now = self.now()
        waits = [next_step(now - light.since) for light in self._path.going()]
        if waits:
            self._timer = self.set_timer(min(waits), self._tick)

    def _tick(self) -> None:
        rows = {
            row
            for path, rows in self._rows_of.items()
            if (light := self._path.light(path)) and light in self._path.going()
            for row in rows
        }
        self._paint(rows)
        self._schedule()

    # Lines

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        scroll_x, scroll_y = self.scroll_offset
        width = self.size.width
        if self._drawing is None:
            text = self._message if y == 0 else ""
            return (
                Strip([Segment(text, self.tone("muted"))])
                .adjust_cell_length(width)
                .apply_style(self.rich_style)
            )
        row = y + scroll_y
        if row >= self._drawing.height:
            return Strip.blank(width, self.rich_style)
        strip = self._strips.get(row)
        if strip is None:
            strip = self._strips[row] = self._render_row(self._drawing, row)
        return strip.crop_extend(scroll_x, scroll_x + width, None).apply_style(self.rich_style)

    def _render_row(self, drawing: Drawing, row: int) -> Strip:
        segments: list[Segment] = []
        x = 0
        for span in drawing.rows[row]:
            if span.x > x:
                segments.append(Segment(" " * (span.x - x)))
            segments += self._render_span(drawing, span)
            x = span.x + span.width
        return Strip(segments)

    def _render_span(self, drawing: Drawing, span: Span) -> list[Segment]:
        if span.role in ("edge", "text"):
            return [Segment(span.text, self._edge_style(span))]
        if span.role == "label":
            return [Segment(span.text, self._edge_style(span) + Style(italic=True))]
        light = self._path.light(span.key)
        if span.role in ("node", "terminal"):
            return [Segment(span.text, self._name_style(span, light))]
        if span.role == "mark":
            if light is None:
                return [Segment(span.text, self.tone("graph--untaken"))]
            sign = light.mark.sign(self.ascii_only)
            return [Segment(sign + " " * (span.width - cell_len(sign)), self.tone(light.mark.tone))]
        return self._render_status(drawing, span, light)

    def _render_status(self, drawing: Drawing, span: Span, light: Light | None) -> list[Segment]:
        """The state, and behind it what is left of the line or blank that was laid out there."""
        rest = self._edge_style(span)
        if light is None:
            return [Segment(span.text, rest)]
        lead = 0 if drawing.layout == "across" and not span.text.strip() and not span.edges else 1
        text = light.text(
            span.width - lead - (1 if span.edges else 0),
            self.now(),
            ascii_only=self.ascii_only,
            glyph=drawing.layout == "across",
        )
        text = clean_line(text)
        used = lead + cell_len(text)
        segments = [Segment(" " * lead), Segment(text, self.tone(light.mark.tone))]
        if used < span.width:
            segments.append(Segment(" " + span.text[used + 1 :], rest))
        return segments

    def _edge_style(self, span: Span) -> Style:
        taken = self._taken.intersection(span.edges)
        if not taken:
            return self.tone("graph--untaken")
        if not self._hot.isdisjoint(taken):
            return self.tone("graph--hot")
        return Style.null()

    def _name_style(self, span: Span, light: Light | None) -> Style:
        if span.role == "terminal":
            lit = any(span.key in edge for edge in self._taken)
            style = self.tone("success") if lit else self.tone("graph--unvisited")
        elif light is None:
            style = self.tone("graph--unvisited")
        elif light.outcome == "running":
            style = self.tone("graph--active")
        elif light.outcome in ("success", "cached"):
            style = Style.null()
        else:
            style = self.tone(light.mark.tone) + Style(bold=True)
        if span.key and span.key == self.cursor_path:
            style += self.tone("cursor")
        return style
