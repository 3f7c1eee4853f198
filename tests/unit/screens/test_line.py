"""What the dashboard does over a slow line, and while nobody looks."""

from __future__ import annotations

import pytest
from rich.console import Console
from rich.segment import Segment
from textual import events
from textual._compositor import CompositorUpdate, LayoutUpdate
from textual.geometry import Region, Size

from mahavishnu_tui.screens import line as module
from mahavishnu_tui.screens.pace import LIVELY, THRIFTY, UNSEEN, Clock
from tests.snapshots.need_scenes import needy
from tests.snapshots.scenes import NOW

from .driving import Drive, drive

ASKED = "\x1b[6n"


@pytest.fixture
def _ssh(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSH_CONNECTION", "192.0.2.1 50000 192.0.2.2 22")
    monkeypatch.delenv("TMUX", raising=False)
    monkeypatch.delenv("STY", raising=False)


class Written:
    """What the app writes on its terminal, which answers when it is told to."""

    def __init__(self, app: module.LineAware, monkeypatch: pytest.MonkeyPatch) -> None:
        self.app = app
        self.texts: list[str] = []
        monkeypatch.setattr(app._driver, "write", self.texts.append)

    @property
    def asked(self) -> int:
        return self.texts.count(ASKED)

    def answer(self, after: float) -> None:
        self.app._asked_at -= after
        self.app.post_message(events.CursorPosition(1, 0))


@pytest.mark.usefixtures("_ssh")
async def test_a_slow_line_is_told_of_once_and_spared(monkeypatch: pytest.MonkeyPatch) -> None:
    async with drive() as driven:
        terminal = Written(driven.app, monkeypatch)
        driven.app.look_at_line("auto")
        for number, after in enumerate((0.4, 0.09, 0.3), 1):
            await driven.until(lambda number=number: terminal.asked == number)
            terminal.answer(after)
        await driven.sees("slow line (", "--ssh saves more bytes")
        assert driven.app.session.clock.pace is THRIFTY
        terminal.answer(0.5)
        await driven.settle()
        assert terminal.asked == 3


@pytest.mark.usefixtures("_ssh")
async def test_one_quick_answer_is_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    async with drive() as driven:
        terminal = Written(driven.app, monkeypatch)
        driven.app.look_at_line("auto")
        # The machine that runs the tests may be slow itself: the line is never quicker than it.
        monkeypatch.setattr(module, "SLOW", 30.0)
        for number, after in enumerate((0.4, 0.0, 0.3), 1):
            await driven.until(lambda number=number: terminal.asked == number)
            terminal.answer(after)
        await driven.until(lambda: len(driven.app._answers) == 3)
        assert driven.app.session.clock.pace is LIVELY
        assert "slow line" not in driven.text


@pytest.mark.usefixtures("_ssh")
@pytest.mark.parametrize(("wanted", "variable"), [("off", ""), ("auto", "TMUX"), ("auto", "STY")])
async def test_nothing_is_asked_where_it_is_not_wanted_or_of_no_use(
    monkeypatch: pytest.MonkeyPatch, wanted: str, variable: str
) -> None:
    async with drive() as driven:
        terminal = Written(driven.app, monkeypatch)
        if variable:
            monkeypatch.setenv(variable, "/tmp/tmux-1000/default,1,0")
        driven.app.look_at_line(wanted)
        assert terminal.texts == []


async def test_a_local_terminal_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SSH_CONNECTION", raising=False)
    async with drive() as driven:
        terminal = Written(driven.app, monkeypatch)
        driven.app.look_at_line("auto")
        assert terminal.texts == []
        driven.app.look_at_line("on")
        assert driven.app.session.clock.pace is THRIFTY


class Frame(CompositorUpdate):
    def render_segments(self, console: Console) -> str:
        return "\x1b[1;1Hline"


def twice(app: module.LineAware) -> list[str]:
    """What comes to the terminal of two frames that are the same."""
    return [app.packed(Frame()).render_segments(app.console) for _ in range(2)]


async def test_over_a_slow_line_what_is_shown_already_is_sent_when_asked_for_alone() -> None:
    async with drive(ssh=True) as driven:
        assert twice(driven.app) == ["\x1b[1;1Hline", ""]
        await driven.press("j")
        assert twice(driven.app) == ["", ""]
        await driven.press("ctrl+r")
        assert twice(driven.app) == ["\x1b[1;1Hline", ""]


async def test_on_other_lines_the_frame_of_a_key_is_sent_as_it_is() -> None:
    async with drive() as driven:
        driven.app._moved_at -= 60
        assert twice(driven.app) == ["\x1b[1;1Hline", ""]
        await driven.press("j")
        assert twice(driven.app) == ["\x1b[1;1Hline", "\x1b[1;1Hline"]
        driven.app._moved_at -= 60
        assert twice(driven.app) == ["\x1b[1;1Hline", ""]


async def test_a_frame_of_another_size_leaves_nothing_that_is_known() -> None:
    async with drive(ssh=True) as driven:
        assert twice(driven.app) == ["\x1b[1;1Hline", ""]
        stale = LayoutUpdate([], Region(0, 0, 200, 60))
        assert driven.app.packed(stale) is stale
        assert twice(driven.app) == ["\x1b[1;1Hline", ""]


async def test_without_the_focus_changes_are_gathered_and_shown_when_it_comes_back() -> None:
    async with drive() as driven:
        await driven.sees("amber-otter")
        driven.app.post_message(events.AppBlur())
        await driven.until(lambda: driven.app.session.clock.pace is UNSEEN)
        amber, dashboard = driven.connection.world.runs[0], driven.dashboard
        await driven.until(lambda: dashboard._rest_timer is None)
        driven.connection.event("run", amber.id, amber.replace(version=7))
        await driven.until(lambda: dashboard._rest_timer is not None)  # it is shown at once
        driven.connection.event("run", amber.id, amber.replace(status="success", version=8))
        await driven.until(lambda: dashboard._gathered)
        assert dashboard._rest_timer is not None
        assert dashboard._rest_timer._interval == UNSEEN.gather
        driven.app.post_message(events.AppFocus())
        await driven.until(lambda: not dashboard._gathered)
        assert driven.app.session.clock.pace is LIVELY


async def test_everything_stands_still_until_it_is_told_to_go_on() -> None:
    async with drive() as driven:
        await driven.sees("amber-otter")
        amber = driven.connection.world.runs[0]
        await driven.press("K")
        await driven.sees("HELD STILL: K goes on")
        driven.connection.event("run", amber.id, amber.replace(name="other-name", version=7))
        await driven.until(lambda: driven.dashboard._gathered)
        await driven.press("d", "q")
        driven.app.post_message(events.AppFocus())
        await driven.settle()
        assert "other-name" not in driven.text
        await driven.press("colon", *"hold", "enter")
        await driven.sees("other-name", "langgraph ●")


@pytest.mark.parametrize("keys", [[], ["!"], ["enter"], ["enter", "3"], ["colon", *"dep", "enter"]])
async def test_a_server_that_goes_and_comes_moves_no_row_that_stands_still(keys: list[str]) -> None:
    async with drive(world=needy()) as driven:
        await driven.press(*keys)
        await driven.settle()
        await driven.press("K")
        await driven.sees("HELD STILL: K goes on")
        amber, mirror = driven.connection.world.runs[0], driven.connection.mirror
        rows = frame(driven)
        mirror.runs[amber.id] = amber.replace(name="other-name", where=["elsewhere"])
        mirror.needs = {}
        asked = len(driven.calls)
        driven.app.session.clock.exact = lambda: NOW + 42
        driven.connection.link("lost", since=NOW, attempt=3)
        await driven.sees("STALE 42s", "HELD STILL: K goes on")
        await driven.settle()
        assert frame(driven) == rows
        driven.connection.link("live", since=NOW)
        await driven.until(lambda: driven.app.session.link.live)
        await driven.settle()
        assert frame(driven) == rows
        assert len(driven.calls) == asked
        await driven.press("K")
        await driven.until(lambda: frame(driven) != rows or len(driven.calls) > asked)


def frame(driven: Drive) -> list[list[Segment]]:
    """What stands between header and message row."""
    return [list(strip) for strip in driven.app.screen._compositor.render_strips()][1:-3]


def test_a_clock_moves_in_steps_and_never_back() -> None:
    moment = [1007.5]
    clock = Clock(lambda: moment[0])
    assert (clock.now(), clock.until_step()) == (1007.0, 0.5)
    clock.slow = True
    assert (clock.now(), clock.until_step()) == (1007.0, 2.5)
    moment[0] = 1009.9
    assert clock.now() == 1007.0
    moment[0] = 1010.0
    assert (clock.now(), clock.until_step()) == (1010.0, 10.0)
    moment[0] = 1019.0
    assert clock.now() == 1010.0
    moment[0] = 400.0  # the machine's clock was set
    assert clock.now() == 400.0
    clock.seen = False
    assert clock.pace is UNSEEN


async def test_news_of_an_older_size_that_comes_last_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    async with drive() as driven:
        monkeypatch.setattr(module, "terminal_size", lambda: Size(120, 40))
        monkeypatch.setattr(type(driven.app), "is_headless", False)
        for told in (Size(120, 40), Size(50, 12)):
            driven.app.post_message(events.Resize(told, told))
        await driven.until(lambda: driven.app.size == Size(120, 40))
        await driven.settle()
        assert driven.app.screen.size == Size(120, 40)
        assert "MHV-009" not in driven.text
