"""kill -9 in the middle of what operators do to a run: done once or not at all, and never half."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Coroutine
from typing import Any

from mahavishnu_tui.client.calls.checkpoints import Room
from mahavishnu_tui.models import MahavishnuError, Run
from mahavishnu_tui.models.edit import COPY, StateEdit
from tests.integration.server.conftest import Place, eventually
from tests.integration.server.test_process import ended, process, ready

MOMENT = 0.01
"""Seconds after an order at which somebody dies. What is asserted holds for any moment."""


async def ordered(order: Coroutine[Any, Any, Any], kill: Callable[[], None]) -> None:
    """Give an order, and have somebody killed a moment later; whether a reply comes does not matter."""
    asked = asyncio.create_task(order)
    await asyncio.sleep(MOMENT)
    kill()
    with contextlib.suppress(MahavishnuError):
        await asked


async def test_run_again_and_rewind_outlive_the_death_of_the_server(place: Place) -> None:
    client = place.client

    async def killed(child: subprocess.Popen[str], order: Coroutine[Any, Any, Any]) -> None:
        await ordered(order, child.kill)
        await ended(child)

    with process(place, scripted=False) as first:
        await ready(place, first)
        run = await place.until(await place.start("short"), "success")
        await killed(first, client.again(run.id, "ana", request_id="once"))
    with process(place, scripted=False) as second:
        await ready(place, second)
        new = await client.again(run.id, "ana", request_id="once")
        await place.until(new, "success")
        assert {item.id for item in await client.runs()} == {run.id, new.id}
        listed = await client.checkpoints(new.id)
        back = StateEdit(None, COPY, listed[-2].id, listed[0].id, "taken back")
        await killed(second, client.edit_state(new.id, back, "ana"))
    with process(place, scripted=False) as third:
        await ready(place, third)
        rests = await place.until(new, "success", "paused")
        made = [item for item in await client.checkpoints(new.id) if item.label == "taken back"]
        assert len(made) == [act.what for act in await client.acts(new.id)].count("rewind") <= 1
        assert rests.status == ("paused" if made else "success")


async def test_a_host_that_dies_while_it_prunes_leaves_a_whole_thread(place: Place) -> None:
    async with place.server() as client:
        run = await place.start("short")
        await place.until(run, "success")
        before = (await client.state(run.id)).values
        plan = await client.prune(Room(), run.id)
        (host,) = await client.hosts()
        pid = host.pid or 0
        order = client.prune(Room(), run.id, expect=plan.checkpoints, by="ana")
        await ordered(order, lambda: os.kill(pid, signal.SIGKILL))
        await eventually(lambda: _whole(place, run, before))
        rest = await client.prune(Room(), run.id)
        if rest.checkpoints:
            await client.prune(Room(), run.id, expect=rest.checkpoints, by="ana")
        assert len(await client.checkpoints(run.id)) == 1
        assert (await client.state(run.id)).values == before


async def _whole(place: Place, run: Run, values: Any) -> bool:
    """The next host reads the thread as it was."""
    with contextlib.suppress(MahavishnuError):
        return bool((await place.client.state(run.id)).values == values)
    return False
