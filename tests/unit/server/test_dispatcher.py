"""Moments between a claim and a hand-over that no real process can be brought to hit every time."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mahavishnu_tui.models import ErrorCode, Host, MahavishnuError, Run
from mahavishnu_tui.server.dispatcher import Dispatcher
from mahavishnu_tui.server.hosts.supervisor import HeldUpError
from mahavishnu_tui.server.options import ServerOptions
from tests.unit.server.conftest import Desk, finished


class Hosts:
    """Gives one host after the other; each answers to `run` as its script says."""

    def __init__(self, *scripts: Any) -> None:
        self.scripts = list(scripts)
        self.asked: list[str] = []
        self.given: list[Any] = []

    async def acquire(self, project: Any, *, alone: bool = False, suspect: bool = False) -> Any:
        script = self.scripts.pop(0) if self.scripts else None
        number = len(self.given) + 1
        record = Host(f"h{number}", project.id, project.root, project.interpreter, "ready")
        host = SimpleNamespace(
            id=record.id,
            record=record,
            runs={},
            dead=script == "dead",
            script=script,
            alone=alone or suspect,
            watchdog=None,
            blocked_at="",
        )

        async def request(op: str, **fields: Any) -> Any:
            self.asked.append(f"{host.id} {op}")
            return {"cancelled": True}

        host.request = request
        self.given.append(host)
        return host

    async def request(self, host: Any, op: str, **fields: Any) -> Any:
        self.asked.append(f"{host.id} {op} {fields['lease']}")
        if isinstance(host.script, BaseException):
            raise host.script
        return {}

    async def refresh(self, workflow_id: str) -> None:
        return None

    def records(self) -> list[Host]:
        return [host.record for host in self.given]

    def by_id(self, host_id: str) -> Any:
        return next((host for host in self.given if host.id == host_id), None)


async def dispatched(
    desk: Desk, hosts: Hosts, *statuses: str, run: Run | None = None
) -> tuple[Dispatcher, Run]:
    run = run or await desk.start()
    options = ServerOptions(data=Path("/d"), socket=Path("/d/s"), log=Path("/d/l"))
    dispatcher = Dispatcher(desk.store, hosts, hosts, options, lambda _: None)  # type: ignore[arg-type]
    dispatcher.start()
    async with asyncio.timeout(10):
        while (found := await desk.run(run.id)).status not in statuses or (
            found.status == "running" and len(hosts.given) > 0 and hosts.given[-1].runs == {}
        ):
            await asyncio.sleep(0.01)
    return dispatcher, found


@pytest.mark.parametrize(
    "first",
    [
        "dead",
        HeldUpError("blocked by x"),
        MahavishnuError(ErrorCode.LEASE_LOST, "behind"),
        MahavishnuError(ErrorCode.RUN_STATE, "at work already"),
    ],
    ids=["died while it was claimed", "held up", "lease behind", "not done with it"],
)
async def test_a_run_that_its_host_cannot_take_goes_to_the_next(desk: Desk, first: Any) -> None:
    hosts = Hosts(first)
    dispatcher, _ = await dispatched(desk, hosts, "running")
    async with asyncio.timeout(10):
        while len(hosts.given) < 2 or not hosts.given[1].runs:
            await asyncio.sleep(0.01)
    run = await desk.run(next(iter(hosts.given[1].runs)))
    assert (run.status, run.host_id) == ("running", "h2")
    assert run.lease == hosts.given[1].runs[run.id] > 1
    assert hosts.given[0].runs == {}
    assert "h1 cancel" in hosts.asked
    assert dispatcher.used == 1
    dispatcher.ended(await desk.tell(run, finished("success")))
    assert dispatcher.used == 0
    await dispatcher.close()


async def test_a_death_during_the_hand_over_is_left_to_the_hosts_journal(desk: Desk) -> None:
    dispatcher, run = await dispatched(desk, Hosts(MahavishnuError(ErrorCode.HOST_DIED, "died")), "running")
    await asyncio.sleep(0.05)
    assert dispatcher.used == 1
    assert (await desk.run(run.id)).lease == 1
    await dispatcher.close()


@pytest.mark.parametrize("wrong", [ValueError("ours"), MahavishnuError(ErrorCode.GRAPH_INVALID, "no")])
async def test_what_goes_wrong_at_the_hand_over_ends_the_run(desk: Desk, wrong: Exception) -> None:
    dispatcher, run = await dispatched(desk, Hosts(wrong), "error")
    assert run.error is not None
    await dispatcher.settled(run.id, 5)
    assert dispatcher.used == 0
    await dispatcher.close()


async def test_a_mistake_of_ours_before_the_claim_ends_the_run_and_frees_the_slot(desk: Desk) -> None:
    class Broken(Hosts):
        async def acquire(self, project: Any, *, alone: bool = False, suspect: bool = False) -> Any:
            raise KeyError("ours")

    dispatcher, run = await dispatched(desk, Broken(), "error")
    assert run.error is not None
    assert "KeyError" in run.error["message"]
    await dispatcher.settled(run.id, 5)
    assert dispatcher.used == 0
    await dispatcher.close()


async def test_code_that_kills_the_host_that_loads_it_is_tried_again_but_not_for_ever(desk: Desk) -> None:
    class Deadly(Hosts):
        loads = 0

        async def refresh(self, workflow_id: str) -> None:
            self.loads += 1
            raise MahavishnuError(ErrorCode.HOST_DIED, "died meanwhile")

    hosts = Deadly()
    dispatcher, run = await dispatched(desk, hosts, "error")
    assert hosts.loads == 3
    assert run.error is not None
    assert run.error["code"] == ErrorCode.HOST_DIED.value
    await dispatcher.close()


async def test_a_suspect_gets_a_host_of_its_own(desk: Desk) -> None:
    from mahavishnu_tui.server.store import runs

    run = await desk.start()
    row = await desk.row(run.id)
    await desk.act(runs.save_work, run.id, row.work.replace(died=[1, 2]))
    hosts = Hosts()
    dispatcher, _ = await dispatched(desk, hosts, "running", run=run)
    assert hosts.given[0].alone
    await dispatcher.close()


async def test_cancel_and_pause_of_a_run_that_no_host_has_are_left_to_the_store(desk: Desk) -> None:
    hosts = Hosts()
    dispatcher, run = await dispatched(desk, hosts, "running")
    asked = list(hosts.asked)
    gone = run.replace(host_id="nowhere")
    await dispatcher.cancel(gone)
    await dispatcher.pause(gone)
    await dispatcher.cancel(run.replace(lease=99))
    assert hosts.asked == asked
    assert not await dispatcher.settled(run.id, 0.01)
    assert not await dispatcher.drain(0.05)
    await dispatcher.close()
