"""An upgrade beneath a running dashboard; a real one is in tests/e2e/test_upgrade.py."""

from __future__ import annotations

import time

import pytest

from mahavishnu_tui.screens import surviving
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.surviving import MOST, changed_since
from tests.unit.screens.driving import drive


def test_files_that_are_newer_than_the_program_or_gone_say_that_it_was_changed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert not changed_since(time.time() + 60)
    assert changed_since(0.0)
    monkeypatch.setattr("mahavishnu_tui.screens.base.__file__", f"{surviving.PACKAGE}/screens/gone.py")
    assert changed_since(time.time() + 60)


async def test_work_in_the_background_that_fails_after_an_upgrade_says_so() -> None:
    async def fails() -> None:
        raise ImportError("no such name")

    async with drive() as driven:
        driven.app.began = 0.0
        in_background(driven.dashboard, fails, "test")
        await driven.sees("MHV-013 The program on disk has changed. Quit and start it again.")
        driven.dashboard.flash("done")
        await driven.sees("done")
        driven.dashboard.flash_error(AttributeError("no such thing"))
        await driven.sees("MHV-013")


async def test_a_dashboard_that_fails_with_each_frame_comes_to_its_end() -> None:
    async with drive() as driven:
        driven.app.began = 0.0
        goes_on = [driven.app._goes_on_without(driven.dashboard) for _ in range(MOST + 1)]
        assert goes_on == [*[True] * MOST, False]
