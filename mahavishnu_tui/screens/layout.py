"""Where the six panes go: all at once, two columns with tabs, or one at a time."""

from __future__ import annotations

from typing import Final, Literal, cast

from textual.geometry import Region, Size
from textual.layout import ArrangeResult, Layout, WidgetPlacement
from textual.widget import Widget

PaneName = Literal["runs", "path", "checkpoints", "approvals", "schedules", "pools"]
PANES: Final[tuple[PaneName, ...]] = ("runs", "path", "checkpoints", "approvals", "schedules", "pools")
TABBED: Final[tuple[PaneName, ...]] = ("path", "checkpoints", "schedules")
"""The panes that share the right column of the middle layout."""

Format = Literal["small", "middle", "wide"]

MIN_WIDTH: Final = 60
MIN_HEIGHT: Final = 15


def format_of(size: Size) -> Format:
    """Which of the three layouts a terminal of this size gets."""
    if size.width >= 160 and size.height >= 40:
        return "wide"
    return "middle" if size.width >= 100 and size.height >= 20 else "small"


def regions(size: Size, kind: Format, active: PaneName, tab: PaneName, full: bool) -> dict[PaneName, Region]:
    """The region of every pane that is shown.

    Args:
        size: the room for the panes.
        kind: the layout.
        active: the pane that has the focus.
        tab: the one of `TABBED` that the middle layout shows.
        full: show only the active pane.
    """
    width, height = size
    if full or kind == "small":
        return {active: Region(0, 0, width, height)}
    left = width * (47 if kind == "wide" else 55) // 100
    right = width - left
    if kind == "middle":
        strip = max(4, min(8, height // 4))
        top = height - strip
        return {
            "runs": Region(0, 0, left, top),
            tab: Region(left, 0, right, top),
            "approvals": Region(0, top, left, strip),
            "pools": Region(left, top, right, strip),
        }
    low = max(6, height * 18 // 100)
    middle = max(8, height * 28 // 100)
    top = height - middle - low
    return {
        "runs": Region(0, 0, left, top),
        "approvals": Region(0, top, left, middle),
        "schedules": Region(0, top + middle, left, low),
        "path": Region(left, 0, right, top),
        "checkpoints": Region(left, top, right, middle),
        "pools": Region(left, top + middle, right, low),
    }


class PaneLayout(Layout):
    """Puts children, whose ids are pane names, where `regions` says."""

    name = "panes"

    def __init__(self) -> None:
        self.kind: Format = "small"
        self.active: PaneName = "runs"
        self.tab: PaneName = "path"
        self.full = False

    def arrange(
        self, parent: Widget, children: list[Widget], size: Size, greedy: bool = True
    ) -> ArrangeResult:
        """The placements of the displayed panes."""
        parent.pre_layout(self)
        places = regions(size, self.kind, self.active, self.tab, self.full)
        found = []
        for child in children:
            region = places.get(cast(PaneName, child.id))
            if region is not None:
                found.append(
                    WidgetPlacement(region, region.offset - region.offset, child.styles.margin, child)
                )
        return found
