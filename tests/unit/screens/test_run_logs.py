"""The tab of what a run says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.said import SaidLine
from mahavishnu_tui.screens.run import RunScreen
from mahavishnu_tui.screens.run import logs as logs_module
from mahavishnu_tui.screens.run.logs import LogsTab
from tests.snapshots.scenes import NOW
from tests.unit.screens.driving import Drive, drive

RUN = "run-0020"


async def opened(driven: Drive, *keys: str) -> LogsTab:
    await driven.cursor_on("amber-otter")
    await driven.press("l")
    await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
    await driven.sees("trying eu-west again")
    tab = driven.app.screen.tabs["logs"]  # type: ignore[attr-defined]
    assert isinstance(tab, LogsTab)
    await driven.press(*keys)
    return tab


async def test_l_shows_what_a_run_has_said_by_its_nodes() -> None:
    async with drive((120, 40)) as driven:
        await opened(driven)
        await driven.sees("build#1│ checking out", "test#2│ INFO flows.test: running 340 tests")
        await driven.sees("deploy#9│ ERROR flows.deploy: eu-west refused", "TimeoutError: 30 s")
        await driven.sees("… 900 lines dropped", "9 lines")
        assert "\x1b" not in driven.text
        assert "\x9b" not in driven.text


async def test_it_goes_on_as_the_run_speaks() -> None:
    async with drive() as driven:
        await opened(driven)
        before = len(driven.calls)
        driven.connection.said(RUN, "and another line")
        await driven.sees("and another line", "10 lines")
        driven.connection.said("run-0018", "of a run that nobody watches")
        driven.connection.said(RUN, "the last line")
        await driven.sees("the last line")
        asked = [call for call in driven.calls[before:] if call[0] == "said"]
        assert [call[2] for call in asked] == [909, 910]


async def test_levels_and_visits_are_filtered_by_the_server() -> None:
    async with drive() as driven:
        await opened(driven, "L", "L")
        await driven.sees("DeprecationWarning", "eu-west refused", "2 lines · warning and worse")
        assert "checking out" not in driven.text
        await driven.press("L")
        await driven.until(lambda: "Deprecation" not in driven.text)
        await driven.press("L", "v")
        await driven.sees("checking out", "2 lines · of build#1")
        assert "│" not in driven.text
        await driven.press("V", "V")
        await driven.sees("of review/finance#10", "Nothing of that kind was said")
        await driven.press("v", "T")
        await driven.until(lambda: "14:13:0" not in driven.text)


async def test_only_what_was_said_lately() -> None:
    async with drive() as driven:
        driven.connection.world.said[RUN] = [
            SaidLine(1, NOW - 7200, "two hours ago", 9),
            SaidLine(2, NOW - 240, "four minutes ago", 9),
            SaidLine(3, NOW - 5, "trying eu-west again", 9),
        ]
        await opened(driven, "W")
        await driven.sees("1 line · the last 1m")
        await driven.press("W")
        await driven.sees("four minutes ago", "2 lines · the last 5m")
        assert "two hours ago" not in driven.text
        await driven.press("W", "W", "W")
        await driven.sees("two hours ago", "3 lines")


async def test_in_the_timeline_l_shows_what_a_visit_said() -> None:
    async with drive() as driven:
        tab = await opened(driven, "2")
        await driven.sees("TIMELINE")
        await driven.press("j", "l")
        await driven.sees("running 340 tests", "of test#2")
        assert tab.visit == 2


async def test_many_pages_and_a_change_of_mind_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logs_module, "PAGE", 100)
    async with drive() as driven:
        driven.connection.world.said[RUN] = [
            SaidLine(n, NOW, f"line {n}", 9, level="info" if n % 2 else "debug") for n in range(1, 1001)
        ] + [SaidLine(1001, NOW, "trying eu-west again", 9)]
        tab = await opened(driven)
        gate = driven.connection.client.hold["said"] = asyncio.Event()
        await driven.press("T", "L")
        gate.set()
        await driven.sees("501 lines · info and worse")
        assert "line 2\n" not in tab.copied_text()


async def test_what_is_shown_is_saved_for_its_operator_alone() -> None:
    async with drive((120, 40)) as driven:
        await opened(driven, "s")
        await driven.sees("12 lines written to")
        path = Path(driven.text.partition("written to ")[2].split()[0])
        assert path.stat().st_mode & 0o777 == 0o600
        assert "deploying to 3 regions" in path.read_text()
        path.unlink()


async def test_the_log_of_the_host_is_one_key_away() -> None:
    async with drive() as driven:
        await opened(driven, "H")
        await driven.sees("log of host:h1")


async def test_a_run_that_says_nothing_and_a_server_that_does_not_answer() -> None:
    async with drive() as driven:
        await driven.cursor_on("brisk-heron")
        await driven.press("l")
        await driven.sees("has printed and logged nothing")
        await driven.press("s")
        await driven.sees("nothing here to save")
        await driven.press("q")
        driven.connection.client.fail["said"] = MahavishnuError(ErrorCode.SERVER_UNREACHABLE, "No server.")
        await driven.cursor_on("amber-otter")
        await driven.press("l")
        await driven.sees("MHV-002", ":errors has all of it")
        del driven.connection.client.fail["said"]
        driven.connection.live()
        await driven.sees("trying eu-west again")
