"""Where one is, how one gets on: help, palette, breadcrumbs, the mouse, commands of earlier sessions."""

from __future__ import annotations

import itertools
import stat
from pathlib import Path

import pytest
from textual.drivers.linux_driver import LinuxDriver

from mahavishnu_tui.screens.help import help_lines
from mahavishnu_tui.screens.remembering import KEPT, remember, remembered
from mahavishnu_tui.screens.session import Taste
from mahavishnu_tui.widgets.header import HeaderState
from tests.snapshots.scenes import HOSTILE, WorldConnection
from tests.unit.screens.driving import Drive, drive


def header(driven: Drive) -> str:
    return driven.text.splitlines()[0]


async def test_help_is_grouped_and_holds_hidden_keys() -> None:
    async with drive((120, 60)) as driven:
        lines = help_lines(driven.app.screen)
        heads = [line for line in lines if line.isupper() and not line.startswith(" ")]
        assert heads[:4] == ["KEYS HERE", "LISTS", "MOVING", "EVERYWHERE"]
        ends = itertools.pairwise(heads)
        parts = {head: lines[lines.index(head) : lines.index(after)] for head, after in ends}
        assert any("j" in line.split() and "table.down" in line for line in parts["MOVING"])
        assert any("table.sort_right" in line for line in parts["LISTS"])
        assert any("app.times" in line for line in parts["EVERYWHERE"])
        assert any("ctrl+p" in line for line in parts["EVERYWHERE"])
        assert any("run.retry" in line for line in parts["KEYS HERE"])
        assert any("Mouse: off" in line for line in lines)


async def test_help_is_searched() -> None:
    async with drive((100, 30)) as driven:
        await driven.press("?", "/")
        await driven.type("scheduled")
        await driven.press("enter", "n")
        await driven.sees("state:scheduled")


async def test_the_palette_finds_keys_and_runs() -> None:
    async with drive((100, 40)) as driven:
        await driven.press("ctrl+p")
        await driven.type("calm-w")
        await driven.sees("calm-wren", "running, nightly-etl")
        await driven.press("enter")
        await driven.sees("> calm-wren > Path")
        await driven.press("escape", "ctrl+p")
        await driven.type("full screen")
        await driven.sees("key f")
        await driven.press("enter")
        await driven.until(lambda: driven.dashboard.room.places.full)
        await driven.press("ctrl+p")
        await driven.type("times as usual")
        await driven.sees("key Z")
        await driven.press("enter")
        await driven.until(lambda: driven.app.session.time_form == "relative")


async def test_the_header_says_where_one_is_and_esc_leads_back_to_the_same_row() -> None:
    async with drive((140, 40)) as driven:
        await driven.cursor_on("dusty-lynx")
        assert header(driven).startswith(" mahavishnu  staging")
        await driven.press("enter", "3")
        await driven.until(lambda: header(driven).startswith(" runs > dusty-lynx > State"))
        await driven.press("d")
        await driven.until(lambda: header(driven).startswith(" runs > dusty-lynx > State > details"))
        await driven.press("?")
        await driven.until(lambda: " > details > help" in header(driven))
        await driven.press("escape", "escape", "escape")
        await driven.until(lambda: header(driven).startswith(" mahavishnu  staging"))
        assert driven.dashboard.room.runs.current.name == "dusty-lynx"  # type: ignore[union-attr]


async def test_the_end_of_the_way_is_shown_where_there_is_little_room() -> None:
    async with drive(live=False) as driven:
        bar = driven.dashboard.header
        bar.state = HeaderState(crumbs=("runs", "amber-otter > State", HOSTILE))
        assert bar._way(60).text.startswith(" runs > amber-otter > State > evil")
        assert "\x1b" not in bar._way(60).text
        assert len(bar._way(24).text) <= 24
        assert bar._way(24).text.startswith(" …")
        assert bar._way(10).text == " mahavishnu"


async def test_the_mouse_is_off_unless_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    class Terminal(LinuxDriver):
        def __init__(self) -> None:
            self._mouse = False

        def _enable_mouse_support(self) -> None:
            asked.append(self._mouse)

    async with drive() as driven:
        assert not driven.app.session.mouse
        with monkeypatch.context() as patch:
            patch.setattr(driven.app, "_driver", Terminal())
            driven.app.hear_mouse()
            driven.app.hear_mouse()
        assert asked == [True]
        table = driven.dashboard.room.runs.table
        await driven.pilot.click(table, offset=(6, 3))
        assert table.cursor_key == table.rows[2].key
        await driven.pilot.click("#strip", offset=(12, 0))
        await driven.until(lambda: driven.dashboard.active == "path")
        await driven.pilot.click("#strip", offset=(2, 0))
        await driven.press("enter")
        await driven.sees(" 3 State")
        await driven.pilot.click("#run-tabs", offset=(10, 0))
        await driven.until(lambda: " > Timeline" in header(driven))


def test_commands_of_earlier_sessions(tmp_path: Path) -> None:
    path = tmp_path / "state" / "commands"
    assert remembered(path) == []
    for line in ("runs state:failed", "theme light", "runs state:failed", f"docs {HOSTILE}"):
        remember(path, line)
    assert remembered(path)[:2] == ["theme light", "runs state:failed"]
    assert "\x1b" not in path.read_text()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for number in range(2 * KEPT):
        remember(path, f"runs {number}")
    assert len(remembered(path)) == KEPT
    assert [item.name for item in path.parent.iterdir()] == ["commands"]
    remember(tmp_path / "state" / "commands" / "no-folder", "lost")


async def test_they_come_back_with_the_arrows(tmp_path: Path) -> None:
    path = tmp_path / "commands"
    remember(path, "theme contrast")

    def prepare(connection: WorldConnection) -> None:
        connection.history = path
        connection.taste = Taste()

    async with drive(prepare=prepare) as driven:
        await driven.until(lambda: driven.app.session.commands._lines)
        await driven.press(":", "up")
        await driven.sees("theme contrast")
        await driven.press("enter")
        await driven.until(lambda: driven.app.theme == "mahavishnu-contrast")
        await driven.press(":")
        await driven.type("times utc")
        await driven.press("enter")
        await driven.until(lambda: "times utc" in remembered(path))
