"""Runs and hosts under control, from the dashboard."""

from __future__ import annotations

from typing import Any

import pytest

from mahavishnu_tui.client.calls.runs import CancelPlan
from mahavishnu_tui.models import Run
from mahavishnu_tui.screens.asking import AskScreen
from mahavishnu_tui.screens.confirm import ConfirmScreen
from mahavishnu_tui.screens.hosts import HostsScreen
from mahavishnu_tui.screens.launch import LaunchScreen
from mahavishnu_tui.screens.rows import queue_places
from tests.snapshots.scenes import NOW, WorldConnection, run, world

from .driving import Drive, drive


def asked(driven: Drive, name: str) -> list[tuple[Any, ...]]:
    return [call[1:] for call in driven.calls if call[0] == name]


async def choose(driven: Drive, action: str) -> None:
    """Open the menu and take one of its lines."""
    from mahavishnu_tui.screens.actions import MenuScreen
    from mahavishnu_tui.widgets.table import VirtualTable

    await driven.press("x")
    await driven.until(lambda: isinstance(driven.app.screen, MenuScreen))
    await driven.until(lambda: driven.app.screen.query_one(VirtualTable).move_to(action))
    await driven.press("enter")


async def test_a_cancel_says_what_it_ends_and_can_wait_for_the_step_boundary() -> None:
    async with drive() as driven:
        driven.connection.client.plan = CancelPlan("h1", False, ["deploy"], ["run-0019"])
        await driven.cursor_on("amber-otter")
        await choose(driven, "cancel")
        await driven.until(lambda: isinstance(driven.app.screen, ConfirmScreen))
        await driven.sees("Node deploy is synchronous", "1 other run", "End the process")
        await driven.press("right", "enter")
        await driven.until(lambda: asked(driven, "cancel") == [("run-0020", 1, "boundary")])
        await driven.sees("cancelling: waits for deploy")


async def test_a_loop_asks_for_a_limit_and_refuses_what_is_none() -> None:
    scene = world()
    error = {"code": "MHV-428", "message": "Possible infinite loop: a → b → a ×12", "limit": 25, "node": "b"}
    looping = run(50, "looping-ibis", "release", "error", 60, error=error)
    scene.runs.append(looping)
    async with drive(world=scene) as driven:
        await driven.cursor_on("looping-ibis")
        await driven.press("r")
        await driven.until(lambda: isinstance(driven.app.screen, AskScreen))
        await driven.sees("a → b → a ×12", "50")
        await driven.press("end", "x", "enter")
        await driven.sees("The limit is a whole number")
        await driven.press("backspace", "enter")
        await driven.until(lambda: asked(driven, "resume") == [("run-0050", None, 50)])


async def test_run_again_opens_the_form_with_the_input_of_before() -> None:
    async with drive((100, 40)) as driven:
        await driven.cursor_on("amber-otter")
        await driven.press(":", *"again", "enter")
        await driven.until(lambda: isinstance(driven.app.screen, LaunchScreen))
        await driven.sees("1.4.2")
        await driven.press("escape")
        await choose(driven, "again")
        await driven.until(lambda: isinstance(driven.app.screen, LaunchScreen))


async def test_another_priority_is_asked_for() -> None:
    async with drive() as driven:
        await driven.cursor_on("amber-otter")
        await choose(driven, "priority")
        await driven.until(lambda: isinstance(driven.app.screen, AskScreen))
        await driven.press("x", "enter")
        await driven.sees("There are low, normal, high, urgent.")
        await driven.press("ctrl+u", *"high", "enter")
        await driven.until(lambda: asked(driven, "set_priority") == [("run-0020", "high")])
        await driven.sees("amber-otter has priority high")


@pytest.mark.parametrize("deed", ["drain", "restart"])
async def test_hosts_are_listed_drained_and_restarted(deed: str) -> None:
    async with drive((140, 30)) as driven:
        await driven.press(":", *"hosts", "enter")
        await driven.until(lambda: isinstance(driven.app.screen, HostsScreen))
        await driven.sees("engine hosts · 1 up · 2 runs at work", "flows", "restarted 1×")
        await choose(driven, deed)
        await driven.until(lambda: isinstance(driven.app.screen, ConfirmScreen))
        await driven.press("right", "enter")
        await driven.until(lambda: asked(driven, "drain_host") == [("h1", deed == "restart")])
        await driven.sees("takes nothing new")
        host = driven.connection.world.hosts[0].replace(state="draining", note="asked by ana")
        driven.connection.event("host", host.id, host)
        await driven.sees("asked by ana")
        await driven.press("enter")
        await driven.sees("host:h1")


async def test_a_read_only_dashboard_lists_hosts_and_drains_none() -> None:
    async with drive(readonly=True) as driven:
        await driven.press(":", *"hosts", "enter")
        await driven.until(lambda: isinstance(driven.app.screen, HostsScreen))
        await driven.press("x")
        await driven.sees("its log")
        assert "drain" not in driven.text


async def test_without_hosts_and_while_the_server_does_not_answer_it_is_said() -> None:
    def broken(connection: WorldConnection) -> None:
        connection.client.fail = {"cancel_plan": RuntimeError("away"), "run": RuntimeError("away")}

    scene = world()
    scene.hosts.clear()
    async with drive(world=scene, prepare=broken) as driven:
        await driven.cursor_on("amber-otter")
        await choose(driven, "cancel")
        await driven.sees("away")
        await driven.press(":", *"hosts", "enter")
        await driven.sees("No engine hosts")
        await driven.press("x")
        await driven.sees("No host is selected")


def test_places_in_the_queue_are_words() -> None:
    runs: list[Run] = [
        run(1, "a", "release", "queued", 20, priority="high"),
        run(2, "b", "release", "queued", 10),
        run(3, "c", "release", "running", 30),
    ]
    assert queue_places(runs, NOW) == {"run-0001": "1st of 2 · high", "run-0002": "2nd of 2"}
