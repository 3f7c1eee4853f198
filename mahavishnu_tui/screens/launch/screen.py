"""`LaunchScreen`: pick a workflow or a deployment, fill in its input, check it, start a run."""

from __future__ import annotations

import dataclasses
import functools
import uuid
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, Static

from mahavishnu_tui.models import ErrorCode, Finding, MahavishnuError, Run, Workflow
from mahavishnu_tui.models.problem import Problem
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.screens.background import in_background, in_background_opening
from mahavishnu_tui.screens.dialog import Dialog, Said
from mahavishnu_tui.screens.hints import KeyHints
from mahavishnu_tui.screens.launch.durability import DurabilityButton
from mahavishnu_tui.screens.launch.entry import InputEntry
from mahavishnu_tui.screens.launch.findings import in_full, in_short
from mahavishnu_tui.screens.launch.options import DeploymentOptions, PoolButton, WorkflowOptions
from mahavishnu_tui.screens.launch.starting import Order, start
from mahavishnu_tui.screens.launch.targets import Target, TargetTable
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.button_row import ButtonRow
from mahavishnu_tui.widgets.form import MISSING, Missing
from mahavishnu_tui.widgets.table import VirtualTable


class LaunchScreen(Dialog[Run | None]):
    """Dismissed with the run that was started, else with None.

    Args:
        session: the session.
        begin_with: begin with this workflow or deployment, by its id.
        value: begin with this input, for that one.
        target: list this one too, and begin with it.
    """

    CSS_PATH = "launch.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="launch.leave"),
        Binding("tab", "app.focus_next", "Next", id="launch.next"),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False, id="launch.previous"),
        Binding("ctrl+t", "flip", "Form/JSON", id="launch.flip"),
        Binding("ctrl+o", "past", "Past inputs", id="launch.past"),
    ]

    def __init__(
        self,
        session: Session,
        begin_with: str = "",
        value: Json | Missing = MISSING,
        *,
        target: Target | None = None,
    ) -> None:
        super().__init__()
        self.session = session
        self._begin_with = target.id if target is not None else begin_with
        self._begin_value = value
        self._begin_target = target
        self._request = ""
        self._sending = False
        self._loaded_for = ""
        self._past: list[Json] = []
        self._findings: list[Finding] = []
        self._checked_for = ""

    def compose(self) -> ComposeResult:
        """What can be started, the input, how, the buttons."""
        with Vertical(id="launch"):
            yield Static("Launch a workflow or a deployment", id="launch-title", markup=False)
            yield TargetTable(self.session, self._begin_with)
            yield Static("input", classes="label", id="launch-what", markup=False)
            yield InputEntry(id="launch-input")
            yield WorkflowOptions(id="launch-workflow")
            yield DeploymentOptions(id="launch-deployment")
            with ButtonRow(id="launch-buttons"):
                yield Button("Launch", id="go", compact=True)
                yield Button("Check", id="check", compact=True)
                yield DurabilityButton(id="durability")
                yield PoolButton(id="pool")
                yield Button("Close", id="close", compact=True)
            yield Said()
        yield KeyHints()

    def on_mount(self) -> None:
        """The focus is on the list."""
        self.query_one(DeploymentOptions).display = False
        self.query_one(PoolButton).display = False
        table = self.query_one(TargetTable)
        if self._begin_target is not None:
            table.add(self._begin_target)
        table.focus()

    @property
    def target(self) -> Target | None:
        """What is under the cursor."""
        return self.query_one(TargetTable).current

    @property
    def entry(self) -> InputEntry:
        """Where the input is typed."""
        return self.query_one(InputEntry)

    @on(TargetTable.Filled)
    @on(VirtualTable.CursorMoved)
    async def _moved(self) -> None:
        """Start with what the target's schema asks for."""
        target = self.target
        if target is None or target.id == self._loaded_for:
            return
        self._loaded_for, self._request, self._checked_for = target.id, "", ""
        given = self._begin_value if target.id == self._begin_with else MISSING
        value = target.start if isinstance(given, Missing) else given
        self._show_options(target)
        await self.entry.load(target.schema, value)
        if target.error:
            self._say(target.error, "error")
        elif target.deployment is not None and target.deployment.paused:
            self._say(
                "It is paused: its schedules make no runs; one from here starts all the same.", "warning"
            )
        else:
            self._say("")

    def _show_options(self, target: Target) -> None:
        ours = target.workflow is not None
        self.query_one("#launch-what", Static).update("input" if ours else "parameters")
        self.query_one(WorkflowOptions).display = ours
        self.query_one(DeploymentOptions).display = target.deployment is not None
        self.query_one("#check").display = ours
        self.query_one(DurabilityButton).display = ours and not (target.workflow and target.workflow.server)
        self.query_one(PoolButton).display = bool(target.deployment and target.deployment.pool)

    @on(VirtualTable.Activated)
    def _to_input(self) -> None:
        self.entry.enter()
        target = self.target
        workflow = target.workflow if target is not None else None
        if workflow is not None and not workflow.error and self._checked_for != workflow.id:
            self._check(workflow, show=False)

    @on(InputEntry.Changed)
    @on(WorkflowOptions.Changed)
    @on(DeploymentOptions.Changed)
    def _edited(self) -> None:
        # Another input is another request: only the same one sent twice is the same run.
        self._request = ""
        self._warned = False

    async def action_flip(self) -> None:
        """Type the input as JSON, or in the form again."""
        if not self.entry.can_be_form:
            self._say("Nothing says what its input is made of: there is only JSON.", "warning")
            return
        try:
            await self.entry.flip()
        except ValueError as error:
            self._say(f"{ErrorCode.BAD_INPUT.value} {error}", "error")

    # -- past inputs

    def action_past(self) -> None:
        """Choose from the inputs that runs of this workflow were given."""
        target = self.target
        if target is not None and target.workflow is not None:
            in_background_opening(self, functools.partial(self._ask_past, target.workflow), "launch-past")
        else:
            self._say("Past inputs are those of workflows; x on a run starts one like it.", "warning")

    async def _ask_past(self, workflow: Workflow) -> None:
        try:
            self._past = await self.session.client.inputs(workflow.id)
        except Exception as error:  # said here, kept in :errors
            self._say(str(self.session.record(error)), "error")
            return
        from mahavishnu_tui.screens.launch.past import PastInputsScreen

        self.app.push_screen(PastInputsScreen(workflow.name, self._past), self._take_past)

    async def _take_past(self, number: int | None) -> None:
        if number is not None and self.target is not None:
            await self.entry.load(self.target.schema, self._past[number])
            self.entry.enter()

    # -- how

    @on(Button.Pressed, "#durability")
    def _choose_durability(self) -> None:
        button = self.query_one(DurabilityButton)
        button.step()
        self._request = ""
        self._say(button.price)

    @on(Button.Pressed, "#pool")
    def _choose_pool(self) -> None:
        button = self.query_one(PoolButton)
        button.step()
        self._request = ""
        target = self.target
        if target is None or target.deployment is None:
            return
        if button.choice is None:
            self._say(f"pool {target.deployment.pool}, as the deployment says")
        else:
            in_background(self, functools.partial(self._ask_pool, target.id, button.choice), "launch-pool")

    async def _ask_pool(self, deployment: str, selector: str) -> None:
        """Which pool it would be, and why."""
        try:
            found = await self.session.client.choose_pool(deployment, selector)
        except Exception as error:  # said here, kept in :errors
            self._say(str(self.session.record(error)), "error")
        else:
            if self.query_one(PoolButton).choice == selector:
                self._say(f"pool {found.pool}: {found.reason}")

    # -- checking and starting

    @on(Button.Pressed, "#close")
    def action_leave(self) -> None:
        """Close without starting anything."""
        self._leave(self.entry.touched, None)

    @on(Button.Pressed, "#check")
    def _want_check(self) -> None:
        if self.target is not None and self.target.workflow is not None:
            self._check(self.target.workflow, show=True)

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
        target = self.target
        if target is None:
            self._say("Nothing is chosen.", "warning")
            return
        try:
            problems = self.entry.check()
            order = self._order(target)
        except ValueError as error:
            self._say(f"{ErrorCode.BAD_INPUT.value} The input is not JSON: {error}", "error")
            return
        except MahavishnuError as error:
            self._say(str(error), "error")
            return
        if problems:
            self._say(f"{ErrorCode.INPUT_INVALID.value} {problems[0].sentence('The input')}", "error")
        elif not self._sending:
            self._sending = True
            self._say("starting …")
            in_background(self, functools.partial(self._start, order), "launch")

    def _order(self, target: Target) -> Order:
        """What is to be sent. Raises ValueError and MahavishnuError: what was typed makes no sense."""
        self._request = self._request or uuid.uuid4().hex
        order = Order(target, self.entry.value, self._request, self.session.who)
        if target.deployment is not None:
            options = self.query_one(DeploymentOptions).read(self.session.now())
            selector = self.query_one(PoolButton).choice
            return dataclasses.replace(order, options=options, selector=selector)
        served = target.workflow is not None and bool(target.workflow.server)
        durability = "" if served else self.query_one(DurabilityButton).choice
        return dataclasses.replace(
            order, thread=self.query_one(WorkflowOptions).thread, durability=durability
        )

    async def _start(self, order: Order) -> None:
        try:
            run = await start(self.session.client, order)
        except Exception as error:  # said here, kept in :errors; what was typed stays
            recorded = self.session.record(error)
            self._say(str(recorded), "error")
            self.entry.blame(Problem.told(recorded.details))
        else:
            self.dismiss(run)
        finally:
            self._sending = False
