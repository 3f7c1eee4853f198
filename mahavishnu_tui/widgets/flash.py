"""`Flash`: one row for one message at a time, gone after six seconds."""

from __future__ import annotations

from typing import Literal

from textual.strip import Strip
from textual.widget import Widget

Severity = Literal["info", "success", "warning", "error"]


class Flash(Widget):
    """The message row; shows `rest` (set by the owner: counts, filter, sort) when there is no message."""

    def flash(self, text: str, severity: Severity = "info", seconds: float = 6.0) -> None:
        """Show a message; a later one takes its place at once."""

    def set_rest(self, text: str) -> None:
        """What the row says between messages."""

    def dismiss(self) -> None:
        """Take the message away now."""

    def render_line(self, y: int) -> Strip:
        """The row."""
        return Strip.blank(self.size.width)
