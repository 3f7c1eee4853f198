"""Runs on a real LangGraph server: seen, watched, answered and driven from here."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from pathlib import Path

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.edit import COPY, StateEdit
from tests.integration.remote.conftest import DevServer, Elsewhere
from tests.integration.server.conftest import eventually

pytestmark = pytest.mark.xdist_group("langgraph-dev")


async def test_a_run_that_somebody_else_started_is_watched_and_answered(
    elsewhere: Elsewhere, folder: Path
) -> None:
    before, _ = await elsewhere.start_there("both")
    async with elsewhere.serving():
        thread, there = await elsewhere.start_there("nested", gate=str(folder / "gate"))
        run = await elsewhere.seen(thread, "running")
        assert (run.id, run.engine, run.workflow) == (f"dev.{there}", "langgraph-server", "nested@dev")
        await eventually(lambda: _is_at(elsewhere, thread, "prepare"))
        assert await elsewhere.path(run) == [("prepare", "running")]

        (folder / "gate").touch()
        run = await elsewhere.seen(thread, "interrupted")
        assert run.where == ["inner/approve"]
        assert run.waiting == 1
        assert await elsewhere.path(run) == [
            ("prepare", "success"),
            ("inner", "interrupted"),
            ("inner/prepare", "success"),
            ("inner/approve", "interrupted"),
        ]
        await elsewhere.answer(run, {"ok": True})
        run = await elsewhere.seen(thread, "success")
        assert (await elsewhere.log_of(thread))[-1] == "ship {'ok': True}"
        assert (await elsewhere.path(run))[4:] == [
            ("inner", "success"),
            ("inner/approve", "success"),
            ("inner/ship", "success"),
        ]
        (entry,) = await elsewhere.client.ledger(run=run.id)
        assert entry.applied_at
        detail = await elsewhere.client.run(run.id)
        assert detail.input == {"log": [], "gate": str(folder / "gate")}
        assert detail.values["answer"] == {"ok": True}
        shape = await elsewhere.client.graph(run.id)
        assert [node.id for node in shape.subgraphs["inner"].nodes][1:-1] == ["prepare", "approve", "ship"]

        # What was there before us waits too, and takes its answers one at a time.
        run = await elsewhere.seen(before, "interrupted")
        by_value = {item.value: item for item in await elsewhere.client.approvals(run=run.id)}
        await elsewhere.place.answer(by_value["left?"], 1)
        await eventually(lambda: _asks(elsewhere, run.id, ["right?"]))
        (rest,) = await elsewhere.client.approvals(run=run.id)
        await elsewhere.place.answer(rest, 2)
        await elsewhere.seen(before, "success")
        assert sorted(await elsewhere.log_of(before)) == ["left 1", "right 2"]


async def test_runs_are_started_cancelled_retried_and_forked_there(
    elsewhere: Elsewhere, folder: Path
) -> None:
    async with elsewhere.serving():
        run = await elsewhere.launch("gate", gate=str(folder / "gate"))
        run = await elsewhere.seen(run.thread_id, "running")
        await elsewhere.client.cancel(run.id, by="ana", version=run.version)
        run = await elsewhere.seen(run.thread_id, "cancelled")
        assert run.note == "cancelled by ana"
        with pytest.raises(MahavishnuError) as refused:
            await elsewhere.client.cancel(run.id, by="ana")
        assert refused.value.code is ErrorCode.RUN_STATE

        (folder / "gate").touch()
        await elsewhere.client.resume(run.id, by="ana")
        run = await elsewhere.seen(run.thread_id, "interrupted")
        for act, call in (("pause", elsewhere.client.pause), ("cancel", elsewhere.client.cancel)):
            with pytest.raises(MahavishnuError, match=f"does not offer to {act}"):
                await call(run.id, by="ana")
        assert await elsewhere.path(run) == [
            ("prepare", "cancelled"),
            ("prepare", "success"),
            ("approve", "interrupted"),
        ]

        await elsewhere.answer(run, "yes")
        run = await elsewhere.seen(run.thread_id, "success")
        listed = await elsewhere.client.checkpoints(run.id)
        assert listed[0].latest
        assert listed[0].changed == ["log"]
        asking = next(item for item in listed if item.next == ["approve"])
        assert asking.interrupts == 1
        state = await elsewhere.client.state(run.id, asking.id)
        assert state.values["log"] == ["prepare"]
        with pytest.raises(MahavishnuError) as unknown:
            await elsewhere.client.resume(
                run.id, by="ana", checkpoint_id="1f000000-0000-6000-8000-000000000000"
            )
        assert unknown.value.code is ErrorCode.CHECKPOINT_UNKNOWN
        compared = await elsewhere.client.diff(run.id, asking.id, listed[0].id)
        assert (compared.before, compared.after) == (asking.id, listed[0].id)
        assert [(change.path, change.after) for change in compared.diff.listed] == [
            (["log", 1], "approve"),
            (["log", 2], "ship yes"),
            (["answer"], "yes"),
        ]
        assert (await elsewhere.client.diff(run.id)).before == listed[1].id
        with pytest.raises(MahavishnuError, match="does not offer to pin a thread"):
            await elsewhere.client.pin(run.id, True, "ana")
        await elsewhere.client.resume(run.id, by="ana", checkpoint_id=asking.id)
        run = await elsewhere.seen(run.thread_id, "interrupted")
        await elsewhere.answer(run, "again")
        await elsewhere.seen(run.thread_id, "success")
        assert await elsewhere.log_of(run.thread_id) == ["prepare", "approve", "ship again"]

        failed = await elsewhere.launch("fails")
        failed = await elsewhere.seen(failed.thread_id, "error")
        assert failed.where == ["fail"]
        assert failed.error is not None
        assert "no paper" in failed.error["message"]


async def test_a_state_there_is_edited_and_taken_back(elsewhere: Elsewhere) -> None:
    async with elsewhere.serving():
        run = await elsewhere.launch("gate")
        run = await elsewhere.seen(run.thread_id, "interrupted")
        preview = await elsewhere.client.preview_edit(run.id, StateEdit({"log": ["by hand"]}))
        assert preview.drops == ["approve"]
        assert "reducers" in preview.warnings[0]
        assert preview.next == ["what its server finds to be next"]
        stale = StateEdit({"log": ["late"]}, seen="1f000000-0000-6000-8000-000000000000")
        with pytest.raises(MahavishnuError) as moved:
            await elsewhere.client.edit_state(run.id, stale, "ana")
        assert moved.value.code is ErrorCode.CHECKPOINT_MOVED

        order = StateEdit({"log": ["by hand"]}, "prepare", seen=preview.latest_id)
        made = await elsewhere.client.edit_state(run.id, order, "ana", run.version)
        state = await elsewhere.client.state(run.id, made.checkpoint_id)
        assert state.values["log"] == ["prepare", "by hand"]
        await elsewhere.client.resume(run.id, by="ana", checkpoint_id=made.checkpoint_id)
        await eventually(lambda: _asks(elsewhere, run.id, [{"question": "Ship it?"}]))
        await elsewhere.answer(run, "yes")
        await elsewhere.seen(run.thread_id, "success")
        assert await elsewhere.log_of(run.thread_id) == ["prepare", "by hand", "approve", "ship yes"]

        back = StateEdit(None, COPY, preview.latest_id)
        assert (await elsewhere.client.edit_state(run.id, back, "ana")).checkpoint_id
        assert await elsewhere.log_of(run.thread_id) == ["prepare"]
        deeds = [act.what for act in await elsewhere.client.acts(run.id)]
        assert [deed for deed in deeds if deed in ("edit", "rewind")] == ["edit", "rewind"]


async def test_a_question_that_somebody_else_answered_takes_no_second_answer(elsewhere: Elsewhere) -> None:
    async with elsewhere.serving():
        thread, _ = await elsewhere.start_there("gate")
        run = await elsewhere.seen(thread, "interrupted")
        (approval,) = await elsewhere.client.approvals(run=run.id)
        await elsewhere.sdk.runs.wait(thread, "gate", command={"resume": "theirs"})
        # Before or after our next look: it is refused at once, or it is void in the ledger.
        with contextlib.suppress(MahavishnuError):
            await elsewhere.place.answer(approval, "ours")
        await elsewhere.seen(thread, "success")
        assert (await elsewhere.log_of(thread))[-1] == "ship theirs"
        await eventually(lambda: _settled(elsewhere, run.id))
        assert all(entry.not_applied for entry in await elsewhere.client.ledger(run=run.id))


async def test_a_server_that_goes_and_comes_back(elsewhere: Elsewhere, dev: DevServer) -> None:
    async with elsewhere.serving():
        thread, _ = await elsewhere.start_there("gate")
        run = await elsewhere.seen(thread, "interrupted")
        await asyncio.to_thread(dev.end, signal.SIGTERM)
        await eventually(lambda: _server_is(elsewhere, "lost"))
        run = await elsewhere.seen(thread, "interrupted")
        assert run.note.startswith("STALE: what is shown is of ")
        assert "dev" in (await elsewhere.client.server()).note
        pool = (await elsewhere.client.pools())[1]
        assert (pool.name, pool.status) == ("dev", "unhealthy")
        with pytest.raises(MahavishnuError) as away:
            await elsewhere.client.checkpoints(run.id)
        assert away.value.code is ErrorCode.REMOTE_UNREACHABLE
        # An answer is taken all the same; a server of ours that ends meanwhile does not lose it.
        await elsewhere.answer(run, "patience")
    async with elsewhere.serving():
        assert (await elsewhere.client.run(run.id)).run.status == "queued"
        await asyncio.to_thread(dev.start)
        await elsewhere.client.langgraph_servers()
        run = await elsewhere.seen(thread, "success", timeout=40)
        assert run.note == ""
        assert (await elsewhere.log_of(thread)) == ["prepare", "approve", "ship patience"]
        assert len(await elsewhere.sdk.runs.list(thread)) == 2
        assert (await elsewhere.client.server()).note == ""


async def test_a_server_that_is_killed_while_an_answer_is_on_its_way(
    elsewhere: Elsewhere, dev: DevServer
) -> None:
    async with elsewhere.serving():
        thread, _ = await elsewhere.start_there("gate")
        run = await elsewhere.seen(thread, "interrupted")
        await elsewhere.answer(run, "just now")
        await asyncio.to_thread(dev.end, signal.SIGKILL)
        await asyncio.to_thread(dev.start)
        await elsewhere.client.langgraph_servers()
        # What that server had not written when it died is gone there; here it is told, whatever it is.
        await eventually(lambda: _settled(elsewhere, run.id), timeout=60)
        await eventually(lambda: _rests(elsewhere, run.id), timeout=60)
        (entry,) = await elsewhere.client.ledger(run=run.id)
        now = (await elsewhere.client.run(run.id)).run
        if entry.applied_at:
            assert (await elsewhere.log_of(thread)).count("ship just now") == 1
        else:
            assert entry.not_applied
            assert now.status != "queued"


async def _rests(elsewhere: Elsewhere, run_id: str) -> bool:
    return (await elsewhere.client.run(run_id)).run.status not in ("queued", "running")


async def _is_at(elsewhere: Elsewhere, thread: str, node: str) -> bool:
    return (await elsewhere.seen(thread, "running")).where == [node]


async def _asks(elsewhere: Elsewhere, run_id: str, values: list[str]) -> bool:
    run = (await elsewhere.client.run(run_id)).run
    asked = await elsewhere.client.approvals(run=run_id)
    return run.status == "interrupted" and [item.value for item in asked] == values


async def _settled(elsewhere: Elsewhere, run_id: str) -> bool:
    entries = await elsewhere.client.ledger(run=run_id)
    return all(entry.applied_at or entry.not_applied for entry in entries)


async def _server_is(elsewhere: Elsewhere, state: str) -> bool:
    (record,) = await elsewhere.client.langgraph_servers()
    return record.state == state
