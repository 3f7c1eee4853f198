"""`StateTree`: any JSON value as a foldable tree, searched with `/` and read raw with `y`."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean, clean_line, small
from mahavishnu_tui.widgets.extent import set_extent
from mahavishnu_tui.widgets.json_text import pretty
from mahavishnu_tui.widgets.search import SearchView
from mahavishnu_tui.widgets.state_lines import Line, Path, StateLines, is_long, summary
from mahavishnu_tui.widgets.status import Tone

RAW_LINES = 20_000
"""Lines of raw JSON that are shown; copying takes all."""


class StateTree(SearchView):
    """A JSON inspector: a value of any size, of which only opened parts become lines."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, id="tree.down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="tree.up"),
        Binding("g,home", "first", "First", show=False, id="tree.first"),
        Binding("G,end", "last", "Last", show=False, id="tree.last"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="tree.page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="tree.page_up"),
        Binding("enter,space", "fold", "Fold", show=False, id="tree.toggle"),
        Binding("right,l", "open", "Unfold", show=False, id="tree.open"),
        Binding("left,h", "close", "Fold", show=False, id="tree.close"),
        Binding("slash", "search", "Search", show=False, id="tree.search"),
        Binding("n", "next_match", "Next match", show=False, id="tree.next"),
        Binding("N", "previous_match", "Previous match", show=False, id="tree.previous"),
        Binding("y", "raw", "Raw JSON", show=False, id="tree.raw"),
    ]

    class CursorMoved(Message):
        """The cursor is on another value; `path` is its keys and indexes from the root."""

        def __init__(self, tree: StateTree, path: Path) -> None:
            super().__init__()
            self.tree = tree
            self.path = path

        @property
        def control(self) -> StateTree:
            """The tree that sent it."""
            return self.tree

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        open_texts: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii_only = ascii_only
        self._open_texts = open_texts
        self.raw = False
        """The value is shown as JSON text."""
        self._state: StateLines | None = None
        self._lines: list[Line] = []
        self._raw_lines: list[str] = []
        self._cursor = 0
        self._note = ""
        self._message = ""
        self._found: list[Path] = []
        self._could_fold = False

    @property
    def cursor_path(self) -> Path:
        """Keys and indexes from the root to the cursor's value."""
        return self._lines[self._cursor].path if self._lines else ()

    @property
    def cursor_value(self) -> Json:
        """The cursor's value; None also where nothing is shown."""
        line = self._lines[self._cursor] if self._lines else None
        return line.value if line is not None and line.kind == "value" else None

    @property
    def can_fold(self) -> bool:
        """Whether the cursor's line can be folded or unfolded, or shows more."""
        line = self._lines[self._cursor] if self._lines and not self.raw else None
        return line is not None and (line.kind in ("more", "text") or _foldable(line.value))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Leave the keys unbound that would fold where nothing folds."""
        if action == "fold" and not self.can_fold:
            return False
        return super().check_action(action, parameters)

    def _renew_keys(self) -> None:
        if self.can_fold != self._could_fold:
            self._could_fold = self.can_fold
            self.refresh_bindings()

    def show(self, value: Json, *, note: str = "") -> None:
        """Show a value. What was open stays open, and the cursor on its path.

        Args:
            value: plain JSON.
            note: a last line such as `truncated by the host`.
        """
        old = self._state
        self._state = StateLines(value, self._open_texts)
        if old is not None:
            self._state.opened, self._state.shown = old.opened, old.shown
        self._note, self._message = clean_line(note), ""
        path = self.cursor_path
        self._rebuild(path)

    def clear(self, message: str = "") -> None:
        """Show nothing but a message."""
        self._state, self._message, self._note = None, clean_line(message), ""
        self._rebuild(())

    def raw_text(self) -> str:
        """The shown value as JSON text, to be copied."""
        return pretty(self._state.value) if self._state is not None else ""

    def _rebuild(self, path: Path) -> None:
        """Make the lines again and put the cursor on `path`, or as near as it can be."""
        state = self._state
        self._lines = state.lines(self.size.width) if state is not None else []
        self._raw_lines = self._raw() if self.raw else []
        if self._note and state is not None:
            self._lines.append(Line("note", (), 0, None, self._note))
        places = {line.path: index for index, line in reversed(list(enumerate(self._lines)))}
        while path not in places and path:
            path = path[:-1]
        self._cursor = min(places.get(path, self._cursor), max(0, len(self._lines) - 1))
        count = len(self._raw_lines) if self.raw else len(self._lines)
        set_extent(self, Size(self.size.width, count + 1))
        self._show_cursor()
        self._renew_keys()
        self.refresh()

    def _raw(self) -> list[str]:
        width = max(20, self.size.width - 1)
        out: list[str] = []
        for line in clean(self.raw_text()).split("\n"):
            out += [line[at : at + width] for at in range(0, max(1, len(line)), width)]
            if len(out) > RAW_LINES:
                return [*out[:RAW_LINES], "… more: copy it to see all"]
        return out

    def on_resize(self) -> None:
        """Cut long strings for the new width."""
        self._rebuild(self.cursor_path)

    def watch_has_focus(self, _focused: bool) -> None:
        """The cursor looks different with and without focus."""
        super().watch_has_focus(_focused)
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        """Move the cursor; a click on its own line folds."""
        index = event.y + self.scroll_offset.y
        if self.raw or index >= len(self._lines):
            return
        if index == self._cursor:
            self.action_fold()
        else:
            self._move(index)

    def _move(self, index: int) -> None:
        if self.raw:
            self.scroll_to(y=self.scroll_offset.y + index - self._cursor, animate=False, force=True)
            return
        if not self._lines:
            return
        old, self._cursor = self._cursor, max(0, min(index, len(self._lines) - 1))
        self.refresh_line(old)
        self.refresh_line(self._cursor)
        self._show_cursor()
        self._renew_keys()
        if self._lines[old].path != self.cursor_path:
            self.post_message(self.CursorMoved(self, self.cursor_path))

    def _show_cursor(self) -> None:
        if self.raw or not self.size.height:
            return
        top, page = self.scroll_offset.y, max(1, self.size.height - 1)
        if self._cursor < top:
            self.scroll_to(y=self._cursor, animate=False, force=True)
        elif self._cursor >= top + page:
            self.scroll_to(y=self._cursor - page + 1, animate=False, force=True)

    def action_move(self, lines: int) -> None:
        """Up or down."""
        self._move(self._cursor + lines)

    def action_page(self, pages: int) -> None:
        """Up or down by what is seen at once."""
        self._move(self._cursor + pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """To the first line."""
        self._move(self._cursor - self.scroll_offset.y if self.raw else 0)

    def action_last(self) -> None:
        """To the last line."""
        self._move(self._cursor + len(self._raw_lines) if self.raw else len(self._lines) - 1)

    def action_fold(self) -> None:
        """Fold or unfold the cursor's value; on `… more` show more."""
        if self._state is None or not self._lines or self.raw:
            return
        line = self._lines[self._cursor]
        if line.kind == "more":
            index = self._cursor
            self._state.show_more(line.path[:-1])
            self._rebuild(line.path)
            self._move(index)
        elif _foldable(line.value) or line.kind == "text":
            opened = line.kind == "value" and not self._state.is_open(line.path, line.value)
            self._state.opened[line.path] = opened
            self._rebuild(line.path)

    def action_open(self) -> None:
        """Unfold; on what is open already go to its first child."""
        if self._state is None or not self._lines or self.raw:
            return
        line = self._lines[self._cursor]
        if _foldable(line.value) and self._state.is_open(line.path, line.value):
            self._move(self._cursor + 1)
        else:
            self.action_fold()

    def action_close(self) -> None:
        """Fold; on what is folded go to what encloses it."""
        if self._state is None or not self._lines or self.raw:
            return
        line = self._lines[self._cursor]
        if line.kind == "text" or (_foldable(line.value) and self._state.is_open(line.path, line.value)):
            self._state.opened[line.path] = False
            self._rebuild(line.path)
        elif len(line.path) > 1:
            self._move(next(i for i, other in enumerate(self._lines) if other.path == line.path[:-1]))

    def action_raw(self) -> None:
        """Show JSON text, or the tree again."""
        self.raw = not self.raw
        self._rebuild(self.cursor_path)
        if self.raw:
            self.scroll_to(y=0, animate=False, force=True)

    def find(self, needle: str) -> list[int]:
        """Numbers of the matches: in the raw view line numbers, else places in the list of paths found."""
        if self.raw:
            return [index for index, line in enumerate(self._raw_lines) if needle in small(line)]
        self._found = self._state.find(needle) if self._state is not None else []
        return list(range(len(self._found)))

    def here(self) -> int:
        """Where a search begins."""
        return self.scroll_offset.y if self.raw else 0

    def go_to(self, line: int) -> None:
        """Unfold what encloses a match and put the cursor on it."""
        if self.raw:
            self.scroll_to(y=max(0, line - self.size.height // 3), animate=False, force=True)
        elif self._state is not None:
            path = self._found[line]
            self._state.reveal(path)
            self._rebuild(path)
            self.post_message(self.CursorMoved(self, path))

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        width = self.size.width
        prompt = self.prompt_line() if y == self.size.height - 1 else None
        if prompt is not None:
            return prompt
        row = y + self.scroll_offset.y
        if self._state is None:
            strip = Strip([Segment(self._message if y == 0 else "", self.tone("muted"))])
        elif self.raw:
            text = self._raw_lines[row] if row < len(self._raw_lines) else ""
            strip = Strip(self.highlighted(text, Segment(text)))
        elif row < len(self._lines):
            strip = self._render_entry(self._lines[row], width, row == self._cursor)
        else:
            strip = Strip([])
        return strip.adjust_cell_length(width).apply_style(self.rich_style)

    def _render_entry(self, line: Line, width: int, at_cursor: bool) -> Strip:
        indent = " " * (2 * line.depth)
        if line.kind != "value":
            tone: Tone = "" if line.kind == "text" else "muted"
            segments = [
                Segment(f"{indent}  "),
                *self.highlighted(line.text, Segment(line.text, self.tone(tone))),
            ]
        else:
            segments = self._render_value(line, indent, width)
        strip = Strip(segments).adjust_cell_length(width)
        if at_cursor:
            strip = Strip(Segment.apply_style(strip, post_style=self.tone("cursor")))
        return strip

    def _render_value(self, line: Line, indent: str, width: int) -> list[Segment]:
        assert self._state is not None
        fold = "  "
        if _foldable(line.value):
            marks = "-+" if self.ascii_only else "▾▸"
            fold = f"{marks[0] if self._state.is_open(line.path, line.value) else marks[1]} "
        segments = [Segment(f"{indent}{fold}", self.tone("muted"))]
        used = len(indent) + 2
        if line.path:
            key = clean_line(line.path[-1], 60)
            style = self.tone("muted") if isinstance(line.path[-1], int) else Style(bold=True)
            segments += self.highlighted(key, Segment(key, style))
            segments.append(Segment("  "))
            used += len(key) + 2
        text = summary(line.value, max(8, width - used - 1))
        return segments + self.highlighted(text, Segment(text, self.tone(_tone(line.value))))


def _foldable(value: Json) -> bool:
    """Whether a value has lines of its own under it."""
    return (isinstance(value, (dict, list)) and bool(value)) or (isinstance(value, str) and is_long(value))


def _tone(value: Json) -> Tone:
    if isinstance(value, (dict, list)) or value is None:
        return "muted"
    if isinstance(value, bool):
        return "warning"
    return "accent" if isinstance(value, (int, float)) else ""
