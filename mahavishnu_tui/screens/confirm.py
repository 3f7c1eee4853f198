"""`ConfirmScreen`: asks before something that cannot be taken back; the focus starts on going back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from mahavishnu_tui.models.text import clean


class ConfirmScreen(ModalScreen[bool]):
    """Dismissed with True only when the operator moved to the button that does it.

    Args:
        question: one line.
        facts: further lines: the exact thing, and what will happen.
        deed: the word on the button that does it.
    """

    CSS_PATH = "confirm.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "refuse", "Go back", id="confirm.refuse"),
        Binding("right,down", "app.focus_next", "Next", show=False, id="confirm.next"),
        Binding("left,up", "app.focus_previous", "Previous", show=False, id="confirm.previous"),
    ]

    def __init__(self, question: str, facts: Sequence[str], deed: str) -> None:
        super().__init__()
        self._question = question
        self._facts = facts
        self._deed = deed

    def compose(self) -> ComposeResult:
        """The question, the facts, two buttons."""
        with Vertical(id="confirm"):
            yield Static(clean(self._question), id="confirm-question", markup=False)
            yield Static("\n".join(map(clean, self._facts)), id="confirm-facts", markup=False)
            with Horizontal(id="confirm-buttons"):
                yield Button("Go back", id="no", compact=True)
                yield Button(self._deed, id="yes", variant="error", compact=True)

    def on_mount(self) -> None:
        """Start on what does nothing."""
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_refuse(self) -> None:
        """Do nothing."""
        self.dismiss(False)
