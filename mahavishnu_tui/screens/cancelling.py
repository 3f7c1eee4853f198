"""`CancelScreen`: says what a cancel ends before it is given; the focus starts on going back."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from mahavishnu_tui.models.text import clean

How = Literal["", "now", "boundary"]


class CancelScreen(ModalScreen[How]):
    """Dismissed with how to cancel; with an empty text when nothing is to be done.

    Args:
        question: one line.
        facts: the exact thing, and what will happen.
        ends_process: only the end of its process stops the run now.
        at_work: whether there is a step boundary to wait for.
    """

    CSS_PATH = "confirm.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "refuse", "Go back", id="cancel.refuse"),
        Binding("right,down", "app.focus_next", "Next", show=False, id="cancel.next"),
        Binding("left,up", "app.focus_previous", "Previous", show=False, id="cancel.previous"),
    ]

    def __init__(self, question: str, facts: Sequence[str], *, ends_process: bool, at_work: bool) -> None:
        super().__init__()
        self._question = question
        self._facts = facts
        self._ends_process = ends_process
        self._at_work = at_work

    def compose(self) -> ComposeResult:
        """The question, the facts, the ways to do it."""
        with Vertical(id="confirm"):
            yield Static(clean(self._question), id="confirm-question", markup=False)
            yield Static("\n".join(map(clean, self._facts)), id="confirm-facts", markup=False)
            with Horizontal(id="confirm-buttons"):
                yield Button("Go back", id="no", compact=True)
                if self._at_work:
                    yield Button("At the next step boundary", id="boundary", compact=True)
                deed = "End the process" if self._ends_process else "Cancel the run"
                yield Button(deed, id="yes", variant="error", compact=True)

    def on_mount(self) -> None:
        """Start on what does nothing."""
        self.query_one("#no").focus()

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        how: dict[str, How] = {"yes": "now", "boundary": "boundary"}
        self.dismiss(how.get(str(event.button.id), ""))

    def action_refuse(self) -> None:
        """Do nothing."""
        self.dismiss("")
