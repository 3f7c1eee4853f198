"""Keys that come in one read: each goes where it would go had one waited for the screen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual import events
from textual.widgets import Input

from mahavishnu_tui.client.calls.runs import CancelPlan
from mahavishnu_tui.screens import typeahead
from mahavishnu_tui.screens.approval import ApprovalScreen
from mahavishnu_tui.screens.compare import CompareScreen
from mahavishnu_tui.screens.confirm import ConfirmScreen
from mahavishnu_tui.screens.errors import ErrorsScreen
from mahavishnu_tui.screens.help import HelpScreen
from mahavishnu_tui.screens.hosts import HostsScreen
from mahavishnu_tui.screens.launch import LaunchScreen
from mahavishnu_tui.screens.ledger import LedgerScreen
from mahavishnu_tui.screens.run import RunScreen
from mahavishnu_tui.screens.typeahead import PATIENCE
from mahavishnu_tui.widgets.form import SchemaForm
from mahavishnu_tui.widgets.table import VirtualTable
from tests.snapshots.scenes import NOW, world
from tests.unit.screens.driving import Drive, drive


def stack(driven: Drive) -> list[type]:
    return [type(screen) for screen in driven.app.screen_stack[1:]]


async def all_done(driven: Drive) -> None:
    """What was sent to the driver has reached the app, and led to all it leads to."""
    for _ in range(5):
        await asyncio.sleep(0)
    await driven.until(lambda: not driven.app.message_queue_size and not driven.app._settling)


@pytest.mark.parametrize(
    ("typed", "opened"),
    [("hosts", HostsScreen), ("ledger", LedgerScreen), ("errors", ErrorsScreen)],
)
async def test_a_command_in_one_read(typed: str, opened: type) -> None:
    async with drive() as driven:
        driven.burst(":", *typed, "enter")
        await driven.until(lambda: isinstance(driven.app.screen, opened))
        await all_done(driven)
        assert stack(driven) == [opened]


async def test_an_enter_from_before_the_terminal_was_ours_is_one() -> None:
    async with drive() as driven:
        driven.burst(":", *"errors", "ctrl+j")
        await driven.until(lambda: isinstance(driven.app.screen, ErrorsScreen))


async def test_a_command_with_an_argument_answers_nothing_on_the_way() -> None:
    async with drive() as driven:
        await driven.cursor_on("brisk-heron")
        driven.burst(":", *"compare amber-otter", "enter")
        await driven.until(lambda: isinstance(driven.app.screen, CompareScreen))
        await all_done(driven)
        screen = driven.app.screen
        assert isinstance(screen, CompareScreen)
        assert screen.other == "amber-otter"
        assert stack(driven) == [CompareScreen]


async def test_a_filter_and_then_a_move_and_then_in() -> None:
    async with drive() as driven:
        driven.burst("/", *"state:waiting", "enter", "j", "enter", "]", "]")
        await driven.until(lambda: isinstance(driven.app.screen, RunScreen))
        await all_done(driven)
        screen = driven.app.screen
        assert isinstance(screen, RunScreen)
        assert driven.dashboard.active_pane.filter.text == "state:waiting"
        assert driven.dashboard.room.runs.cursor == screen.view.run_id == "run-0017"
        assert screen.tab == list(screen.tabs)[2]
        assert stack(driven) == [RunScreen]


async def test_digits_and_steps_between_panes() -> None:
    async with drive((200, 50)) as driven:
        driven.burst("4", "]", "[", "3", "tab", "tab", "shift+tab")
        await all_done(driven)
        assert driven.dashboard.active == "approvals"
        assert driven.dashboard.room.approvals.target.has_focus


async def test_help_and_back_and_on() -> None:
    async with drive() as driven:
        driven.burst("?", "escape", "j", "?", "escape", "j")
        await all_done(driven)
        await driven.until(lambda: driven.app.screen is driven.dashboard)
        assert stack(driven) == []
        assert driven.dashboard.room.runs.table._cursor == 2
        driven.burst("?", ":", *"errors", "enter")
        await driven.until(lambda: isinstance(driven.app.screen, ErrorsScreen))
        assert stack(driven) == [HelpScreen, ErrorsScreen]


async def test_launch_with_its_form_typed_ahead() -> None:
    async with drive() as driven:
        names = sorted(flow.name for flow in driven.connection.world.workflows if not flow.error)
        driven.burst("t", *["j"] * names.index("release"), "enter", *"2.0.1")
        await driven.until(lambda: isinstance(driven.app.screen, LaunchScreen))
        await all_done(driven)
        screen = driven.app.screen
        assert isinstance(screen, LaunchScreen)
        assert screen.target is not None
        assert screen.target.name == "release"
        assert "2.0.1" in str(screen.entry.value)
        assert not [call for call in driven.calls if call[0] == "start_run"]


async def test_an_answer_typed_ahead_is_the_one_that_is_meant() -> None:
    schema = {"type": "object", "properties": {"why": {"type": "string"}, "by": {"type": "string"}}}
    changed = world()
    changed.approvals[0] = changed.approvals[0].replace(schema=schema)
    keys = ("a", "tab", "tab", "enter", *"late", "tab", *"me")
    async with drive(world=changed) as driven:
        await driven.cursor_on("brisk-heron")
        driven.burst(*keys)
        await driven.until(lambda: isinstance(driven.app.screen, ApprovalScreen))
        await all_done(driven)
        form = driven.app.screen.query_one(SchemaForm)
        assert form.value == {"why": "late", "by": "me"}
        assert not [call for call in driven.calls if call[0] == "answer"]


@pytest.mark.parametrize(
    "keys",
    [
        ("j", "enter", "]", "escape", "j"),
        ("4", "enter", "escape", "2", "f"),
        (":", "escape", "?", "escape", "x"),
    ],
)
async def test_together_is_as_one_by_one(keys: tuple[str, ...]) -> None:
    async def end(at_once: bool) -> tuple[Any, ...]:
        async with drive() as driven:
            if at_once:
                driven.burst(*keys)
                await all_done(driven)
            else:
                await driven.press(*keys)
            room = driven.dashboard.room
            return (stack(driven), driven.dashboard.active, room.runs.cursor, type(driven.app.screen.focused))

    assert await end(True) == await end(False)


async def test_a_held_key_ends_on_the_right_row() -> None:
    async with drive((200, 50)) as driven:
        driven.burst(*["j"] * 15, *["k"] * 30, *["j"] * 5)
        await all_done(driven)
        await driven.until(lambda: driven.dashboard.room.runs.table._cursor == 5)


async def test_keys_and_a_paste_stay_in_order() -> None:
    async with drive() as driven:
        driver = driven.app._driver
        assert driver is not None
        driven.burst("/")
        pasted = events.Paste("state:wait")
        pasted.set_sender(driven.app)
        driver.send_message(pasted)
        driven.burst(*"ing", "enter")
        await driven.sees("2 of 16")


async def test_typed_while_nothing_has_come_yet() -> None:
    async with drive(live=False) as driven:
        driven.burst(":", *"hosts", "enter", "?", "escape", "escape", "4")
        await all_done(driven)
        assert stack(driven) == []
        assert driven.dashboard.active == "approvals"


async def test_typed_while_the_server_is_away() -> None:
    async with drive() as driven:
        driven.connection.link("lost", since=NOW - 42, attempt=3, message="no answer")
        await driven.sees("STALE")
        driven.burst("/", *"state:waiting", "enter", ":", *"ledger", "enter")
        await driven.until(lambda: isinstance(driven.app.screen, LedgerScreen))
        assert stack(driven) == [LedgerScreen]


@asynccontextmanager
async def cancelling() -> AsyncIterator[tuple[Drive, asyncio.Event]]:
    """A dashboard whose server takes its time to say what a cancel would end."""
    answer = asyncio.Event()

    async def cancel_plan(run_id: str) -> CancelPlan:
        await answer.wait()
        return driven.connection.client.plan

    async with drive() as driven:
        driven.connection.client.cancel_plan = cancel_plan
        await driven.cursor_on("amber-otter")
        await driven.press("x")
        assert driven.app.screen.query_one(VirtualTable).move_to("cancel")
        yield driven, answer
        answer.set()


async def test_keys_wait_for_a_dialog_that_is_asked_for() -> None:
    async with cancelling() as (driven, answer):
        driven.burst("enter", "escape", "4")
        for _ in range(50):
            await asyncio.sleep(0)
        assert driven.dashboard.active == "runs"
        answer.set()
        await driven.until(lambda: driven.dashboard.active == "approvals")
        assert stack(driven) == [], "the dialog came and was left again"
        assert not [call for call in driven.calls if call[0] == "cancel"]


async def test_keys_do_not_wait_for_it_for_long() -> None:
    async with cancelling() as (driven, answer):
        begun = asyncio.get_running_loop().time()
        driven.burst("enter", *"4567", "1", "4")
        await driven.until(lambda: driven.dashboard.active == "approvals")
        assert asyncio.get_running_loop().time() - begun >= PATIENCE * 0.9
        answer.set()
        await driven.until(lambda: stack(driven) == [ConfirmScreen] and driven.app.screen.focused)


async def test_a_loop_that_is_never_idle_does_not_take_the_keyboard() -> None:
    async with drive() as driven:
        over = asyncio.Event()

        async def busy() -> None:
            while not over.is_set():
                await asyncio.sleep(0)

        task = asyncio.create_task(busy())
        driven.burst("4", "6")
        await driven.until(lambda: driven.dashboard.active == "pools")
        over.set()
        await task


async def test_ctrl_c_drops_what_waits() -> None:
    async with cancelling() as (driven, answer):
        driven.burst("enter", "4", "ctrl+c")
        await driven.sees("ctrl+c does not quit")
        answer.set()
        await driven.until(lambda: stack(driven) == [ConfirmScreen] and driven.app.screen.focused)
        await all_done(driven)
        assert driven.dashboard.active == "runs"


async def test_ctrl_q_leaves_at_once() -> None:
    async with cancelling() as (driven, _):
        driven.burst("enter", "j", "j", "ctrl+q", "j")
        await driven.until(lambda: not driven.app.is_running)


async def test_too_many_keys_are_dropped_from_the_gap_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeahead, "ROOM", 5)
    async with drive() as driven:
        await driven.press("/")
        driven.burst(*"abcdefghij")
        await all_done(driven)
        line = driven.app.screen.focused
        assert isinstance(line, Input)
        assert line.value == "abcdef"
        await driven.press("z")
        assert line.value == "abcdefz"
        await driven.press("escape")
        driven.burst(*"jjjjjjjjj")
        await driven.sees("Too many keys at once")
