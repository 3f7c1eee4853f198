"""`Words`: a description as plain text, scrolled with the keyboard where it is long."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.widgets import Static

from mahavishnu_tui.models.text import clean

_LONGEST = 20_000
"""Characters of a description that are shown."""


class Words(VerticalScroll, can_focus=False):
    """A description as plain text; it takes the focus only where there is something to scroll."""

    def compose(self) -> ComposeResult:
        """The text."""
        yield Static(id="answer-words-text", markup=False)

    def show(self, text: str) -> None:
        """Show a text; an empty one takes no room."""
        self.query_one(Static).update(clean(text)[:_LONGEST].strip())
        self.set_class(not text.strip(), "-empty")
        self.scroll_home(animate=False)
        self.call_after_refresh(self._measure)

    def on_resize(self) -> None:
        """There may be more or less to scroll now."""
        self._measure()

    def _measure(self) -> None:
        self.can_focus = self.max_scroll_y > 0
