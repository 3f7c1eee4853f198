"""`ButtonRow`: buttons beside each other, gone through with the arrows."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal


class ButtonRow(Horizontal):
    """A row of buttons. Without arrows `right enter` would press the button that one meant to leave."""

    DEFAULT_CSS = """
    ButtonRow { overflow-x: auto; scrollbar-size: 0 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,down", "app.focus_next", "Next", show=False, id="buttons.next"),
        Binding("left,up", "app.focus_previous", "Previous", show=False, id="buttons.previous"),
    ]
