"""How moments are told: as usual, relative, local, UTC, on every screen at once."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from mahavishnu_tui.screens.times import FORMS, Times
from tests.snapshots.scenes import NOW, WorldConnection
from tests.unit.screens.driving import drive


@pytest.fixture(autouse=True)
def _in_tokyo(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Tokyo")
        time.tzset()
        yield
    time.tzset()


def test_a_moment_in_every_form() -> None:
    told = {form: Times(form, NOW) for form in FORMS}
    at = NOW - 200
    assert [told[form].clock(at) for form in FORMS] == ["23:10:00", "3m ago", "23:10:00", "14:10:00"]
    assert [told[form].day(at) for form in FORMS][1:] == ["3m ago", "21 Sep 23:10:00", "21 Sep 14:10:00"]
    assert told["utc"].whole(at) == "2026-09-21 14:10:00 UTC"
    assert told["local"].whole(at) == "2026-09-21 23:10:00 JST"
    assert told["relative"].soon(NOW + 300) == "in 5m"
    assert told["local"].soon(NOW + 300) == "Mon 21 23:18"
    assert told["local"].soon(NOW + 20 * 86400) == "11 Oct 23:13"
    assert told["utc"].began(NOW - 90_000) == "20 Sep"
    assert told["relative"].line(NOW, NOW - 3.2) == "  +3.2s"
    assert told["relative"].still.clock(at) == "23:10:00"
    assert all(told[form].clock(None) == "" for form in FORMS)


async def test_one_key_for_every_screen() -> None:
    async with drive((200, 50)) as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("Z")
        await driven.sees("times relative", "ago")
        await driven.press("Z")
        await driven.sees("times local", "by 23:38", "23:13:10")
        await driven.press("enter", "8", "Z")
        await driven.sees("times utc", "21 Sep 14:12:38")
        await driven.press("escape")
        await driven.sees("times utc", "by 14:38", "14:13:10")
        await driven.press("Z")
        await driven.until(lambda: "times" not in driven.text.splitlines()[0])


async def test_lines_of_a_log_are_told_anew() -> None:
    async with drive((120, 40)) as driven:
        await driven.cursor_on("amber-otter")
        await driven.press("enter", "6")
        await driven.sees("23:12:4")
        await driven.press("Z")
        await driven.sees("  +1.9s build#1", "   +30s deploy#9")
        await driven.until(lambda: "23:12:4" not in driven.text)
        await driven.press("Z", "Z")
        await driven.sees("14:12:4")


async def test_only_what_is_at_work_ticks_where_moments_are_told() -> None:
    async with drive() as driven:
        await driven.press(":")
        await driven.type("times utc")
        await driven.press("enter")
        await driven.sees("times: UTC")
        room = driven.dashboard.room
        assert room.runs.until_step() == pytest.approx(1.0)
        for run in [item for item in driven.connection.world.runs if item.status == "running"]:
            driven.connection.event("run", run.id, run.replace(status="success", ended_at=NOW))
        await driven.until(lambda: room.runs.until_step() is None)
        await driven.press("4")
        assert room.approvals.until_step() == pytest.approx(900)


async def test_a_form_that_is_not_known_is_said() -> None:
    async with drive() as driven:
        await driven.press(":")
        await driven.type("times mars")
        await driven.press("enter")
        await driven.sees(":times knows mixed, relative, local, utc, not mars.")


async def test_the_settings_choose_the_form() -> None:
    def prepare(connection: WorldConnection) -> None:
        connection.taste = connection.taste.__class__(times="utc")

    async with drive(prepare=prepare) as driven:
        await driven.sees("staging  utc")
