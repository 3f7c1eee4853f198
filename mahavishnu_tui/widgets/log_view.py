"""`LogView`: the tail of a log as plain text, with follow, wrap and search."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import repeat
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.strip import Strip

from mahavishnu_tui.models.text import clean, clean_line
from mahavishnu_tui.widgets.extent import set_extent
from mahavishnu_tui.widgets.search import SearchView
from mahavishnu_tui.widgets.status import Tone

LINE_LIMIT = 4000
"""Characters of one line that are kept; the rest becomes an ellipsis."""


class LogView(SearchView):
    """A virtual tail of a log.

    It keeps the newest `max_lines` and says how many it dropped; it follows the end until one scrolls up.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down,j", "move(1)", "Down", show=False, id="log.down"),
        Binding("up,k", "move(-1)", "Up", show=False, id="log.up"),
        Binding("left,h", "shift(-8)", "Left", show=False, id="log.left"),
        Binding("right,l", "shift(8)", "Right", show=False, id="log.right"),
        Binding("g,home", "first", "First", show=False, id="log.first"),
        Binding("G,end", "last", "Last", show=False, id="log.last"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="log.page_down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="log.page_up"),
        Binding("F", "follow", "Follow", show=False, id="log.follow"),
        Binding("w", "wrap", "Wrap", show=False, id="log.wrap"),
        Binding("slash", "search", "Search", show=False, id="log.search"),
        Binding("n", "next_match", "Next match", show=False, id="log.next"),
        Binding("N", "previous_match", "Previous match", show=False, id="log.previous"),
    ]

    def __init__(
        self,
        *,
        max_lines: int = 50_000,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.max_lines = max_lines
        self.follow = True
        self.wrap = False
        self.wrap_words = False
        """Break lines between words, and keep their indent."""
        self.dropped = 0
        self._given: list[str] = []
        self._lines: list[str] = []
        self._tones_of: list[Tone | None] = []
        """Of each line; None: by the level word in it."""
        self._rows: list[tuple[int, str]] = []
        """What is shown: line number and text; with wrap a line has several."""
        self._widest = 0
        self._message = ""

    def set_lines(self, lines: Sequence[str]) -> None:
        """Replace the whole text; when it only grew at its end, only that is added."""
        grown = _growth(self._given, lines)
        if grown is None:
            self.clear()
            grown = list(lines)
        self._given = list(lines)
        self._add(grown)

    def write_lines(self, lines: Sequence[str], tones: Sequence[Tone] = ()) -> None:
        """Add lines at the end, with a tone each or all by their level words."""
        self._given += lines
        self._add(lines, tones)

    def show(self, lines: Sequence[str], tones: Sequence[Tone] = ()) -> None:
        """Replace the whole text by another one, and stay where it is."""
        self._forget()
        self._given = list(lines)
        self._add(lines, tones)
        self.refresh()

    def clear(self, message: str = "") -> None:
        """Show nothing but a message."""
        self._forget()
        self._message = clean_line(message)
        self._resized()
        self.refresh()

    def _forget(self) -> None:
        self._given, self._lines, self._tones_of, self._rows = [], [], [], []
        self._message, self.dropped, self._widest = "", 0, 0

    def text(self) -> str:
        """All lines kept, to be copied or saved."""
        return "\n".join(self._lines)

    def _add(self, lines: Sequence[str], tones: Sequence[Tone] = ()) -> None:
        new = list[str]()
        for line, tone in zip(lines, tones or repeat(None), strict=False):
            parts = _cleaned(line)
            new += parts
            self._tones_of += [tone] * len(parts)
        if not new:
            return
        start = len(self._lines)
        self._lines += new
        if len(self._lines) > self.max_lines:
            # A tenth more, so that a busy log is not moved up with every line.
            drop = len(self._lines) - self.max_lines + self.max_lines // 10
            self.dropped += drop
            del self._lines[:drop]
            del self._tones_of[:drop]
            del self._given[: max(0, len(self._given) - len(self._lines))]
            self._rows, start, new = [], 0, self._lines
        self._rows += self._wrapped(new, start)
        self._resized()
        self.refresh()

    def _wrapped(self, lines: Sequence[str], start: int) -> list[tuple[int, str]]:
        width = max(1, self.size.width - 1)
        rows = []
        for number, line in enumerate(lines, start):
            if not self.wrap:
                self._widest = max(self._widest, cell_len(line))
            if not self.wrap or len(line) * 2 <= width or cell_len(line) <= width:
                rows.append((number, line))
            else:
                parts = _words(line, width) if self.wrap_words else chop_cells(line, width)
                rows += [(number, part) for part in parts]
        return rows

    @property
    def _head(self) -> int:
        """1 when the first row says what was dropped."""
        return 1 if self.dropped else 0

    def _resized(self) -> None:
        width = self.size.width if self.wrap else max(self.size.width, self._widest + 1)
        set_extent(self, Size(width, len(self._rows) + self._head))
        if self.follow and self.is_attached:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def on_resize(self) -> None:
        """Wrap anew."""
        if self.wrap:
            self._rows = self._wrapped(self._lines, 0)
            self.refresh()
        self._resized()

    def on_mouse_scroll_up(self) -> None:
        """Who scrolls up wants to read."""
        self.follow = False

    def action_move(self, rows: int) -> None:
        """Scroll by rows; down to the end follows again."""
        self._scroll(self.scroll_offset.y + rows)

    def action_page(self, pages: int) -> None:
        """Scroll by pages."""
        self._scroll(self.scroll_offset.y + pages * max(1, self.size.height - 1))

    def action_first(self) -> None:
        """To the oldest line."""
        self._scroll(0)

    def action_last(self) -> None:
        """To the newest line, and follow."""
        self._scroll(self.max_scroll_y)

    def action_shift(self, cells: int) -> None:
        """Scroll sideways, as far as the end of the longest line."""
        most = 0 if self.wrap else max(0, self._widest - self.line_width)
        self.scroll_to(x=min(self.scroll_offset.x + cells, most), animate=False, force=True)

    def action_follow(self) -> None:
        """Follow the end, or stop."""
        self.follow = not self.follow
        self._resized()

    def action_wrap(self) -> None:
        """Wrap long lines, or cut them."""
        self.wrap = not self.wrap
        top = self._rows[min(self.scroll_offset.y, len(self._rows) - 1)][0] if self._rows else 0
        self._rows = self._wrapped(self._lines, 0)
        self.scroll_to(x=0, animate=False, force=True)
        self._resized()
        if not self.follow:
            self.go_to(top)
        self.refresh()

    def _scroll(self, y: int) -> None:
        y = max(0, min(y, self.max_scroll_y))
        self.follow = y >= self.max_scroll_y
        self.scroll_to(y=y, animate=False, force=True)

    def find(self, needle: str) -> list[int]:
        """Numbers of the lines that hold the needle."""
        return [number for number, line in enumerate(self._lines) if needle in line.lower()]

    def here(self) -> int:
        """The first line that is seen."""
        row = self.scroll_offset.y - self._head
        return self._rows[max(0, min(row, len(self._rows) - 1))][0] if self._rows else 0

    def go_to(self, line: int) -> None:
        """Scroll a line into view and stop following."""
        self.follow = False
        row = (
            line
            if not self.wrap
            else next((i for i, (number, _) in enumerate(self._rows) if number >= line), 0)
        )
        top, height = self.scroll_offset.y, self.size.height
        row += self._head
        if not top <= row < top + height - 1:
            self.scroll_to(y=max(0, row - height // 3), animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        """One line of the view."""
        width = self.size.width
        prompt = self.prompt_line() if y == self.size.height - 1 else None
        if prompt is not None:
            return prompt
        row = y + self.scroll_offset.y - self._head
        if not self._lines:
            segments = [Segment(self._message if y == 0 else "", self.tone("muted"))]
        elif row < 0:
            segments = [Segment(f"… {self.dropped:,} older lines dropped", self.tone("muted"))]
        elif row < len(self._rows):
            number, text = self._rows[row]
            tone = self._tones_of[number]
            style = self.tone(_level(self._lines[number]) if tone is None else tone)
            segments = self.highlighted(text, Segment(text, style))
        else:
            segments = []
        strip = Strip(segments)
        x = self.scroll_offset.x
        return strip.crop_extend(x, x + width, None).apply_style(self.rich_style)


def _cleaned(line: str) -> list[str]:
    return [
        part if len(part) <= LINE_LIMIT else f"{part[: LINE_LIMIT - 1]}…" for part in clean(line).split("\n")
    ]


def _words(line: str, width: int) -> list[str]:
    """A long line in parts of at most `width` cells, broken at blanks where that wastes less than half."""
    indent = line[: min(len(line) - len(line.lstrip(" ")), width // 2)]
    parts, rest = [], line
    while cell_len(rest) > width:
        part = chop_cells(rest[:width], width)[0]
        blank = part.rfind(" ")
        if rest[len(part) : len(part) + 1] != " " and blank > max(width // 2, len(indent)):
            part = part[:blank]
        parts.append(part)
        rest = indent + rest[len(part) :].lstrip(" ")
    return [*parts, rest]


def _level(line: str) -> Tone:
    """The tone of a line by the level word near its beginning."""
    start = line[:60].upper()
    if "ERROR" in start or "CRITICAL" in start or "TRACEBACK" in start:
        return "error"
    if "WARN" in start:
        return "warning"
    return "muted" if "DEBUG" in start else ""


def _growth(old: Sequence[str], new: Sequence[str]) -> list[str] | None:
    """What was added at the end, also where lines fell off at the beginning; None when it is another text."""
    if not old:
        return list(new)
    for at in range(len(new) - 1, -1, -1):
        if new[at] == old[-1]:
            kept = min(at + 1, len(old))
            if list(new[at + 1 - kept : at + 1]) == list(old[len(old) - kept :]):
                return list(new[at + 1 :])
    return None
