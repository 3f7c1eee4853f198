"""What happens on a real Prefect server is on the screen, and what is done there is done once."""

from __future__ import annotations

import asyncio
import json
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.models import ErrorCode, MahavishnuError
from tests.integration.prefect.conftest import PrefectServer
from tests.integration.prefect.faults import Answer, FaultProxy
from tests.integration.prefect.mirrored import Desk
from tests.integration.server.conftest import eventually
from tests.integration.server.conftest import place as place

pytestmark = pytest.mark.xdist_group("prefect")


@pytest.fixture
async def desk(short: Path, prefect_server: PrefectServer, prefect_api: PrefectApi) -> AsyncIterator[Desk]:
    found = Desk(short, prefect_server.url, prefect_api)
    yield found
    await found.client.aclose()


@pytest.fixture
def short() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mh-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


async def test_a_change_there_is_on_the_stream_within_a_moment(desk: Desk) -> None:
    before = await desk.make("RUNNING")
    # Of a deletion no event tells: it is found when all is compared.
    async with desk.server(sync_interval=2.0), desk.http() as raw, raw.stream("GET", "/v1/stream") as stream:
        await desk.ready()
        assert (await desk.until(before, "running")).workflow == f"etl-{desk.mark}"
        lines = stream.aiter_lines()

        async def told(run_id: str, status: str) -> None:
            async for line in lines:
                event = json.loads(line or "{}")
                data = event.get("data") or {}
                if event.get("kind") == "run" and data["id"] == run_id and data["status"] == status:
                    return

        async with asyncio.timeout(20):
            await eventually(lambda: _is_live(desk))
            made = await desk.make("RUNNING")
            await told(made, "running")
            await desk.move(made, "FAILED")
            await told(made, "error")
        await desk.api.flow_runs.delete(made)
        await eventually(lambda: _is_gone(desk, made))


async def test_without_events_it_polls(desk: Desk) -> None:
    async with desk.server(events=False):
        await desk.ready()
        assert not (await desk.client.prefect()).live
        made = await desk.make("RUNNING")
        await desk.until(made, "running")
        await desk.move(made, "COMPLETED")
        assert (await desk.until(made, "success")).version == 2


async def test_acts_name_the_version_and_are_on_record(desk: Desk) -> None:
    run_id = await desk.make("RUNNING")
    async with desk.server():
        await desk.ready()
        run = await desk.until(run_id, "running")
        with pytest.raises(MahavishnuError, match="has changed since you looked"):
            await desk.client.cancel(run_id, "ana", version=run.version + 1)
        cancelled = await desk.client.cancel(run_id, "ana", version=run.version)
        assert cancelled.state == "Cancelling"
        with pytest.raises(MahavishnuError) as refused:
            await desk.client.cancel(run_id, "ben", version=run.version)
        assert refused.value.code is ErrorCode.RUN_STATE
        (result,) = await desk.client.bulk("force-cancel", [(run_id, cancelled.version)], "ben")
        assert result.ok, result
        assert (await desk.until(run_id, "cancelled")).state == "Cancelled"
        acts = await desk.client.acts(run_id)
        assert [(act.what, act.by) for act in acts] == [("cancel", "ana"), ("force-cancel", "ben")]
        ended = await desk.until(run_id, "cancelled")
        await desk.client.delete_run(run_id, "ana", ended.version)
        assert await _is_gone(desk, run_id)


async def test_an_act_on_what_has_just_changed_there_is_refused(desk: Desk, fault_proxy: FaultProxy) -> None:
    desk.url = fault_proxy.url
    run_id = await desk.make("RUNNING")
    async with desk.server(events=False, sync_interval=600.0, max_retries=0):
        await desk.ready()
        run = await desk.until(run_id, "running")
        # The mirror hears nothing of what happens now.
        fault_proxy.spoil(Answer(503, {"detail": "busy"}), "/flow_runs/filter", times=1000)
        await desk.move(run_id, "COMPLETED")
        with pytest.raises(MahavishnuError) as refused:
            await desk.client.cancel(run_id, "ana", version=run.version)
        assert refused.value.code is ErrorCode.RUN_STATE
        fault_proxy.heal()
        await desk.until(run_id, "success")


async def test_a_scheduled_run_is_cancelled_at_once_and_retry_keeps_the_id(desk: Desk) -> None:
    deployment = await desk.deployment()
    made = await desk.api.deployments.create_run(
        str(deployment["id"]), idempotency_key=desk.mark, state={"type": "SCHEDULED"}
    )
    async with desk.server():
        await desk.ready()
        run = await desk.until(str(made["id"]), "queued", "scheduled")
        assert run.deployment == "nightly"
        assert (await desk.client.cancel(run.id, "ana", version=run.version)).status == "cancelled"
        retried = await desk.client.resume(run.id, "ana")
        assert (retried.id, retried.status, retried.state) == (run.id, "queued", "AwaitingRetry")
        again = await desk.client.again(run.id, "ana", request_id=f"again-{desk.mark}")
        same = await desk.client.again(run.id, "ana", request_id=f"again-{desk.mark}")
        assert again.id == same.id != run.id
        assert [act.what for act in await desk.client.acts(again.id)] == ["start"]


