"""An edit of the state in the store: queued, claimed, settled; taken up again after a death."""

from __future__ import annotations

from typing import Any

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.server.transitions import acts, questions
from mahavishnu_tui.server.transitions.edits import EditRequest, edit
from mahavishnu_tui.server.transitions.recovery import HostDeath, host_died, recover_all
from tests.unit.server.conftest import Desk, finished, question

ORDER = {"values": {"n": 2}, "as_node": "", "checkpoint_id": "", "seen": "c1", "label": ""}
MOVED = {"code": "MHV-121", "message": "It has gone on.", "hint": ""}


def request(version: int | None = None) -> EditRequest:
    return EditRequest(ORDER, "ana", version)


def edited(status: str, error: dict[str, Any] | None = None, **rest: Any) -> dict[str, Any]:
    return finished(status, edited={"checkpoint_id": "c9", "error": error}, **rest)


async def refused(desk: Desk, *args: Any) -> MahavishnuError:
    with pytest.raises(MahavishnuError) as found:
        await desk.act(edit, *args)
    return found.value


async def ended(desk: Desk, status: str = "success", **rest: Any) -> Run:
    run = await desk.running(**rest)
    await desk.tell(run, finished(status))
    return await desk.run(run.id)


async def test_an_edit_goes_to_a_host_and_leaves_the_run_paused(desk: Desk) -> None:
    run = await desk.interrupted()
    queued = await desk.act(edit, run.id, request(run.version))
    assert (queued.status, queued.note) == ("queued", "its state is being edited by ana")
    dispatch = await desk.claim(queued)
    assert (dispatch.request["mode"], dispatch.request["edit"]["values"]) == ("edit", {"n": 2})
    await desk.tell(dispatch.run, edited("paused", values={"n": 2}))
    after = await desk.run(run.id)
    assert (after.status, after.note, after.waiting) == ("paused", "state edited by ana", 0)
    assert (await desk.approval(f"{run.id}.q1")).status == "superseded"
    row = await desk.row(run.id)
    assert (row.work.mode, row.work.stored, row.work.edit["checkpoint_id"]) == ("continue", "c9", "c9")
    assert row.work.edit["values"] is None
    resumed = await desk.act(acts.resume, run.id, "ana", "")
    assert (await desk.claim(resumed)).request["mode"] == "continue"


async def test_a_refused_edit_leaves_the_run_as_it_was(desk: Desk) -> None:
    run = await desk.interrupted()
    dispatch = await desk.claim(await desk.act(edit, run.id, request()))
    await desk.tell(dispatch.run, edited("interrupted", MOVED, questions=[question("q1")]))
    after = await desk.run(run.id)
    assert (after.status, after.waiting) == ("interrupted", 1)
    assert after.note == "the edit by ana was not made: It has gone on."
    assert (await desk.approval(f"{run.id}.q1")).status == "pending"
    done = await ended(desk, "success")
    dispatch = await desk.claim(await desk.act(edit, done.id, request()))
    await desk.tell(dispatch.run, edited("paused", MOVED))
    assert (await desk.run(done.id)).status == "success"


async def test_an_answer_that_came_meanwhile_is_void_only_when_the_edit_was_made(desk: Desk) -> None:
    for error, status in ((None, "paused"), (MOVED, "queued")):
        run = await desk.interrupted()
        dispatch = await desk.claim(await desk.act(edit, run.id, request()))
        await desk.act(questions.answer, f"{run.id}.q1", seen="h1-q1", value="yes", by="bo", comment="")
        told = edited(
            "interrupted" if error else "paused", error, questions=[question("q1")] if error else []
        )
        await desk.tell(dispatch.run, told)
        assert (await desk.run(run.id)).status == status


@pytest.mark.parametrize("status", ["queued", "running"])
async def test_a_run_at_work_is_not_edited(desk: Desk, status: str) -> None:
    run = await (desk.start() if status == "queued" else desk.running())
    assert (await refused(desk, run.id, request())).code is ErrorCode.RUN_STATE


async def test_another_version_or_a_newer_run_of_the_thread_refuses_it(desk: Desk) -> None:
    old = await ended(desk, thread_id="t")
    assert "has changed" in (await refused(desk, old.id, request(old.version - 1))).message
    newer = await ended(desk, thread_id="t")
    assert newer.name in (await refused(desk, old.id, request())).message
    await desk.interrupted(thread_id="t")
    assert (await refused(desk, newer.id, request())).code is ErrorCode.THREAD_BUSY


async def test_an_edit_survives_the_death_of_its_host_and_of_the_server(desk: Desk) -> None:
    run = await desk.interrupted()
    first = await desk.claim(await desk.act(edit, run.id, request()))
    await desk.act(host_died, HostDeath("host", {run.id: first.run.lease}, "engine host died (signal 9)"))
    second = await desk.claim(await desk.run(run.id))
    assert (second.request["edit"], second.request["intent"]) == (
        first.request["edit"],
        first.request["intent"],
    )
    await desk.act(recover_all)
    third = await desk.claim(await desk.run(run.id))
    assert third.request["intent"] == first.request["intent"]
    await desk.tell(third.run, edited("paused"))
    assert (await desk.run(run.id)).status == "paused"


async def test_an_edit_that_was_stopped_before_it_was_made_is_dropped_by_a_resume(desk: Desk) -> None:
    run = await desk.interrupted()
    queued = await desk.act(edit, run.id, request())
    await desk.act(acts.pause, run.id, "ana")
    resumed = await desk.act(acts.resume, queued.id, "ana", "")
    assert (await desk.claim(resumed)).request["mode"] == "continue"
    other = await desk.interrupted()
    dispatch = await desk.claim(await desk.act(edit, other.id, request()))
    await desk.act(acts.cancel, other.id, "bo", None)
    await desk.tell(dispatch.run, edited("paused"))
    assert (await desk.run(other.id)).note == "cancelled by bo"
