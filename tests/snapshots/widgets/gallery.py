"""Small apps that show one thing each, with clock and blinking frozen."""

from __future__ import annotations

from typing import Any

from textual.app import App, ComposeResult
from textual.widget import Widget
from textual.widgets import Input, TextArea

from mahavishnu_tui.models import GraphShape, NodeVisit
from mahavishnu_tui.widgets.flash import Flash
from mahavishnu_tui.widgets.form import SchemaForm
from mahavishnu_tui.widgets.graph import GraphView
from mahavishnu_tui.widgets.header import EngineState, Header, HeaderState
from mahavishnu_tui.widgets.json_editor import JsonEditor
from mahavishnu_tui.widgets.log_view import LogView
from mahavishnu_tui.widgets.state_tree import StateTree
from mahavishnu_tui.widgets.status import run_mark
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable
from mahavishnu_tui.widgets.tabs import PaneStrip, PaneTab
from tests.unit.widgets import shapes
from tests.unit.widgets.shapes import NOW, visits

LOOP_VISITS = visits(
    ("work", 1, "success", 900.0, 902.0),
    ("check", 2, "success", 902.0, 903.0),
    ("work", 3, "success", 903.0, 905.0),
    ("check", 4, "success", 905.0, 906.0),
    ("work", 5, "running", 970.0),
)
FAN_VISITS = visits(
    ("plan", 1, "success", 900.0, 902.0),
    ("north", 2, "success", 902.0, 905.0),
    ("east", 2, "retried", 902.0, 903.0, {"task_id": "e"}),
    ("east", 2, "error", 903.0, 904.0, {"task_id": "e", "attempt": 2}),
    ("south", 2, "running", 988.0, None, {"branch": "send:0", "task_id": "s0"}),
    ("south", 2, "success", 988.0, 990.0, {"branch": "send:1", "task_id": "s1"}),
)
SUBGRAPH_VISITS = visits(
    ("collect", 1, "success", 900.0, 902.0),
    ("review", 2, "running", 902.0),
    ("review/draft", 0, "success", 902.0, 910.0),
    ("review/check", 1, "success", 910.0, 912.0),
    ("review/draft", 2, "running", 988.0),
)
WAITING_VISITS = [
    *shapes.RELEASE_VISITS[:4],
    *(v.replace(number=5) for v in visits(("approve", 4, "interrupted", 913.0, 913.5))),
]
FORTY_VISITS = visits(
    *((f"n{i:02}", i + 1, "success", 900.0 + i, 901.0 + i) for i in range(22)), ("n22", 23, "running", 988.0)
)
GRAPHS: dict[str, tuple[GraphShape, list[NodeVisit]]] = {
    "line": (shapes.LINE, visits(("fetch", 1, "success", 900.0, 902.0), ("transform", 2, "running", 988.0))),
    "loop": (shapes.LOOP, LOOP_VISITS),
    "fan": (shapes.FAN, FAN_VISITS),
    "release": (shapes.RELEASE, shapes.RELEASE_VISITS),
    "waiting": (shapes.RELEASE, WAITING_VISITS),
    "subgraph": (shapes.SUBGRAPH, SUBGRAPH_VISITS),
    "observed": (
        shapes.OBSERVED,
        visits(("route", 1, "success", 1.0, 2.0), ("found", 2, "success", 2.0, 2.2)),
    ),
    "forty": (shapes.FORTY, FORTY_VISITS),
    "hostile": (shapes.HOSTILE, visits(("日本語のノード", 5, "lost", 900.0, 950.0))),
    "untouched": (shapes.RELEASE, []),
}


class Still(App[None]):
    """An app in which nothing moves by itself."""

    def __init__(self, theme: str = "", **more: Any) -> None:
        super().__init__(**more)
        self.animation_level = "none"
        self.wanted_theme = theme

    def on_mount(self) -> None:
        if self.wanted_theme:
            self.theme = self.wanted_theme
        for area in self.query(TextArea):
            area.cursor_blink = False
        self.fill()

    def fill(self) -> None:
        """Give the widgets what they show."""


class GraphApp(Still):
    """One graph."""

    def __init__(
        self, name: str, *, unfolded: str = "", ascii_only: bool = False, theme: str = "", **more: Any
    ) -> None:
        super().__init__(theme, **more)
        self.shape, self.path = GRAPHS[name]
        self.graph = GraphView(now=lambda: NOW, ascii_only=ascii_only)
        self.graph.unfolded = frozenset(filter(None, [unfolded]))

    def compose(self) -> ComposeResult:
        yield self.graph

    def fill(self) -> None:
        self.graph.show(self.shape)
        self.graph.set_visits(self.path)
        self.graph.focus()


