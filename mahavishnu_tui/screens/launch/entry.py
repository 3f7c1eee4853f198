"""`InputEntry`: the input of a run, as a form where its schema names values, else as JSON."""

from __future__ import annotations

from typing import Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.message import Message

from mahavishnu_tui import schemas
from mahavishnu_tui.models.problem import Problem
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.screens.answers import example
from mahavishnu_tui.widgets.form import MISSING, Missing, SchemaForm
from mahavishnu_tui.widgets.json_editor import JsonEditor


class InputEntry(Vertical):
    """Holds a `SchemaForm` or a `JsonEditor`; `flip` changes between them and keeps what was typed."""

    class Changed(Message):
        """Something was typed."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._schema: dict[str, Any] = {}
        self._start: Json | Missing = MISSING
        self._first: Json | Missing = MISSING
        """What stood in it before anything was typed."""
        self._child = self._make(as_form=False)

    def compose(self) -> ComposeResult:
        """The one or the other."""
        yield self._child

    def _make(self, *, as_form: bool) -> SchemaForm | JsonEditor:
        if as_form:
            return SchemaForm(self._schema, self._start)
        return JsonEditor(example(self._schema) if isinstance(self._start, Missing) else self._start)

    @property
    def as_form(self) -> bool:
        """Whether it is a form now."""
        return isinstance(self._child, SchemaForm)

    @property
    def can_be_form(self) -> bool:
        """Whether the schema names values."""
        return bool(self._schema.get("properties"))

    async def load(self, schema: dict[str, Any] | None, value: Json | Missing = MISSING) -> None:
        """Ask for the input of another workflow.

        Args:
            schema: of the input; None where nothing is known about it.
            value: what to start with; without it, what the schema says.
        """
        self._schema, self._start = schema or {}, value
        self._child = self._make(as_form=self.can_be_form and isinstance(value, (dict, Missing)))
        await self.recompose()
        self._first = self.value

    @property
    def touched(self) -> bool:
        """Whether something was typed."""
        try:
            return not isinstance(self._first, Missing) and self.value != self._first
        except ValueError:  # the half of something
            return True

    async def flip(self) -> None:
        """Change between form and JSON.

        Raises:
            ValueError: what was typed would be lost, in a sentence: a field that is no value of its type,
                JSON that is none, or no object.
        """
        child = self._child
        if isinstance(child, SchemaForm) and child.unread:
            child.reveal()
            raise ValueError(child.unread[0].sentence("The input"))
        try:
            value = self.value
        except ValueError as error:
            raise ValueError(f"The input is not JSON: {error}.") from None
        if not self.as_form and not isinstance(value, dict):
            raise ValueError("No form can show this: a form shows objects only.")
        self._start = value
        self._child = self._make(as_form=not self.as_form)
        await self.recompose()
        self.enter()

    def enter(self) -> None:
        """Begin to type."""
        self._child.focus()

    @property
    def value(self) -> Json:
        """What was typed; raises ValueError where it is not JSON."""
        return self._child.value

    def check(self) -> list[Problem]:
        """What the schema forbids about it; a form says it at its fields. Raises ValueError like `value`."""
        child = self._child
        return child.reveal() if isinstance(child, SchemaForm) else schemas.problems(self.value, self._schema)

    def blame(self, found: list[Problem]) -> None:
        """Say at the fields what the server found wrong; JSON has none."""
        if isinstance(self._child, SchemaForm):
            self._child.blame(found)

    def on_schema_form_changed(self, event: SchemaForm.Changed) -> None:
        """Something was typed into the form."""
        event.stop()
        self.post_message(self.Changed())

    def on_json_editor_changed(self, event: JsonEditor.Changed) -> None:
        """Something was typed as JSON."""
        event.stop()
        self.post_message(self.Changed())
