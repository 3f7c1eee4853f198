"""Hosts that misbehave in ways a real one cannot be brought to: scripted ones."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Project
from mahavishnu_tui.server.hosts import host as host_module
from mahavishnu_tui.server.hosts.process import _assignments, environment
from mahavishnu_tui.server.hosts.supervisor import Supervisor
from tests.integration.server.conftest import Place, eventually


@pytest.mark.parametrize(
    ("plan", "code", "words"),
    [
        ({"hello": "exit"}, ErrorCode.HOST_START, "it ended with status 3; it said: no such thing here"),
        ({"hello": "garbage"}, ErrorCode.HOST_START, "not JSON"),
        ({"hello": "mute"}, ErrorCode.HOST_START, "said nothing for 1 s"),
        ({"hello": "missing"}, ErrorCode.ENGINE_MISSING, "No LangGraph here."),
    ],
)
async def test_a_host_that_cannot_start_fails_its_runs_with_one_sentence(
    place: Place, plan: dict[str, Any], code: ErrorCode, words: str
) -> None:
    place.script()
    async with place.server(scripted=True):
        workflow = await place.client.register("finish", place.project)
    place.script(**plan)
    patience = 1.0 if plan["hello"] == "mute" else 60.0
    async with place.server(scripted=True, load_seconds=patience) as client:
        run = await client.start_run(workflow_id=workflow.id, input={}, by="ana")
        failed = await place.until(run, "error")
        assert failed.error is not None
        assert failed.error["code"] == code.value
        assert words in failed.error["message"]
        host = await eventually(lambda: _gone(place))  # one that says nothing is still being killed
        assert (host.state, host.error) == ("failed", failed.error)
        (pool,) = await client.pools()
        assert pool.status == "unhealthy"
        # A later run tries again.
        place.script()
        await client.resume(run.id, "ana")
        await place.until(run, "success")


@pytest.mark.parametrize("missing", ["interpreter", "root", "env_file"])
async def test_what_a_host_needs_and_is_not_there_is_named(place: Place, missing: str) -> None:
    place.script()
    project = Project(**{**place.project.to_json(), missing: f"{place.folder}/nothing-here"})
    async with place.server(scripted=True) as client:
        with pytest.raises(MahavishnuError) as refused:
            await client.register("finish", project)
        assert refused.value.code is ErrorCode.HOST_START
        assert "nothing-here" in refused.value.message
        (known,) = await client.workflows()
        assert known.error is not None


async def test_a_host_that_is_killed_while_it_starts_is_started_again(place: Place) -> None:
    place.script(hello="killed")
    async with place.server(scripted=True) as client:
        await client.register("finish", place.project)
        (host,) = await client.hosts()
        assert (host.state, host.restarts) == ("ready", 2)


async def test_a_host_that_breaks_the_protocol_is_replaced(place: Place) -> None:
    place.script()
    async with place.server(scripted=True, host_deaths=2):
        run = await place.start_scripted("garble")
        failed = await place.until(run, "error")
        assert failed.error is not None
        assert "not JSON" in failed.error["message"]
        assert failed.recoveries == 1
        good = await place.start_scripted("finish")
        await place.until(good, "success")


@pytest.mark.parametrize("answer", ["sync", "mute"])
async def test_a_cancel_that_only_ends_with_the_process(
    place: Place, answer: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mahavishnu_tui.server.dispatcher._CANCEL_SECONDS", 0.5)
    place.script(cancel=answer)
    async with place.server(scripted=True) as client:
        run, other = await place.start_scripted("hold"), await place.start_scripted("hold")
        await place.until(run, "running")
        await place.until(other, "running")
        await eventually(lambda: len(place.seen()) == 2)
        cancelled = await client.cancel(run.id, "ana")
        assert cancelled.status == "cancelled"
        await eventually(lambda: len(place.seen()) == 4)
        again = (await client.run(other.id)).run
        assert (again.status, again.recoveries, again.lease) == ("running", 1, 2)
        assert f"stopped to cancel {run.name}" in again.note
        assert place.seen()[-1] == "run start 2"


async def test_what_a_host_refuses_ends_its_run(place: Place) -> None:
    place.script()
    async with place.server(scripted=True) as client:
        run = await place.start_scripted("refuse")
        failed = await place.until(run, "error")
        assert failed.error is not None
        assert failed.error["code"] == "MHV-421"
        assert (await client.pools())[0].used == 0


async def test_a_lease_that_is_behind_the_checkpoints_catches_up(place: Place) -> None:
    place.script()
    async with place.server(scripted=True):
        run = await place.start_scripted("behind")
        done = await place.until(run, "success")
        assert done.lease == 1002


async def test_a_run_that_its_host_never_takes_up_fails_in_time(place: Place) -> None:
    place.script()
    async with place.server(scripted=True, load_seconds=0.5):
        run = await place.start_scripted("mute")
        failed = await place.until(run, "error")
        assert failed.error is not None
        assert failed.error["code"] == ErrorCode.TIMEOUT.value
        await eventually(lambda: "cancel" in place.seen())


async def test_a_run_is_taken_back_from_a_host_that_is_held_up(place: Place) -> None:
    place.script()
    async with place.server(scripted=True) as client:
        holding = await place.start_scripted("hold")
        await eventually(lambda: len(place.seen()) == 1)
        waiting = await place.start_scripted("mute")
        await eventually(lambda: len(place.seen()) == 2)
        # From now on the first host says that its loop is late; the next host answers.
        core_host = await eventually(lambda: _pid(place, 0))
        os.kill(core_host, signal.SIGSTOP)
        try:
            known = asyncio.create_task(client.register("another", place.project))
            moved = await eventually(lambda: _leased(place, waiting.id, 2))
            assert moved.host_id != (await client.run(holding.id)).run.host_id
            assert (await known).name == "another"
        finally:
            os.kill(core_host, signal.SIGCONT)


async def _pid(place: Place, index: int) -> int | None:
    return (await place.client.hosts())[index].pid


async def _leased(place: Place, run_id: str, lease: int) -> Any:
    run = (await place.client.run(run_id)).run
    return run if run.lease >= lease and run.status == "running" else None


async def test_a_suspect_whose_host_cannot_start_leaves_room_for_others(place: Place) -> None:
    class Nobody:
        async def spawn(self, *_: Any) -> Any:
            raise FileNotFoundError(2, "No such file")

    class Deaf:
        def changed(self, record: Any) -> None: ...
        def notice(self, host: Any, notice: Any) -> None: ...
        def died(self, host: Any, reason: str) -> None: ...

    supervisor = Supervisor(place.options(), Nobody(), Deaf())
    for _ in range(4):
        with pytest.raises(MahavishnuError) as refused:
            await supervisor.acquire(place.project, alone=True)
        assert refused.value.code is ErrorCode.HOST_START
    await supervisor.close()
    with pytest.raises(MahavishnuError) as stopping:
        await supervisor.acquire(place.project)
    assert stopping.value.code is ErrorCode.SERVER_UNREACHABLE


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is noticed sooner than operators need it."""
    monkeypatch.setattr(host_module, "SILENCE", 1.0)


