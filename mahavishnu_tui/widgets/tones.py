"""The bases of what draws its own lines, and the colours it may use: theme variables only."""

from __future__ import annotations

from typing import ClassVar, Final

from rich.segment import Segment
from rich.style import Style
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.status import Tone

TONES: Final = """
    &> .tone--running { color: $accent; text-style: bold; }
    &> .tone--success { color: $success; }
    &> .tone--error { color: $error; }
    &> .tone--warning { color: $warning; }
    &> .tone--muted { color: $text-muted; }
    &> .tone--accent { color: $accent; }
    &> .tone--bold { text-style: bold; }
    &> .tone--match { background: $warning 40%; text-style: bold; }
    &> .tone--cursor { background: $surface-lighten-2; }
    &> .tone--mark { background: $accent 25%; }
    &:focus > .tone--cursor { background: $block-cursor-background 60%; text-style: bold; }
"""
TONE_CLASSES: Final = {
    "tone--running",
    "tone--success",
    "tone--error",
    "tone--warning",
    "tone--muted",
    "tone--accent",
    "tone--bold",
    "tone--match",
    "tone--cursor",
    "tone--mark",
}


class LineView(ScrollView, can_focus=True):
    """A scrolling view that renders lines itself, in tones taken from the theme."""

    DEFAULT_CSS = f"LineView {{ scrollbar-size: 1 1; {TONES} }}"
    COMPONENT_CLASSES: ClassVar[set[str]] = TONE_CLASSES

    def tone(self, name: Tone | str) -> Style:
        """The style of a tone, without background unless the tone has one; empty for `""`."""
        return self.get_component_rich_style(f"tone--{name}", partial=True) if name else Style.null()


class OneLine(Widget):
    """A widget one row high that renders it itself."""

    DEFAULT_CSS = f"OneLine {{ height: 1; width: 1fr; {TONES} }}"
    COMPONENT_CLASSES: ClassVar[set[str]] = TONE_CLASSES

    def tone(self, name: Tone | str) -> Style:
        """The style of a tone; empty for `""`."""
        return self.get_component_rich_style(f"tone--{name}", partial=True) if name else Style.null()

    def segments(self) -> list[Segment]:
        """What the row shows, cut at its right end where it is too long."""
        raise NotImplementedError

    def render_line(self, y: int) -> Strip:
        """The row."""
        width = self.size.width
        strip = Strip(self.segments() if y == 0 else [])
        return strip.adjust_cell_length(width).apply_style(self.rich_style)

    def piece(self, text: str, tone: Tone | str = "") -> Segment:
        """Outside text as one segment: cleaned, on one line, never parsed."""
        return Segment(clean_line(text), self.tone(tone))
