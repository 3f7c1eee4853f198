"""Starts a real engine host over a socket pair and talks JSON lines with it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import socket
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import mahavishnu_tui
from tests.integration.forking import ForkedProcess, forked

ENTRY = Path(mahavishnu_tui.__file__).parent / "engines" / "langgraph" / "host" / "__main__.py"
WAIT = 60.0
Notice = dict[str, Any]


class HostError(Exception):
    """The host answered with an error."""

    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(f"{error['code']} {error['message']} {error.get('hint', '')}")
        self.error = error
        self.code = error["code"]


class HostTalk:
    """One host: `ask` for requests, `until` for notices."""

    def __init__(self, root: Path, interpreter: str, log: Path) -> None:
        self.root = root
        self.interpreter = interpreter
        self.log = log
        self.notices: list[Notice] = []
        self._changed = asyncio.Condition()
        self._replies: dict[int, asyncio.Future[Any]] = {}
        self._next = 0
        self.process: asyncio.subprocess.Process | ForkedProcess
        self.scope = ""
        self.folder = root
        self.logs = root / "logs"
        self.log_bytes = 1 << 20

    def fresh(self, scope: str, folder: Path) -> None:
        """Give a test its own runs, threads, folder and notices in a host that others use too."""
        self.scope = f"{scope}."
        self.folder = folder
        self.notices = []

    async def start(self, fork: bool) -> None:
        ours, theirs = socket.socketpair()
        env = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "VIRTUAL_ENV")}
        if fork:
            self.log.touch()
            self.process = await forked(self.root, env, self.log, theirs.fileno())
        else:
            self.process = await self._started(env, theirs)
        theirs.close()
        self.reader, self.writer = await asyncio.open_unix_connection(sock=ours, limit=1 << 26)
        self._pump = asyncio.create_task(self._read())

    async def _started(self, env: dict[str, str], theirs: socket.socket) -> asyncio.subprocess.Process:
        with self.log.open("ab") as log:
            return await asyncio.create_subprocess_exec(
                self.interpreter,
                str(ENTRY),
                "--fd",
                str(theirs.fileno()),
                pass_fds=[theirs.fileno()],
                cwd=self.root,
                env=env,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    async def hello(self, checkpoints: Path, **settings: Any) -> Any:
        return await self.ask(
            "hello",
            protocol=1,
            project={"root": str(self.root), "interpreter": self.interpreter},
            checkpoints=str(checkpoints),
            settings=settings,
            logs={"folder": str(self.logs), "bytes": self.log_bytes},
        )

    async def ask(self, op: str, **fields: Any) -> Any:
        self._next += 1
        number = self._next
        self._replies[number] = asyncio.get_running_loop().create_future()
        for key in ("run_id", "thread_id"):
            if fields.get(key):
                fields[key] = self.scope + fields[key]
        if ".py" in fields.get("spec", "") and "/" not in fields["spec"]:
            fields["spec"] = f"{self.folder}/{fields['spec']}"
        self.writer.write(json.dumps({"id": number, "op": op, **fields}).encode() + b"\n")
        reply = await asyncio.wait_for(self._replies[number], WAIT)
        if "error" in reply:
            raise HostError(reply["error"])
        return reply["ok"]

    async def run(self, spec: str, **fields: Any) -> None:
        """Send a run request with usual values for what is not given."""
        request: dict[str, Any] = {
            "run_id": "r1",
            "thread_id": "t1",
            "lease": 1,
            "mode": "start",
            "input": {},
            "answers": [],
            "next_visit": 1,
            "config": {},
        }
        await self.ask("run", **{**request, "spec": spec, **fields})

    async def finished(self, run_id: str = "r1", lease: int = 1) -> Notice:
        return await self.until(
            lambda n: n["ev"] == "finished" and n["run_id"] == run_id and n["lease"] == lease
        )

    async def until(self, test: Callable[[Notice], bool], after: int = 0) -> Notice:
        """The first notice, from number `after` on, that passes the test."""

        def found() -> Notice | None:
            return next((notice for notice in self.notices[after:] if test(notice)), None)

        async with self._changed:
            await asyncio.wait_for(
                self._changed.wait_for(lambda: found() is not None or self._pump.done()), WAIT
            )
        notice = found()
        assert notice is not None, f"the host ended; its log:\n{self.log.read_text()[-4000:]}"
        return notice

    def visits(self, run_id: str = "r1") -> list[Notice]:
        """The visits as they are now, by number."""
        latest = {
            n["visit"]["number"]: n["visit"]
            for n in self.notices
            if n["ev"] == "visit" and n["run_id"] == run_id
        }
        return [latest[number] for number in sorted(latest)]

    def path(self, run_id: str = "r1") -> list[str]:
        """`node:outcome` of each visit, subgraphs with their path."""
        return [
            f"{'/'.join(filter(None, (v['namespace'], v['node'])))}:{v['outcome']}"
            for v in self.visits(run_id)
        ]

    def _note(self, notice: Notice) -> None:
        run_id = notice.get("run_id", self.scope)
        if run_id.startswith(self.scope):  # not a late word from another test
            if "run_id" in notice:
                notice["run_id"] = run_id[len(self.scope) :]
            self.notices.append(notice)

    async def ended(self) -> int:
        return await asyncio.wait_for(self.process.wait(), WAIT)

    async def close(self) -> None:
        """Close the socket, at which a host ends by itself."""
        self.writer.close()
        try:
            await asyncio.wait_for(self.process.wait(), 5)
        except TimeoutError:
            self.process.kill()
            await self.process.wait()
        await self._pump

    async def _read(self) -> None:
        with contextlib.suppress(ConnectionError):
            while line := await self.reader.readline():
                message = json.loads(line)
                if "ev" in message:
                    self._note(message)
                elif future := self._replies.pop(message["id"], None):
                    future.set_result(message)
                async with self._changed:
                    self._changed.notify_all()
        for future in self._replies.values():
            if not future.done():
                future.set_exception(ConnectionError("the host ended"))
        async with self._changed:
            self._changed.notify_all()


@contextlib.asynccontextmanager
async def host(
    root: Path,
    checkpoints: Path | None = None,
    interpreter: str = sys.executable,
    fork: bool = False,
    **settings: Any,
) -> AsyncIterator[HostTalk]:
    """A host that has had its hello. A forked one costs little, and is not traced."""
    talk = HostTalk(root, interpreter, root / "host.log")
    await talk.start(fork)
    try:
        await talk.hello(checkpoints or root / "checkpoints.db", **settings)
        yield talk
    finally:
        await talk.close()
