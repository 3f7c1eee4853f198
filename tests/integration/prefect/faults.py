"""A proxy in front of a real Prefect server that can do what networks and gateways do."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import json
import time
from typing import Any


@dataclasses.dataclass(frozen=True)
class Answer:
    """It answers by itself; the server never hears of it."""

    status: int
    body: Any = None
    headers: tuple[tuple[str, str], ...] = ()


@dataclasses.dataclass(frozen=True)
class Cut:
    """It closes the connection: before the server hears of it, or after it has done it."""

    done: bool = False


@dataclasses.dataclass(frozen=True)
class Silence:
    """It takes the request and never answers."""


Fault = Answer | Cut | Silence


@dataclasses.dataclass
class _Rule:
    fault: Fault
    path: str
    method: str
    times: int


class FaultProxy:
    """Passes on what it gets, except for what it was told to spoil.

    Args:
        port: where the server listens.
    """

    def __init__(self, port: int) -> None:
        self._upstream = port
        self._rules: list[_Rule] = []
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._flowing = asyncio.Event()
        self._flowing.set()
        self._delay = 0.0
        self._counts = 0
        self.rounds = 0
        """How many answers had to be waited for one after the other; those that came together count once."""
        self._waiting = 0
        self._asked_at = 0.0
        self.port = 0
        self.requests: list[tuple[str, str]] = []
        """Method and path of every request that came, in order."""

    @property
    def url(self) -> str:
        """The API's address through the proxy."""
        return f"http://127.0.0.1:{self.port}/api"

    @property
    def quiet(self) -> float:
        """Seconds since the last request came."""
        return time.monotonic() - self._asked_at

    @property
    def idle(self) -> bool:
        """Every answer has gone out, and so long ago that whoever wanted another one would have asked."""
        return self._waiting == 0 and self.quiet > 2 * self._delay + 1

    def spoil(self, fault: Fault, path: str = "", method: str = "", times: int = 1) -> None:
        """The next `times` requests with this text in their path get the fault."""
        self._rules.append(_Rule(fault, path, method, times))

    def heal(self) -> None:
        """Forget every fault."""
        self._rules.clear()
        self._flowing.set()

    def freeze(self) -> None:
        """Connections stay open and nothing comes through any more (half-open sockets)."""
        self._flowing.clear()

    def slow(self, seconds: float) -> None:
        """Each answer comes so long after the last question from now on, as from one that has too much to do.

        On a busy machine too, what is asked together is answered together.
        """
        self._delay = seconds
        self.count_anew()

    def count_anew(self) -> None:
        """Count the rounds from here on; what is on its way does not count."""
        self.rounds = 0
        self._counts += 1

    async def up(self) -> None:
        """Listen, on the port of before."""
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def down(self) -> None:
        """Refuse connections and cut those there are."""
        if self._server is not None:
            self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
                await self._serve(reader, writer)
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        method, path, _ = lines[0].split(" ", 2)
        fields = {
            name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])
        }
        body = await reader.readexactly(int(fields.get("content-length") or 0))
        self.requests.append((method, path))
        self._asked_at = time.monotonic()
        fault = self._fault_for(method, path)
        if isinstance(fault, Answer):
            writer.write(_answer(fault))
            await writer.drain()
            return
        if isinstance(fault, Silence):
            await asyncio.Event().wait()
        if isinstance(fault, Cut) and not fault.done:
            return
        theirs, ours = await asyncio.open_connection("127.0.0.1", self._upstream)
        try:
            if "upgrade" in fields:
                ours.write(head)
                await asyncio.gather(self._pass(theirs, writer), self._pass(reader, ours))
                return
            round_, count = self.rounds + 1, self._counts
            kept = [line for line in lines if not line.lower().startswith("connection:")]
            ours.write("\r\n".join([kept[0], "Connection: close", *kept[1:]]).encode("latin-1") + body)
            if isinstance(fault, Cut):
                await theirs.read()
                return
            self._waiting += 1
            while (left := self._delay - self.quiet) > 0:
                await asyncio.sleep(left)
            self._waiting -= 1
            if count == self._counts:
                self.rounds = max(self.rounds, round_)
            await self._pass(theirs, writer)
        finally:
            ours.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            await self._flowing.wait()
            writer.write(data)
            await writer.drain()
        writer.close()

    def _fault_for(self, method: str, path: str) -> Fault | None:
        for rule in self._rules:
            if rule.path in path and rule.method in ("", method):
                rule.times -= 1
                if rule.times <= 0:
                    self._rules.remove(rule)
                return rule.fault
        return None


def _answer(fault: Answer) -> bytes:
    text = fault.body if isinstance(fault.body, str) else json.dumps(fault.body)
    kind = "text/html" if isinstance(fault.body, str) else "application/json"
    fields = [("Content-Type", kind), ("Content-Length", str(len(text.encode()))), ("Connection", "close")]
    head = [f"HTTP/1.1 {fault.status} Spoiled", *(f"{k}: {v}" for k, v in (*fields, *fault.headers))]
    return ("\r\n".join(head) + "\r\n\r\n" + text).encode()
