"""One real Prefect server for all tests of a worker, and a proxy that spoils what goes through it.

Tests that use it carry `pytestmark = pytest.mark.xdist_group("prefect")`: then one worker runs them all, and
there is one server. Tests that run flows are the group `prefect-code`, so that two workers share the work,
each with a server (shared.py).
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.engines.prefect.local_runs import LocalRun, UserCode
from tests.integration.prefect.faults import FaultProxy
from tests.integration.prefect.serving import PrefectServer

collect_ignore = ["upstream"]


@pytest.fixture
async def prefect_api(prefect_server: PrefectServer) -> AsyncIterator[PrefectApi]:
    """The client, on that server."""
    async with PrefectApi(PrefectConnection(prefect_server.url, timeout=120.0)) as api:
        yield api


@pytest.fixture
async def prefect_pool(prefect_api: PrefectApi) -> str:
    """A process pool that no worker looks at, by name."""
    with contextlib.suppress(PrefectError):  # there it is
        await prefect_api.pools.create("idle")
    return "idle"


@pytest.fixture
async def fault_proxy(prefect_server: PrefectServer) -> AsyncIterator[FaultProxy]:
    """A proxy in front of that server."""
    proxy = FaultProxy(prefect_server.port)
    await proxy.up()
    yield proxy
    await proxy.down()


async def eventually(question: Callable[[], Awaitable[Any]], seconds: float = 90.0) -> Any:
    """The first answer that is true, asked less often the longer it takes; fails when none comes."""
    start = time.monotonic()
    while True:
        if answer := await question():
            return answer
        waited = time.monotonic() - start
        assert waited < seconds, f"nothing came within {seconds} s"
        await asyncio.sleep(min(0.1 + waited / 8, 0.3))


Begin = Callable[..., Awaitable[LocalRun]]
"""`await begin(code, entrypoint=…, …)`; what is left at the end of the test is killed."""


@pytest.fixture
async def begin(prefect_api: PrefectApi, tmp_path: Path) -> AsyncIterator[Begin]:
    """Starts flows in children; `tmp_path / "flow.log"` gets what they print."""
    begun: list[LocalRun] = []

    async def start(code: UserCode, **request: Any) -> LocalRun:
        run = await LocalRun.start(code, request, runs=prefect_api.flow_runs, log=tmp_path / "flow.log")
        begun.append(run)
        return run

    yield start
    for run in begun:
        run.kill()
        await run.wait()
