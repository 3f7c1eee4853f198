"""A real `langgraph dev` that somebody else drives through its SDK, and a server of ours that watches it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from langgraph_sdk import get_client

from mahavishnu_tui.models import NodeVisit, Run
from mahavishnu_tui.server.options import RemoteServer
from tests.integration.server.conftest import Place, eventually, folder

__all__ = ["folder"]

PROJECT = Path(__file__).parent / "project"
_START_SECONDS = 90.0


class DevServer:
    """`langgraph dev`, which can be ended and started again at the same address."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.project = home / "project"
        shutil.copytree(PROJECT, self.project, ignore=shutil.ignore_patterns("__pycache__", ".langgraph_api"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with (self.home / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "langgraph_cli", "dev", "--no-browser", "--no-reload"),
                    *("--host", "127.0.0.1", "--port", str(self.port)),
                ],
                cwd=self.project,
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + _START_SECONDS
        while time.monotonic() < end:
            assert self._process.poll() is None, self.log()
            try:
                if httpx.get(f"{self.url}/ok", trust_env=False, timeout=2).status_code == 200:
                    return
            except httpx.HTTPError:
                time.sleep(0.1)
        raise AssertionError(f"not within {_START_SECONDS} s: {self.log()}")

    def end(self, how: signal.Signals) -> None:
        assert self._process is not None
        os.killpg(self._process.pid, how)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(20)

    def log(self) -> str:
        return (self.home / "log").read_text(errors="replace")[-3000:]

    def _environment(self) -> dict[str, str]:
        keep = {
            name: text
            for name, text in os.environ.items()
            if not name.startswith(("LANG", "COV_", "COVERAGE_", "PYTEST_"))
        }
        return {
            **keep,
            "HOME": str(self.home),
            "LANGSMITH_TRACING": "false",
            "LANGGRAPH_CLI_NO_ANALYTICS": "1",
            "LC_ALL": "C.UTF-8",
        }


class Elsewhere:
    """What tests do on both sides."""

    def __init__(self, place: Place, dev: DevServer) -> None:
        self.place = place
        self.dev = dev
        self.sdk = get_client(url=dev.url)
        self.client = place.client

    def serving(self, **changes: Any) -> Any:
        servers = (RemoteServer("dev", self.dev.url),)
        return self.place.server(servers=servers, idle_minutes=0, **changes)

    async def start_there(self, graph: str, **given: Any) -> tuple[str, str]:
        """Somebody else starts a run with the SDK; its thread and its id there."""
        thread = await self.sdk.threads.create()
        run = await self.sdk.runs.create(thread["thread_id"], graph, input={"log": [], **given})
        return thread["thread_id"], run["run_id"]

    async def seen(self, thread_id: str, *statuses: str, timeout: float = 20.0) -> Run:
        """The newest run of a thread as our server tells of it, once it has one of these states."""

        async def look() -> Run | None:
            found = await self.client.runs(thread=thread_id)
            return found[0] if found and found[0].status in statuses else None

        run: Run = await eventually(look, timeout)
        return run

    async def launch(self, graph: str, **given: Any) -> Run:
        async def known() -> str | None:
            return {item.name: item.id for item in await self.client.workflows()}.get(f"{graph}@dev")

        workflow_id = await eventually(known)
        return await self.client.start_run(workflow_id=workflow_id, input={"log": [], **given}, by="ana")

    async def path(self, run: Run) -> list[tuple[str, str]]:
        return [(visit.path, visit.outcome) for visit in await self.visits(run)]

    async def visits(self, run: Run) -> list[NodeVisit]:
        return await self.client.visits(run.id)

    async def answer(self, run: Run, value: Any) -> None:
        (approval,) = await self.client.approvals(run=run.id)
        await self.place.answer(approval, value)

    async def log_of(self, thread_id: str) -> list[str]:
        state = await self.sdk.threads.get_state(thread_id)
        found: list[str] = state["values"].get("log", [])
        return found


@pytest.fixture(scope="session")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevServer]:
    """One for all tests: it takes ten seconds to start."""
    server = DevServer(tmp_path_factory.mktemp("dev"))
    server.start()
    try:
        yield server
    finally:
        server.end(signal.SIGKILL)


@pytest.fixture
async def elsewhere(folder: Path, dev: DevServer) -> AsyncIterator[Elsewhere]:
    place = Place(folder)
    found = Elsewhere(place, dev)
    yield found
    await place.client.aclose()
    await found.sdk.aclose()
    await asyncio.sleep(0)
