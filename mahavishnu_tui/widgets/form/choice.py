"""`ChoiceInput`: one of a few values, all of them in sight while they fit the row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.form.field import MISSING, Missing
from mahavishnu_tui.widgets.form.values import same, write
from mahavishnu_tui.widgets.tones import OneLine


class ChoiceInput(OneLine, can_focus=True):
    """Left and right choose, a letter goes to the next value that starts with it, backspace takes it back."""

    DEFAULT_CSS = """
    ChoiceInput { background: $boost; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right,space", "choose(1)", "Next value", show=False, id="choice.next"),
        Binding("left", "choose(-1)", "Previous value", show=False, id="choice.previous"),
        Binding("home", "first", "First value", show=False, id="choice.first"),
        Binding("end", "last", "Last value", show=False, id="choice.last"),
        Binding("backspace,delete", "clear", "No value", show=False, id="choice.clear"),
    ]

    class Changed(Message):
        """Another value was chosen, or none."""

        def __init__(self, choice: ChoiceInput) -> None:
            super().__init__()
            self.choice = choice

        @property
        def control(self) -> ChoiceInput:
            """The row that sent it."""
            return self.choice

    def __init__(self, options: Sequence[Json], value: Json | Missing = MISSING) -> None:
        super().__init__()
        self.options = tuple(options)
        self._labels = [_label(option) for option in self.options]
        self.index = next((n for n, option in enumerate(self.options) if same(option, value)), -1)
        """Which of the options; -1 while none is chosen."""

    @property
    def value(self) -> Json | Missing:
        """The value that is chosen."""
        return self.options[self.index] if self.index >= 0 else MISSING

    def _choose(self, index: int) -> None:
        if index != self.index:
            self.index = index
            self.refresh()
            self.post_message(self.Changed(self))

    def action_choose(self, step: int) -> None:
        """The next or the previous value, round the ends; from none to the first or the last."""
        count = len(self.options)
        self._choose((self.index + step) % count if self.index >= 0 else 0 if step > 0 else count - 1)

    def action_first(self) -> None:
        """The first value."""
        self._choose(0)

    def action_last(self) -> None:
        """The last value."""
        self._choose(len(self.options) - 1)

    def action_clear(self) -> None:
        """No value."""
        self._choose(-1)

    def on_key(self, event: events.Key) -> None:
        """Go to the next value that starts with a letter."""
        letter = event.character or ""
        if not letter.isprintable() or not letter.strip():
            return
        order = [*range(self.index + 1, len(self.options)), *range(self.index + 1)]
        found = next((n for n in order if self._labels[n].lower().startswith(letter.lower())), None)
        if found is not None:
            event.stop()
            event.prevent_default()
            self._choose(found)

    def check_consume_key(self, key: str, character: str | None) -> bool:
        """A letter that starts a value is not a command of the screen."""
        return bool(character) and any(label.lower().startswith(str(character)) for label in self._labels)

    def on_click(self, event: events.Click) -> None:
        """Choose the value under the mouse."""
        x = event.get_content_offset_capture(self).x
        for index, text in enumerate(self._texts()):
            if 0 <= x < cell_len(text):
                self._choose(index)
                return
            x -= cell_len(text)

    def _texts(self) -> list[str]:
        """Every value with its sign; empty when the row is too short for them."""
        texts = [f"{'(•)' if n == self.index else '( )'} {label}  " for n, label in enumerate(self._labels)]
        return texts if sum(map(cell_len, texts)) <= self.size.width + 2 else []

    def segments(self) -> list[Segment]:
        """`( ) EUR  (•) USD`, or `‹ USD ›  3 of 20` where they are too many."""
        focused = self.tone("bold") if self.has_focus else self.tone("")
        texts = self._texts()
        if texts:
            return [
                Segment(text, focused if n == self.index else self.tone("muted"))
                for n, text in enumerate(texts)
            ]
        shown = self._labels[self.index] if self.index >= 0 else "none chosen"
        count = f"{self.index + 1} of {len(self.options)}" if self.index >= 0 else f"of {len(self.options)}"
        room = max(4, self.size.width - len(count) - 8)
        return [Segment(f"‹ {clean_line(shown, room)} ›", focused), Segment(f"  {count}", self.tone("muted"))]


def _label(option: Json) -> str:
    if option is None:
        return "null"
    if isinstance(option, bool):
        return "yes" if option else "no"
    return clean_line(write(option), 60) or '""'