COLUMNS = (
    Column("state", "STATE", 11),
    Column("run", "RUN", 14, min_width=10),
    Column("workflow", "WORKFLOW", 12, priority=2),
    Column("where", "WHERE", 14, flex=1, priority=1),
    Column("for", "FOR", 5, align="right"),
    Column("last", "LAST 10", 10, priority=3),
)
RUNS = (
    ("running", "amber-otter", "release", "deploy", "12s"),
    ("interrupted", "brisk-heron", "release", "approve", "4m"),
    ("running", "calm-wren", "nightly-etl", "load 40/200", "1m"),
    ("error", "dusty-lynx", "nightly-etl", "transform", "2h"),
    ("paused", "eager-moth", "release", "test", "3d"),
    ("queued", "faint-crane", "\x1b[31m[b]hostile[/b]", "", "8s"),
    ("cancelled", "grand-mule", "release", "build", "1h"),
    ("success", "hazel-swift", "nightly-etl", "", "5m"),
)


class TableApp(Still):
    """Header, strip, table and flash line as on a small terminal."""

    def __init__(self, *, stale: bool = False, theme: str = "", **more: Any) -> None:
        super().__init__(theme, **more)
        self.table = VirtualTable(COLUMNS)
        self.header = Header(now=lambda: NOW)
        self.stale = stale

    def compose(self) -> ComposeResult:
        yield self.header
        yield PaneStrip(
            [
                PaneTab("runs", "Runs", "1"),
                PaneTab("path", "Path", "2"),
                PaneTab("ask", "Approvals", "4", "✋2"),
            ]
        )
        yield self.table
        yield Flash()

    def fill(self) -> None:
        self.table.set_rows(row(*run) for run in RUNS)
        self.table.move_to("calm-wren")
        self.table.toggle_mark("brisk-heron")
        self.table.toggle_mark("dusty-lynx")
        self.table.stale = self.stale
        self.table.focus()
        engines = (EngineState("graph", "ready", NOW), EngineState("prefect", "blocked", NOW - 5))
        since = NOW - 42 if self.stale else None
        self.header.show(HeaderState("staging", engines, 12, 3, 0, 2, since, 3 if self.stale else 0))
        self.query_one(Flash).set_rest("8 of 20,431 · sort started ↓")
        if self.stale:
            self.query_one(Flash).flash("the server died; starting it again", "error", seconds=600)


def row(state: str, run: str, workflow: str, where: str, age: str) -> Row:
    mark = run_mark(state)
    return Row(run, (Cell(mark.label(), mark.tone), run, workflow, where, age, "✔✔✔✔✘✔✔✔✔▶"))


class PartApp(Still):
    """One widget."""

    def __init__(self, widget: Widget, **more: Any) -> None:
        super().__init__(**more)
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget

    def fill(self) -> None:
        self.widget.focus()


STATE = {
    "question": "Deploy 1.4.2 to production?",
    "risk": "high",
    "changes": ["feature-x", "bug-fix-y"],
    "attempt": 2,
    "approved": None,
    "dry_run": False,
    "metrics": {"latency": 0.231, "errors": 0, "by_region": {"eu": 1, "us": 2}},
    "diff": "--- a/main.py\n+++ b/main.py\n@@ -1,3 +1,4 @@\n import sys\n+import json\n" * 3,
    "hostile": "\x1b[2J[bold]x[/bold]",
    "rows": list(range(12_630)),
}


def state_tree() -> StateTree:
    tree = StateTree()
    tree.show(STATE, note="truncated by the host")
    return tree


def log_view() -> LogView:
    log = LogView()
    levels = ("INFO", "INFO", "DEBUG", "WARNING", "ERROR")
    log.set_lines(
        [f"14:0{n // 10}:{n % 60:02} {levels[n % 5]:7} node n{n} did [b]this[/b]" for n in range(60)]
    )
    return log


def json_editor() -> JsonEditor:
    return JsonEditor(text='{\n  "approved": true,\n  "comment": "go"\n  "by": "ana"\n}')


FORM: dict[str, Any] = {
    "$defs": {
        "Address": {
            "type": "object",
            "properties": {"street": {"type": "string"}, "country": {"type": "string", "default": "DE"}},
            "required": ["street"],
        }
    },
    "type": "object",
    "required": ["version", "approved", "amount", "when"],
    "properties": {
        "version": {
            "type": "string",
            "default": "1.4.2",
            "description": "A tag of the [bold]repository[/bold]",
        },
        "approved": {"type": "boolean"},
        "amount": {"type": "integer", "minimum": 1, "maximum": 100, "default": 500},
        "currency": {"enum": ["EUR", "USD", "GBP"], "default": "USD"},
        "region": {"enum": [f"region-{n}" for n in range(30)]},
        "when": {"type": "string", "format": "date-time"},
        "tags": {"type": "array", "items": {"type": "string"}, "default": ["urgent", "\u65e5\u672c"]},
        "address": {"anyOf": [{"$ref": "#/$defs/Address"}, {"type": "null"}], "default": None},
        "kind": {"const": "release"},
        "labels": {"type": "object"},
    },
}


class FormApp(Still):
    """A form, with what is wrong said under each field."""

    def __init__(self, *, revealed: bool = False, **more: Any) -> None:
        super().__init__(**more)
        self.form = SchemaForm(FORM)
        self.revealed = revealed

    def compose(self) -> ComposeResult:
        yield self.form

    def fill(self) -> None:
        for field in self.query(Input):
            field.cursor_blink = False
        if self.revealed:
            self.form.reveal()
        else:
            self.form.focus()
