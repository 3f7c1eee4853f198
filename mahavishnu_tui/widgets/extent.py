"""Telling Textual how large the content of a scrolled view is, without a new layout of the screen."""

from __future__ import annotations

from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget


def set_extent(view: ScrollView, size: Size) -> None:
    """Set the size of what `view` scrolls over.

    Assigning `virtual_size` has Textual lay out and repaint the whole screen, 20 ms at 200x50, on each row
    more. That is only needed when a scrollbar comes or goes, and then the scrollbars see to it themselves.
    """
    if size == view.virtual_size:
        return
    if not view.size:  # before the first layout there is no scrollbar to ask
        view.virtual_size = size
        return
    view.set_reactive(Widget.virtual_size, size)
    view._scroll_update(size)
