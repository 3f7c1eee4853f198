"""`LaunchScreen`: pick a workflow, fill in its input, start a run."""

from __future__ import annotations

import functools
import uuid
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static, TextArea

from mahavishnu_tui import schemas
from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import ErrorCode, Run, Workflow
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.answers import example
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.hints import KeyHints
from mahavishnu_tui.screens.listing import ListTable
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.json_editor import JsonEditor
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

EMPTY = "No workflow is known: `mahavishnu langgraph execute --workflow-file F.py` registers one."


class LaunchScreen(ModalScreen[Run | None]):
    """Dismissed with the run that was started, else with None."""

    CSS_PATH = "launch.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="launch.leave"),
        Binding("tab", "app.focus_next", "Next", id="launch.next"),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False, id="launch.previous"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._request = ""
        self._sending = False
        self._loaded_for = ""

    def compose(self) -> ComposeResult:
        """The workflows, the input, the thread, the buttons."""
        with Vertical(id="launch"):
            yield Static("Launch a workflow", id="launch-title", markup=False)
            yield ListTable(
                (
                    Column("name", "WORKFLOW", 24, min_width=10, flex=1),
                    Column("what", "WHAT IT IS", 30, min_width=8, flex=2, priority=1),
                ),
                id="launch-list",
            )
            yield Static("input", classes="label", markup=False)
            yield JsonEditor({}, id="launch-input")
            yield Input(placeholder="thread id (empty: a new thread)", compact=True, id="launch-thread")
            with Horizontal(id="launch-buttons"):
                yield Button("Launch", id="go", compact=True)
                yield Button("Close", id="close", compact=True)
            yield Static(id="launch-status", markup=False)
        yield KeyHints()

    def on_mount(self) -> None:
        """Fill the list; the focus is on it."""
        self._fill()
        self.session.changes.subscribe(self, self._changed)
        self.query_one(VirtualTable).focus()

    def _changed(self, changes: frozenset[Change]) -> None:
        if any(kind in ("workflow", "*") for kind, _ in changes):
            self._fill()

    def _fill(self) -> None:
        table = self.query_one(VirtualTable)
        table.set_placeholder("empty", EMPTY)
        workflows = sorted(
            self.session.mirror.workflows.values(),
            key=lambda item: (item.error is not None, item.name, item.id),
        )
        table.set_rows(_row(workflow) for workflow in workflows)
        self._prefill()

    @property
    def workflow(self) -> Workflow | None:
        """The workflow under the cursor."""
        return self.session.mirror.workflows.get(self.query_one(VirtualTable).cursor_key)

    @on(VirtualTable.CursorMoved)
    def _moved(self) -> None:
        self._prefill()

    def _prefill(self) -> None:
        """Start the editor with what the workflow's input schema asks for."""
        workflow = self.workflow
        if workflow is None or workflow.id == self._loaded_for:
            return
        self._loaded_for = workflow.id
        self._request = ""
        schema = workflow.input_schema
        self.query_one(JsonEditor).load(example(schema) if schema else {})
        if workflow.error:
            self._say(f"{workflow.error.get('code')} {workflow.error.get('message')}", "error")
        else:
            self._say("")

    @on(VirtualTable.Activated)
    def _to_input(self) -> None:
        self.query_one(JsonEditor).query_one(TextArea).focus()

    def _say(self, text: str, severity: str = "info") -> None:
        row = self.query_one("#launch-status", Static)
        row.set_classes(f"-{severity}")
        row.update(clean_line(text))

    @on(JsonEditor.Changed)
    def _edited(self) -> None:
        # Another input is another request: only the same one sent twice is the same run.
        self._request = ""

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "close":
            self.dismiss(None)
            return
        workflow = self.workflow
        if workflow is None:
            self._say("No workflow is chosen.", "warning")
            return
        try:
            value = self.query_one(JsonEditor).value
        except ValueError as error:
            self._say(f"{ErrorCode.BAD_INPUT.value} The input is not JSON: {error}", "error")
            return
        wrong = schemas.problems(value, workflow.input_schema) if workflow.input_schema else []
        if wrong:
            self._say(f"{ErrorCode.INPUT_INVALID.value} {wrong[0].sentence('The input')}", "error")
        elif not self._sending:
            self._sending = True
            self._say("starting …")
            in_background(self, functools.partial(self._start, workflow, value), "launch")

    async def _start(self, workflow: Workflow, value: Json) -> None:
        self._request = self._request or uuid.uuid4().hex
        try:
            run = await self.session.client.start_run(
                workflow_id=workflow.id,
                input=value,
                by=self.session.who,
                thread_id=self.query_one("#launch-thread", Input).value.strip() or None,
                request_id=self._request,
            )
        except Exception as error:  # said here, kept in :errors; what was typed stays
            self._say(str(self.session.record(error)), "error")
        else:
            self.dismiss(run)
        finally:
            self._sending = False

    def action_leave(self) -> None:
        """Close without starting anything."""
        self.dismiss(None)


def _row(workflow: Workflow) -> Row:
    words = workflow.description or workflow.spec
    if workflow.error:
        words = f"does not load: {workflow.error.get('message', '')}"
    return Row(
        workflow.id,
        (clean_line(workflow.name, 60), Cell(clean_line(words, 200), "error" if workflow.error else "muted")),
    )
