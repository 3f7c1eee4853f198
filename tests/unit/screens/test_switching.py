"""From one context to another: nothing waits for the one that is left, nothing of it lands in the other."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from mahavishnu_tui.app import MahavishnuApp
from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.context import Context
from mahavishnu_tui.screens import contexts
from mahavishnu_tui.screens.confirm import ConfirmScreen
from mahavishnu_tui.screens.dashboard import Dashboard
from mahavishnu_tui.screens.session import DashboardOptions, Taste
from tests.snapshots.flow_scenes import flows
from tests.snapshots.scenes import NOW, World, WorldConnection, world
from tests.unit.screens.driving import Drive

STAGING = Context("staging", "where releases are tried", colour="yellow", listed=True)
PROD = Context("prod", "where it counts", production=True, listed=True)
LAB = Context("lab", listed=True)


class Two(Drive):
    """A dashboard that can be in three contexts: staging, prod, and lab, whose settings are never read."""

    def __init__(self, app: MahavishnuApp, pilot: Any, connections: dict[str, WorldConnection]) -> None:
        super().__init__(app, pilot, connections["staging"])
        self.connections = connections

    async def switch(self, name: str) -> None:
        await self.command(f"ctx {name}")
        wanted = name
        await self.until(lambda: self.app.session.options.context == wanted or wanted == "-")

    async def command(self, text: str) -> None:
        await self.press("colon")
        await self.type(text)
        await self.press("enter")

    async def live(self, name: str) -> None:
        await self.until(lambda: self.app.session.connection is self.connections[name])
        self.connections[name].live()
        await self.until(lambda: self.app.session.link.live)
        await self.settle()

    @property
    def here(self) -> str:
        return self.app.session.options.context


@contextlib.asynccontextmanager
async def two(**options: Any) -> AsyncIterator[Two]:
    connections = {"staging": WorldConnection(world()), "prod": WorldConnection(flows())}
    for name, context in (("staging", STAGING), ("prod", PROD)):
        connections[name].context = context
        connections[name].contexts = (STAGING, PROD, LAB)
    opened: list[DashboardOptions] = []

    async def opener(asked: DashboardOptions) -> WorldConnection:
        opened.append(asked)
        if asked.context not in connections:
            await asyncio.Event().wait()
        return connections[asked.context]

    app = MahavishnuApp(DashboardOptions(context="staging", **options), opener, now=lambda: NOW)
    async with app.run_test(size=(80, 24)) as pilot:
        driven = Two(app, pilot, connections)
        driven.opened = opened  # type: ignore[attr-defined]
        await driven.live("staging")
        yield driven


def delayed(connection: WorldConnection, name: str) -> asyncio.Event:
    """Have a call of its client wait; the event lets it go on."""
    gate = asyncio.Event()
    call: Callable[..., Any] = getattr(connection.client, name)

    async def later(*args: Any, **more: Any) -> Any:
        await gate.wait()
        return await call(*args, **more)

    setattr(connection.client, name, later)
    return gate


async def test_each_context_is_as_it_was_left() -> None:
    async with two() as driven:
        await driven.sees("staging", "amber-otter")
        staging = driven.app.screen
        await driven.cursor_on("calm-wren")
        await driven.press("slash")
        await driven.type("nightly")
        await driven.press("enter", "d")
        await driven.sees("details")
        await driven.switch("prod")
        assert len(driven.app.screen_stack) == 1, "what lay over the dashboard is closed"
        await driven.sees("PROD prod", "locked", "connecting")
        assert "calm-wren" not in driven.text
        await driven.live("prod")
        await driven.sees("calm-cobra")
        await driven.switch("-")
        assert driven.app.screen is staging
        # Shown at once, dimmed, and current as soon as its server is heard.
        await driven.sees("staging", "STALE", "calm-wren", "filter nightly")
        assert driven.dashboard.room.runs.table.stale
        await driven.live("staging")
        await driven.until(lambda: "STALE" not in driven.text)
        assert driven.dashboard.room.runs.current.name == "calm-wren"  # type: ignore[union-attr]
        assert "answers again" not in driven.text


async def test_a_reply_never_lands_in_the_other_context() -> None:
    async with two() as driven:
        gate = delayed(driven.connection, "pause")
        await driven.cursor_on("amber-otter")
        await driven.press("p")
        await driven.switch("prod")
        await driven.live("prod")
        before = dict(driven.app.session.mirror.runs)
        gate.set()
        await driven.sees("staging: amber-otter will pause")
        assert driven.here == "prod"
        assert driven.app.session.mirror.runs == before
        assert not [call for call in driven.connections["prod"].client.calls if call[0] == "pause"]
        assert [call for call in driven.calls if call[0] == "pause"], (
            "it was carried through where it was begun"
        )


async def test_a_dialog_of_the_context_that_was_left_is_not_opened() -> None:
    async with two() as driven:
        gate = delayed(driven.connection, "cancel_plan")
        await driven.cursor_on("amber-otter")
        await driven.press("x", "G", "enter")
        await driven.switch("prod")
        await driven.live("prod")
        gate.set()
        await driven.settle()
        assert [type(screen) for screen in driven.app.screen_stack] == [Dashboard]
        await driven.switch("staging")
        assert [type(screen) for screen in driven.app.screen_stack] == [Dashboard]


async def test_ten_switches_in_a_row() -> None:
    async with two() as driven:
        for _ in range(5):
            driven.burst(*":ctx prod", "enter", *":ctx -", "enter")
        await driven.until(lambda: not driven.app._settling and not driven.app._ahead)
        assert driven.here == "staging"
        driven.connections["prod"].live()
        await driven.live("staging")
        await driven.sees("staging", "amber-otter")
        asked = [options.context for options in driven.opened]  # type: ignore[attr-defined]
        assert len(set(asked)) == len(asked), "none was opened twice"
        driven.connection.link("lost", since=NOW - 5.0)
        await driven.sees("STALE")


async def test_a_context_that_hangs_keeps_nobody() -> None:
    async with two() as driven:
        await driven.switch("lab")
        await driven.sees("lab", "connecting")
        await driven.switch("prod")
        await driven.live("prod")
        await driven.switch("lab")
        await driven.switch("-")
        assert driven.here == "prod"
        await driven.switch("staging")
        await driven.live("staging")


async def test_a_server_that_answers_before_its_dashboard_is_there_is_asked_for_its_runs() -> None:
    async with two() as driven:
        prod = driven.connections["prod"]
        prod.world = prod.client.world = World([], [], [], [], {}, {}, [])
        prod.live()
        await driven.switch("prod")
        await driven.sees("Welcome. Nothing has run here yet.")


async def test_names_that_lead_nowhere() -> None:
    async with two() as driven:
        await driven.command("ctx -")
        await driven.sees("There is no context before this one.")
        await driven.command("ctx staging")
        await driven.sees("This is the context staging.")
        await driven.command("ctx prdo")
        await driven.until(lambda: driven.connection.renewed == 1)
        await driven.sees("There is no context prdo: staging, prod, lab.")
        assert driven.here == "staging"
        await driven.press("colon")
        await driven.type("ctx p")
        await driven.press("tab", "enter")
        assert driven.here == "prod"


async def test_a_form_with_something_in_it_is_asked_about() -> None:
    async with two() as driven:
        await driven.press("t")
        await driven.sees("Launch a workflow")
        await driven.sees("null")
        driven.app.action_context("prod")
        await driven.sees("Switch to the context prod?")
        assert isinstance(driven.app.screen, ConfirmScreen)
        await driven.press("escape")
        await driven.sees("Launch a workflow")
        assert driven.here == "staging"
        driven.app.action_context("prod")
        await driven.sees("Switch to the context prod?")
        await driven.press("right", "enter")
        await driven.until(lambda: driven.here == "prod")
        await driven.until(lambda: len(driven.app.screen_stack) == 1)


async def test_who_leaves_production_locks_it() -> None:
    async with two() as driven:
        await driven.switch("prod")
        await driven.live("prod")
        await driven.command("unlock")
        await driven.type("prod")
        await driven.press("enter")
        await driven.until(lambda: not driven.app.session.readonly)
        await driven.switch("staging")
        await driven.sees("prod is locked again")
        await driven.switch("prod")
        assert driven.app.session.readonly


async def test_what_the_command_line_says_is_about_the_context_it_names() -> None:
    flags = ("ui.theme=textual-light", "prefect.api_url=http://127.0.0.1:1/api")
    async with two(data_dir="/srv/staging", readonly=True, settings_flags=flags) as driven:
        await driven.switch("prod")
        await driven.live("prod")
        asked = driven.opened[-1]  # type: ignore[attr-defined]
        assert (asked.context, asked.data_dir, asked.readonly) == ("prod", None, True)
        assert asked.settings_flags == ("ui.theme=textual-light",)


async def test_look_and_keys_are_those_of_the_context() -> None:
    async with two() as driven:
        driven.connections["prod"].taste = Taste(theme="light", keymap={"run.logs": "L"})
        usual = driven.app.theme
        await driven.switch("prod")
        await driven.until(lambda: driven.app.theme != usual)
        assert driven.app._keymap
        await driven.switch("staging")
        await driven.until(lambda: driven.app.theme == usual)
        assert not driven.app._keymap


async def test_settings_are_read_anew_where_one_comes_back_and_no_news_is_said_twice() -> None:
    async with two() as driven:
        failing = driven.connection.mirror.server.replace(note="MHV-461 Notifications to ops fail.")  # type: ignore[union-attr]
        driven.connection.event("server", "server", failing)
        await driven.sees("Notifications to ops fail.")
        await driven.switch("prod")
        await driven.live("prod")
        staging = driven.connections["staging"]
        staging.context = Context("staging", colour="red", readonly=True, listed=True)
        staging.taste = Taste(keymap={"run.logs": "f9"}, times="utc")
        staging.contexts = (STAGING, PROD, LAB, Context("new"))
        await driven.switch("staging")
        staging.event("server", "server", failing)
        await driven.until(lambda: driven.app.session.link.live)
        await driven.until(lambda: driven.app._keymap and driven.app.session.readonly)
        assert [entry.times for entry in driven.app.session.errors] == [1]
        assert driven.app.session.time_form == "utc"
        assert driven.app.session.connection is staging
        await driven.switch("new")

        async def refused() -> bool:
            raise MahavishnuError(ErrorCode.CONFIG_INVALID, "line 3 makes no sense.", "Mend it.")

        staging.renew = refused  # type: ignore[method-assign]
        await driven.switch("staging")
        await driven.sees("MHV-001", "line 3 makes no sense.")
        await driven.live("staging")
        assert driven.app.session.readonly, "what was read before goes on to count"


async def test_the_list_says_how_each_stands_and_switches(monkeypatch: pytest.MonkeyPatch) -> None:
    hangs = asyncio.Event()

    async def probe(socket: str) -> contexts.Found:
        if socket == "lab":
            await hangs.wait()
        return (
            contexts.Found("answers", "success", 3, 2) if socket == "prod" else contexts.Found("not started")
        )

    monkeypatch.setattr(contexts, "probe", probe)
    monkeypatch.setattr(contexts, "_socket", lambda options: options.context)
    async with two() as driven:
        for name, connection in driven.connections.items():
            connection.client.socket = name  # type: ignore[attr-defined]
        await driven.command("ctx")
        await driven.sees("contexts · 3", "▸ staging", "where releases", "PROD", "lab", "looking")
        await driven.until(lambda: re.search(r"prod +answers +2 +PROD", driven.text))
        hangs.set()
        await driven.until(lambda: re.search(r"lab +not started", driven.text))
        await driven.press("j", "enter")
        await driven.until(lambda: driven.here == "prod")
        await driven.live("prod")
        await driven.command("ctx")
        await driven.press("enter")
        assert driven.here == "prod"
        assert len(driven.app.screen_stack) == 1
