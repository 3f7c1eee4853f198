"""`AskLine`: asks for one line of text: a name, or a number typed as agreement."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from mahavishnu_tui.models.text import clean


class AskLine(ModalScreen[str]):
    """Dismissed with what was typed; with an empty text when the operator goes back.

    Args:
        question: one line.
        facts: further lines.
        wanted: the only text that is taken; empty: any.
    """

    CSS_PATH = "confirm.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "refuse", "Go back", id="ask.refuse")]

    def __init__(self, question: str, facts: Sequence[str], wanted: str = "") -> None:
        super().__init__()
        self._question = question
        self._facts = facts
        self._wanted = wanted

    def compose(self) -> ComposeResult:
        """The question, the facts, a line, and what is wrong with it."""
        with Vertical(id="confirm"):
            yield Static(clean(self._question), id="confirm-question", markup=False)
            yield Static("\n".join(map(clean, self._facts)), id="confirm-facts", markup=False)
            yield Input(compact=True, id="ask-line")
            yield Static("enter does it, esc goes back", id="ask-status", markup=False)

    def on_mount(self) -> None:
        """Type at once."""
        line = self.query_one(Input)
        line.cursor_blink = False
        line.focus()

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        text = event.value.strip()
        if self._wanted and text != self._wanted:
            self.query_one("#ask-status", Static).update(f"Type {self._wanted} to do it; esc goes back.")
        elif text:
            self.dismiss(text)

    def action_refuse(self) -> None:
        """Do nothing."""
        self.dismiss("")
