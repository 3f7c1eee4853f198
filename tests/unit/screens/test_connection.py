"""The dashboard and a real server: started when none answers, and again when it dies."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path

import pytest

from mahavishnu_tui.app import MahavishnuApp
from mahavishnu_tui.models import ErrorCode
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
        await driven.sees("No runs yet: t launches a workflow")
        first = app.session.mirror.server
        assert first is not None
        await driven.sees("langgraph *", "6 Pools")
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
