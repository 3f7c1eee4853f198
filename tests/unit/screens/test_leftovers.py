"""Memory: who opens and closes screens all day keeps none of them."""

from __future__ import annotations

import asyncio
import gc
import weakref

from mahavishnu_tui.screens.dashboard import Dashboard
from tests.unit.screens.driving import Drive, drive

OPENING = (
    ["enter"],
    ["l"],
    ["t"],
    ["a"],
    ["x"],
    ["y"],
    ["exclamation_mark"],
    ["ctrl+f"],
    ["ctrl+p"],
    ["colon", *"workflows", "enter"],
    ["colon", *"ledger", "enter"],
    ["colon", *"logs", "enter"],
    ["colon", *"info", "enter"],
    ["question_mark"],
)


async def opened_and_closed(driven: Drive, keys: list[str]) -> list[weakref.ref[object]]:
    """All that was on the screen, with the lines that were drawn of it."""
    await driven.press(*keys)
    await driven.until(lambda: not isinstance(driven.app.screen, Dashboard))
    await driven.settle()
    nodes = driven.app.screen.walk_children(with_self=True)
    things = [thing for node in nodes for thing in (node, getattr(node, "_styles_cache", node))]
    held = [weakref.ref[object](thing) for thing in things]
    del nodes, things
    while not isinstance(driven.app.screen, Dashboard):
        await driven.press("escape")
    return held


def forget_cancelled_timers() -> None:
    """The loop keeps them, and what they were to wake, until their time, a minute later."""
    scheduled = asyncio.get_running_loop()._scheduled  # type: ignore[attr-defined]
    scheduled[:] = sorted(handle for handle in scheduled if not handle.cancelled())


async def test_closed_screens_are_let_go() -> None:
    async with drive() as driven:
        await driven.sees("amber-otter")
        await driven.press("j")
        held = {" ".join(keys): await opened_and_closed(driven, keys) for keys in OPENING}
        for keys in OPENING:  # one of each kind may stay: until the next one, a draft or a memo holds it
            await opened_and_closed(driven, keys)
        forget_cancelled_timers()
        gc.collect()
        left = {name: [ref() for ref in refs if ref() is not None] for name, refs in held.items()}
        assert {name: items for name, items in left.items() if items} == {}
