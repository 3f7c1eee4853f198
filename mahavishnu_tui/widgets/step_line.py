"""`StepLine`: a line of text among other fields."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widgets import Input


class StepLine(Input):
    """Enter goes on to the next field: only a button sends anything."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "step", "Next field", show=False, id="line.next"),
    ]

    def action_step(self) -> None:
        """To the next field."""
        self.screen.focus_next()
