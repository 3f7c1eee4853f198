"""What an operator does to runs and hosts at work: real graphs in real hosts."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.models import MahavishnuError, Run
from mahavishnu_tui.server import disk as disk_module
from mahavishnu_tui.server import moving as moving_module
from mahavishnu_tui.server.hosts import watchdog as watchdog_module
from tests.integration.server.conftest import Place, eventually


def loops(place: Place) -> dict[str, list[int]]:
    """The steps that runs of `long` have begun, by the name in their input."""
    found: dict[str, list[int]] = {}
    for line in place.log():
        name, _, number = line.partition(".")
        if number:
            found.setdefault(name, []).append(int(number))
    return found


async def start_long(place: Place, name: str, count: int = 20, **changes: Any) -> Run:
    workflow = await place.register("long")
    given = {"folder": str(place.folder), "name": name, "count": count, "done": []}
    return await place.client.start_run(workflow_id=workflow.id, input=given, by="ana", **changes)


async def test_an_isolated_run_is_cancelled_whatever_it_does_and_nobody_else_notices(place: Place) -> None:
    async with place.server(hosts_per_project=1) as client:
        other = await place.start("gated")
        await eventually(lambda: "held" in place.log())
        spinning = await place.start("spinning", config={"isolate": True})
        await eventually(lambda: "spins" in place.log())
        spinning = (await client.run(spinning.id)).run
        assert spinning.host_id != (await client.run(other.id)).run.host_id
        plan = await client.cancel_plan(spinning.id)
        assert (plan.isolated, plan.others, plan.harms) == (True, [], False)
        assert (await client.cancel(spinning.id, "ana")).status == "cancelled"
        place.open("gate")
        ended = await place.until(other, "success")
        assert (ended.recoveries, ended.lease) == (0, 1)
        await eventually(lambda: _gone(place, spinning.host_id or ""))


async def _gone(place: Place, host_id: str) -> bool:
    return all(host.id != host_id or host.pid is None for host in await place.client.hosts())


async def test_a_cancel_says_before_what_it_ends_and_may_wait_for_the_step_boundary(place: Place) -> None:
    async with place.server(hosts_per_project=1) as client:
        sync = await place.start("gated_sync")
        other = await place.start("gated")
        await eventually(lambda: {"held_sync", "held"} <= set(place.log()))
        plan = await client.cancel_plan(sync.id)
        assert (plan.sync, plan.others, plan.isolated) == (["held_sync"], [other.id], False)
        assert plan.sentence.endswith("and 1 other run is recovered from the last checkpoint.")
        assert not (await client.cancel_plan(other.id)).sync
        waiting = await client.cancel(sync.id, "ana", how="boundary")
        assert waiting.status == "running"
        assert waiting.note == "cancelling: waits for held_sync, asked by ana"
        with pytest.raises(MahavishnuError):
            await client.cancel(sync.id, "ana", how="perhaps")
        place.open("gate")
        assert (await place.until(sync, "cancelled")).note == "cancelled by ana"
        assert (await place.until(other, "success")).recoveries == 0
        assert "last" in place.log()


@pytest.mark.parametrize("graph", ["gated", "spinning"])
async def test_a_node_that_takes_too_long_ends_its_run_which_can_be_resumed(
    place: Place, graph: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watchdog_module, "GRACE", 0.2)
    node = {"gated": "held", "spinning": "spins"}[graph]
    async with place.server(hosts_per_project=1) as client:
        config = {"node_timeout_seconds": 0.3, "isolate": graph == "spinning"}
        run = await place.start(graph, config=config)
        failed = await place.until(run, "error", timeout=60)
        assert failed.error is not None
        assert (failed.error["code"], failed.error["node"]) == ("MHV-435", node)
        assert failed.where == [node]
        assert (await client.run(run.id)).again == [node]
        place.open("gate")
        resumed = await client.resume(run.id, "ana")
        assert resumed.note == f"resumed by ana; runs again: {node}"
        await place.until(run, "success")
        assert Counter(place.log())["first"] == 1


async def test_a_synchronous_node_out_of_time_is_waited_for_where_others_share_its_process(
    place: Place,
) -> None:
    async with place.server(hosts_per_project=1):
        run = await place.start("gated_sync", config={"node_timeout_seconds": 0.2})
        late = await eventually(lambda: _noted(place, run, "out of time"))
        assert late.note == "out of time: waits for held_sync, which is synchronous"
        place.open("gate")
        failed = await place.until(run, "error", timeout=60)
        assert failed.error is not None
        assert failed.error["code"] == "MHV-435"
        await place.client.resume(run.id, "ana")
        await place.until(run, "success")
        assert Counter(place.log())["held_sync"] == 1


async def _noted(place: Place, run: Run, words: str) -> Run | None:
    now = (await place.client.run(run.id)).run
    return now if words in now.note else None


async def test_a_synchronous_node_out_of_time_is_ended_where_its_run_is_isolated(place: Place) -> None:
    async with place.server(workflows={"flows": {"isolate": True, "timeout_seconds": 1.0}}) as client:
        workflow = await client.register(f"{place.root}/flows.py:gated_sync", place.project, name="flows")
        given = {"folder": str(place.folder)}
        run = await client.start_run(workflow_id=workflow.id, input=given, by="ana")
        failed = await place.until(run, "error", timeout=60)
        assert failed.error is not None
        assert (failed.error["code"], failed.recoveries) == ("MHV-434", 0)
        assert "held_sync" in failed.error["message"]

        async def told() -> bool:
            return ("stopped", "out of time") in [(host.state, host.note) for host in await client.hosts()]

        await eventually(told)  # and not lost: what we ended ourselves is no alarm


async def test_the_time_at_work_survives_the_death_of_the_server(place: Place) -> None:
    options = {"data": str(place.data), "flags": {}}
    place.data.mkdir(parents=True)
    for lives in (True, False):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.integration.server.serverproc", options["data"], json.dumps({})]
        )
        try:
            await eventually(place.answers)
            if lives:
                run = await start_long(place, "a", count=1000, config={"timeout_seconds": 3.0})
                await eventually(lambda: len(loops(place).get("a", [])) >= 20)  # a second of work, at least
            else:
                began = len(loops(place)["a"])
                failed = await place.until(run, "error", timeout=60)
                assert failed.error is not None
                assert failed.error["code"] == "MHV-434"
                assert failed.recoveries == 1
                # Three seconds for both lives together; a step takes a twentieth of one at least.
                assert len(loops(place)["a"]) - began <= 50
        finally:
            process.send_signal(signal.SIGKILL if lives else signal.SIGTERM)
            await asyncio.to_thread(process.wait, 20)


async def test_a_drained_host_loses_nothing_and_runs_nothing_twice(place: Place) -> None:
    async with place.server(hosts_per_project=1) as client:
        started = [await start_long(place, name) for name in "abcde"]
        await eventually(lambda: len(loops(place)) == 5)
        (host,) = await client.hosts()
        drained = await client.drain_host(host.id, "ana")
        assert (drained.state, drained.note) == ("draining", "asked by ana")
        done = [await place.until(run, "success", timeout=60) for run in started]
        assert {run.host_id for run in done} == {None}
        assert all(steps == list(range(20)) for steps in loops(place).values())
        assert all((run.recoveries, run.lease) == (0, 2) for run in done)
        told = (await client.acts(started[0].id))[-1]
        assert (told.what, told.by, told.details["host"]) == ("move", "ana", host.id)
        assert all(run.note == "" or "moved" in run.note for run in done)
        await eventually(lambda: _gone(place, host.id))
        with pytest.raises(MahavishnuError) as unknown:
            await client.drain_host("abc", "ana")
        assert unknown.value.code.value == "MHV-110"


async def test_a_host_that_reaches_no_boundary_in_time_is_ended_and_a_restart_brings_a_fresh_one(
    place: Place,
) -> None:
    async with place.server(hosts_per_project=1) as client:
        run = await place.start("gated")
        await eventually(lambda: "held" in place.log())
        (host,) = await client.hosts()
        await client.drain_host(host.id, "ana", 0.0, restart=True)
        moved = await eventually(lambda: _again(place, run))
        assert moved.host_id != host.id
        assert moved.note.startswith("moved to host")
        place.open("gate")
        await place.until(run, "success")
        assert Counter(place.log()) == {"first": 1, "held": 2, "held-done": 1, "last": 1}


async def _again(place: Place, run: Run) -> Run | None:
    now = (await place.client.run(run.id)).run
    return now if (now.status, now.lease) == ("running", 2) else None


async def test_a_host_that_grows_too_large_is_replaced(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(moving_module, "LEAST_LIFE", 0.0)
    async with place.server(host_max_mb=1) as client:
        run = await start_long(place, "a", count=40)
        await place.until(run, "success", timeout=90)
        assert loops(place)["a"] == list(range(40))
        assert (await client.run(run.id)).run.lease > 1


async def test_runs_get_their_slots_in_turn_and_a_run_is_run_again(place: Place) -> None:
    async with place.server(max_concurrent_workflows=1) as client:
        first = await place.start("gated")
        await eventually(lambda: "held" in place.log())
        low = await start_long(place, "low", count=1, priority="low")
        normal = await start_long(place, "normal", count=1)
        high = await start_long(place, "high", count=1, priority="high")
        assert [run.id for run in await client.queue()] == [high.id, normal.id, low.id]
        urgent = await client.set_priority(low.id, "urgent", "ana")
        assert (urgent.priority, urgent.note) == ("urgent", "priority urgent, set by ana")
        assert [run.id for run in await client.queue()] == [low.id, high.id, normal.id]
        held = await client.pause(high.id, "ana")
        assert held.status == "paused"
        place.open("gate")
        await place.until(normal, "success")
        assert list(loops(place)) == ["low", "normal"]
        with pytest.raises(MahavishnuError):
            await client.set_priority(normal.id, "high", "ana")
        with pytest.raises(MahavishnuError):
            await client.set_priority(high.id, "highest", "ana")
        again = await client.again(low.id, "bob", request_id="r1")
        assert (again.priority, again.created_by) == ("urgent", "bob")
        assert (await client.again(low.id, "bob", request_id="r1")).id == again.id
        other = await client.again(
            low.id, "bob", request_id="r2", input={"done": [], "count": 1, "name": "x"}
        )
        await place.until(again, "success")
        assert loops(place)["low"] == [0, 0]
        assert (await client.run(other.id)).input["name"] == "x"
        await client.resume(high.id, "ana")
        await place.until(high, "success")
        await place.until(first, "success")


async def test_an_endless_loop_is_named_and_goes_on_with_a_higher_limit(place: Place) -> None:
    async with place.server(hosts_per_project=1) as client:
        run = await start_long(place, "a", count=12, config={"recursion_limit": 5})
        failed = await place.until(run, "error", timeout=60)
        assert failed.error is not None
        assert failed.error["code"] == "MHV-428"
        assert "steps → steps ×5" in failed.error["message"]
        with pytest.raises(MahavishnuError) as refused:
            await client.resume(run.id, "ana", recursion_limit=-1)
        assert "`recursion_limit`" in refused.value.message
        await client.resume(run.id, "ana", recursion_limit=50)
        await place.until(run, "success")
        assert loops(place)["a"] == list(range(12))
        assert (await client.run(run.id)).config["recursion_limit"] == 50


async def test_a_full_disk_pauses_a_run_and_room_lets_it_go_on(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    checkpoints = place.data / "checkpoints"
    checkpoints.mkdir(parents=True)
    mounted = await asyncio.to_thread(
        subprocess.run, ["mount", "-t", "tmpfs", "-o", "size=32m", "tmpfs", checkpoints], capture_output=True
    )
    if mounted.returncode:
        pytest.skip("a file system cannot be mounted here")
    monkeypatch.setattr(disk_module, "_FIRST_WAIT", 0.2)
    try:
        async with place.server(hosts_per_project=1) as client:
            run = await start_long(place, "a", count=400)
            await eventually(lambda: len(loops(place).get("a", [])) > 3)
            await asyncio.to_thread(_fill, checkpoints / "ballast")
            paused = await place.until(run, "paused")
            assert paused.awaits == "disk"
            assert "The disk is full" in paused.note
            (checkpoints / "ballast").unlink()
            going = await place.until(run, "running", "success")
            assert going.error is None
            before = len(loops(place)["a"])
            await eventually(lambda: len(loops(place)["a"]) > before + 3)
            await client.cancel(run.id, "ana")
            repeated = [step for step, times in Counter(loops(place)["a"]).items() if times > 1]
            assert len(repeated) <= 1
    finally:
        await asyncio.to_thread(subprocess.run, ["umount", "-l", checkpoints], check=True)


def _fill(path: Path) -> None:
    with contextlib.suppress(OSError), open(path, "wb", buffering=0) as file:
        while True:
            file.write(bytes(65536))
    with contextlib.suppress(OSError), open(path, "ab", buffering=0) as file:
        while True:
            file.write(b"x" * 512)


def test_room_is_asked_for_and_not_taken(tmp_path: Path) -> None:
    assert disk_module.has_room(tmp_path, 1024)
    assert list(tmp_path.iterdir()) == []
    assert not disk_module.has_room(tmp_path, shutil.disk_usage(tmp_path).total * 2)
    (tmp_path / "file").touch()
    assert not disk_module.has_room(tmp_path / "file")
    assert os.listdir(tmp_path) == ["file"]
