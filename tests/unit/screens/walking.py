"""Presses every key that a screen's help names, and tells which of them did nothing."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from textual.app import App
from textual.screen import Screen
from textual.widgets import Input, TextArea
from textual.worker import Worker, WorkerState

from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.screens.dashboard import Dashboard
from mahavishnu_tui.widgets.flash import Flash
from mahavishnu_tui.widgets.log_view import LogView
from mahavishnu_tui.widgets.table import VirtualTable
from tests.snapshots.scenes import World, WorldConnection, world
from tests.unit.screens.driving import Drive, drive

PRELUDES = ("", "up", "down", "home", "end", "right")
MOVES = ("move(", "page(", "first", "last", "shift(")
"""Where the cursor stands decides what a key can do: a key that does nothing is pressed again elsewhere."""
UP_TO_THE_ROW = {
    "fold": "a leaf, or a node without a graph in it",
    "open": "a leaf",
    "close": "a leaf",
    "mark_range": "the only row",
    "playback(1)": "the end",
    "squeeze": "no wait is long",
    "wrap": "no line is longer than the screen",
    "step(0, 1)": "no node below",
    "step(0, -1)": "no node above",
    "fold_all": "no graph has another in it",
    "follow": "nothing moves",
    "submit": "nothing is typed yet",
    "line": "the line is where one is",
}
"""What may have nothing to do wherever the walk tries it; nothing breaks there."""
HOME = {"NeedsScreen": "needs", "SearchScreen": "search"}
"""What leads to the screen itself."""
ASKING = ("search", "only", "next_match", "previous_match")
"""What asks for a text within the widget that has the focus."""
SECONDS = 0.3
"""For work in the background to show."""


@dataclasses.dataclass(frozen=True)
class Place:
    """How a screen is opened.

    Args:
        keys: pressed on the dashboard, with spaces between; `'text` is typed.
        run: the run under the cursor.
        given: makes the world that the stand-in server answers from.
        prepare: what is done to the stand-in first.
    """

    keys: str = ""
    run: str = ""
    given: Callable[[], World] = world
    prepare: Callable[[WorldConnection], None] | None = None
    size: tuple[int, int] = (80, 24)


@contextlib.contextmanager
def failing_workers() -> Iterator[list[str]]:
    """Names and errors of the workers that fail meanwhile."""
    found: list[str] = []
    real = Worker.state
    with pytest.MonkeyPatch.context() as patch:

        def change(worker: Worker[Any], state: WorkerState) -> None:
            assert real.fset is not None
            real.fset(worker, state)
            if state is WorkerState.ERROR:
                found.append(f"{worker.group}: {worker._error!r}")

        patch.setattr(Worker, "state", real.setter(change))
        yield found


def state_of(driven: Drive) -> tuple[Any, ...]:
    """All that a key can change."""
    app = driven.app
    frame = tuple(tuple(strip) for strip in app.screen._compositor.render_strips())
    return (
        tuple(map(id, app.screen_stack)),
        id(app.focused),
        len(driven.calls),
        len(app.session.errors),
        app._exit,
        frame,
    )


async def changes(driven: Drive, key: str) -> bool:
    """Press a key; whether anything came of it."""
    for flash in driven.app.screen.query(Flash):
        flash.dismiss()  # or the same sentence would not be seen to be said again
    await driven.settle()
    before = state_of(driven)
    await driven.press(key)
    end = time.monotonic() + SECONDS
    while not driven.app._exit and state_of(driven) == before:
        if time.monotonic() > end:
            return False
        await asyncio.sleep(0.05)
    return True


async def open_place(driven: Drive, place: Place) -> None:
    if place.run:
        await driven.cursor_on(place.run)
    for key in place.keys.split():
        if key.startswith("'"):
            await driven.type(key[1:].replace("_", " "))
        else:
            await driven.press(key)
        await driven.settle()


class Walker:
    """Goes through the keys of a screen's places, opening one again whenever a key has left it."""

    def __init__(self, screen: str, *, readonly: bool = False) -> None:
        self.screen = screen
        self.readonly = readonly
        self.pressed: set[tuple[str, ...]] = set()
        self.dead: list[str] = []
        self.broken: list[str] = []
        self.asked: set[str] = set()
        """The names of the calls to the server."""

    async def go(self, place: Place) -> None:
        """Press what the help names here, and what no other place of the screen had."""
        left: dict[str, str] | None = None
        with failing_workers() as failed:
            while left is None or left:
                async with drive(
                    place.size, world=place.given(), prepare=place.prepare, readonly=self.readonly
                ) as driven:
                    await open_place(driven, place)
                    name = type(driven.app.screen).__name__
                    assert name == self.screen, f"{place.keys!r} leads to {name}\n{driven.text}"
                    if left is None:
                        left = self._new(driven)
                    await self._press(driven, left)
                    while left and await self._opened_again(driven, place):
                        await self._press(driven, left)
                    self.asked |= {str(call[0]) for call in driven.calls}
        self.broken += failed

    async def _opened_again(self, driven: Drive, place: Place) -> bool:
        """Whether a key has only led back to the dashboard, from where the screen can be opened once more."""
        if driven.app._exit or type(driven.app.screen) is not Dashboard or self.screen == "Dashboard":
            return False
        await driven.press("1")
        if driven.dashboard.room.runs.filter:
            return False  # the run may not be listed
        await open_place(driven, place)
        return type(driven.app.screen).__name__ == self.screen

    def _new(self, driven: Drive) -> dict[str, str]:
        focus = driven.app.focused
        where = (str(focus.id), type(focus).__name__) if focus is not None else ()
        found = {}
        for key, active in driven.app.screen.active_bindings.items():
            binding = active.binding
            if not (active.enabled and binding.id and binding.description) or binding.system:
                continue  # as in the help
            # What app and screen do is pressed once, wherever the focus is.
            known = (key, binding.action, *(() if isinstance(active.node, App | Screen) else where))
            if known not in self.pressed:
                self.pressed.add(known)
                found[key] = binding.action
        return dict(sorted(found.items(), key=lambda item: leaves(item[1])))

    async def _press(self, driven: Drive, left: dict[str, str]) -> None:
        """Until all are pressed, or the screen is gone."""
        base, focus, tab = driven.app.screen, driven.app.focused, tab_of(driven.app.screen)
        while left:
            key = next(iter(left))
            action = left.pop(key)
            if not await self._works(driven, key) and action not in UP_TO_THE_ROW:
                self.dead.append(f"{key} ({action}) on {focus}")
            self._look_for_faults(driven, key)
            while base in driven.app.screen_stack and driven.app.screen is not base:
                driven.app.pop_screen()
                await driven.settle()
            asks = isinstance(driven.app.focused, Input) and driven.app.focused is not focus
            if asks or action in ASKING:
                await driven.press("escape")
            if driven.app._exit or driven.app.screen is not base:
                return
            if tab_of(base) != tab:
                await base.run_action(f"tab('{tab}')" if hasattr(base, "tab") else f"pane('{tab}')")
            if driven.app.focused is not focus:
                base.set_focus(focus)

    async def _works(self, driven: Drive, key: str) -> bool:
        screen = driven.app.screen
        tried = False
        for prelude in PRELUDES:
            if isinstance(driven.app.focused, Input | TextArea) and prelude:
                break  # there they would be typed
            if prelude:
                await driven.press(prelude)
            if driven.app.screen is not screen:
                return True
            there = screen.active_bindings.get(key)
            if there is None or not there.enabled:
                continue  # not on this row
            if leads_nowhere(driven, there.node, there.binding.action):
                return True
            tried = True
            if await changes(driven, key):
                return True
        return not tried

    def _look_for_faults(self, driven: Drive, key: str) -> None:
        for entry in driven.app.session.errors:
            if entry.error.code is ErrorCode.INTERNAL:
                self.broken.append(f"{key}: {entry.error}")
        driven.app.session.errors.clear()


def tab_of(screen: object) -> str:
    """The tab, or the pane, that is shown."""
    return str(getattr(screen, "tab", "") or getattr(screen, "active", ""))


def leads_nowhere(driven: Drive, widget: object, action: str) -> bool:
    """Whether a key leads to where one is: the tab that is shown, the only row, what is seen whole."""
    screen = driven.app.screen
    if action in (f"tab('{tab_of(screen)}')", f"pane('{tab_of(screen)}')", HOME.get(type(screen).__name__)):
        return True
    if isinstance(widget, VirtualTable):
        return len(widget.rows) < 2 and action.startswith(MOVES)
    if isinstance(widget, LogView) and action.startswith(MOVES):
        wide = widget.max_scroll_x and not widget.wrap
        return not (wide if action.startswith("shift(") else widget.max_scroll_y)
    return False


def leaves(action: str) -> bool:
    """Whether a key leads away from the screen: those come last."""
    return any(word in action for word in ("back", "close", "leave", "dismiss", "cancel"))
