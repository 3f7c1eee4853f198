"""`ConfirmScreen`: asks before something that cannot be taken back; the focus starts on going back."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Button, Static

from mahavishnu_tui.models.text import clean
from mahavishnu_tui.screens.dialog import Dialog
from mahavishnu_tui.screens.hints import KeyHints
from mahavishnu_tui.widgets.button_row import ButtonRow


@dataclasses.dataclass(frozen=True)
class Deed:
    """One way to go through with it."""

    id: str
    label: str
    grave: bool = True


class ConfirmScreen(Dialog[str]):
    """Dismissed with the id of a deed only when the operator moved to its button; else with an empty text.

    Args:
        question: one line.
        facts: further lines: the exact thing, and what will happen.
        deeds: the buttons that do it; a mere label has the id `yes`.
    """

    CSS_PATH = "confirm.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "refuse", "Go back", id="confirm.refuse"),
    ]

    def __init__(self, question: str, facts: Sequence[str], *deeds: Deed | str) -> None:
        super().__init__()
        self._question = question
        self._facts = facts
        self._deeds = [Deed("yes", deed) if isinstance(deed, str) else deed for deed in deeds]

    def compose(self) -> ComposeResult:
        """The question, the facts, a button to go back and one for each deed."""
        with Vertical(id="confirm"):
            yield Static(clean(self._question), id="confirm-question", markup=False)
            yield Static("\n".join(map(clean, self._facts)), id="confirm-facts", markup=False)
            with ButtonRow(id="confirm-buttons"):
                yield Button("Go back", id="no", compact=True)
                for deed in self._deeds:
                    yield Button(
                        deed.label, id=deed.id, variant="error" if deed.grave else "default", compact=True
                    )
        yield KeyHints()

    def on_mount(self) -> None:
        """Start on what does nothing."""
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        name = str(event.button.id)
        self.dismiss("" if name == "no" else name)

    def action_refuse(self) -> None:
        """Do nothing."""
        self.dismiss("")
