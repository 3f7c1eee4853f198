from __future__ import annotations

import asyncio
import random
from typing import ClassVar

import pyte
from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.screen import ModalScreen
from textual.widgets import Static

from mahavishnu_tui.widgets.frame import SparingApp
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

from .views import on_screen

COLUMNS = (Column("run", "RUN", 14, flex=1), Column("for", "FOR", 5, align="right"))
SIZE = (60, 12)


class Terminal(HeadlessDriver):
    """Keeps what is written, as text and as a terminal shows it."""

    written: ClassVar[list[str]]
    screen: ClassVar[pyte.Screen]

    @property
    def is_headless(self) -> bool:
        return False

    def write(self, data: str) -> None:
        self.written.append(data)
        pyte.Stream(self.screen).feed(data)


class Box(ModalScreen[None]):
    DEFAULT_CSS = "Box { align: center middle; } Box Static { width: 20; height: 3; border: round white; }"

    def compose(self) -> ComposeResult:
        yield Static("over all")


class Two(SparingApp):
    """A table beside a text, so that lines are cut in two."""

    CSS = "VirtualTable { width: 1fr; } Static { width: 21; }"

    def __init__(self) -> None:
        super().__init__()
        Terminal.written, Terminal.screen = [], pyte.Screen(*SIZE)
        self.driver_class = Terminal
        self.table = VirtualTable(COLUMNS, markable=True)
        self.beside = Static("beside", markup=False)

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self.table
            yield self.beside


async def at_rest(app: Two, pilot: Pilot[None]) -> None:
    """Until all that was asked for is painted."""
    await pilot._wait_for_screen()
    while app.screen._dirty_widgets or app.screen._layout_required or app.screen._repaint_required:
        await asyncio.sleep(0.001)


def rows(*ages: str) -> list[Row]:
    return [Row(f"run-{at}", (f"run-{at} 数据", Cell(age, "muted"))) for at, age in enumerate(ages)]


async def test_a_changed_cell_writes_itself_and_nothing_changed_writes_nothing():
    app = Two()
    async with app.run_test(headless=False, size=SIZE) as pilot:
        app.table.set_rows(rows(*["1s"] * 300))
        await at_rest(app, pilot)
        Terminal.written.clear()
        app.table.set_rows(rows(*["1s"] * 300))
        app.table.refresh()
        app.beside.update("beside")
        await at_rest(app, pilot)
        assert Terminal.written == []
        app.table.set_rows(rows("1s", "1s", "2s", *["1s"] * 297))
        await at_rest(app, pilot)
        written = "".join(Terminal.written)
        assert "2s" in written
        assert "run" not in written
        assert len(written) < 60
        Terminal.written.clear()
        app.table.update_rows(rows(*["1s"] * 100, *["9s"] * 200)[200:])
        await at_rest(app, pilot)
        assert Terminal.written == [], "what is out of sight"


async def test_the_terminal_shows_what_was_painted_whatever_came_before():
    chance = random.Random(5)
    app = Two()

    def change() -> None:
        ages = [chance.choice(("1s", "12s", "数据")) for _ in range(chance.randrange(0, 40))]
        app.table.set_rows(rows(*ages))

    acts = (
        change,
        change,
        lambda: app.table.action_page(chance.choice((1, -1))),
        lambda: app.table.action_mark(),
        lambda: app.table.sort_by("for", chance.random() < 0.5),
        lambda: app.beside.update(chance.choice(("", "two 数据 words", "one\ntwo\nthree"))),
        lambda: setattr(app.beside.styles, "width", chance.choice((10, 21, 30))),
        lambda: app.push_screen(Box()) if len(app.screen_stack) == 1 else app.pop_screen(),
    )
    async with app.run_test(headless=False, size=SIZE) as pilot:
        for _ in range(40):
            chance.choice(acts)()
            await at_rest(app, pilot)
            shown = [line.rstrip() for line in Terminal.screen.display]
            assert shown == [line.rstrip() for line in on_screen(app)]
