"""The Prefect of our own, from its first start to its end, through whatever is killed on the way."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from mahavishnu_tui.client.api import ServerClient
from mahavishnu_tui.models import ErrorCode, MahavishnuError, PrefectInfo, ScheduleRule
from mahavishnu_tui.server.options import PrefectOptions
from mahavishnu_tui.server.prefect.keeping import began
from tests.integration.server.conftest import Place, eventually
from tests.integration.server.conftest import place as place

pytestmark = [pytest.mark.xdist_group("prefect"), pytest.mark.timeout(400)]

FLOW = """
from prefect import flow

@flow(log_prints=True)
def greet(name: str = "you") -> str:
    print("hello", name)
    return name
"""


@pytest.fixture
def home() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="mh-"))
    yield folder
    for name in ("server", "worker"):
        with contextlib.suppress(OSError, ValueError, KeyError):
            import json

            pid = json.loads((folder / "prefect" / f"{name}.json").read_bytes())["pid"]
            os.killpg(pid, signal.SIGKILL)
    shutil.rmtree(folder, ignore_errors=True)


@contextlib.asynccontextmanager
async def server(home: Path) -> AsyncIterator[tuple[ServerClient, subprocess.Popen[bytes]]]:
    script = str(Path(__file__).with_name("serverproc.py"))
    env = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    client = ServerClient(str(home / "s"), timeout=30.0)
    with subprocess.Popen([sys.executable, script, str(home)], env=env, start_new_session=True) as child:

        async def answers() -> bool:
            assert child.poll() is None
            with contextlib.suppress(MahavishnuError):
                return (await client.server()).pid == child.pid
            return False

        try:
            await eventually(answers)
            yield client, child
        finally:
            await client.aclose()
            if child.poll() is None:
                child.kill()


async def state(client: ServerClient, wanted: str, but: int | None = None) -> PrefectInfo:
    async def reached() -> PrefectInfo | None:
        info = await client.prefect()
        assert info.state != "failed", info.error
        return info if info.state == wanted and info.pid != but else None

    found: PrefectInfo = await eventually(reached, 120)
    return found


async def test_its_whole_life(home: Path) -> None:
    path = home / "greetings.py"
    path.write_text(FLOW)
    async with server(home) as (client, child):
        assert (await client.prefect()).state == "off"
        with pytest.raises(MahavishnuError, match="No Prefect server is watched"):
            await client.preview_schedule(ScheduleRule("cron", cron="0 2 * * *"))
        assert (await client.start_prefect("ana")).state == "starting"
        first = await state(client, "ready")
        assert first.embedded
        assert first.url.startswith("http://127.0.0.1:")
        # A deployment makes the pool, and the pool has a worker.
        made = await client.create_deployment(f"{path}:greet", "d", "ana", interpreter=sys.executable)
        assert made.pool == "local"
        run = await client.run_deployment(made.id, "ana", request_id="r1", parameters={"name": "eve"})

        async def done() -> bool:
            return (await client.run(run.id)).run.status == "success"

        await eventually(done, 90)

        async def said() -> bool:  # its last lines come after its end
            return "hello eve" in [line.text for line in (await client.said(run.id)).lines]

        await eventually(said)
        assert (await client.prefect()).worker == "ready"
        assert [item.severity for item in await client.check_prefect()] in ([], ["note"])
        exact = await client.preview_schedule(ScheduleRule("cron", cron="0 2 * * *"))
        assert exact.exact
        # Prefect is killed: it comes back, on its port.
        assert first.pid is not None
        os.killpg(first.pid, signal.SIGKILL)
        second = await state(client, "ready", but=first.pid)
        assert second.url == first.url
        # Our server is killed: the next one adopts what goes on.
        child.kill()
        await asyncio.to_thread(child.wait, 20)
    assert second.pid is not None
    assert began(second.pid)
    async with server(home) as (client, child):
        adopted = await state(client, "ready")
        assert adopted.pid == second.pid
        assert [item.title for item in await client.deployments()] == ["greet/d"]
        await client.stop_prefect("ana")
        assert not began(second.pid)
        assert (await client.prefect()).state == "off"
        with pytest.raises(MahavishnuError, match="The embedded Prefect is stopped"):
            await client.deployments()
        assert [pool.status for pool in await client.pools()] == ["healthy", "degraded"]
        await client.stop_server(drain=False)
        assert await asyncio.to_thread(child.wait, 40) == 0


async def test_one_that_cannot_be_started_says_why(home: Path) -> None:
    place = Place(home)
    options = PrefectOptions(mode="embedded", python="/bin/false")
    async with place.server(prefect=options) as client:

        async def failed() -> PrefectInfo | None:
            info = await client.prefect()
            return info if info.state == "failed" else None

        info = await eventually(failed)
        assert "has no Prefect" in info.trouble
        with pytest.raises(MahavishnuError) as refused:
            await client.create_deployment("/nowhere/flows.py:flow", "x", "ana")
        assert refused.value.code is ErrorCode.PREFECT_START
        assert [pool.status for pool in await client.pools()] == ["healthy", "unhealthy"]
