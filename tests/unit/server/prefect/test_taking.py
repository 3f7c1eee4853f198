"""What was read from Prefect, in the store."""

from __future__ import annotations

import functools
from typing import Any

from mahavishnu_tui.models import Question, Run
from mahavishnu_tui.models.filtering import parse_filter
from mahavishnu_tui.models.run_search import RUN_ATTRIBUTES
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.prefect import taking
from mahavishnu_tui.server.prefect.mapping import Seen
from mahavishnu_tui.server.store import approvals, every_run, flow_runs
from mahavishnu_tui.server.store.every_run import RunQuery
from mahavishnu_tui.server.transitions.questions import answer
from tests.unit.server.conftest import Desk

QUESTION = Question("paused-1", "(flow)", "", {"question": "Deploy?"}, "hash", schema={"type": "object"})


def flow_run(run_id: str = "r1", status: Any = "running", state_id: str = "s1", **more: Any) -> Seen:
    fields = {"created_at": 100.0, "workflow": "etl", "workflow_id": "f", "name": f"name-{run_id}", **more}
    updated = float(fields.pop("updated", 1.0))
    run = Run(id=run_id, thread_id="", status=status, engine="prefect", **fields)
    return Seen(run, state_id, "", {}, updated)


async def take(desk: Desk, *found: Seen, **how: Any) -> list[Run]:
    return await desk.act(lambda tx: taking.take(tx, found, **how))


async def known(desk: Desk, run_id: str = "r1") -> Run:
    row = await desk.store.read(functools.partial(flow_runs.by_id, run_id=run_id))
    assert row is not None
    return row.run


async def test_the_version_grows_with_the_state_and_with_nothing_else(desk: Desk) -> None:
    await take(desk, flow_run())
    assert await take(desk, flow_run()) == []
    await take(desk, flow_run(tags=["x"]))
    assert ((await known(desk)).version, (await known(desk)).tags) == (1, ["x"])
    await take(desk, flow_run(status="success", state_id="s2", ended_at=5.0))
    assert (await known(desk)).version == 2


async def test_what_was_read_earlier_does_not_undo_what_was_read_later(desk: Desk) -> None:
    await take(desk, flow_run(status="cancelled", state_id="s2", updated=2.0))
    await take(desk, flow_run(updated=1.0))
    assert (await known(desk)).status == "cancelled"


async def test_a_question_waits_until_it_is_answered_and_then_until_prefect_has_it(desk: Desk) -> None:
    paused = flow_run(status="interrupted", state_id="s2")
    await take(desk, paused)
    await desk.act(lambda tx: taking.take_questions(tx, "r1", "s2", [QUESTION]))
    assert ((await known(desk)).status, (await known(desk)).waiting) == ("interrupted", 1)
    await desk.act(answer, "r1.paused-1", seen="hash", value={"ok": True}, by="ana", comment="")
    assert (await known(desk)).status == "queued"
    await take(desk, paused)
    assert ((await known(desk)).status, (await known(desk)).note) == ("queued", "answered by ana")


async def test_a_run_that_goes_on_asks_no_more(desk: Desk) -> None:
    await take(desk, flow_run(status="interrupted", state_id="s2"))
    await desk.act(lambda tx: taking.take_questions(tx, "r1", "s2", [QUESTION]))
    await take(desk, flow_run(status="running", state_id="s3"))
    (found,) = await desk.store.read(functools.partial(approvals.of_run, run_id="r1"))
    assert (found.status, (await known(desk)).waiting) == ("superseded", 0)


async def test_a_question_of_a_state_that_has_passed_is_not_asked(desk: Desk) -> None:
    await take(desk, flow_run(status="running", state_id="s3"))
    assert await desk.act(lambda tx: taking.take_questions(tx, "r1", "s2", [QUESTION])) is None
    assert await desk.store.read(functools.partial(approvals.of_run, run_id="r1")) == []


async def test_runs_of_both_engines_are_one_list(desk: Desk) -> None:
    own = await desk.start()
    await take(desk, flow_run(created_at=own.created_at + 1), flow_run("r2", created_at=1.0, status="error"))
    listed = await desk.store.read(functools.partial(every_run.search, query=RunQuery(), limit=10))
    assert [codec.loads(item.data)["id"] for item in listed] == ["r1", own.id, "r2"]
    failed = RunQuery(filter=parse_filter("state:failed !etl-x", RUN_ATTRIBUTES))
    found = await desk.store.read(functools.partial(every_run.search, query=failed, limit=10))
    assert [codec.loads(item.data)["id"] for item in found] == ["r2"]
    count = await desk.store.read(functools.partial(every_run.count, query=failed))
    assert count == {"total": 3, "matched": 1, "by_status": {"error": 1}}


async def test_the_snapshot_holds_few_of_the_many_that_are_to_come(desk: Desk) -> None:
    coming = [flow_run(f"c{n}", "scheduled", due_at=1000.0 + n, created_at=50.0) for n in range(300)]
    far = flow_run("far", "scheduled", due_at=1e6, created_at=50.0)
    await take(desk, *coming, far, flow_run())
    found = await desk.store.read(functools.partial(every_run.snapshot, now=900.0))
    ids = {codec.loads(item.data)["id"] for item in found}
    assert len(ids) == 1 + every_run.SNAPSHOT_SCHEDULED
    assert {"r1", "c0", "c199"} <= ids


async def test_deleted_runs_are_gone_for_clients_and_old_ones_only_here(desk: Desk) -> None:
    await take(desk, flow_run(), flow_run("r2", "success", ended_at=5.0))
    assert await desk.act(lambda tx: taking.take_gone(tx, ["r1", "never-there"])) == {"r1"}
    assert await desk.act(lambda tx: taking.forget_old(tx, before=10.0)) == 1
    gone = [codec.loads(line.data) for line in desk.published if b'"kind":"gone"' in line.data]
    assert [item["data"] for item in gone] == [{"id": "r1"}]
    assert await desk.store.read(flow_runs.every_id) == []


async def test_another_server_has_other_runs(desk: Desk) -> None:
    await desk.act(lambda tx: taking.take_source(tx, "http://a/api"))
    await take(desk, flow_run())
    await desk.act(lambda tx: taking.take_source(tx, "http://a/api"))
    assert await desk.store.read(flow_runs.every_id) == ["r1"]
    await desk.act(lambda tx: taking.take_source(tx, "http://b/api"))
    assert await desk.store.read(flow_runs.every_id) == []


async def test_a_flow_run_that_started_a_run_of_ours_is_listed_as_that_one(desk: Desk) -> None:
    await take(desk, flow_run("r1"), flow_run("r2"))
    ours = await desk.start(request_id="r1", tags=["prefect:r1"])
    assert (ours.twin, (await known(desk)).twin) == ("r1", ours.id)
    await take(desk, flow_run("r1", status="success", state_id="s2"))
    assert (await known(desk)).twin == ours.id
    every = await desk.store.read(functools.partial(every_run.search, query=RunQuery(), limit=9))
    assert {codec.loads(item.data)["id"] for item in every} == {ours.id, "r2"}
    count = await desk.store.read(functools.partial(every_run.count, query=RunQuery()))
    assert count["total"] == 2
