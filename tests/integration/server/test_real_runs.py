"""The server with real hosts and real LangGraph graphs."""

from __future__ import annotations

import asyncio
import os
import signal

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server.hosts import host as host_module
from tests.integration.server.conftest import Place, eventually


async def test_a_run_from_start_to_approval_to_end(place: Place) -> None:
    async with place.server(forked=False) as client:
        run = await place.start("asking", tags=["a"])
        approval = await place.question(run)
        assert approval.value == {"question": "Go on?", "options": ["yes", "no"]}
        waiting = (await client.run(run.name)).run
        assert (waiting.where, waiting.waiting) == (["ask"], 1)
        await place.answer(approval, "yes")
        await place.until(run, "success")
        detail = await client.run(run.id)
        assert detail.values["done"] == ["first", "ask:yes", "last"]
        assert detail.execution_path == ["first", "ask", "last"]
        assert detail.input == {"folder": str(place.folder)}
        (entry,) = await client.ledger(run=run.id)
        assert entry.applied_at is not None
        assert place.log() == ["first", "answer=yes", "last"]
        visits = await client.visits(run.id)
        assert [(visit.node, visit.outcome) for visit in visits] == [
            ("first", "success"),
            ("ask", "interrupted"),
            ("ask", "success"),
            ("last", "success"),
        ]
        assert await client.visits(run.id, after=3) == visits[3:]
        checkpoints = await client.checkpoints(run.id)
        assert checkpoints[0].latest
        assert (await client.state(run.id)).values["done"][-1] == "last"
        assert (await client.state(run.id, checkpoints[-1].id)).checkpoint["id"] == checkpoints[-1].id
        with pytest.raises(MahavishnuError) as unknown:
            await client.state(run.id, "1ef00000-0000-6000-8000-000000000000")
        assert unknown.value.code is ErrorCode.CHECKPOINT_UNKNOWN

        # The thread is free again, and a fork goes back on it.
        before = (await client.run(run.id)).run
        with pytest.raises(MahavishnuError) as refused:
            await client.resume(run.id, "ana", checkpoint_id="no-such-checkpoint")
        assert refused.value.code is ErrorCode.CHECKPOINT_UNKNOWN
        assert (await client.run(run.id)).run == before
        asked = next(item for item in checkpoints if item.next == ["ask"])
        await client.resume(run.id, "ana", asked.id)
        again = await place.question(run)
        assert again.hash != approval.hash
        await place.answer(again, "no")
        await place.until(run, "success")
        assert (await client.run(run.id)).values["done"] == ["first", "ask:no", "last"]


async def test_two_questions_are_answered_one_by_one(place: Place) -> None:
    async with place.server() as client:
        run = await place.start("both")
        assert (await place.until(run, "interrupted")).waiting == 2
        one, other = sorted(await client.approvals(run=run.id), key=lambda item: item.node)
        await place.answer(one, 1)
        await eventually(lambda: "answer=1" in place.log())
        left = await place.until(run, "interrupted")
        assert left.waiting == 1
        await place.answer(other, 2)
        await place.until(run, "success")
        assert place.log() == ["first", "answer=1", "other=2", "last"]
        shape = await client.graph(run.id)
        assert {node.id for node in shape.nodes} >= {"first", "ask", "ask_other", "last"}


async def test_failure_retry_cancel_pause_and_an_edge_that_only_runs_show(place: Place) -> None:
    async with place.server() as client:
        failing = await place.start("failing")
        failed = await place.until(failing, "error")
        assert failed.error is not None
        assert failed.error["code"] == ErrorCode.NODE_FAILED.value
        assert failed.where == ["fails"]
        place.open("mended")
        await client.resume(failing.id, "ana")
        await place.until(failing, "success")
        assert place.log() == ["first", "last"]

        gated = await place.start("gated")
        await eventually(lambda: "held" in place.log())
        cancelled = await client.cancel(gated.id, "ana")
        assert (cancelled.status, cancelled.where) == ("cancelled", [])
        assert (await client.visits(gated.id))[-1].outcome == "cancelled"
        await client.resume(gated.id, "ana")
        await eventually(lambda: place.log().count("held") == 2)
        paused = await client.pause(gated.id, "ana")
        assert paused.note.startswith("pausing")
        place.open("gate")
        assert (await place.until(gated, "paused")).note == "paused by ana"
        await client.resume(gated.id, "ana")
        await place.until(gated, "success")

        hidden = await place.start("hidden")
        await place.until(hidden, "success")
        edges = (await client.graph(hidden.id)).edges
        assert any((edge.source, edge.target, edge.observed) == ("first", "last", True) for edge in edges)


