"""The dashboard and a real server: started when none answers, and again when it dies."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from mahavishnu_tui.app import MahavishnuApp
from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.screens.connection import open_connection
from mahavishnu_tui.screens.session import DashboardOptions
from tests.unit.screens.driving import Drive


@pytest.fixture
def options(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DashboardOptions:
    for name in ("XDG_DATA_HOME", "XDG_CONFIG_HOME", "XDG_STATE_HOME", "HOME"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    monkeypatch.chdir(tmp_path)
    return DashboardOptions(context="here", data_dir=tmp_path / "data", settings_flags=("ui.ascii=true",))


def gone(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def test_a_server_is_started_and_started_again(options: DashboardOptions) -> None:
    app = MahavishnuApp(options)
    async with app.run_test(size=(120, 40)) as pilot:
        driven = Drive(app, pilot, None)  # type: ignore[arg-type]
        await driven.sees("Nothing has run here yet", "Write an example project here")
        assert "answers again" not in driven.text
        first = app.session.mirror.server
        assert first is not None
        await driven.sees("graph *", "6 Pools")
        try:
            os.kill(first.pid, signal.SIGKILL)
            await driven.sees("STALE")
            await driven.until(lambda: app.session.link.live)
            await driven.until(lambda: "STALE" not in driven.text)
            assert any(entry.error.code is ErrorCode.SERVER_UNREACHABLE for entry in app.session.errors)
            await driven.press("colon")
            await driven.type("info")
            await driven.press("enter")
            await driven.sees("ui.ascii", "path of socket", "textual")
            await driven.until(lambda: app.session.mirror.server != first)
            assert await app.session.client.workflows() == []
        finally:
            await app.session.client.stop_server(drain=False)
    second = app.session.mirror.server
    assert second is not None
    deadline = time.monotonic() + 10
    while not gone(second.pid) and time.monotonic() < deadline:
        await asyncio.sleep(0.02)
    assert gone(second.pid)


async def test_settings_of_the_connection(options: DashboardOptions) -> None:
    connection = await open_connection(options)
    try:
        assert connection.taste.ascii
        assert connection.notes == ()
        assert connection.facts["path of data"] == str(options.data_dir)
        connection.retry_now()
    finally:
        await connection.aclose()


@pytest.mark.parametrize("data", [None, "data"])
async def test_without_settings_the_short_way_leads_to_the_same_places(
    options: DashboardOptions, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: str | None
) -> None:
    for name in [name for name in os.environ if name.startswith("MAHAVISHNU_")]:
        monkeypatch.delenv(name)
    plain = DashboardOptions(context="here", data_dir=data and tmp_path / data)
    short = await open_connection(plain)
    monkeypatch.setenv("MAHAVISHNU_UI__ASCII", "false")  # the default, said aloud
    whole = await open_connection(plain)

    assert {**short.facts, "settings": ""} == {**whole.facts, "settings": ""}
    assert (short.taste, short.notes) == (whole.taste, whole.notes)
    assert short.facts["settings"] == "all at their defaults"
    assert "ui.ascii" in whole.facts["settings"]
    for connection in (short, whole):
        await connection.aclose()


async def test_a_server_that_hangs_keeps_nobody_in_its_context(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("MAHAVISHNU_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    own = tmp_path / ".config/mahavishnu/mahavishnu.yaml"
    own.parent.mkdir(parents=True)
    own.write_text("contexts: {a: {colour: cyan}, b: {production: true}}\nprefect: {mode: 'off'}\n")
    app = MahavishnuApp(DashboardOptions(context="a"))
    async with app.run_test(size=(120, 40)) as pilot:
        driven = Drive(app, pilot, None)  # type: ignore[arg-type]
        await driven.until(lambda: app.session.link.live)
        first = app.session
        assert first.mirror.server is not None
        pid = first.mirror.server.pid
        os.kill(pid, signal.SIGSTOP)
        try:
            await driven.press("colon")
            await driven.type("ctx b")
            began = time.monotonic()
            await driven.press("enter")
            await driven.sees("PROD b", "locked")
            assert time.monotonic() - began < 5.0, "waited for the one that hangs"
            await driven.until(lambda: app.session.link.live)
            assert app.session.mirror.epoch != first.mirror.epoch
            with pytest.raises(MahavishnuError) as caught:
                await app.session.client.stop_server(drain=False)
            assert caught.value.code is ErrorCode.READ_ONLY
            await driven.press("colon")
            await driven.type("ctx")
            await driven.press("enter")
            await driven.sees("contexts · 3", "does not answer", "answers", "not started")
            os.kill(pid, signal.SIGCONT)
            await driven.press("colon")
            await driven.type("ctx -")
            await driven.press("enter")
            await driven.until(lambda: app.session is first and first.link.live)
        finally:
            os.kill(pid, signal.SIGCONT)
            assert app._switcher is not None
            for session in app._switcher.sessions.values():
                if session.connection is not None:
                    await session.connection.client.stop_server(drain=False)
