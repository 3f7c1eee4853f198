"""`LogView`: the tail of a log as plain text, with follow, wrap, search and only the lines that match."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence
from itertools import repeat
from typing import ClassVar

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from mahavishnu_tui.models.text import clean_line, small
from mahavishnu_tui.widgets.extent import set_extent
from mahavishnu_tui.widgets.log_lines import broken, cleaned, growth, level_tone
from mahavishnu_tui.widgets.search import SearchView
from mahavishnu_tui.widgets.status import Tone


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
        Binding("w", "wrap", "Wrap", id="log.wrap"),
        Binding("slash", "search", "Search", id="log.search"),
        Binding("ampersand", "only", "Only lines that match", key_display="&", show=False, id="log.only"),
        Binding("m", "rule", "Draw a line", show=False, id="log.rule"),
        Binding("ctrl+l", "sweep", "Clear", show=False, id="log.clear"),
        Binding("n", "next_match", "Next match", show=False, id="log.next"),
        Binding("N", "previous_match", "Previous match", show=False, id="log.previous"),
    ]

    class FollowChanged(Message):
        """It follows the end now, or no longer."""

    def __init__(
        self,
        *,
        max_lines: int = 50_000,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.max_lines = max_lines
        self._follow = True
        self.wrap = False
        self.wrap_words = False
        """Break lines between words, and keep their indent."""
        self.only = ""
        """Lines that hold this are shown; those that do not, with a `!` before it. Empty: all of them."""
        self._wanted = ""
        """The same in small letters, without the `!`."""
        self.dropped = 0
        self._filtering = False
        """The prompt is that of `only`."""
        self._given: list[str] = []
        self._lines: list[str] = []
        self._tones_of: list[Tone | None] = []
        """Of each line; None: by the level word in it."""
        self._rows: list[tuple[int, str]] = []
        """What is shown: line number and text; with wrap a line has several."""
        self._shown = 0
        """How many lines `only` lets through."""
        self._widest = 0
        self._message = ""
        self._was_empty = True

    @property
    def follow(self) -> bool:
        """Whether the newest line stays in view."""
        return self._follow

    @follow.setter
    def follow(self, follow: bool) -> None:
        if follow != self._follow:
            self._follow = follow
            self.post_message(self.FollowChanged())

    @property
    def follow_said(self) -> str:
        """What is said where it does not follow, and how it does again."""
        return "" if self._follow else "not following: F or G"

    def set_lines(self, lines: Sequence[str]) -> None:
        """Replace the whole text; when it only grew at its end, only that is added."""
        grown = growth(self._given, lines)
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
        self._message, self.dropped, self._widest, self._shown = "", 0, 0, 0

    @property
    def empty(self) -> bool:
        """Whether there is no line, at most a message."""
        return not self._lines

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where there are no lines, none is wrapped or found."""
        if self.empty and action in ("wrap", "search", "only"):
            return False
        return super().check_action(action, parameters)

    def text(self) -> str:
        """All lines kept, to be copied or saved."""
        return "\n".join(self._lines)

    def _add(self, lines: Sequence[str], tones: Sequence[Tone] = ()) -> None:
        new = list[str]()
        for line, tone in zip(lines, tones or repeat(None), strict=False):
            parts = cleaned(line)
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
            self._rows, self._shown, start, new = [], 0, 0, self._lines
        self._rows += self._wrapped(new, start)
        self._resized()
        self.refresh()

    def _wrapped(self, lines: Sequence[str], start: int) -> list[tuple[int, str]]:
        # Before it is laid out lines stay whole: else a letter a row is painted until the size is known.
        width = max(1, self.size.width - 1) if self.size.width else sys.maxsize
        rows = []
        for number, line in enumerate(lines, start):
            if not self._shows(line):
                continue
            self._shown += 1
            if not self.wrap:
                self._widest = max(self._widest, cell_len(line))
            if not self.wrap or len(line) * 2 <= width or cell_len(line) <= width:
                rows.append((number, line))
            else:
                parts = broken(line, width) if self.wrap_words else chop_cells(line, width)
                rows += [(number, part) for part in parts]
        return rows

    def _arrange(self) -> None:
        """Wrap and choose anew."""
        self._shown = 0
        self._rows = self._wrapped(self._lines, 0)

    def _shows(self, line: str) -> bool:
        """Whether `only` lets a line through."""
        return not self._wanted or (self._wanted in small(line)) != self.only.startswith("!")

    @property
    def _head(self) -> int:
        """1 when the first row says what was dropped."""
        return 1 if self.dropped else 0

    def _resized(self) -> None:
        width = self.size.width if self.wrap else max(self.size.width, self._widest + 1)
        # The newest line is above the row that says which lines are chosen.
        set_extent(self, Size(width, len(self._rows) + self._head + bool(self.only)))
        if self.empty != self._was_empty:
            self._was_empty = self.empty
            self.refresh_bindings()
        if self.follow and self.is_attached:
            self.scroll_to(y=self.max_scroll_y, animate=False, force=True)

    def on_resize(self) -> None:
        """Wrap anew."""
        if self.wrap:
            self._arrange()
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
        self._arrange()
        self.scroll_to(x=0, animate=False, force=True)
        self._resized()
        if not self.follow:
            self.go_to(top)
        self.refresh()

    def action_only(self) -> None:
        """Ask which lines are wanted."""
        super().action_search()
        self._filtering = True
        self.show_only("")

    def action_search(self) -> None:
        """Ask what is searched for."""
        super().action_search()
        self._filtering = False

    def action_rule(self) -> None:
        """Draw a line under what is there now, to find the place again."""
        self._add([f"{'─' * 8} {time.strftime('%H:%M:%S')} {'─' * 8}"], ["accent"])

    def action_sweep(self) -> None:
        """Take away what is there now: what comes next stands alone."""
        self._lines, self._tones_of, self._rows = [], [], []
        self._message, self.dropped, self._widest, self._shown = "Cleared: what is new comes here.", 0, 0, 0
        self.follow = True
        self._resized()
        self.refresh()

    def show_only(self, text: str) -> None:
        """Show the lines that hold `text`, ignoring case; stay at the line that is seen."""
        top = self.here()
        self.only, self._wanted = text, small(text.removeprefix("!"))
        self._arrange()
        self._resized()
        if not self.follow:
            self.go_to(top)
        self.refresh()

    def typed(self) -> str:
        """What is in the prompt."""
        return self.only if self._filtering else super().typed()

    def take(self, text: str) -> None:
        """The prompt holds another text now."""
        if self._filtering:
            self.show_only(text)
        else:
            super().take(text)

    def left(self) -> bool:
        """Escape without a prompt: first the search goes, then the choice of lines."""
        if super().left():
            return True
        chosen = bool(self.only)
        if chosen:
            self.show_only("")
        return chosen

    def prompt_line(self) -> Strip | None:
        """The last line of the view while there is a search or a choice of lines, else None."""
        asked = self.typing and self._filtering
        if not (self.only or asked):
            return super().prompt_line()
        said = f"  {self._shown:,} of {len(self._lines):,} lines"
        segments = [
            Segment(f"&{clean_line(self.only)}{'_' if asked else ''}", self.tone("accent")),
            Segment(said, self.tone("muted" if self._shown else "warning")),
        ]
        if self.needle or (self.typing and not asked):
            segments += [Segment("  "), *self.search_segments()]
        return self.bottom(segments)

    def _scroll(self, y: int) -> None:
        y = max(0, min(y, self.max_scroll_y))
        self.follow = y >= self.max_scroll_y
        self.scroll_to(y=y, animate=False, force=True)

    def find(self, needle: str) -> list[int]:
        """Numbers of the lines that are shown and hold the needle."""
        lines = enumerate(self._lines)
        return [number for number, line in lines if needle in small(line) and self._shows(line)]

    def here(self) -> int:
        """The first line that is seen."""
        row = self.scroll_offset.y - self._head
        return self._rows[max(0, min(row, len(self._rows) - 1))][0] if self._rows else 0

    def go_to(self, line: int) -> None:
        """Scroll a line into view and stop following."""
        self.follow = False
        row = (
            line
            if not (self.wrap or self.only)
            else next((i for i, (number, _) in enumerate(self._rows) if number >= line), 0)
        )
        top, height = self.scroll_offset.y, self.size.height
        row += self._head
        if not top <= row < top + height - 1:
            self.scroll_to(y=max(0, row - height // 3), animate=False, force=True)
        if self.needle and not self.wrap:
            self._reveal(self._lines[line])

    def _reveal(self, text: str) -> None:
        """Scroll sideways to the first match in a line, where it is not seen."""
        at = small(text).find(self.needle)
        start, end = cell_len(text[: max(0, at)]), cell_len(text[: at + len(self.needle)])
        left, width = self.scroll_offset.x, self.line_width
        if at >= 0 and not (left <= start and end <= left + width):
            self.scroll_to(x=0 if end <= width else start - width // 3, animate=False, force=True)

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
            style = self.tone(level_tone(self._lines[number]) if tone is None else tone)
            segments = self.highlighted(text, Segment(text, style))
        else:
            segments = []
        strip = Strip(segments)
        x = self.scroll_offset.x
        return strip.crop_extend(x, x + width, None).apply_style(self.rich_style)
