"""Processes that outlive us, and are found again."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mahavishnu_tui.server.prefect.keeping import Kept, Recipe, began, read_record

SLEEPER = "import time; print('up', flush=True); time.sleep(600)"
STUBBORN = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); time.sleep(600)"


def recipe(folder: Path, code: str = SLEEPER) -> Recipe:
    return Recipe(
        argv=[sys.executable, "-c", code],
        env=dict(os.environ),
        cwd=folder,
        log=folder / "logs" / "child.log",
        record=folder / "child.json",
    )


@pytest.fixture
async def kept() -> AsyncIterator[Kept]:
    one = Kept()
    yield one
    if one.pid is not None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(one.pid, signal.SIGKILL)


async def test_it_is_found_again_by_its_record_and_stopped(kept: Kept, tmp_path: Path) -> None:
    await kept.spawn(recipe(tmp_path), port=4321)
    record = read_record(tmp_path / "child.json")
    assert (record["port"], record["pid"]) == (4321, kept.pid)
    other = Kept()
    assert other.adopt(record)
    assert other.alive
    await other.stop()
    assert not kept.alive or await kept.ended() is not None
    assert began(record["pid"]) == 0


async def test_another_process_of_that_number_is_left_alone(tmp_path: Path) -> None:
    ours = {"pid": os.getpid(), "began": began(os.getpid()) + 1}
    assert not Kept().adopt(ours)
    for nonsense in ({}, {"pid": "1"}, {"pid": 1}, {"pid": 2**40, "began": 5}):
        assert not Kept().adopt(nonsense)
    (tmp_path / "broken.json").write_text("{")
    assert read_record(tmp_path / "broken.json") == read_record(tmp_path / "none.json") == {}


async def test_one_that_does_not_listen_is_killed(
    kept: Kept, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mahavishnu_tui.server.prefect.keeping.STOP_SECONDS", 0.2)
    await kept.spawn(recipe(tmp_path, STUBBORN))
    while "up" not in (tmp_path / "logs" / "child.log").read_text():
        assert kept.alive
    await kept.stop()
    assert not kept.alive
