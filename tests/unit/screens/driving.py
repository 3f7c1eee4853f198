"""Opens the dashboard on a fixed world and waits for conditions, never for time."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

from textual import events
from textual.keys import _character_to_key, key_to_character
from textual.pilot import Pilot

from mahavishnu_tui.app import MahavishnuApp
from mahavishnu_tui.screens.dashboard import Dashboard
from mahavishnu_tui.screens.session import DashboardOptions
from tests.snapshots.scenes import NOW, World, WorldConnection

PATIENCE = 30.0
"""Seconds a condition may take on a busy machine."""


class Drive:
    """A running dashboard with its stand-in server."""

    def __init__(self, app: MahavishnuApp, pilot: Pilot[None], connection: WorldConnection) -> None:
        self.app = app
        self.pilot = pilot
        self.connection = connection

    @property
    def calls(self) -> list[tuple[Any, ...]]:
        """What was asked of the server."""
        return self.connection.client.calls

    @property
    def dashboard(self) -> Dashboard:
        """The first screen."""
        screen = self.app.screen_stack[0]
        assert isinstance(screen, Dashboard)
        return screen

    @property
    def text(self) -> str:
        """What the terminal shows."""
        screen = self.app.screen
        lines = screen._compositor.render_strips()
        return "\n".join(strip.text for strip in lines)

    async def until(self, condition: Callable[[], object]) -> None:
        """Wait until something is so; asked less often the longer it takes, since asking costs time too."""
        start = time.monotonic()
        while not condition():
            waited = time.monotonic() - start
            if waited > PATIENCE:
                raise AssertionError(f"still not so; the screen shows:\n{self.text}")
            await asyncio.sleep(min(0.001 + waited / 8, 0.03))

    async def sees(self, *words: str) -> None:
        """Wait until all these words are on the screen."""
        await self.until(lambda: all(word in self.text for word in words))

    def burst(self, *keys: str) -> None:
        """Press keys that come in one read, as over a slow line: nothing is waited for."""
        driver = self.app._driver
        assert driver is not None
        for key in keys:
            driver.send_message(self._key(key))

    async def press(self, *keys: str) -> None:
        """Press keys one after the other, each once all that the one before led to has been done.

        Not `pilot.press`, which waits for the whole process to be idle, again and again.
        """
        for key in keys:
            self.app.post_message(self._key(key))
            await self.until(lambda: not self.app.message_queue_size and not self.app._settling)

    def _key(self, key: str) -> events.Key:
        name = _character_to_key(key) if len(key) == 1 and not key.isalnum() else key
        event = events.Key(name, key if len(key) == 1 else key_to_character(key))
        event.set_sender(self.app)
        return event

    async def settle(self) -> None:
        """Let every widget take in what has been sent to it, and what that leads to."""
        for _ in range(3):
            await self.pilot._wait_for_screen()

    async def type(self, text: str) -> None:
        """Type a text."""
        await self.press(*text)

    async def cursor_on(self, run_name: str) -> None:
        """Put the cursor of the runs on a run."""
        run = next(run for run in self.connection.world.runs if run.name == run_name)
        table = self.dashboard.room.runs.table
        await self.until(lambda: table.move_to(run.id))
        await self.until(lambda: self.dashboard.following.now.run_id == run.id)


@contextlib.asynccontextmanager
async def drive(
    size: tuple[int, int] = (80, 24),
    *,
    world: World | None = None,
    live: bool = True,
    prepare: Callable[[WorldConnection], None] | None = None,
    **options: Any,
) -> AsyncIterator[Drive]:
    """Run the dashboard against a fixed world."""
    connection = WorldConnection(world)
    if prepare is not None:
        prepare(connection)

    async def opener(_: DashboardOptions) -> WorldConnection:
        return connection

    app = MahavishnuApp(DashboardOptions(context="staging", **options), opener, now=lambda: NOW)
    async with app.run_test(size=size) as pilot:
        driven = Drive(app, pilot, connection)
        await driven.until(lambda: app.session.connection is connection)
        if live:
            connection.live()
            await driven.until(lambda: app.session.link.live)
            await driven.settle()
        yield driven
