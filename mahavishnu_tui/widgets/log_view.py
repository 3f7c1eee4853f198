"""`LogView`: the tail of a log as plain text, with follow, wrap and search."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.strip import Strip

from mahavishnu_tui.widgets.tones import LineView


class LogView(LineView):
    """A virtual tail: keeps the newest `max_lines`, says how many it dropped, follows until one scrolls up."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, id="log.down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="log.up"),
        Binding("g,home", "first", "First", show=False, id="log.first"),
        Binding("G,end", "last", "Last", show=False, id="log.last"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="log.page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="log.page_up"),
        Binding("F", "follow", "Follow", show=False, id="log.follow"),
        Binding("w", "wrap", "Wrap", show=False, id="log.wrap"),
        Binding("slash", "search", "Search", show=False, id="log.search"),
        Binding("n", "next_match", "Next match", show=False, id="log.next"),
        Binding("N", "previous_match", "Previous match", show=False, id="log.previous"),
    ]

    def __init__(self, *, max_lines: int = 50_000, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.max_lines = max_lines
        self.follow = True
        self.wrap = False

    def set_lines(self, lines: Sequence[str]) -> None:
        """Replace the whole text; an unchanged beginning is not painted again."""

    def write_lines(self, lines: Sequence[str]) -> None:
        """Add lines at the end."""

    def clear(self, message: str = "") -> None:
        """Show nothing but a message."""

    def search(self, text: str) -> int:
        """Go to the last match of `text`; how many there are."""
        return 0

    def text(self) -> str:
        """All lines kept, to be copied or saved."""
        return ""

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        return Strip.blank(self.size.width)
