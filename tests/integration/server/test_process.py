"""The server as a process: signals, kill -9, a second one, bad data directories, a clean stop."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.models import MahavishnuError
from tests.integration.forking import control
from tests.integration.server.conftest import Place, eventually


@contextlib.contextmanager
def process(place: Place, *, scripted: bool = True, **options: Any) -> Iterator[subprocess.Popen[str]]:
    script = Path(__file__).with_name("serverproc.py")
    inherited = [] if scripted else [control().fileno()]
    hosts = ["scripted"] if scripted else ["forked", *map(str, inherited)]
    words = [sys.executable, str(script), str(place.data), json.dumps(options), *hosts]
    with subprocess.Popen(
        words, stderr=subprocess.PIPE, text=True, start_new_session=True, pass_fds=inherited
    ) as child:
        try:
            yield child
        finally:
            if child.poll() is None:
                child.kill()


async def ready(place: Place, child: subprocess.Popen[str]) -> None:
    async def answers() -> bool:
        assert child.poll() is None, child.stderr and child.stderr.read()
        with contextlib.suppress(MahavishnuError):
            return (await place.client.server()).pid == child.pid
        return False

    await eventually(answers)


async def ended(child: subprocess.Popen[str]) -> int:
    return await asyncio.to_thread(child.wait, 20)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split(")")[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_one_run_outlives_every_end_of_its_server(place: Place) -> None:
    """Killed, stopped cleanly, told twice to stop: the next server goes on at once with what was at work."""
    place.script()
    with process(place) as first:
        await ready(place, first)
        run = await place.start_scripted("hold")
        await eventually(lambda: place.seen() == ["run start 1"])
        (host,) = await place.client.hosts()
        first.kill()
        await ended(first)
        assert (place.data / "s").exists()
    assert host.pid is not None
    # Its server is gone, and so is the host.
    await eventually(lambda: not alive(host.pid or 0))
    with process(place) as second:
        await ready(place, second)
        await eventually(lambda: len(place.seen()) == 2)
        recovered = await place.until(run, "running")
        assert (recovered.recoveries, recovered.lease) == (1, 2)
        assert "server restarted" in recovered.note
        second.send_signal(signal.SIGTERM)
        assert await ended(second) == 0
    assert not (place.data / "s").exists()
    # After a clean stop it was parked, and has nothing to recover from.
    place.script(drain=False)
    with process(place, drain_seconds=60) as third:
        await ready(place, third)
        again = await place.until(run, "running")
        assert (again.recoveries, again.lease) == (1, 3)
        await eventually(lambda: len(place.seen()) == 3)
        # A second signal does not wait for runs.
        third.send_signal(signal.SIGINT)
        await eventually(lambda: _draining(place))
        with pytest.raises(MahavishnuError) as refused:
            await place.client.start_run(workflow_id=run.workflow_id, input={}, by="ana")
        assert "stopping" in refused.value.message
        third.send_signal(signal.SIGINT)
        assert await ended(third) == 0
    place.script()
    with process(place) as fourth:
        await ready(place, fourth)
        assert (await place.until(run, "running")).lease == 4
        await place.client.stop_server()
        assert await ended(fourth) == 0


async def _draining(place: Place) -> bool:
    return (await place.client.server()).state == "draining"


async def test_a_damaged_database_is_refused_with_its_cure_and_kept(place: Place) -> None:
    place.data.mkdir()
    (place.data / "engine.db").write_bytes(b"no database at all" * 100)
    with process(place) as child:
        assert await ended(child) == 1
        assert child.stderr is not None
        said = child.stderr.read()
    assert "MHV-005" in said
    assert str(place.data / "engine.db") in said
    assert "Traceback" not in said
    assert "MHV-005" in (place.data / "server.log").read_text()
    assert (place.data / "engine.db").read_bytes() == b"no database at all" * 100


async def another_has_ended(folder: Path) -> None:
    """A server beside it, that has as little patience and nothing to do, has come up and gone."""
    folder.mkdir()
    idle = Place(folder)
    with process(idle, idle_minutes=0.005) as child:
        assert await ended(child) == 0
    await idle.client.aclose()


async def test_it_ends_by_itself_but_not_while_somebody_listens_or_something_waits(
    place: Place, tmp_path: Path
) -> None:
    place.script()
    with process(place, idle_minutes=0.005) as child:
        await ready(place, child)
        source = place.client.stream(0, "")
        await anext(source)
        await another_has_ended(tmp_path / "one")
        assert child.poll() is None
        run = await place.start_scripted("hold")
        await place.until(run, "running")
        await source.aclose()
        await another_has_ended(tmp_path / "other")
        assert child.poll() is None
        await place.client.cancel(run.id, "ana")
        assert await ended(child) == 0


async def test_it_is_the_only_one_and_small_and_what_it_leaves_on_the_disk_is_private(place: Place) -> None:
    place.script()
    with process(place) as child:
        await ready(place, child)
        run = await place.start_scripted("finish")
        await place.until(run, "success")
        for path in [place.data, *place.data.rglob("*")]:
            assert stat.S_IMODE(path.lstat().st_mode) & 0o077 == 0, path
        status = Path(f"/proc/{child.pid}/status").read_text()
        resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
        assert int(resident.split()[1]) < 80 * 1024
        maps = Path(f"/proc/{child.pid}/maps").read_text()
        assert "langgraph" not in maps
        log = (place.data / "server.log").read_text()
        assert f"run {run.name} ({run.id}) is success" in log
        with process(place) as second:
            assert await ended(second) == 1
            assert second.stderr is not None
            assert "MHV-003" in second.stderr.read()
        assert (await place.client.server()).pid == child.pid
        os.kill(child.pid, signal.SIGTERM)
        assert await ended(child) == 0


def test_the_server_imports_no_engine() -> None:
    script = (
        "import sys, mahavishnu_tui.server.main;"
        "print([name for name in ('langgraph', 'langchain_core', 'prefect', 'sqlalchemy', 'pydantic',"
        " 'mahavishnu_tui.engines.langgraph') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
