"""Searching every run on the screen: while one types, page by page, and nothing of an older question."""

from __future__ import annotations

import asyncio
from typing import Any

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.search import FoundPage, SearchHit
from mahavishnu_tui.screens import search as search_module
from mahavishnu_tui.screens.found_rows import FOUND_COLUMNS, hit_row
from mahavishnu_tui.screens.run import RunScreen
from mahavishnu_tui.screens.search import SearchScreen
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets.clipping import clip
from mahavishnu_tui.widgets.table import Cell
from tests.snapshots.flow_scenes import flows
from tests.snapshots.flows import flow_run
from tests.snapshots.scenes import NOW, World, run, world
from tests.unit.screens.driving import Drive, drive


async def opened(driven: Drive) -> SearchScreen:
    await driven.press("ctrl+f")
    await driven.until(lambda: isinstance(driven.app.screen, SearchScreen))
    screen = driven.app.screen
    assert isinstance(screen, SearchScreen)
    return screen


def asked(driven: Drive) -> list[tuple[Any, ...]]:
    return [call[1:] for call in driven.calls if call[0] == "search"]


async def test_what_is_typed_is_looked_for_once_it_rests_and_enter_opens_the_place() -> None:
    async with drive((120, 40)) as driven:
        screen = await opened(driven)
        await driven.sees("Type a part of a name")
        await driven.type("transform f")
        await driven.sees("dusty-lynx", "The node transform failed", "1 run")
        assert asked(driven) == [("transform f", "", 50)], "not for each key"
        await driven.sees("↓ to the results")
        await driven.press("down")
        await driven.until(lambda: screen.table.has_focus)
        await driven.press("enter")
        await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
        opened_run = driven.app.screen
        assert isinstance(opened_run, RunScreen)
        assert (opened_run.view.run_id, opened_run.tab) == ("run-0015", "errors")
        await driven.press("escape")
        await driven.until(lambda: driven.app.screen is screen)
        await driven.press("/")
        await driven.until(lambda: screen.line.has_focus)


async def test_nothing_found_and_nothing_asked_look_different() -> None:
    async with drive((120, 40)) as driven:
        screen = await opened(driven)
        await driven.type("zebra")
        await driven.sees("No run has zebra.")
        screen.line.value = ""
        await driven.sees("Type a part of a name")
        screen.line.value = "x" * 201
        await driven.sees("The text to look for is longer than 200 characters.")
        screen.line.value = ""
        driven.connection.client.fail["search"] = MahavishnuError(ErrorCode.DATABASE_LOCKED, "It is locked.")
        await driven.type("o")
        await driven.sees("MHV-004 It is locked.")


async def test_an_answer_to_an_older_question_is_never_shown() -> None:
    async with drive((120, 40)) as driven:
        screen = await opened(driven)
        first, held = asyncio.Event(), asyncio.Event()

        async def search(text: str, **_: Any) -> FoundPage:
            found = world().runs[0].replace(name=f"found-by-{text}", id=text)
            if text == "one":
                first.set()
                while not held.is_set():  # a reply that comes although it was given up
                    try:
                        await held.wait()
                    except asyncio.CancelledError:
                        continue
            return FoundPage((SearchHit(found, "run", found.name, 0, 1),), total=1)

        driven.connection.client.search = search  # type: ignore[assignment]
        screen.line.value = "one"
        await driven.until(first.is_set)
        screen.line.value = "two"
        await driven.sees("found-by-two")
        held.set()
        await driven.settle()
        await driven.settle()
        assert "found-by-one" not in driven.text


async def test_enter_opens_what_was_typed_and_nothing_of_what_was_listed_before() -> None:
    async with drive((120, 40)) as driven:
        screen = await opened(driven)
        await driven.type("amber-otter")
        await driven.sees("1 run")
        screen.line.value = ""
        driven.burst(*"dusty-lynx", "enter", "enter")
        await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
        assert isinstance(driven.app.screen, RunScreen)
        assert driven.app.screen.view.run_id == "run-0015"


async def test_the_next_page_comes_when_the_cursor_reaches_the_end(monkeypatch: Any) -> None:
    monkeypatch.setattr(search_module, "MOST", 100)
    given = World(
        [run(n, f"many-{n}", "release", "success", 60.0 * n) for n in range(1, 131)], [], [], [], {}, {}, []
    )
    async with drive((120, 40), world=given) as driven:
        screen = await opened(driven)
        await driven.type("many")
        await driven.sees("the first 50 of 130")
        await driven.press("enter", "G")
        await driven.sees("the first 100 of 130: type more to narrow it")
        assert asked(driven)[-1] == ("many", "50", 50)
        await driven.press("G")
        await driven.settle()
        assert len(screen.table.rows) == 100, "no more than can be read"


async def test_a_look_that_ran_out_of_time_goes_on_by_itself() -> None:
    async with drive((120, 40)) as driven:
        await opened(driven)
        amber = world().runs[0]

        async def search(text: str, *, cursor: str = "", limit: int = 50) -> FoundPage:
            if not cursor:
                return FoundPage((), "later", 0, exact=False, whole=False)
            return FoundPage((SearchHit(amber, "run", amber.name, 0, 5),), "", 1)

        driven.connection.client.search = search  # type: ignore[method-assign]
        await driven.type("amber")
        await driven.sees("amber-otter", "1 run", "still being taken in")


async def test_what_only_prefect_has_comes_behind_and_says_so() -> None:
    given = flows()
    given.at_prefect = [flow_run(77, "oldest-otter", "success", 90 * 86400, ended_at=NOW - 90 * 86400)]
    async with drive((120, 40), world=given) as driven:
        screen = await opened(driven)
        await driven.type("otter")
        await driven.sees("amber-otter", "oldest-otter", "at Prefect", "1 more at Prefect")
        assert screen.table.rows[-1].key == given.at_prefect[0].id
        await driven.press("enter", "G", "enter")
        await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
        await driven.sees("oldest-otter")


async def test_a_command_brings_its_text_along() -> None:
    async with drive((120, 40)) as driven:
        await driven.press(":")
        await driven.type("search amber node:deploy")
        await driven.press("enter")
        await driven.sees("amber-otter", "1 run")
        assert asked(driven) == [("amber node:deploy", "", 50)]


def test_what_was_found_is_seen_in_the_narrowest_column() -> None:
    text = '{"secs": 0, "who": "batch 129", "then": "nothing more"}'
    at = text.index("batch 129")
    hit = SearchHit(world().runs[0], "input", text, at, at + len("batch 129"))
    cell = hit_row(hit, Times(), False).cells[5]
    assert isinstance(cell, Cell)
    assert "batch 129" in clip(cell.text, FOUND_COLUMNS[5].least)
