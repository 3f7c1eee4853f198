"""`ScheduleScreen`: makes a schedule, or changes one, with its next starts in sight while it is typed."""

from __future__ import annotations

import functools
from typing import ClassVar, cast

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Button, Input, Static

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Schedule
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.schedule import ScheduleKind, ScheduleRule
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.dialog import Dialog, Said
from mahavishnu_tui.screens.hints import KeyHints
from mahavishnu_tui.screens.launch.entry import InputEntry
from mahavishnu_tui.screens.launch.targets import Target, TargetTable, of_deployment
from mahavishnu_tui.screens.schedules.preview import RulePreview
from mahavishnu_tui.screens.schedules.rules import (
    EXAMPLES,
    KINDS,
    local_zone,
    read_rule,
    typed,
)
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.button_row import ButtonRow
from mahavishnu_tui.widgets.form import MISSING, Missing
from mahavishnu_tui.widgets.form.choice import ChoiceInput
from mahavishnu_tui.widgets.table import VirtualTable


class ScheduleScreen(Dialog[Schedule | None]):
    """Dismissed with the schedule that was made or changed, else with None.

    Args:
        session: the session.
        schedule: the one to change; None for a new one.
        begin_with: begin with this deployment or workflow, by its id.
    """

    CSS_PATH = "form.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="schedule.leave"),
        Binding("tab", "app.focus_next", "Next", id="schedule.next"),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False, id="schedule.previous"),
        Binding("ctrl+t", "flip", "Form/JSON", id="schedule.flip"),
    ]

    def __init__(self, session: Session, schedule: Schedule | None = None, begin_with: str = "") -> None:
        super().__init__()
        self.session = session
        self.schedule = schedule
        self._table = TargetTable(session, begin_with) if schedule is None else None
        rule = ScheduleRule.from_json(schedule.spec) if schedule and schedule.spec else ScheduleRule("cron")
        self._rule = rule
        kinds = KINDS if schedule is None else KINDS[:-1]
        self.kind = ChoiceInput(kinds, rule.kind)
        self._began = (typed(rule), (rule.timezone if schedule else "") or local_zone())
        """Rule and time zone as they were shown first."""
        self._loaded_for = ""
        self._force = False
        self._loaded: Json | Missing = MISSING
        """The parameters of the schedule as they were shown first; not changed, they are left alone."""
        self._sending = False

    def compose(self) -> ComposeResult:
        """Of what, which rule, when that is, with which parameters."""
        rule, zone = self._began
        with Vertical(id="schedule"):
            named = f" of {clean_line(self.schedule.name, 60)}" if self.schedule else ""
            yield Static(f"{'Change a' if self.schedule else 'New'} schedule{named}", id="schedule-title")
            if self._table is not None:
                yield self._table
            with Horizontal(classes="line"):
                yield Static("kind", classes="label", markup=False)
                yield self.kind
            with Horizontal(classes="line"):
                yield Static("rule", classes="label", markup=False)
                yield Input(rule, compact=True, select_on_focus=False, id="schedule-rule")
                yield Input(zone, placeholder="time zone", compact=True, id="schedule-zone")
            yield RulePreview(self.session, id="schedule-preview")
            yield Static("parameters", classes="label", id="schedule-what", markup=False)
            yield InputEntry(id="schedule-input")
            with ButtonRow(id="schedule-buttons"):
                yield Button("Save", id="go", compact=True)
                yield Button("Close", id="close", compact=True)
            yield Said()
        yield KeyHints()

    async def on_mount(self) -> None:
        """Begin with what it is of; for a change with its rule."""
        for line in self.query(Input):
            line.cursor_blink = False
        self._show_example()
        if self._table is not None:
            self._table.focus()
            return
        schedule = cast(Schedule, self.schedule)
        in_background(self, functools.partial(self._load_schema, schedule), "schema")
        self.query_one("#schedule-rule").focus()
        self._look()

    async def _load_schema(self, schedule: Schedule) -> None:
        """The schema of what it is of, where there is one; what the schedule gives over its defaults."""
        schema, start = None, dict(schedule.parameters)
        if schedule.deployment_id and not schedule.workflow:
            try:
                target = of_deployment(await self.session.client.deployment(schedule.deployment_id))
            except Exception as error:  # its parameters are typed as JSON then
                self._say(str(self.session.record(error)), "warning")
            else:
                schema = target.schema
                start = {**(target.start if isinstance(target.start, dict) else {}), **start}
        await self.entry.load(schema, start or (MISSING if schema else {}))
        self._loaded = self.entry.value

    @property
    def entry(self) -> InputEntry:
        """Where the parameters are typed."""
        return self.query_one(InputEntry)

    @property
    def target(self) -> Target | None:
        """What a new one is of."""
        return self._table.current if self._table is not None else None

    # -- what it is of

    @on(TargetTable.Filled)
    @on(VirtualTable.CursorMoved)
    async def _moved(self) -> None:
        target = self.target
        if target is None or target.id == self._loaded_for:
            return
        self._loaded_for, self._force = target.id, False
        what = "input of each run" if target.workflow is not None else "parameters"
        self.query_one("#schedule-what", Static).update(what)
        value: Json | Missing = target.start if target.deployment is not None else MISSING
        await self.entry.load(target.schema, value)
        self._say(target.error, "error")
        self._look()  # what it collides with is another question now

    @on(VirtualTable.Activated)
    def _to_rule(self) -> None:
        self.query_one("#schedule-rule").focus()

    @on(InputEntry.Changed)
    def _edited(self) -> None:
        self._force = False

    async def action_flip(self) -> None:
        """Type the parameters as JSON, or in the form again."""
        if not self.entry.can_be_form:
            self._say("Nothing says what they are made of: there is only JSON.", "warning")
            return
        try:
            await self.entry.flip()
        except ValueError as error:
            self._say(f"{ErrorCode.BAD_INPUT.value} No form can show this: {error}.", "error")

    # -- the rule

    @property
    def _chosen_kind(self) -> ScheduleKind:
        return cast(ScheduleKind, self.kind.value) if self.kind.index >= 0 else "cron"

    def _show_example(self) -> None:
        self.query_one("#schedule-rule", Input).placeholder = EXAMPLES[self._chosen_kind].partition("    ")[0]
        self.query_one(RulePreview).say(f"for example {EXAMPLES[self._chosen_kind]}")

    @on(ChoiceInput.Changed)
    def _another_kind(self, event: ChoiceInput.Changed) -> None:
        if event.choice is not self.kind:
            return
        event.stop()
        self._show_example()
        self._rule_changed()

    @on(Input.Changed, "#schedule-rule")
    @on(Input.Changed, "#schedule-zone")
    def _rule_changed(self) -> None:
        self._force = False
        self._look()

    @on(Input.Submitted)
    def _next_field(self) -> None:
        self.focus_next()

    def read_rule(self) -> ScheduleRule:
        """What was typed. Raises MahavishnuError (MHV-010)."""
        text = self.query_one("#schedule-rule", Input).value
        zone = self.query_one("#schedule-zone", Input).value
        rule = read_rule(self._chosen_kind, text, zone, self.session.now(), self._rule.day_or)
        same = rule.kind == self._rule.kind
        return rule.replace(anchor=self._rule.anchor) if same and rule.kind == "interval" else rule

    def _look(self) -> None:
        """Show the starts of what is typed, or what is wrong with it."""
        preview = self.query_one(RulePreview)
        if not self.query_one("#schedule-rule", Input).value.strip():
            self._show_example()
            return
        try:
            rule = self.read_rule()
        except MahavishnuError as error:
            preview.say(str(error), "error")
            return
        deployment = self.schedule.deployment_id if self.schedule is not None else ""
        if self.target is not None and self.target.deployment is not None:
            deployment = self.target.id
        preview.look(rule, deployment)

    # -- saving

    @on(Button.Pressed, "#close")
    def action_leave(self) -> None:
        """Close without saving."""
        written = self.query_one("#schedule-rule", Input).value, self.query_one("#schedule-zone", Input).value
        self._leave(written != self._began or self.entry.touched, None)

    @on(Button.Pressed, "#go")
    def _save(self) -> None:
        if self._sending:
            return
        if self.schedule is None and self.target is None:
            self._say("Nothing is chosen that could be scheduled.", "warning")
            return
        try:
            rule = self.read_rule()
            value = self.entry.value
            problems = [] if value == self._loaded else self.entry.check()
        except MahavishnuError as error:
            self._say(str(error), "error")
            return
        except ValueError as error:
            self._say(f"{ErrorCode.BAD_INPUT.value} The parameters are not JSON: {error}", "error")
            return
        if problems:
            self._say(f"{ErrorCode.INPUT_INVALID.value} {problems[0].sentence('The parameters')}", "error")
            return
        self._sending = True
        self._say("saving …")
        in_background(self, functools.partial(self._send, rule, value), "save")

    async def _send(self, rule: ScheduleRule, value: Json) -> None:
        try:
            saved = await self._saved(rule, value)
        except Exception as error:  # said here, kept in :errors; what was typed stays
            recorded = self.session.record(error)
            conflicts = recorded.details.get("conflicts")
            self._force = bool(conflicts)
            more = " Save once more to have it all the same." if conflicts else ""
            self._say(f"{recorded}{more}", "error")
        else:
            self.dismiss(saved)
        finally:
            self._sending = False

    async def _saved(self, rule: ScheduleRule, value: Json) -> Schedule:
        client, who = self.session.client, self.session.who
        parameters = value if isinstance(value, dict) else {}
        if self.schedule is not None:
            given = None if value == self._loaded else parameters
            return await client.change_schedule(self.schedule, who, rule=rule, parameters=given)
        target = cast(Target, self.target)
        if target.workflow is not None:
            return await client.create_schedule(
                rule, who, workflow_id=target.id, parameters={"input": value}, force=self._force
            )
        return await client.create_schedule(
            rule, who, deployment_id=target.id, parameters=parameters, force=self._force
        )
