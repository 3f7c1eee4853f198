"""`KeyHints`: the bottom row, built from the bindings that work right now."""

from __future__ import annotations

from typing import ClassVar, Protocol, runtime_checkable

from rich.cells import cell_len
from rich.segment import Segment
from textual.keys import format_key, key_to_character
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import TextArea

from mahavishnu_tui.widgets.clipping import clip_words

_SIGNS = {"slash": "/", "colon": ":", "question_mark": "?"}
"""The general keys, in the order in which they are shown."""
_KEPT = {"x", "?"}
"""The ways to all other keys: left out last."""
_SHARED = ("run.", "screen.", "app.")
"""How the ids of keys begin that are the same in many places: shown after those of the place itself."""
_NAMES = {
    "enter": "enter",
    "escape": "esc",
    "tab": "tab",
    "shift+tab": "shift+tab",
    "space": "space",
    "ctrl+@": "ctrl+space",  # what it is to a terminal
}


@runtime_checkable
class Hinting(Protocol):
    """A screen on which a key may work and yet not be worth a hint now."""

    def hints(self, action: str) -> bool:
        """Whether the key of an action is shown."""


def key_text(key: str) -> str:
    """A key as it is printed on the keyboard."""
    return _SIGNS.get(key) or _NAMES.get(key) or format_key(key)


def live_hints(screen: Screen[object]) -> list[tuple[str, str]]:
    """Key and word of every binding that is shown: `enter`, those of the place, the general ones."""
    found: dict[str, tuple[int, str, str]] = {}
    focused = screen.focused
    for key, active in screen.active_bindings.items():
        binding = active.binding
        if not active.enabled or not (binding.show or key == "enter") or binding.action in found:
            continue
        if focused is not None and _is_typed(focused, key):
            continue
        if isinstance(screen, Hinting) and not screen.hints(binding.action):
            continue
        if key in _SIGNS:
            rank = 3 + list(_SIGNS).index(key)
        else:
            rank = 0 if key == "enter" else 2 if (binding.id or "").startswith(_SHARED) else 1
        shown = binding.key_display or key_text(key)
        found[binding.action] = (rank, shown, binding.description.lower())
    return [(key, word) for _, key, word in sorted(found.values(), key=lambda item: item[0])]


def _is_typed(focused: Widget, key: str) -> bool:
    """Whether a key is text where it is pressed: enter is, where there are lines."""
    if key == "enter" and isinstance(focused, TextArea) and not focused.read_only:
        return True
    return focused.check_consume_key(key, _SIGNS.get(key) or key_to_character(key))


class KeyHints(Widget):
    """One row of `key word` pairs; what does not fit is left out from the right, `x` and `?` last of all."""

    DEFAULT_CSS = """
    KeyHints { height: 1; dock: bottom; color: $text-muted; background: $panel; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"hint--key"}

    def __init__(self, ascii_only: bool = False) -> None:
        super().__init__(id="hints")
        self.ascii_only = ascii_only
        self._hints: list[tuple[str, str]] = []
        self._aside = ""
        self._aside_first = False

    def on_mount(self) -> None:
        """Follow the bindings."""
        self.screen.bindings_updated_signal.subscribe(self, self._renew)
        self.call_after_refresh(self._renew)

    def _renew(self, _: object = None) -> None:
        hints = live_hints(self.screen)
        if hints != self._hints:
            self._hints = hints
            self.refresh()

    def say(self, aside: str, *, first: bool = False) -> None:
        """Show some words beside the keys, none cut of those that two blanks part; `first`: keys give way."""
        if (aside, first) != (self._aside, self._aside_first):
            self._aside, self._aside_first = aside, first
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The row."""
        style = self.rich_style
        key_style = style + self.get_component_rich_style("hint--key", partial=True)
        width = self.size.width
        hints = list(self._hints)
        wanted = cell_len(self._aside) + 2 if self._aside and self._aside_first else 0
        while len(hints) > 1 and sum(len(key) + len(word) + 3 for key, word in hints) > width - wanted:
            spare = [place for place, (key, _) in enumerate(hints[:-1]) if key not in _KEPT] or [0]
            del hints[spare[-1]]
        segments = [Segment(" ", style)]
        for key, word in hints:
            segments += [Segment(key, key_style), Segment(f" {word}  ", style)]
        room = width - Segment.get_line_length(segments) - 1
        if self._aside and room > 0:
            aside = clip_words(self._aside, room, "." if self.ascii_only else "…")
            segments.append(Segment(" " * (room - cell_len(aside)) + aside, style))
        return Strip(segments).adjust_cell_length(width, style)
