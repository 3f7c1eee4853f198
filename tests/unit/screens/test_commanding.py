"""`:` on the screens that lie over the dashboard."""

from __future__ import annotations

import pytest

from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.errors import ErrorsScreen
from mahavishnu_tui.screens.help import HelpScreen
from mahavishnu_tui.screens.info import InfoScreen
from mahavishnu_tui.screens.logs import LogsScreen
from mahavishnu_tui.screens.run import RunScreen
from tests.unit.screens.driving import Drive, drive

OPENED = {
    "run": RunScreen,
    "logs": LogsScreen,
    "errors": ErrorsScreen,
    "info": InfoScreen,
    "help": HelpScreen,
}


async def say(driven: Drive, command: str) -> None:
    await driven.press("colon")
    await driven.type(command)
    await driven.press("enter")


async def opened(driven: Drive, name: str) -> OperatorScreen:
    """Put a screen over the dashboard; the cursor is on a run."""
    await driven.cursor_on("amber-otter")
    if name == "run":
        await driven.press("enter")
    else:
        await say(driven, name)
    await driven.until(lambda: isinstance(driven.app.screen, OPENED[name]) and driven.app.screen.focused)
    screen = driven.app.screen
    assert isinstance(screen, OperatorScreen)
    return screen


@pytest.mark.parametrize("name", OPENED)
async def test_a_pane_is_gone_to_from_everywhere(name: str) -> None:
    async with drive() as driven:
        await opened(driven, name)
        await say(driven, "pools")
        await driven.until(lambda: driven.app.screen is driven.dashboard)
        await driven.until(lambda: driven.dashboard.room.pools.target.has_focus)
        assert driven.dashboard.active == "pools"


@pytest.mark.parametrize("name", OPENED)
async def test_what_is_opened_from_a_screen_leads_back_to_it(name: str) -> None:
    async with drive() as driven:
        screen = await opened(driven, name)
        for command, kind in (("errors", ErrorsScreen), ("logs", LogsScreen), ("help", HelpScreen)):
            await say(driven, command)
            await driven.until(lambda kind=kind: isinstance(driven.app.screen, kind))
            assert driven.app.screen is not screen
            await driven.press("escape")
            await driven.until(lambda: driven.app.screen is screen)


async def test_from_the_screen_of_a_run_its_own_log_or_the_one_named() -> None:
    async with drive() as driven:
        await opened(driven, "run")
        await say(driven, "logs")
        await driven.sees("/var/log/host:h1.log")
        await say(driven, "logs server")
        await driven.sees("/var/log/server.log")


async def test_runs_with_a_filter_goes_back_and_filters() -> None:
    async with drive() as driven:
        await opened(driven, "run")
        await say(driven, "info")
        await driven.until(lambda: isinstance(driven.app.screen, InfoScreen))
        await say(driven, "runs state:waiting")
        await driven.sees("2 of 16")
        assert driven.app.screen is driven.dashboard


async def test_workflows_are_launched_from_the_dashboard() -> None:
    async with drive() as driven:
        await opened(driven, "run")
        await say(driven, "workflows")
        await driven.sees("Launch a workflow")
        assert driven.app.screen_stack[:-1] == [driven.dashboard]


async def test_leaving_the_prompt_gives_the_focus_back() -> None:
    async with drive() as driven:
        screen = await opened(driven, "run")
        focused = screen.focused
        await driven.press("colon")
        await driven.type("q2")
        assert driven.app.screen is screen, "what is typed is text"
        await driven.press("escape")
        await driven.until(lambda: screen.focused is focused)
        assert driven.app.screen is screen
        assert not screen.has_class("-prompting")


async def test_what_is_not_understood_is_said_where_it_was_typed() -> None:
    async with drive() as driven:
        screen = await opened(driven, "logs")
        await say(driven, "nope")
        await driven.sees("There is no command :nope.")
        assert driven.app.screen is screen
        await driven.press("colon", "up")
        assert screen.prompt.line.value == "nope"


async def test_the_history_is_the_same_on_every_screen() -> None:
    async with drive() as driven:
        await say(driven, "pools")
        await driven.press("escape")
        screen = await opened(driven, "run")
        await driven.press("colon", "up")
        assert screen.prompt.line.value == "pools"


async def test_a_search_in_a_log_takes_the_colon_as_text() -> None:
    async with drive() as driven:
        screen = await opened(driven, "logs")
        await driven.press("slash", "colon")
        assert not screen.has_class("-prompting")
        assert screen.query_one("#document").needle == ":"  # type: ignore[attr-defined]


async def test_no_command_is_typed_in_a_dialog() -> None:
    async with drive() as driven:
        await driven.cursor_on("brisk-heron")
        await driven.press("a", "colon")
        assert not isinstance(driven.app.screen, OperatorScreen)
        assert not driven.dashboard.has_class("-prompting")
