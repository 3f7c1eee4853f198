"""What a field is typed into: one widget per kind, all read in the same way."""

from __future__ import annotations

from typing import Protocol

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static, TextArea

from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.form.choice import ChoiceInput
from mahavishnu_tui.widgets.form.field import MISSING, Field, Missing
from mahavishnu_tui.widgets.form.values import read, read_lines, write
from mahavishnu_tui.widgets.json_editor import JsonEditor
from mahavishnu_tui.widgets.step_line import StepLine


class FieldInput(Protocol):
    """The value of one field as it is typed."""

    field: Field

    def read(self) -> Json | Missing:
        """The typed value. Raises ValueError with a phrase that says what it must be."""
        ...


class LineInput(StepLine):
    """A simple value on one row."""

    def __init__(self, field: Field) -> None:
        super().__init__(write(field.initial), placeholder=field.hint, compact=True, select_on_focus=False)
        self.field = field

    def read(self) -> Json | Missing:
        """What is typed, as the first type that it can be."""
        return read(self.value, self.field.types) if self.value else self.field.empty


class ProseInput(TextArea):
    """A text of several lines."""

    def __init__(self, field: Field) -> None:
        text = write(field.initial)
        super().__init__(text, tab_behavior="focus", compact=True, highlight_cursor_line=False)
        self.field = field
        self.placeholder = Content(field.hint)
        self.styles.height = min(8, max(3, text.count("\n") + 1 + len(text) // 60))

    def read(self) -> Json | Missing:
        """What is typed."""
        return self.text if self.text else self.field.empty


class ListInput(TextArea):
    """A list of simple values, one per line."""

    def __init__(self, field: Field) -> None:
        items = field.initial if isinstance(field.initial, list) else []
        super().__init__(
            "\n".join(map(write, items)), tab_behavior="focus", compact=True, highlight_cursor_line=False
        )
        self.field = field
        self.placeholder = Content(field.hint)
        self.styles.height = min(8, max(2, len(items) + 1))

    def read(self) -> Json | Missing:
        """The lines that are not empty."""
        found = read_lines(self.text, self.field.types)
        given = self.field.required or isinstance(self.field.initial, list)
        return found if found or (given and not self.field.nullable) else self.field.empty


class PickInput(ChoiceInput):
    """One of the values of an enumeration, or yes or no."""

    def __init__(self, field: Field) -> None:
        super().__init__(field.options, field.initial)
        self.field = field

    def read(self) -> Json | Missing:
        """What is chosen."""
        return self.value if self.index >= 0 else self.field.empty


class AnyInput(JsonEditor):
    """Whatever no other input can hold, as JSON."""

    def __init__(self, field: Field) -> None:
        empty = isinstance(field.initial, Missing)
        super().__init__(
            None if empty else field.initial,
            text="" if empty else None,
            empty="" if field.required and field.empty is MISSING else "empty: no value",
        )
        self.field = field
        self.styles.height = 4 if empty else 8

    def read(self) -> Json | Missing:
        """The parsed JSON; nothing typed is no value."""
        if not self.text.strip():
            return self.field.empty
        try:
            return self.value
        except ValueError as error:
            raise ValueError(f"is not JSON: {error}") from None


class FixedInput(Static):
    """The only value that is allowed."""

    def __init__(self, field: Field) -> None:
        super().__init__(clean_line(write(field.initial), 200), markup=False)
        self.field = field

    def read(self) -> Json | Missing:
        """That value."""
        return self.field.initial


def make_input(field: Field) -> Widget:
    """The widget for a field that is not a group; it is a `FieldInput` too."""
    kinds: dict[str, type[LineInput | ProseInput | ListInput | PickInput | AnyInput | FixedInput]] = {
        "scalar": LineInput,
        "prose": ProseInput,
        "list": ListInput,
        "choice": PickInput,
        "json": AnyInput,
        "fixed": FixedInput,
    }
    return kinds[field.kind](field)
