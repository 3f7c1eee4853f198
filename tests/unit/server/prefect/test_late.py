"""Task runs that events tell of before Prefect has written them down."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from mahavishnu_tui.engines.prefect.states import iso
from mahavishnu_tui.server.prefect import late
from mahavishnu_tui.server.prefect.late import LateTasks

AT = 1_790_000_000.0


def task(number: int, at: float) -> dict[str, Any]:
    return {"id": f"task-{number}", "state": {"type": "RUNNING", "timestamp": iso(at)}}


class Desk:
    """Reads the task runs of a run whenever it is told to, from what Prefect has by then."""

    def __init__(self) -> None:
        self.late = LateTasks()
        self.written: list[dict[str, Any]] = []
        self.readings = 0
        self.read_again = asyncio.Event()

    def look(self, run_id: str) -> None:
        self.readings += 1
        self.read_again.set()
        self.late.read(run_id, self.written)

    def tell(self, number: int, at: float) -> None:
        self.late.tell("run", f"task-{number}", at, self.look)
        self.look("run")
        self.read_again.clear()

    async def rests(self) -> int:
        """How often it has read, once nothing is waited for any more."""
        async with asyncio.timeout(20):
            while any(told.timer for told in self.late._told.values()):
                await asyncio.sleep(0.001)
        return self.readings


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.setattr(late, "FIRST_SECONDS", 0.005)
    found = Desk()
    yield found
    found.late.close()


async def test_what_was_written_down_is_read_once(desk: Desk) -> None:
    desk.written = [task(1, AT), task(2, AT + 1)]
    desk.tell(2, AT + 1)
    assert await desk.rests() == 1


async def test_a_task_run_that_comes_late_is_read_again_until_it_is_there(desk: Desk) -> None:
    desk.tell(1, AT)
    async with asyncio.timeout(20):
        await desk.read_again.wait()
    desk.written = [task(1, AT - 5)]  # there, but not yet in that state
    desk.read_again.clear()
    async with asyncio.timeout(20):
        await desk.read_again.wait()
    desk.written = [task(1, AT + 0.5)]
    readings = await desk.rests()
    assert readings >= 3
    desk.look("run")
    assert await desk.rests() == readings + 1


async def test_what_never_comes_is_given_up_and_what_nobody_looks_at_is_not_read(desk: Desk) -> None:
    desk.tell(1, AT)
    assert await desk.rests() == 1 + late.MOST_READINGS
    desk.late.tell("other", "task-9", AT, desk.look)
    assert await desk.rests() == 1 + late.MOST_READINGS


async def test_news_of_another_state_begins_anew_and_many_runs_are_bounded(desk: Desk) -> None:
    desk.tell(1, AT)
    desk.written = [task(1, AT)]
    desk.tell(2, AT + 1)
    desk.written.append(task(2, AT + 1))
    await desk.rests()
    for number in range(1000):
        desk.late.tell(f"run-{number}", "task", AT, desk.look)
    assert len(desk.late._told) < 300
