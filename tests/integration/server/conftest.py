"""A server in the test's own event loop, answering at a real socket, with real hosts or scripted ones."""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.client.api import ServerClient
from mahavishnu_tui.models import Approval, MahavishnuError, Project, Run, Workflow
from mahavishnu_tui.server.hosts.process import ChildSpawner, HostProcess
from mahavishnu_tui.server.main import serve
from mahavishnu_tui.server.options import ServerOptions
from tests.integration.forking import ForkingSpawner

HERE = Path(__file__).parent


class ScriptedSpawner(ChildSpawner):
    """Starts the scripted host in the place of the real one."""

    async def spawn(self, argv: Any, cwd: Any, env: Any, log_path: Any, fd: int) -> HostProcess:
        words = [argv[0], "-S", "-E", str(HERE / "scripted_host.py"), *argv[2:]]
        return await super().spawn(words, cwd, env, log_path, fd)


class Place:
    """One operator's machine: a data folder, a project, and a server on demand."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.root = folder / "project"
        self.root.mkdir()
        shutil.copy(HERE / "project" / "flows.py", self.root)
        self.project = Project(str(self.root), sys.executable)
        self.client = ServerClient(str(self.data / "s"), timeout=30.0)
        self._serving: asyncio.Task[int] | None = None

    def options(self, **changes: Any) -> ServerOptions:
        return ServerOptions(data=self.data, socket=self.data / "s", log=self.data / "server.log", **changes)

    def script(self, **plan: Any) -> None:
        """What scripted hosts that start from now on do."""
        (self.root / "plan.json").write_text(json.dumps(plan))

    @contextlib.asynccontextmanager
    async def server(
        self, *, scripted: bool = False, forked: bool = True, **changes: Any
    ) -> AsyncIterator[ServerClient]:
        """A server; its hosts are forked, or as `ServerOptions` has them started unless `forked`."""
        spawner = ScriptedSpawner() if scripted else ForkingSpawner() if forked else None
        self._serving = asyncio.create_task(serve(self.options(**changes), spawner))
        try:
            await eventually(self.answers)
            yield self.client
        finally:
            if not self._serving.done():
                with contextlib.suppress(MahavishnuError):
                    await self.client.stop_server(drain=False)
            async with asyncio.timeout(60):
                assert await self._serving == 0

    async def answers(self) -> bool:
        assert self._serving is None or not self._serving.done(), self._serving.exception()
        try:
            await self.client.server()
        except MahavishnuError:
            return False
        return True

    async def ended(self) -> int:
        assert self._serving is not None
        async with asyncio.timeout(20):
            return await asyncio.shield(self._serving)

    async def register(self, graph: str) -> Workflow:
        return await self.client.register(f"{self.root / 'flows.py'}:{graph}", self.project)

    async def start(self, graph: str, **changes: Any) -> Run:
        workflow = await self.register(graph)
        given = {"folder": str(self.folder)}
        return await self.client.start_run(workflow_id=workflow.id, input=given, by="ana", **changes)

    async def start_scripted(self, spec: str, **changes: Any) -> Run:
        workflow = await self.client.register(spec, self.project)
        return await self.client.start_run(workflow_id=workflow.id, input={}, by="ana", **changes)

    async def until(self, run: Run, *statuses: str, timeout: float = 20.0) -> Run:
        async def reached() -> Run | None:
            now = (await self.client.run(run.id)).run
            return now if now.status in statuses else None

        return await eventually(reached, timeout)

    async def question(self, run: Run) -> Approval:
        await self.until(run, "interrupted")
        (approval,) = await self.client.approvals(run=run.id)
        return approval

    async def answer(self, approval: Approval, value: Any, by: str = "ana") -> None:
        await self.client.answer(approval.id, hash=approval.hash, value=value, by=by)

    def open(self, gate: str) -> None:
        (self.folder / gate).touch()

    def log(self) -> list[str]:
        path = self.folder / "log"
        return path.read_text().split() if path.exists() else []

    def seen(self) -> list[str]:
        """What scripted hosts noted."""
        path = self.root / "seen"
        return path.read_text().splitlines() if path.exists() else []


async def eventually(question: Callable[[], Any | Awaitable[Any]], timeout: float = 60.0) -> Any:
    """Ask until the answer is true, less often the longer it takes, since asking costs time; the answer."""
    start = time.monotonic()
    while True:
        answer = question()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return answer
        waited = time.monotonic() - start
        if waited > timeout:
            raise AssertionError(f"not within {timeout} s")
        await asyncio.sleep(min(0.02 + waited / 8, 0.2))


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path: a socket's path must be short.
    with tempfile.TemporaryDirectory(prefix="mhv-") as name:
        yield Path(name)


@pytest.fixture
async def place(folder: Path) -> AsyncIterator[Place]:
    found = Place(folder)
    yield found
    await found.client.aclose()
