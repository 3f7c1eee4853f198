"""`LineAware`: an app that knows how slow the line to its terminal is, and whether anybody looks."""

from __future__ import annotations

import os
import shutil
import time
from typing import TYPE_CHECKING, Final

from rich.console import Console
from textual import events
from textual._compositor import CompositorUpdate, LayoutUpdate
from textual.geometry import Size

from mahavishnu_tui.screens.typeahead import TypeAhead

if TYPE_CHECKING:
    from mahavishnu_tui.screens.session import Session
    from mahavishnu_tui.widgets.thin import ThinScreen

SLOW: Final = 0.06
"""Seconds for a question to the terminal and its answer from which on a line is slow."""
STILL: Final = 1.0
"""Seconds after a key, and after the start, from which on nobody waits for a frame."""
TRIES: Final = 3
"""How often it is asked: the quickest answer counts, the others had to wait for something else."""

_ASK: Final = "\x1b[6n"
"""Where is the cursor? Every terminal answers that."""


def terminal_size() -> Size:
    """What Textual's driver takes for the terminal's size."""
    return Size(*shutil.get_terminal_size())


class _Thinned(CompositorUpdate):
    """A frame of which that is written which the terminal does not show yet."""

    def __init__(self, update: CompositorUpdate, terminal: ThinScreen) -> None:
        self._update = update
        self._terminal = terminal

    def render_segments(self, console: Console) -> str:
        """What is written."""
        return self._terminal.thinned(self._update.render_segments(console))


class LineAware(TypeAhead):
    """Sends less over a slow line, and paints less often what nobody looks at.

    Frames that nobody's key has asked for are thinned on every line. Those of keys only where the line is
    slow: on others comparing takes longer than sending.
    """

    session: Session

    def __init__(self) -> None:
        super().__init__()
        self._terminal: ThinScreen | None = None
        self._sparing = False
        self._moved_at = time.monotonic()
        self._asked_at = 0.0
        self._answers: list[float] = []

    def save_bytes(self) -> None:
        """From now on send only what differs from what is shown, and let ages move in steps."""
        self._sparing = self.session.clock.slow = True

    def look_at_line(self, wanted: str) -> None:
        """Do what the setting `ui.ssh` says: `on`, `off`, or `auto`: by how long the terminal takes.

        tmux and screen answer in place of the terminal, so that with them nothing can be told.
        """
        if wanted == "on":
            self.save_bytes()
        elif wanted == "auto" and "SSH_CONNECTION" in os.environ and not {"TMUX", "STY"} & os.environ.keys():
            self._ask_terminal()

    def redraw(self) -> None:
        """Write the whole screen anew: something else may have written on the terminal."""
        self._forget()
        self.screen.refresh()

    def watch_app_focus(self, focus: bool) -> None:
        """Catch up with what was painted late once the terminal is looked at again."""
        self.session.clock.seen = focus
        if focus and not self.session.clock.frozen:
            self.catch_up()

    def packed(self, update: CompositorUpdate) -> CompositorUpdate:
        """Thinned, unless somebody waits for it on a quick line."""
        if isinstance(update, LayoutUpdate) and update.region.size != self.size:
            self._forget()  # laid out before a resize: rows that the terminal lacks overwrite its last one
            return update
        if not self._sparing and time.monotonic() - self._moved_at <= STILL:
            self._forget()
            return update
        if self._terminal is None:
            from mahavishnu_tui.widgets.thin import ThinScreen

            self._terminal = ThinScreen()
        return _Thinned(update, self._terminal)

    def catch_up(self) -> None:
        """Paint now what was put off."""
        raise NotImplementedError

    async def on_event(self, event: events.Event) -> None:
        """Take in the terminal's answers; a terminal of another size shows nothing that is known."""
        if isinstance(event, events.CursorPosition):
            self._take_answer(time.monotonic() - self._asked_at)
            return
        if isinstance(event, events.Key):
            self._moved_at = time.monotonic()
        elif isinstance(event, events.Resize):
            self._forget()
            event = self._true(event)
        await super().on_event(event)

    def _true(self, event: events.Resize) -> events.Resize:
        """The size that the terminal has now.

        The news of two sizes may overtake each other: Textual's handler of SIGWINCH is interrupted by the
        next one after it has read the size and before it tells of it, and the older size comes last.
        """
        size = None if self.is_headless else terminal_size()
        return event if size in (None, event.size) else events.Resize(size, size)

    def _ask_terminal(self) -> None:
        if self._driver is not None:
            self._asked_at = time.monotonic()
            self._driver.write(_ASK)
            self._driver.flush()

    def _take_answer(self, took: float) -> None:
        self._answers.append(took)
        if len(self._answers) < TRIES:
            self._ask_terminal()
        elif len(self._answers) == TRIES and min(self._answers) > SLOW and not self._sparing:
            self.save_bytes()
            took = 1000 * min(self._answers)
            self.say(f"slow line ({took:.0f} ms): ages move in steps now; --ssh saves more bytes", "info")

    def _forget(self) -> None:
        if self._terminal is not None:
            self._terminal.forget()
