"""`FieldRow`: the label of a field, what it means, its input, and what is wrong with it."""

from __future__ import annotations

from typing import cast

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Static

from mahavishnu_tui.models.text import clean, clean_line
from mahavishnu_tui.widgets.form.field import Field
from mahavishnu_tui.widgets.form.inputs import FieldInput, make_input

_LONGEST = 400
"""Characters of a description that are shown."""


class FieldRow(Vertical):
    """One field of a form; a group is a row that has only a heading."""

    DEFAULT_CSS = """
    FieldRow {
        height: auto;
        & Horizontal { height: auto; }
        & .field--label { width: 24; height: auto; padding-right: 1; color: $text-muted; }
        & .field--label.-required { color: $foreground; }
        & .field--input { width: 1fr; }
        & .field--input { background: $boost; padding: 0 1; }
        & .field--input:focus { background: $accent 25%; }
        & AnyInput.field--input { padding: 0; }
        & .field--about { color: $text-muted; padding-left: 24; height: auto; max-height: 4; }
        & .field--wrong { color: $text-error; padding-left: 24; display: none; height: auto; }
        &.-wrong .field--wrong { display: block; }
        &.-group { margin-top: 1; }
        &.-root { margin-top: 0; }
        &.-group .field--label { width: 1fr; text-style: bold; color: $foreground; }
        &.-group .field--about, &.-group .field--wrong { padding-left: 0; }
    }
    """

    def __init__(self, field: Field) -> None:
        super().__init__()
        self.field = field
        self.widget = None if field.kind == "group" else make_input(field)
        self.input = cast("FieldInput | None", self.widget)
        self.set_class(field.kind == "group", "-group")
        self.set_class(not field.path, "-root")
        self.styles.padding = (0, 0, 0, 2 * max(0, len(field.path) - 1))
        self._wrong = Static("", classes="field--wrong", markup=False)

    def compose(self) -> ComposeResult:
        """Label and input side by side, the words below."""
        mark = " *" if self.field.required and self.field.path and self.field.kind != "fixed" else ""
        about = clean(self.field.description)[:_LONGEST]
        label = Static(f"{self.field.label}{mark}", classes="field--label", markup=False)
        label.set_class(self.field.required, "-required")
        if self.widget is not None:
            self.widget.add_class("field--input")
            with Horizontal():
                yield label
                yield self.widget
        elif self.field.path:
            yield label
        if about:
            yield Static(about, classes="field--about", markup=False)
        yield self._wrong

    def complain(self, text: str) -> None:
        """Say what is wrong with the field; nothing when the text is empty."""
        self._wrong.update(f"✘ {clean_line(text, 200)}" if text else "")
        self.set_class(bool(text), "-wrong")

    def enter(self, scroll_visible: bool = True) -> bool:
        """Put the focus into the field, where it has something to type into."""
        if self.widget is None or not (self.widget.focusable or self.field.kind == "json"):
            return False
        self.widget.focus(scroll_visible)
        return True
