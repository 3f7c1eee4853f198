"""`AskScreen`: one line of text from the operator, checked before it is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from mahavishnu_tui.models.text import clean, clean_line
from mahavishnu_tui.screens.dialog import Dialog
from mahavishnu_tui.screens.hints import KeyHints


class AskScreen(Dialog[str]):
    """Dismissed with what was typed; with an empty text when nothing is to be done.

    Args:
        question: one line.
        facts: further lines.
        problem: what is wrong with a text; an empty sentence when it can be taken.
        value: what stands there at first.
    """

    CSS_PATH = "asking.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "refuse", "Go back", id="ask.refuse")]

    def __init__(
        self, question: str, facts: Sequence[str], problem: Callable[[str], str], value: str = ""
    ) -> None:
        super().__init__()
        self._question = question
        self._facts = facts
        self._value = value
        self._problem = problem

    def compose(self) -> ComposeResult:
        """The question, the facts, the line."""
        with Vertical(id="ask"):
            yield Static(clean(self._question), id="ask-question", markup=False)
            yield Static("\n".join(map(clean, self._facts)), id="ask-facts", markup=False)
            yield Input(self._value, compact=True, id="ask-input")
            yield Static("enter takes it, esc goes back", id="ask-status", markup=False)
        yield KeyHints()

    def on_mount(self) -> None:
        """Type at once."""
        line = self.query_one(Input)
        line.cursor_blink = False
        line.focus()

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        problem = self._problem(event.value.strip())
        if problem:
            self.query_one("#ask-status", Static).update(clean_line(problem))
        else:
            self.dismiss(event.value.strip())

    def action_refuse(self) -> None:
        """Do nothing."""
        self.dismiss("")
