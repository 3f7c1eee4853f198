"""The bases of what draws its own lines, and the colours it may use: theme variables only."""

from __future__ import annotations

from typing import Final

from rich.segment import Segment
from rich.style import Style
from textual.dom import DOMNode
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.status import Tone

TONES: Final = """
    &> .tone--running { color: $text-primary; text-style: bold; }
    &> .tone--success { color: $text-success; }
    &> .tone--error { color: $text-error; }
    &> .tone--warning { color: $text-warning; }
    &> .tone--muted { color: $text-muted; }
    &> .tone--accent { color: $text-primary; }
    &> .tone--bold { text-style: bold; }
    &> .tone--match { background: $warning 40%; text-style: bold; }
    &> .tone--cursor { background: $foreground 12%; }
    &> .tone--mark { background: $primary 20%; }
    &:ansi > .tone--cursor { background: transparent; text-style: underline; }
    &:ansi > .tone--mark { background: transparent; text-style: bold; }
    &:ansi > .tone--match { background: transparent; text-style: reverse; }
    &:focus > .tone--cursor {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold;
    }
    &:ansi:focus > .tone--cursor { background: ansi_default; color: ansi_default; text-style: bold reverse; }
"""


class Tones:
    """The styles of one widget by tone, kept until the theme or the focus changes.

    Textual works the styles of all component classes out whenever a widget's own may have changed: with a
    dozen tones that is most of the first frame. Here only those count that something was painted in.
    """

    def __init__(self, widget: Widget) -> None:
        self.widget = widget
        self.styles: dict[str, Style] = {"": Style.null()}
        self.sums: dict[object, Style] = {}
        """Styles that lie over each other, by what they are made of: adding takes longer than finding."""
        self.used: frozenset[str] = frozenset()
        """The component classes that Textual has to look after."""
        self.ground: Style | None = None
        """The style of the widget itself: asked for with every line, and found by walking all above it."""

    def style(self, name: str) -> Style:
        """The style of a tone, or of a component class.

        It sets what its rule sets and nothing else, so that styles can be added up; colours that let
        the background through are blended with it.
        """
        style = self.styles.get(name)
        if style is None:
            component = name if "--" in name else f"tone--{name}"
            self._use(component)
            own = self.widget.get_component_rich_style(component, partial=True)
            full = self.widget.get_component_rich_style(component)
            style = own + Style(
                color=full.color if own.color is not None else None,
                bgcolor=full.bgcolor if own.bgcolor is not None else None,
            )
            self.styles[name] = style
        return style

    def clear(self) -> None:
        """Read them anew."""
        self.styles = {"": Style.null()}
        self.sums = {}
        self.ground = None

    def _use(self, component: str) -> None:
        widget = self.widget
        if component in widget._component_styles:
            return
        self.used |= {component}
        node = DOMNode(classes=component)
        node._attach(widget)
        widget.app.stylesheet.apply(node)
        widget._component_styles[component] = node.styles


class LineView(ScrollView, can_focus=True):
    """A scrolling view that renders lines itself, in tones taken from the theme."""

    DEFAULT_CSS = f"LineView {{ overflow-x: hidden; scrollbar-size: 1 1; {TONES} }}"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._tones = Tones(self)

    def tone(self, name: Tone | str) -> Style:
        """The style of a tone, or of a component class; empty for `""`."""
        return self._tones.style(name)

    @property
    def line_width(self) -> int:
        """Cells of a line that are seen: a scrollbar covers the last ones of `size`."""
        return self.scrollable_size.width

    def watch_show_vertical_scrollbar(self) -> None:
        """Lines end before the scrollbar: when it comes or goes they are painted anew."""
        self.refresh()

    @property
    def rich_style(self) -> Style:
        """The style of what no tone is given to."""
        if self._tones.ground is None:
            self._tones.ground = super().rich_style
        return self._tones.ground

    def notify_style_update(self) -> None:
        """The theme or the focus changed."""
        self._tones.clear()
        super().notify_style_update()

    def _get_component_classes(self) -> frozenset[str]:  # type: ignore[override]
        return self._tones.used


class OneLine(Widget):
    """A widget one row high that renders it itself."""

    DEFAULT_CSS = f"OneLine {{ height: 1; width: 1fr; {TONES} }}"

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self._tones = Tones(self)

    def tone(self, name: Tone | str) -> Style:
        """The style of a tone, or of a component class; empty for `""`."""
        return self._tones.style(name)

    @property
    def rich_style(self) -> Style:
        """The style of what no tone is given to."""
        if self._tones.ground is None:
            self._tones.ground = super().rich_style
        return self._tones.ground

    def notify_style_update(self) -> None:
        """The theme or the focus changed."""
        self._tones.clear()
        super().notify_style_update()

    def _get_component_classes(self) -> frozenset[str]:  # type: ignore[override]
        return self._tones.used

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