async def test_idle_hosts_are_stopped_and_started_on_demand(place: Place) -> None:
    place.script()
    async with place.server(scripted=True, host_idle_seconds=0.1) as client:
        run = await place.start_scripted("finish")
        await place.until(run, "success")
        stopped = await eventually(lambda: _state(place, "stopped"))
        assert stopped.pid is None
        again = await place.start_scripted("finish")
        await place.until(again, "success")
        assert (await client.logs(f"host:{stopped.id}"))["path"].endswith(f"host-{stopped.id}.log")


async def _gone(place: Place) -> Any:
    (host,) = await place.client.hosts()
    return host if host.pid is None else None


async def _state(place: Place, state: str) -> Any:
    return next((host for host in await place.client.hosts() if host.state == state), None)


async def test_a_host_that_does_not_stop_is_stopped(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    place.script(stop="mute")
    monkeypatch.setattr(host_module.EngineHost.stop, "__defaults__", (0.2,))
    async with place.server(scripted=True) as client:
        await client.register("finish", place.project)
        pid = (await client.hosts())[0].pid
        assert pid is not None
    assert not Path(f"/proc/{pid}").exists()


def test_an_env_file_is_read_as_people_write_them(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(
        "# comment\nexport A=1\nB = two words # why\nC='# kept'\nnonsense\nD=\n=x\nE=\"q\" \n"
    )
    assert _assignments((tmp_path / ".env").read_text()) == {
        "A": "1",
        "B": "two words",
        "C": "# kept",
        "D": "",
        "E": "q",
    }
    env = environment(Project(str(tmp_path), "/usr/bin/python3", ".env"))
    assert (env["A"], env["PATH"]) == ("1", os.environ["PATH"])
    with pytest.raises(MahavishnuError) as refused:  # short enough to be read on 80 columns
        environment(Project(str(tmp_path), "/usr/bin/python3", str(tmp_path / "its.env")))
    assert refused.value.message == "The env file its.env cannot be read: it does not exist."
