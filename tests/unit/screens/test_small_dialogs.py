"""Dialogs on the smallest terminal: no button is pressed that is not seen."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from textual.widgets import Button

from mahavishnu_tui.screens.layout import MIN_HEIGHT, MIN_WIDTH
from tests.snapshots.flow_scenes import flows
from tests.snapshots.scenes import World, WorldConnection, world
from tests.snapshots.screens.test_screens import claimed, form, resting
from tests.unit.screens.driving import drive

Prepare = Callable[[WorldConnection], None]
DIALOGS: dict[str, tuple[str, str, Callable[[], World], Prepare | None]] = {
    "launch": ("", "t G k", world, None),
    "schedule": ("", "5 j j e", flows, None),
    "new schedule": ("", "5 n", flows, None),
    "edit": ("frosty-gnu", "3 e", world, lambda connection: resting(connection, None)),
    "confirm": ("amber-otter", "x G enter", world, None),
    "batch": ("brisk-heron", "4 j space space A", claimed, None),
    "question": ("brisk-heron", "a", world, None),
    "form": ("brisk-heron", "a tab tab enter", world, lambda connection: form(connection, None)),
}


@pytest.mark.parametrize("name", DIALOGS)
async def test_the_button_that_has_the_focus_is_seen_whole(name: str) -> None:
    run, keys, given, prepare = DIALOGS[name]
    async with drive((MIN_WIDTH, MIN_HEIGHT), world=given(), prepare=prepare) as driven:
        if run:
            await driven.cursor_on(run)
        await driven.press(*keys.split())
        screen = driven.app.screen
        await driven.until(lambda: [button for button in screen.query(Button) if button.display])
        for button in screen.query(Button):
            if button.display and not button.disabled:
                button.focus()
                await driven.sees(str(button.label))
