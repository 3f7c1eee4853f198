"""Search as in a pager: `/` opens a prompt on the last line, `n` and `N` go from match to match."""

from __future__ import annotations

from rich.segment import Segment
from textual import events
from textual.strip import Strip

from mahavishnu_tui.models.text import clean_line, small
from mahavishnu_tui.widgets.tones import LineView


class SearchView(LineView):
    """A view with a search prompt of its own; subclasses find the matches and go to them."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.needle = ""
        """What is searched for, in small letters; empty for nothing."""
        self._asked = ""
        """The same as it was typed."""
        self.typing = False
        """The prompt is open and takes every key."""
        self._matches: list[int] = []
        self._match = 0

    def find(self, needle: str) -> list[int]:
        """Lines that hold `needle` (in lower case), in order."""
        raise NotImplementedError

    def go_to(self, line: int) -> None:
        """Show a line that matched."""
        raise NotImplementedError

    def here(self) -> int:
        """The line from which one searches."""
        raise NotImplementedError

    def search(self, text: str) -> int:
        """Go to the first match of `text` from here on, ignoring case; how many there are in all."""
        self.needle, self._asked = small(text), text
        self._matches = self.find(self.needle) if text else []
        self._match = 0
        if self._matches:
            here = self.here()
            self._match = next((i for i, line in enumerate(self._matches) if line >= here), 0)
            self.go_to(self._matches[self._match])
        self.refresh()
        return len(self._matches)

    def action_search(self) -> None:
        """Open the prompt."""
        self.typing = True
        self.needle, self._asked, self._matches = "", "", []
        self.refresh()

    def typed(self) -> str:
        """What is in the prompt."""
        return self._asked

    def take(self, text: str) -> None:
        """The prompt holds another text now."""
        self.search(text)

    def left(self) -> bool:
        """Escape without a prompt: take away what was typed before; whether there was anything."""
        if not self.needle:
            return False
        self.search("")
        return True

    def action_next_match(self) -> None:
        """Go to the next match; after the last comes the first. Before any search it asks for one."""
        self._step(1)

    def action_previous_match(self) -> None:
        """Go to the match before."""
        self._step(-1)

    def _step(self, step: int) -> None:
        if not self.needle:
            self.action_search()
            return
        self._matches = self.find(self.needle)
        if self._matches:
            self._match = (self._match + step) % len(self._matches)
            self.go_to(self._matches[self._match])
        self.refresh()

    def on_key(self, event: events.Key) -> None:
        """Keys of the open prompt: they never reach a binding."""
        if not self.typing:
            if event.key == "escape" and self.left():
                event.stop()
            return
        event.stop()
        event.prevent_default()
        if event.key == "escape":
            self.typing = False
            self.take("")
        elif event.key == "enter":
            self.typing = False
            self.refresh()
        elif event.key == "backspace":
            self.take(self.typed()[:-1])
        elif event.key == "ctrl+u":
            self.take("")
        elif event.key == "ctrl+w":
            self.take(self.typed().rstrip().rpartition(" ")[0])
        elif event.is_printable and event.character:
            self.take(self.typed() + event.character)

    def on_paste(self, event: events.Paste) -> None:
        """What is pasted is typed, as far as its first line goes."""
        if self.typing:
            event.stop()
            self.take(self.typed() + (event.text.splitlines() or [""])[0])

    def on_blur(self) -> None:
        """Who leaves is done typing."""
        self.typing = False
        self.refresh()

    def prompt_line(self) -> Strip | None:
        """The last line of the view while there is a search, else None."""
        if not (self.typing or self.needle):
            return None
        return self.bottom(self.search_segments())

    def search_segments(self) -> list[Segment]:
        """The needle, and where among its matches one is."""
        count = f"{self._match + 1} of {len(self._matches):,}" if self._matches else "no match"
        segments = [Segment(f"/{clean_line(self._asked)}", self.tone("accent"))]
        if self.typing:
            segments.append(Segment("_", self.tone("accent")))
        if self.needle:
            segments.append(Segment(f"  {count}", self.tone("muted" if self._matches else "warning")))
        return segments

    def bottom(self, segments: list[Segment]) -> Strip:
        """The last line of the view."""
        return Strip(segments).adjust_cell_length(self.size.width).apply_style(self.rich_style)

    def highlighted(self, text: str, segment: Segment) -> list[Segment]:
        """The segment cut where `text` (its own, cleaned) holds the needle."""
        if not self.needle:
            return [segment]
        parts, low, here = [], small(text), 0
        style = (segment.style or self.rich_style) + self.tone("match")
        if len(low) != len(text):
            return [segment]
        while (at := low.find(self.needle, here)) >= 0:
            parts.append(Segment(text[here:at], segment.style))
            parts.append(Segment(text[at : at + len(self.needle)], style))
            here = at + len(self.needle)
        parts.append(Segment(text[here:], segment.style))
        return [part for part in parts if part.text]