async def test_a_question_is_answered_once_and_what_prefect_refuses_is_asked_again(desk: Desk) -> None:
    run_id = await desk.make("RUNNING")
    async with desk.server():
        await desk.ready()
        await desk.pause(run_id)
        asked = await desk.question(run_id)
        assert (asked.title, asked.schema) == ("Deploy?", await _schema(desk, run_id))
        with pytest.raises(MahavishnuError) as wrong:
            await desk.client.answer(asked.id, hash=asked.hash, value={"approved": "perhaps"}, by="ana")
        assert wrong.value.code is ErrorCode.ANSWER_INVALID
        entry = await desk.client.answer(asked.id, hash=asked.hash, value={"approved": True}, by="ana")
        await eventually(lambda: _is_applied(desk, entry.seq))
        run = await desk.until(run_id, "running", "queued")
        assert run.waiting == 0
        assert (await desk.api.flow_runs.input(run_id, "paused-1-response"))["approved"] is True
        with pytest.raises(MahavishnuError, match=r"no longer asks|answered by ana"):
            await desk.client.answer(asked.id, hash=asked.hash, value={"approved": False}, by="ben")


async def test_somebody_elses_answer_wins_and_ours_says_so(desk: Desk, fault_proxy: FaultProxy) -> None:
    desk.url = fault_proxy.url
    run_id = await desk.make("RUNNING")
    async with desk.server():
        await desk.ready()
        await desk.pause(run_id)
        asked = await desk.question(run_id)
        await fault_proxy.down()
        entry = await desk.client.answer(asked.id, hash=asked.hash, value={"approved": True}, by="ana")
        assert (await desk.api.flow_runs.resume(run_id, {"approved": False})).done
        await fault_proxy.up()
        await desk.client.prefect()

        async def void() -> bool:
            return "somebody else" in (await desk.client.ledger_entry(entry.seq)).not_applied

        await eventually(void, 40)
        assert await desk.client.approvals(run=run_id, status=["pending"]) == []


async def test_it_is_lost_and_found_and_the_age_is_told(desk: Desk, fault_proxy: FaultProxy) -> None:
    desk.url = fault_proxy.url
    run_id = await desk.make("RUNNING")
    async with desk.server():
        await desk.ready()
        await desk.until(run_id, "running")
        await fault_proxy.down()
        lost = await eventually(lambda: _in_state(desk, "lost"), 30)
        assert "cannot be reached" in lost.trouble
        await desk.move(run_id, "COMPLETED")
        assert (await desk.until(run_id, "running")).status == "running"
        assert (await desk.client.prefect()).seen_at < time.time()
        detail = await desk.client.run(run_id)
        assert (detail.run.id, detail.raw) == (run_id, {})
        await fault_proxy.up()
        await desk.until(run_id, "success", timeout=40)
        assert (await eventually(lambda: _in_state(desk, "ready"))).seen_at > lost.seen_at
    await fault_proxy.down()
    async with desk.server():  # another server of ours, which never sees it
        still = await eventually(lambda: _in_state(desk, "lost"), 30)
        assert still.seen_at is None
        assert lost.seen_at < still.shown_at < time.time()
        assert (await desk.client.run(run_id)).run.status == "success"


async def test_a_rate_limit_is_kept(desk: Desk, fault_proxy: FaultProxy) -> None:
    desk.url = fault_proxy.url
    async with desk.server(events=False):
        await desk.ready()
        fault_proxy.spoil(Answer(429, {}, (("Retry-After", "7"),)), "/flow_runs/filter")

        async def limited() -> bool:
            return bool((await desk.client.prefect()).limited_until)

        await eventually(limited)
        asked = len(fault_proxy.requests)
        info = await desk.client.prefect()
        assert info.limited_until is not None
        while time.time() < info.limited_until - 1:
            assert len(fault_proxy.requests) == asked
            await asyncio.sleep(0.2)
        await eventually(lambda: _is_unlimited(desk), 30)


async def _is_live(desk: Desk) -> bool:
    return (await desk.client.prefect()).live


async def _is_unlimited(desk: Desk) -> bool:
    return (await desk.client.prefect()).limited_until is None


async def _in_state(desk: Desk, state: str) -> object:
    info = await desk.client.prefect()
    return info if info.state == state else None


async def _is_gone(desk: Desk, run_id: str) -> bool:
    return all(run.id != run_id for run in await desk.client.runs(engine="prefect", limit=1000))


async def _is_applied(desk: Desk, seq: int) -> bool:
    return (await desk.client.ledger_entry(seq)).applied_at is not None


async def _schema(desk: Desk, run_id: str) -> object:
    return await desk.api.flow_runs.input(run_id, "paused-1-schema")


async def test_runs_older_than_the_mirror_are_paged_through_on_demand(desk: Desk) -> None:
    made = await desk.make("COMPLETED", tags=[f"tag-{desk.mark}"])
    async with desk.server(mirror_hours=1e-6):
        await desk.ready()
        for text in (f"run-{desk.mark}", made, f"tag-{desk.mark}"):
            await eventually(lambda text=text: _only_at_prefect(desk, text, made))
        assert await desk.client.search_prefect(f"nothing-{desk.mark}") == []
        workflow = f"etl-{desk.mark}"
        assert await desk.client.runs(workflow=workflow) == []
        older = await desk.client.runs(workflow=workflow, before=time.time() + 60)
        assert [run.id for run in older] == [made]
        assert await desk.client.runs(workflow=workflow, before=time.time() + 60, search="!completed") == []
        assert (await desk.client.run(made)).run.status == "success"


async def _only_at_prefect(desk: Desk, text: str, run_id: str) -> bool:
    """A run that has just ended is mirrored for a moment, however short the window."""
    here = [hit.run.id for hit in (await desk.client.search(text)).hits]
    return not here and [run.id for run in await desk.client.search_prefect(text)] == [run_id]
