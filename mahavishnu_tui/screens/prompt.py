"""`Prompt`: the one row in which `:` commands and `/` filters are typed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import ClassVar, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Static

from mahavishnu_tui.screens.commands import History, complete

PromptKind = Literal[":", "/"]


class Prompt(Horizontal):
    """Appears over the flash row; `enter` takes, `esc` leaves, `tab` completes, arrows walk the history."""

    DEFAULT_CSS = """
    Prompt { height: 1; display: none; }
    Prompt.-open { display: block; }
    Prompt > Static { width: 2; color: $text-accent; text-style: bold; }
    Prompt > Input { width: 1fr; background: transparent; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Leave", id="prompt.leave"),
        Binding("tab", "complete", "Complete", priority=True, id="prompt.complete"),
        Binding("up", "older", "Older", show=False, id="prompt.older"),
        Binding("down", "newer", "Newer", show=False, id="prompt.newer"),
    ]

    class Typed(Message):
        """The text changed; `done` once it was entered, `left` when the prompt was abandoned."""

        def __init__(self, kind: PromptKind, text: str, done: bool = False, left: bool = False) -> None:
            super().__init__()
            self.kind = kind
            self.text = text
            self.done = done
            self.left = left

    def __init__(self, options: Callable[[PromptKind, str], Iterable[str]], commands: History) -> None:
        super().__init__(id="prompt")
        self.kind: PromptKind = ":"
        self._options = options
        self._histories: dict[PromptKind, History] = {":": commands, "/": History()}

    def compose(self) -> ComposeResult:
        """The sign and the line."""
        yield Static(":", markup=False)
        yield Input(compact=True, select_on_focus=False)

    @property
    def line(self) -> Input:
        """The input."""
        return self.query_one(Input)

    def open(self, kind: PromptKind, text: str = "") -> None:
        """Show the prompt and take the focus."""
        self.kind = kind
        self._histories[kind].add("")
        self.query_one(Static).update(f" {kind}")
        with self.prevent(Input.Changed):
            self.line.value = text
        self.line.cursor_position = len(text)
        self.line.cursor_blink = False
        self.add_class("-open")
        self.line.focus()

    def close(self) -> None:
        """Hide it; the owner puts the focus back."""
        self.remove_class("-open")

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Typed(self.kind, event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self._histories[self.kind].add(event.value)
        self.post_message(self.Typed(self.kind, event.value, done=True))

    def action_leave(self) -> None:
        """Abandon what was typed."""
        self.post_message(self.Typed(self.kind, self.line.value, left=True))

    def action_complete(self) -> None:
        """Complete the line as far as it is certain; what it may become stands beside the keys."""
        completed = complete(self.line.value, self._options(self.kind, self.line.value))
        if completed is not None:
            self.line.value = completed
            self.line.cursor_position = len(completed)

    def action_older(self) -> None:
        """The line typed before."""
        line = self._histories[self.kind].older()
        if line is not None:
            self.line.value = line
            self.line.cursor_position = len(line)

    def action_newer(self) -> None:
        """The line typed after that."""
        self.line.value = self._histories[self.kind].newer()
        self.line.cursor_position = len(self.line.value)
