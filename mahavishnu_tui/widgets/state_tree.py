"""`StateTree`: any JSON value as a foldable tree, searched with `/` and read raw with `y`."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from mahavishnu_tui.models.record import Json
from mahavishnu_tui.widgets.tones import LineView


class StateTree(LineView):
    """A JSON inspector; lines are made only as they are seen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, id="tree.down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="tree.up"),
        Binding("g,home", "first", "First", show=False, id="tree.first"),
        Binding("G,end", "last", "Last", show=False, id="tree.last"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="tree.page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="tree.page_up"),
        Binding("enter,space", "toggle", "Fold", show=False, id="tree.toggle"),
        Binding("right,l", "open", "Unfold", show=False, id="tree.open"),
        Binding("left,h", "close", "Fold", show=False, id="tree.close"),
        Binding("slash", "search", "Search", show=False, id="tree.search"),
        Binding("n", "next_match", "Next match", show=False, id="tree.next"),
        Binding("N", "previous_match", "Previous match", show=False, id="tree.previous"),
        Binding("y", "raw", "Raw JSON", show=False, id="tree.raw"),
    ]

    class CursorMoved(Message):
        """The cursor is on another value; `path` is its keys and indexes from the root."""

        def __init__(self, tree: StateTree, path: tuple[str | int, ...]) -> None:
            super().__init__()
            self.tree = tree
            self.path = path

        @property
        def control(self) -> StateTree:
            """The tree that sent it."""
            return self.tree

    cursor_path: tuple[str | int, ...] = ()
    cursor_value: Json = None

    def show(self, value: Json, *, note: str = "") -> None:
        """Show a value; `note` is a last line such as `truncated by the host`. Folds and cursor stay."""

    def clear(self, message: str = "") -> None:
        """Show nothing but a message."""

    def search(self, text: str) -> int:
        """Go to the first match of `text` in keys and values; how many there are."""
        return 0

    def raw_text(self) -> str:
        """The shown value as JSON text, to be copied."""
        return ""

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        return Strip.blank(self.size.width)
