"""`LineView`: the base of everything here that draws its own lines, and the colours it may use."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual.scroll_view import ScrollView

from mahavishnu_tui.widgets.status import Tone


class LineView(ScrollView, can_focus=True):
    """A scrolling view that renders lines itself, in tones taken from the theme."""

    DEFAULT_CSS = """
    LineView {
        background: transparent;
        scrollbar-size: 1 1;
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
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
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

    def tone(self, name: Tone | str) -> Style:
        """The style of a tone, without background unless the tone has one; empty for `""`."""
        if not name:
            return Style.null()
        return self.get_component_rich_style(f"tone--{name}", partial=True)
