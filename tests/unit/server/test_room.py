"""What is said of the room that a thread takes: kept with its run until the thread is pruned."""

from __future__ import annotations

from mahavishnu_tui.server.store import threads
from tests.unit.server.conftest import Desk, finished


async def test_the_warning_stays_with_the_run_until_its_thread_is_pruned(desk: Desk) -> None:
    run = await desk.running()
    await desk.tell(run, {"ev": "room", "warning": "60 MB in 900 checkpoints:\x1b prune it."})
    assert (await desk.run(run.id)).room.startswith("60 MB in 900 checkpoints")
    assert "\x1b" not in (await desk.run(run.id)).room
    await desk.tell(run, finished("success"))
    await desk.act(threads.pruned, {run.thread_id: 0}, "ana")
    assert (await desk.run(run.id)).room
    await desk.act(threads.pruned, {run.thread_id: 899}, "ana")
    assert (await desk.run(run.id)).room == ""
