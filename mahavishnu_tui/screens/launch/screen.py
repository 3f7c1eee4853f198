"""`LaunchScreen`: pick a workflow, fill in its input, check it, start a run."""

from __future__ import annotations

import functools
import uuid
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import ErrorCode, Finding, Run, Workflow
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background, in_background_opening
from mahavishnu_tui.screens.hints import KeyHints
from mahavishnu_tui.screens.launch.durability import DurabilityButton
from mahavishnu_tui.screens.launch.entry import InputEntry
from mahavishnu_tui.screens.launch.findings import in_full, in_short
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.form import MISSING, Missing
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

EMPTY = "No workflow is known: `mahavishnu langgraph execute --workflow-file F.py` registers one."

LISTED = 6
"""Workflows in sight at once; the rest of the screen is the input's."""


class LaunchScreen(ModalScreen[Run | None]):
    """Dismissed with the run that was started, else with None.

    Args:
        session: the session.
        workflow_id: begin with this workflow.
        value: begin with this input, for that workflow.
    """

    CSS_PATH = "launch.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="launch.leave"),
        Binding("tab", "app.focus_next", "Next", id="launch.next"),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False, id="launch.previous"),
        Binding("ctrl+t", "flip", "Form/JSON", id="launch.flip"),
        Binding("ctrl+o", "past", "Past inputs", id="launch.past"),
    ]

    def __init__(self, session: Session, workflow_id: str = "", value: Json | Missing = MISSING) -> None:
        super().__init__()
        self.session = session
        self._begin_with = workflow_id
        self._begin_value = value
        self._request = ""
        self._sending = False
        self._loaded_for = ""
        self._past: list[Json] = []
        self._findings: list[Finding] = []
        self._checked_for = ""

    def compose(self) -> ComposeResult:
        """The workflows, the input, the thread, the buttons."""
        with Vertical(id="launch"):
            yield Static("Launch a workflow", id="launch-title", markup=False)
            yield VirtualTable(
                (
                    Column("name", "WORKFLOW", 24, min_width=10, flex=1),
                    Column("what", "WHAT IT IS", 30, min_width=8, flex=2, priority=1),
                ),
                id="launch-list",
            )
            yield Static("input", classes="label", markup=False)
            yield InputEntry(id="launch-input")
            yield Input(placeholder="thread id (empty: a new thread)", compact=True, id="launch-thread")
            with Horizontal(id="launch-buttons"):
                yield Button("Launch", id="go", compact=True)
                yield Button("Check", id="check", compact=True)
                yield DurabilityButton(id="durability")
                yield Button("Close", id="close", compact=True)
            yield Static(id="launch-status", markup=False)
        yield KeyHints()

    def on_mount(self) -> None:
        """Fill the list; the focus is on it."""
        self._fill()
        if self._begin_with:
            self.query_one(VirtualTable).move_to(self._begin_with)
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
        table.styles.height = min(max(1, len(workflows)), LISTED) + 1
        self.call_later(self._prefill)

    @property
    def workflow(self) -> Workflow | None:
        """The workflow under the cursor."""
        return self.session.mirror.workflows.get(self.query_one(VirtualTable).cursor_key)

    @property
    def entry(self) -> InputEntry:
        """Where the input is typed."""
        return self.query_one(InputEntry)

    @on(VirtualTable.CursorMoved)
    async def _moved(self) -> None:
        await self._prefill()

    async def _prefill(self) -> None:
        """Start with what the workflow's input schema asks for."""
        workflow = self.workflow
        if workflow is None or workflow.id == self._loaded_for:
            return
        self._loaded_for, self._request, self._checked_for = workflow.id, "", ""
        value = self._begin_value if workflow.id == self._begin_with else MISSING
        self.query_one(DurabilityButton).display = not workflow.server
        await self.entry.load(workflow.input_schema, value)
        if workflow.error:
            self._say(f"{workflow.error.get('code')} {workflow.error.get('message')}", "error")
        else:
            self._say("")

    @on(VirtualTable.Activated)
    def _to_input(self) -> None:
        self.entry.enter()
        if self.workflow is not None and not self.workflow.error and self._checked_for != self.workflow.id:
            self._check(self.workflow, show=False)

    def _say(self, text: str, severity: str = "info") -> None:
        row = self.query_one("#launch-status", Static)
        row.set_classes(f"-{severity}")
        row.update(clean_line(text))

    @on(InputEntry.Changed)
    def _edited(self) -> None:
        # Another input is another request: only the same one sent twice is the same run.
        self._request = ""

    async def action_flip(self) -> None:
        """Type the input as JSON, or in the form again."""
        if not self.entry.can_be_form:
            self._say("The workflow does not say what its input is made of: there is only JSON.", "warning")
            return
        try:
            await self.entry.flip()
        except ValueError as error:
            self._say(f"{ErrorCode.BAD_INPUT.value} No form can show this: {error}.", "error")

    # -- past inputs

    def action_past(self) -> None:
        """Choose from the inputs that runs of this workflow were given."""
        workflow = self.workflow
        if workflow is not None:
            in_background_opening(self, functools.partial(self._ask_past, workflow), "launch-past")

    async def _ask_past(self, workflow: Workflow) -> None:
        try:
            self._past = await self.session.client.inputs(workflow.id)
        except Exception as error:  # said here, kept in :errors
            self._say(str(self.session.record(error)), "error")
            return
        from mahavishnu_tui.screens.launch.past import PastInputsScreen

        self.app.push_screen(PastInputsScreen(workflow.name, self._past), self._take_past)

    async def _take_past(self, number: int | None) -> None:
        if number is not None and self.workflow is not None:
            await self.entry.load(self.workflow.input_schema, self._past[number])
            self.entry.enter()

    @on(Button.Pressed, "#durability")
    def _choose_durability(self) -> None:
        button = self.query_one(DurabilityButton)
        button.step()
        self._request = ""
        self._say(button.price)

    # -- checking and starting

    @on(Button.Pressed, "#close")
    def action_leave(self) -> None:
        """Close without starting anything."""
        self.dismiss(None)

    @on(Button.Pressed, "#check")
    def _want_check(self) -> None:
        if self.workflow is not None:
            self._check(self.workflow, show=True)

    def _check(self, workflow: Workflow, show: bool) -> None:
        self._checked_for = workflow.id
        in_background(self, functools.partial(self._ask_check, workflow, show), "launch-check")

    async def _ask_check(self, workflow: Workflow, show: bool) -> None:
        try:
            found = await self.session.client.validate(workflow.id)
        except Exception as error:  # said here, kept in :errors
            self._say(str(self.session.record(error)), "error")
            return
        if self._loaded_for == workflow.id and not self._sending:
            self._say(*in_short(found))
        if show and found:
            from mahavishnu_tui.screens.document import DocumentScreen

            title = f"{workflow.name} · what the check found"
            self.app.push_screen(DocumentScreen(self.session, title, text=in_full(found)))

    @on(Button.Pressed, "#go")
    def _launch(self) -> None:
        workflow = self.workflow
        if workflow is None:
            self._say("No workflow is chosen.", "warning")
            return
        try:
            problems = self.entry.check()
            value = self.entry.value
        except ValueError as error:
            self._say(f"{ErrorCode.BAD_INPUT.value} The input is not JSON: {error}", "error")
            return
        if problems:
            self._say(f"{ErrorCode.INPUT_INVALID.value} {problems[0].sentence('The input')}", "error")
        elif not self._sending:
            self._sending = True
            self._say("starting …")
            in_background(self, functools.partial(self._start, workflow, value), "launch")

    async def _start(self, workflow: Workflow, value: Json) -> None:
        self._request = self._request or uuid.uuid4().hex
        durability = "" if workflow.server else self.query_one(DurabilityButton).choice
        try:
            run = await self.session.client.start_run(
                workflow_id=workflow.id,
                input=value,
                by=self.session.who,
                thread_id=self.query_one("#launch-thread", Input).value.strip() or None,
                request_id=self._request,
                config={"durability": durability} if durability else None,
            )
        except Exception as error:  # said here, kept in :errors; what was typed stays
            self._say(str(self.session.record(error)), "error")
        else:
            self.dismiss(run)
        finally:
            self._sending = False


def _row(workflow: Workflow) -> Row:
    words = workflow.description or workflow.spec
    if workflow.error:
        words = f"does not load: {workflow.error.get('message', '')}"
    return Row(
        workflow.id,
        (clean_line(workflow.name, 60), Cell(clean_line(words, 200), "error" if workflow.error else "muted")),
    )
