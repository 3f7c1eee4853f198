"""`PaneStrip`: the names of the panes in one row, the shown one emphasised."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.message import Message

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.tones import OneLine


@dataclasses.dataclass(frozen=True)
class PaneTab:
    """One tab."""

    id: str
    title: str
    key: str = ""
    """The key that shows it, such as `1`."""
    badge: str = ""
    """What asks for attention there, such as `✋2`."""
    short: str = ""
    """The title where there is little room; by default the title itself."""


class PaneStrip(OneLine):
    """A row of tabs; a click selects one. Where the row is too narrow, titles are short, then keys alone."""

    DEFAULT_CSS = """
    PaneStrip {
        &> .strip--active { background: $primary 35%; text-style: bold; }
        &:ansi > .strip--active { background: ansi_default; text-style: bold reverse; }
    }
    """

    class Selected(Message):
        """A tab was clicked; `tab` is its id."""

        def __init__(self, strip: PaneStrip, tab: str) -> None:
            super().__init__()
            self.strip = strip
            self.tab = tab

        @property
        def control(self) -> PaneStrip:
            """The strip that sent it."""
            return self.strip

    def __init__(
        self,
        tabs: Sequence[PaneTab] = (),
        *,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.tabs = tuple(tabs)
        self.active = tabs[0].id if tabs else ""

    def show(self, tabs: Sequence[PaneTab], active: str) -> None:
        """Show these tabs, `active` (an id) emphasised."""
        if (tuple(tabs), active) != (self.tabs, self.active):
            self.tabs, self.active = tuple(tabs), active
            self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Select the tab under the mouse."""
        x = 0
        for tab, text in zip(self.tabs, self._texts(), strict=True):
            x += cell_len(text)
            if event.x < x:
                self.post_message(self.Selected(self, tab.id))
                return

    def segments(self) -> list[Segment]:
        """One segment per tab, and one for its badge."""
        active = self.tone("strip--active")
        parts = []
        for tab, text in zip(self.tabs, self._texts(), strict=True):
            body = text.removesuffix(f"{tab.badge} ") if tab.badge else text
            style = active if tab.id == self.active else self.tone("muted")
            parts.append(Segment(body, style))
            if tab.badge:
                parts.append(Segment(f"{tab.badge} ", style + self.tone("warning")))
        return parts

    def _texts(self) -> list[str]:
        """` 1 Runs ` per tab; all short where not all fit, then only the active one keeps its title."""
        short = [tab.short or tab.title for tab in self.tabs]
        alone = [tab.title if tab.id == self.active or not tab.key else "" for tab in self.tabs]
        for titles in ([tab.title for tab in self.tabs], short):
            texts = list(map(self._text, self.tabs, titles))
            if sum(map(cell_len, texts)) <= self.size.width:
                return texts
        return list(map(self._text, self.tabs, alone))

    def _text(self, tab: PaneTab, title: str) -> str:
        parts = [tab.key, clean_line(title), tab.badge]
        return f" {' '.join(part for part in parts if part)} "
