"""`PaneStrip`: the names of the panes in one row, the shown one emphasised."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget


@dataclasses.dataclass(frozen=True)
class PaneTab:
    """One tab: its key (`1` or `[`-cycled), its name, and a badge such as `✋2`."""

    id: str
    title: str
    key: str = ""
    badge: str = ""


class PaneStrip(Widget):
    """A row of tabs; a click selects one."""

    class Selected(Message):
        """A tab was clicked."""

        def __init__(self, strip: PaneStrip, tab: str) -> None:
            super().__init__()
            self.strip = strip
            self.tab = tab

        @property
        def control(self) -> PaneStrip:
            """The strip that sent it."""
            return self.strip

    def __init__(
        self, tabs: Sequence[PaneTab] = (), *, id: str | None = None, classes: str | None = None
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.tabs = tuple(tabs)
        self.active = tabs[0].id if tabs else ""

    def show(self, tabs: Sequence[PaneTab], active: str) -> None:
        """Show these tabs, `active` (an id) emphasised."""

    def render_line(self, y: int) -> Strip:
        """The row."""
        return Strip.blank(self.size.width)