@pytest.mark.parametrize("isolate", [False, True])
async def test_the_death_of_a_host_in_mid_node_costs_nothing_but_the_node(
    place: Place, isolate: bool
) -> None:
    async with place.server(forked=isolate) as client:
        run = await place.start("gated", config={"isolate": isolate})
        await eventually(lambda: "held" in place.log())
        (host,) = [item for item in await client.hosts() if item.running]
        assert host.pid is not None
        os.kill(host.pid, signal.SIGKILL)
        place.open("gate")
        done = await place.until(run, "success")
        assert done.recoveries == 1
        assert place.log() == ["first", "held", "held", "held-done", "last"]
        outcomes = [(visit.node, visit.outcome) for visit in await client.visits(run.id)]
        assert outcomes == [("first", "success"), ("held", "lost"), ("held", "success"), ("last", "success")]
        if not isolate:
            (host,) = await client.hosts()
            assert (host.state, host.restarts) == ("ready", 1)


async def test_a_node_that_kills_every_host_ends_its_run_and_no_other(place: Place) -> None:
    async with place.server() as client:
        good = await place.start("gated")
        await eventually(lambda: "held" in place.log())
        bad = await place.start("deadly")
        failed = await place.until(bad, "error", timeout=40)
        assert failed.error is not None
        assert failed.error["code"] == ErrorCode.HOST_DIED.value
        assert "dies" in failed.error["message"]
        assert place.log().count("dies") == 3
        place.open("gate")
        await place.until(good, "success")
        place.open("mended")
        await client.resume(bad.id, "ana")
        await place.until(bad, "success")


async def test_a_blocked_host_does_not_hold_up_new_runs_and_a_sync_node_is_really_cancelled(
    place: Place,
) -> None:
    async with place.server() as client:
        blocking = await place.start("blocking")
        await eventually(lambda: "blocks" in place.log())
        short = await place.start("short")
        await place.until(short, "success")
        assert (await client.run(blocking.id)).run.status == "running"
        blocked = await eventually(lambda: _in_state(place, "blocked"))
        assert "blocks" in blocked.note
        assert len(await client.hosts()) > 1
        (pool,) = await client.pools()
        assert pool.status == "degraded"
        place.open("gate")
        await place.until(blocking, "success")
        (place.folder / "gate").unlink()
        sync = await place.start("gated_sync")
        await eventually(lambda: "held_sync" in place.log())
        assert (await client.cancel(sync.id, "ana")).status == "cancelled"
        assert [visit.outcome for visit in await client.visits(sync.id)][-1] == "cancelled"


async def test_an_import_that_never_ends_costs_nobody_else_anything(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(host_module, "LONG_IMPORT", 0.5)
    (place.root / "hangs.py").write_text("import time\n\nwhile True:\n    time.sleep(0.01)\n")
    async with place.server(load_seconds=12.0) as client:
        hanging = asyncio.create_task(client.register("hangs.py", place.project))
        await eventually(lambda: _in_state(place, "blocked"))
        await place.until(await place.start("short"), "success")
        assert not hanging.done()
        with pytest.raises(MahavishnuError) as refused:
            await hanging
        assert refused.value.code is ErrorCode.TIMEOUT
        assert "The import of hangs.py did not end in 12 s, blocked by" in refused.value.message
        await eventually(lambda: _in_state(place, "stopped"))


async def _in_state(place: Place, state: str) -> object:
    return next((host for host in await place.client.hosts() if host.state == state), None)


async def test_an_edited_file_is_what_new_runs_run_while_the_old_one_goes_on(place: Place) -> None:
    async with place.server() as client:
        old = await place.start("gated")
        await eventually(lambda: "held" in place.log())
        workflow = (await client.run(old.id)).run.workflow_id
        file = place.root / "flows.py"
        file.write_text(file.read_text().replace('mark(state, "held")', 'mark(state, "held-anew")'))
        new = await client.start_run(workflow_id=workflow, input={"folder": str(place.folder)}, by="ana")
        await eventually(lambda: "held-anew" in place.log())
        assert (await client.run(old.id)).run.status == "running"
        place.open("gate")
        await place.until(old, "success")
        await place.until(new, "success")
        assert place.log().count("held") == 1
        file.write_text("this is not Python")
        broken = await client.start_run(workflow_id=workflow, input={}, by="ana")
        failed = await place.until(broken, "error")
        assert failed.error is not None
        assert failed.error["code"].startswith("MHV-42")
        (known,) = [item for item in await client.workflows() if item.id == workflow]
        assert known.error is not None
        assert known.shape is not None
