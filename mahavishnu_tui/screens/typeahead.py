"""`TypeAhead`: keys that arrive together take effect one after the other.

A slow line, a paste or quick fingers put several keys into one read. Textual hands each to the widget that
has the focus at that moment, while what the key before it leads to (a binding, a screen that is pushed, a
focus that moves) is still on its way through the queues: the `a` of `:again` would open an answer. So a key
waits here until all that the one before it led to has been done.

That is so when the event loop has nothing left to run: whatever is not done then waits for a server, a
thread or a clock. The keyboard waits for none of these, except, for a moment, for a dialog that is opened
once the server has said what it shows.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Iterator, Sized
from typing import ClassVar

from textual import events

from mahavishnu_tui.widgets.frame import SparingApp

WORK = 0.6
"""Seconds of work (of this process, not of the clock: a busy machine must not lead keys astray) for which a
key may hold back the next one: a loop that is never idle takes no keyboard away."""
PATIENCE = 1.0
"""Seconds that keys wait for a dialog that the server is asked about."""
ROOM = 1000
"""Keys that wait at most."""
LEAVE = "ctrl+q"
"""Never waits: its binding has priority, and so does not depend on the focus."""
DROP = frozenset({"ctrl+c", LEAVE})
"""Keys before which what was typed and has not been taken in yet is dropped, as terminals do."""
NEWLINE = "ctrl+j"
"""What a terminal makes of an enter that is pressed before it is ours: it is one all the same."""


class TypeAhead(SparingApp):
    """An app that takes in one key (or paste) at a time, in the order in which they came."""

    TYPED_TOO_MUCH: ClassVar[str] = "Too many keys at once: those that found no room are dropped."

    def __init__(self) -> None:
        super().__init__()
        self._ahead: deque[events.Key | events.Paste] = deque()
        self._let_in: events.Event | None = None
        self._settling = False
        self._look: asyncio.Handle | None = None
        self._work_until = 0.0
        self._opening = 0
        self._open_until = 0.0
        self._full = False

    async def on_event(self, event: events.Event) -> None:
        """Let a key in, or have it wait for its turn; everything else goes its way."""
        if isinstance(event, events.Key) and event.key == NEWLINE:
            event = events.Key("enter", "\r").set_sender(self)
        if not isinstance(event, (events.Key, events.Paste)) or event.is_forwarded:
            await super().on_event(event)
        elif not self.screen_stack:
            return  # the last screen is gone: there is nothing left to type at
        elif self._has_its_turn(event):
            self._settling = True
            try:
                await super().on_event(event)
            finally:
                self._settle()
        else:
            self._wait(event)

    def say(self, text: str, severity: str = "info") -> None:
        """Tell the operator something."""
        raise NotImplementedError

    @contextlib.contextmanager
    def opening(self) -> Iterator[None]:
        """While something is asked that opens a dialog: keys wait for it, as they may be meant for it."""
        self._opening += 1
        self._open_until = asyncio.get_running_loop().time() + PATIENCE
        try:
            yield
        finally:
            self._opening -= 1
            if self._look is not None:
                self._look_again(asyncio.get_running_loop())

    def _has_its_turn(self, event: events.Key | events.Paste) -> bool:
        if event is self._let_in:
            self._let_in = None
            return True
        key = event.key if isinstance(event, events.Key) else ""
        if key in DROP:
            self._ahead.clear()
        return not self._settling or key == LEAVE

    def _wait(self, event: events.Key | events.Paste) -> None:
        """Take a place in the queue. Once it was full nothing is let in behind the gap until it is empty."""
        if self._full:
            return
        self._full = len(self._ahead) >= ROOM
        if self._full:
            self.say(self.TYPED_TOO_MUCH, "warning")
        else:
            self._ahead.append(event)

    def _settle(self) -> None:
        """A key has been given to the app: see when all is done."""
        loop = asyncio.get_running_loop()
        self._work_until = time.thread_time() + WORK
        self._look_again(loop)

    def _look_again(self, loop: asyncio.AbstractEventLoop, at: float | None = None) -> None:
        """Look behind everything that is ready to run by now, or `at` a time of the loop."""
        if self._look is not None:
            self._look.cancel()
        self._look = loop.call_soon(self._see, loop) if at is None else loop.call_at(at, self._see, loop)

    def _see(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let the next key in once nothing is ready to run.

        No busy waiting: it takes its turn only while others have theirs, and never keeps the loop awake.
        """
        self._look = None
        if something_to_do(loop) and time.thread_time() < self._work_until:
            self._look_again(loop)
        elif self._opening and loop.time() < self._open_until:
            self._look_again(loop, self._open_until)
        elif self._ahead:
            if self._let_in is None:  # else that one is on its way, and looks again
                self._let_in = self._ahead.popleft()
                self.post_message(self._let_in)
        else:
            self._settling = self._full = False


def something_to_do(loop: asyncio.AbstractEventLoop) -> bool:
    """Whether anything is ready to run. asyncio does not say; every loop of its own has kept this list."""
    ready: Sized = getattr(loop, "_ready", ())
    return len(ready) > 0
