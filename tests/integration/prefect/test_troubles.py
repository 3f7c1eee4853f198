"""Runs that will not come right by themselves, and their cures."""

from __future__ import annotations

import re

import pytest

from mahavishnu_tui.engines.prefect.errors import About
from mahavishnu_tui.models import Need
from mahavishnu_tui.models.prefect import Trouble
from mahavishnu_tui.server.prefect import troubles
from tests.integration.prefect.mirrored import Desk
from tests.integration.prefect.test_mirror import desk as desk
from tests.integration.prefect.test_mirror import short as short
from tests.integration.server.conftest import eventually

pytestmark = pytest.mark.xdist_group("prefect")


async def test_each_trouble_has_its_evidence_and_its_cure(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("RUNNING", "CANCELLING", "PENDING", "LATE"):
        monkeypatch.setattr(troubles, f"{name}_SECONDS", -60.0)
    monkeypatch.setattr(troubles, "FRESH_SECONDS", 0.0)
    ended = await desk.make("COMPLETED")  # before the others: it makes up for no failure of theirs
    dead = await desk.make("RUNNING")
    # The highest process id that Linux gives is below this.
    await desk.api.flow_runs.update(dead, infrastructure_pid=f"{_host()}:99999999")
    alive = await desk.make("RUNNING")
    orphan, child = await _subflow(desk, ended), await _subflow(desk, dead)
    stuck = await desk.make("CANCELLING")
    taken = await desk.make("PENDING")
    late = await desk.make("SCHEDULED")
    await desk.move(late, "SCHEDULED", "Late")
    async with desk.server(events=False):
        await desk.ready()
        for run_id in (dead, alive, orphan, child, stuck, taken, late):
            await desk.until(run_id, "running", "queued")
        ours = {dead: "zombie", orphan: "zombie", child: "zombie"}
        ours |= {stuck: "cancelling", taken: "pending", late: "late"}

        async def found() -> dict[str, Trouble]:
            listed = [item for item in await desk.client.troubles() if item.run_id in (*ours, alive)]
            return {item.run_id: item for item in listed} if len(listed) == len(ours) else {}

        seen = await eventually(found)
        assert {key: item.kind for key, item in seen.items()} == ours
        assert "99999999 on this host has ended" in seen[dead].why
        assert seen[child].why == seen[dead].why
        assert "that called it has ended" in seen[orphan].why
        still = set(ours) - {late}
        needed = await eventually(lambda: _needed(desk, still))
        assert {_ageless(need.what) for need in needed} == {_ageless(seen[run_id].why) for run_id in still}
        for run_id, item in seen.items():
            (result,) = await desk.client.bulk(item.cure, [(run_id, item.version)], "ana")
            assert result.ok, result
        assert (await desk.until(dead, "error")).state == "Crashed"
        assert (await desk.until(stuck, "cancelled")).state == "Cancelled"
        assert (await desk.until(taken, "queued")).state in ("Scheduled", "Late")
        crashed = await eventually(lambda: _needed(desk, {dead, orphan, child}))
        assert {need.kind for need in crashed} == {"failure"}
        acts = await desk.client.acts(dead)
        assert [(act.what, act.by) for act in acts] == [("crash", "ana")]


def _ageless(why: str) -> str:
    """Two looks at the same trouble may be a second apart."""
    return re.sub(r"\b\d+s\b", "some time", why)


async def _subflow(desk: Desk, run_id: str) -> str:
    """A flow run that another one has called, at work in its process."""
    called = {"flow_run_id": run_id, "task_key": "sub", "dynamic_key": "0"}
    task = await desk.api._wire.write("POST", "/task_runs/", About("a task run"), called)
    about = {"flow_id": await desk.flow(), "name": f"run-{desk.mark}", "parent_task_run_id": task["id"]}
    made = await desk.api._wire.write("POST", "/flow_runs/", About("a flow run"), about)
    await desk.move(made["id"], "RUNNING")
    return str(made["id"])


async def _needed(desk: Desk, run_ids: set[str]) -> list[Need]:
    """What is needed for exactly these runs, once it is."""
    ours = [need for need in await desk.client.needs(["stuck", "failure"]) if desk.mark in need.where]
    return ours if {need.run_id for need in ours} == run_ids else []


def _host() -> str:
    import socket

    return socket.gethostname()
