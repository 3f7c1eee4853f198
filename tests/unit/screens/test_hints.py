"""The row of key hints: a key that can do nothing here is not offered."""

from __future__ import annotations

import dataclasses

import pytest

from mahavishnu_tui.models.context import Context
from mahavishnu_tui.widgets.clipping import clip_words
from mahavishnu_tui.widgets.table import VirtualTable
from tests.snapshots.flow_scenes import flows
from tests.snapshots.scenes import WorldConnection, world
from tests.unit.screens.driving import Drive, drive


def hints(driven: Drive) -> str:
    return driven.text.splitlines()[-1]


async def test_fold_is_offered_where_something_folds() -> None:
    async with drive() as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("enter", "7")
        await driven.sees("▾ input")
        assert "enter fold" in hints(driven)
        await driven.press("j")
        await driven.until(lambda: "enter fold" not in hints(driven))
        await driven.press("k")
        await driven.until(lambda: "enter fold" in hints(driven))


async def test_nothing_is_opened_wrapped_or_searched_where_nothing_is() -> None:
    quiet = dataclasses.replace(world(), said={}, workflows=[])
    async with drive(world=quiet) as driven:
        await driven.cursor_on("jolly-owl")
        await driven.press("enter")
        await driven.sees("jolly-owl > Path")
        await driven.until(lambda: "enter" not in hints(driven))
        await driven.press("6")
        await driven.sees("has printed and logged nothing", "L level")
        for word in ("wrap", "search", "save"):
            assert word not in hints(driven)


async def test_the_hint_goes_with_the_last_row() -> None:
    async with drive() as driven:
        await driven.press("colon", *"hosts", "enter")
        await driven.sees("enter open")
        driven.connection.mirror.hosts.clear()
        driven.connection.link("lost")
        await driven.sees("No engine hosts")
        assert driven.app.screen.query_one(VirtualTable).cursor_key == ""
        assert "enter open" not in hints(driven)


async def test_only_a_work_pool_is_paused_and_limited() -> None:
    async with drive(world=flows()) as driven:
        await driven.press("6")
        table = driven.dashboard.room.pools.table
        for key, offered in (("pool:k8s-prod", True), ("pool:langgraph", False), ("pool:gpu", True)):
            await driven.until(lambda key=key: table.move_to(key))
            await driven.until(lambda offered=offered: ("e limit" in hints(driven)) is offered)
            assert ("p pause/resume" in hints(driven)) is offered
        await driven.until(lambda: table.move_to("pool:langgraph"))
        await driven.press("p")
        await driven.sees("No work pool: its limit is set by langgraph.max_concurrent_workflows.")


async def test_a_pool_without_queues_and_workers_is_opened() -> None:
    async with drive(world=flows()) as driven:
        await driven.press("6")
        await driven.until(lambda: driven.dashboard.room.pools.table.move_to("pool:local"))
        await driven.press("enter")
        await driven.sees("local · pool", "queued  3")


def several_contexts(connection: WorldConnection) -> None:
    names = ("staging-europe-west", "production-main", "audit", "default", "demo")
    connection.contexts = tuple(Context(name, listed=True) for name in names)


async def test_what_a_line_may_become_is_read_whole_at_80_columns() -> None:
    async with drive(prepare=several_contexts) as driven:
        await driven.press("colon", *"ctx", "space")
        await driven.sees("staging-europe-west  production-main  audit  default  demo  -")
        assert "tab complete" in hints(driven)
        await driven.press("escape", "slash")  # nothing is typed yet
        await driven.until(lambda: "enter submit  esc leave  tab complete" in hints(driven))
        assert "by:" in hints(driven)
        await driven.press("escape", "colon", *"ctx", "enter")
        await driven.sees("  staging-europe-west  ", "  production-main  ")


@pytest.mark.parametrize(
    ("width", "said"),
    [(16, "one  two  three"), (15, "one  two  three"), (14, "one  two  …"), (6, "one  …"), (2, "o…")],
)
def test_words_are_left_out_whole(width: int, said: str) -> None:
    assert clip_words("one  two  three", width) == said
