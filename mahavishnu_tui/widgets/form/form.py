"""`SchemaForm`: a form built from a JSON schema, filled in with the keyboard, read as one typed value."""

from __future__ import annotations

import functools
from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, TextArea

from mahavishnu_tui import schemas
from mahavishnu_tui.models.problem import Problem, ValuePath
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.widgets.form.choice import ChoiceInput
from mahavishnu_tui.widgets.form.field import MISSING, Field, Missing, Path
from mahavishnu_tui.widgets.form.reading import fields
from mahavishnu_tui.widgets.form.row import FieldRow
from mahavishnu_tui.widgets.form.values import assemble
from mahavishnu_tui.widgets.json_editor import JsonEditor


class SchemaForm(VerticalScroll, can_focus=False):
    """A row per value that the schema names; what it cannot say in rows is edited as JSON in its row.

    A field says what is wrong with it once it has been left; `reveal` says it of all of them.

    Args:
        schema: the JSON schema.
        value: what the form starts with; without it, the schema's defaults.
    """

    DEFAULT_CSS = """
    SchemaForm { height: 1fr; scrollbar-size: 1 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,enter", "app.focus_next", "Next field", show=False, id="form.next"),
        Binding("up", "app.focus_previous", "Previous field", show=False, id="form.previous"),
    ]

    class Changed(Message):
        """A value changed; `problems` of the form may have, too."""

        def __init__(self, form: SchemaForm) -> None:
            super().__init__()
            self.form = form

        @property
        def control(self) -> SchemaForm:
            """The form that sent it."""
            return self.form

    def __init__(
        self,
        schema: dict[str, Any],
        value: Json | Missing = MISSING,
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.schema = schema
        self.fields: list[Field] = fields(schema, value)
        self._rows: dict[Path, FieldRow] = {}
        self._left: set[Path] = set()
        self._start: dict[Path, Json | Missing] = {}

    def compose(self) -> ComposeResult:
        """A row per field."""
        self._rows = {field.path: FieldRow(field) for field in self.fields}
        self._start = self._now()[0]
        yield from self._rows.values()

    def on_mount(self) -> None:
        """Have the checker ready before the first field is left; importing it takes a moment."""
        self.run_worker(
            functools.partial(schemas.problems, None, {}), thread=True, group="form", exit_on_error=False
        )

    async def load(self, schema: dict[str, Any], value: Json | Missing = MISSING) -> None:
        """Become the form of another schema, or of another value."""
        self.schema, self.fields = schema, fields(schema, value)
        self._left = set()
        await self.recompose()

    # -- reading

    @property
    def value(self) -> Json:
        """The typed value, once the form is mounted; while there are `problems`, what does not read as its
        type is left out."""
        return assemble(self.fields, self._now()[0], self._start)

    @property
    def unread(self) -> list[Problem]:
        """What was typed and is no value of its type: `value` lacks it."""
        return self._now()[1]

    @property
    def problems(self) -> list[Problem]:
        """What is wrong, in the order of the fields; empty when the value fits the schema."""
        now, unread = self._now()
        found = {problem.path: problem for problem in unread}
        for problem in schemas.problems(assemble(self.fields, now, self._start), self.schema):
            if not any(problem.path[: len(path)] == path for path in found):
                found[problem.path] = problem
        order = {field.path: number for number, field in enumerate(self.fields)}
        return sorted(found.values(), key=lambda problem: order[self._row_of(problem.path)])

    def _now(self) -> tuple[dict[Path, Json | Missing], list[Problem]]:
        """The value of each field, and of which it cannot be told."""
        values: dict[Path, Json | Missing] = {}
        unread: list[Problem] = []
        for path, row in self._rows.items():
            if row.input is None:
                continue
            try:
                values[path] = row.input.read()
            except ValueError as error:
                values[path] = MISSING
                unread.append(Problem(path, str(error)))
        return values, unread

    def _row_of(self, path: ValuePath) -> Path:
        """The path of the innermost row that a problem belongs to."""
        here = tuple(map(str, path))
        while here and here not in self._rows:
            here = here[:-1]
        return here

    # -- showing what is wrong

    def reveal(self) -> list[Problem]:
        """Say under every field what is wrong with it, go to the first of these, and return them all."""
        self._left = set(self._rows)
        found = self.problems
        self._show(found)
        if found:
            self._rows[self._row_of(found[0].path)].enter()
        return found

    def blame(self, found: list[Problem]) -> None:
        """Say what somebody else found wrong, each at its field, until something is typed."""
        self._left |= {self._row_of(problem.path) for problem in found}
        self._show(found)

    def _show(self, found: list[Problem]) -> None:
        said: dict[Path, str] = {}
        for problem in found:
            path = self._row_of(problem.path)
            inner = problem.path[len(path) :]
            if path in self._left and path not in said:
                said[path] = f"{Problem(inner, problem.message).where} {problem.message}".strip()
        for path, row in self._rows.items():
            row.complain(said.get(path, ""))

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """A field was left: say what is wrong with it."""
        row = _row_above(event.widget)
        if row is not None and row.field.path in self._rows:
            self._left.add(row.field.path)
            self._show(self.problems)

    @on(Input.Changed)
    @on(TextArea.Changed)
    @on(ChoiceInput.Changed)
    @on(JsonEditor.Changed)
    def _edited(self, event: Message) -> None:
        """What was wrong is looked at again with each change, and nothing new is complained about."""
        event.stop()
        if self._left:
            self._show(self.problems)
        self.post_message(self.Changed(self))

    def focus(self, scroll_visible: bool = True) -> SchemaForm:
        """Go to the first field."""
        for row in self._rows.values():
            if row.enter(scroll_visible):
                break
        return self


def _row_above(widget: Widget) -> FieldRow | None:
    return next((node for node in widget.ancestors if isinstance(node, FieldRow)), None)
