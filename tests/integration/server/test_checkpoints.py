"""Checkpoints over HTTP, with a real host: compared, searched, edited, kept and pruned."""

from __future__ import annotations

import dataclasses
import os
import signal
from typing import Any

import pytest

from mahavishnu_tui.client.calls.checkpoints import Room
from mahavishnu_tui.models import Act, ErrorCode, MahavishnuError
from mahavishnu_tui.models.edit import COPY, StateEdit
from tests.integration.server.conftest import Place, eventually


async def refusal(work: Any) -> MahavishnuError:
    with pytest.raises(MahavishnuError) as found:
        await work
    return found.value


async def test_a_waiting_run_is_edited_rewound_and_goes_on(place: Place) -> None:
    async with place.server() as client:
        run = await place.start("asking")
        asked = await place.question(run)
        compared = await client.diff(run.id)
        assert [change["path"] for change in compared.diff.changes] == [["done", 0]]
        assert (await client.search_state(run.id, "first")).matches[0]["places"] == [["done[0]", "first"]]
        assert (await refusal(client.search_state(run.id, ""))).code is ErrorCode.BAD_INPUT

        wanted = StateEdit({"done": ["by hand"]}, label="mended")
        preview = await client.preview_edit(run.id, wanted)
        assert (preview.next, len(preview.drops)) == (["ask"], 1)
        # killed between the preview and the edit: the next host makes it all the same
        host = (await client.hosts())[0]
        assert host.pid
        os.kill(host.pid, signal.SIGKILL)
        await eventually(lambda: _gone(client))
        moved = dataclasses.replace(wanted, seen="another")
        assert (await refusal(client.edit_state(run.id, moved, "ana"))).code is ErrorCode.CHECKPOINT_MOVED
        seen = dataclasses.replace(wanted, seen=preview.latest_id)
        edited = await client.edit_state(run.id, seen, "ana", (await client.run(run.id)).run.version)
        assert (edited.run.status, edited.run.note) == ("paused", "state edited by ana")
        latest = (await client.checkpoints(run.id))[0]
        assert (latest.id, latest.label) == (edited.checkpoint_id, "mended")
        error = await refusal(client.answer(asked.id, hash=asked.hash, value="yes", by="ana"))
        assert error.code is ErrorCode.QUESTION_CHANGED

        await client.resume(run.id, "ana")
        again = await place.question(run)
        await place.answer(again, "yes")
        await place.until(run, "success")
        assert (await client.run(run.id)).values["done"] == ["first", "by hand", "ask:yes", "last"]
        back = StateEdit(None, COPY, preview.latest_id)
        rewound = await client.edit_state(run.id, back, "ana")
        assert rewound.run.status == "paused"
        assert (await client.state(run.id)).values["done"] == ["first"]
        assert {item.branch for item in await client.checkpoints(run.id)} == {"", "b1"}


async def _gone(client: Any) -> bool:
    return all(host.state in ("lost", "stopped") for host in await client.hosts())


async def test_what_has_ended_is_pruned_and_what_is_kept_is_not(place: Place) -> None:
    async with place.server() as client:
        run = await place.start("asking")
        asked = await place.question(run)
        assert (await refusal(client.prune(Room(), run.id))).code is ErrorCode.THREAD_KEPT
        assert (await client.prune(Room())).checkpoints == 0
        await place.answer(asked, "yes")
        await place.until(run, "success")
        found = await client.checkpoints(run.id)
        await client.tag(run.id, found[1].id, "good", "ana", "worth it")
        size = await client.size(run.id)
        assert (size.checkpoints, size.runs, size.pinned) == (len(found), [run.name], False)
        (project,) = await client.sizes()
        assert project["threads"][0]["runs"] == [run.name]

        plan = await client.prune(Room(), run.id)
        assert (plan.checkpoints, plan.done) == (len(found) - 2, False)
        error = await refusal(client.prune(Room(), run.id, expect=1))
        assert error.code is ErrorCode.CHECKPOINT_MOVED
        await client.pin(run.id, True, "ana", "an incident")
        assert "is pinned" in (await client.prune(Room(), run.id)).kept[0]
        assert (await refusal(client.delete_checkpoints(run.id, "ana"))).code is ErrorCode.THREAD_KEPT
        await client.pin(run.id, False, "ana")
        other = await place.start("asking")
        await place.question(other)
        done = await client.prune(Room(), expect=plan.checkpoints, by="ana")
        assert (done.checkpoints, done.threads, done.done) == (plan.checkpoints, 1, True)
        assert [item.tags for item in await client.checkpoints(run.id)] == [[], ["good"]]
        assert len(await client.checkpoints(other.id)) > 1
        assert await client.delete_checkpoints(run.id, "ana") == 2
        assert await client.checkpoints(run.id) == []
        deeds = [act.what for act in await client.acts(run.id)]
        assert deeds[-5:] == ["tag", "pin", "unpin", "prune", "delete"]


async def test_retention_prunes_what_is_old_once(place: Place) -> None:
    async with place.server(workflows={"short": {"retention_days": 0.000001}}) as client:
        run = await place.start("short")
        await place.until(run, "success")

        async def pruned() -> bool:
            return len(await client.checkpoints(run.id)) == 1

        assert not await pruned()
    async with place.server(workflows={"short": {"retention_days": 0.000001}}) as client:
        await eventually(pruned)

        async def told() -> Act | None:
            return next((act for act in await client.acts(run.id) if act.what == "prune"), None)

        act = await eventually(told)
        assert (act.by, act.details) == ("retention", {"checkpoints": 3})


async def test_runs_of_other_projects_are_not_compared_and_durability_is_checked(place: Place) -> None:
    async with place.server(workflows={"short": {"durability": "exit"}}) as client:
        run = await place.start("short", config={"durability": "sync"})
        await place.until(run, "success")
        assert len(await client.checkpoints(run.id)) > 1
        at_exit = await place.start("short")
        await place.until(at_exit, "success")
        assert len(await client.checkpoints(at_exit.id)) == 1
        error = await refusal(place.start("short", config={"durability": "never"}))
        assert error.code is ErrorCode.BAD_INPUT
        compared = await client.diff(run.id, "latest", "latest", other_run=at_exit.name)
        assert compared.before != compared.after
