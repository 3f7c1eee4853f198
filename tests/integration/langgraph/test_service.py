"""The host's parts over a real socket pair, within this process: channel, heartbeat, service."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import threading
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from mahavishnu_tui.engines.langgraph.host import beat, channel
from mahavishnu_tui.engines.langgraph.host.beat import blocked_at, rss
from mahavishnu_tui.engines.langgraph.host.channel import Channel
from mahavishnu_tui.engines.langgraph.host.service import Service, engine_missing


class Server:
    """The other end of the socket."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.notices: list[dict[str, Any]] = []

    async def ask(self, op: str, **fields: Any) -> Any:
        self.writer.write(json.dumps({"id": 1, "op": op, **fields}).encode() + b"\n")
        while True:
            message = json.loads(await asyncio.wait_for(self.reader.readline(), 20))
            if "id" in message:
                return message.get("ok", message.get("error"))
            self.notices.append(message)

    async def notice(self, ev: str) -> dict[str, Any]:
        while not any(n["ev"] == ev for n in self.notices):
            message = json.loads(await asyncio.wait_for(self.reader.readline(), 20))
            self.notices.append(message)
        return next(n for n in self.notices if n["ev"] == ev)


@pytest.fixture
async def served(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Server, Service, list[int]]]:
    exits: list[int] = []
    monkeypatch.setattr(channel.os, "_exit", exits.append)
    monkeypatch.setattr(beat, "INTERVAL", 0.05)
    ours, theirs = socket.socketpair()
    line = Channel(theirs)
    service = Service(asyncio.get_running_loop(), line)
    service._loop = _Unstoppable(service._loop)  # type: ignore[assignment]
    line.listen(service.take)
    server = Server(*await asyncio.open_unix_connection(sock=ours))
    yield server, service, exits
    service._heart.stop()
    if service._adapter is not None and not service.stopped:
        await service._adapter.__aexit__(None, None, None)
    line.close()
    server.writer.close()
    await _until(lambda: bool(exits))


class _Unstoppable:
    """The test's event loop, which must go on when the host's would end."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self.stops = 0

    def stop(self) -> None:
        self.stops += 1

    def __getattr__(self, name: str) -> Any:
        return getattr(self.loop, name)


async def _until(test: Any) -> None:
    end = time.monotonic() + 20
    while not test():
        assert time.monotonic() < end
        await asyncio.sleep(0.005)


Served = tuple[Server, Service, list[int]]


async def test_a_whole_life(served: Served, project: Path) -> None:
    server, service, _ = served
    assert (await server.ask("load", spec="x"))["code"] == "MHV-010"
    root = {"root": str(project)}
    assert (await server.ask("hello", protocol=2, project=root, checkpoints="c"))["code"] == "MHV-433"
    assert (await server.ask("hello", project=root))["message"] == "'hello' needs 'checkpoints'."
    hello = await server.ask("hello", project=root, checkpoints=str(project / "c.db"), settings={})
    assert hello["pid"] == os.getpid()
    assert set(hello["versions"]) >= {"python", "langgraph", "langgraph-checkpoint-sqlite"}
    loaded = await server.ask("load", spec="graphs.py:line")
    assert len(loaded["graph_hash"]) == 16
    request = {"run_id": "r", "thread_id": "t", "spec": "graphs.py:line", "lease": 1, "input": {}}
    assert await server.ask("run", **request) == {}
    assert (await server.notice("finished"))["status"] == "success"
    assert (await server.ask("run", **{**request, "mode": "sideways"}))["code"] == "MHV-010"
    assert len(await server.ask("checkpoints", thread_id="t", spec="graphs.py:line")) == 5
    assert (await server.ask("state", thread_id="t", spec="graphs.py:line"))["values"]["log"] == [
        "a",
        "b",
        "c",
    ]
    assert (await server.ask("questions", thread_id="t", spec="graphs.py:line"))["finished"]
    assert await server.ask("drain") == {}
    waiting = {**request, "spec": "graphs.py:waiting", "thread_id": "w"}
    await server.ask("run", **waiting)
    await _until((project / "waiting").exists)
    assert await server.ask("cancel", run_id="r") == {"cancelled": True}
    await server.ask("run", **{**waiting, "spec": "graphs.py:waiting_sync", "thread_id": "s", "run_id": "s"})
    await _until(lambda: service._adapter is not None and service._adapter.running == 1)
    await asyncio.sleep(0)
    (project / "go").touch()
    assert (await server.notice("beat"))["rss"] > 0
    assert await server.ask("stop") == {}
    assert service.stopped
    assert service._loop.stops == 1  # type: ignore[attr-defined]


async def test_an_unexpected_failure_is_a_reply(served: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    server, service, _ = served

    async def fail(message: dict[str, Any]) -> Any:
        raise SystemExit("oops")

    monkeypatch.setitem(service._handlers, "hello", fail)
    error = await server.ask("hello")
    assert error["code"] == "MHV-011"
    assert "'hello'" in error["message"]


async def test_rubbish_on_the_socket_ends_the_host(served: Served) -> None:
    server, _, exits = served
    server.writer.write(b"[]\n")
    server.writer.write(b"\xff not json\n")
    await _until(lambda: exits)
    assert exits[0] == 1


async def test_surrogates_and_odd_values_can_be_sent(served: Served) -> None:
    server, service, _ = served
    service._channel.send({"ev": "odd", "text": "a\ud800b", "value": Path("/x")})
    assert await server.notice("odd") == {"ev": "odd", "text": "a?b", "value": "/x"}
    for number in range(1000):
        service._channel.send({"ev": "many", "n": number})
    service._channel.send({"ev": "last"})
    await server.notice("last")
    assert [n["n"] for n in server.notices if n["ev"] == "many"] == list(range(1000))


def test_where_a_thread_is_blocked() -> None:
    entered, leave = threading.Event(), threading.Event()

    def node(config: dict[str, Any]) -> None:
        entered.set()
        leave.wait(30)

    config = {"metadata": {"langgraph_node": "deploy", "mahavishnu_run": "r7"}}
    thread = threading.Thread(target=node, args=(config,))
    thread.start()
    assert entered.wait(30)
    assert thread.ident is not None
    where = blocked_at(thread.ident)
    leave.set()
    thread.join(30)
    assert where.startswith("deploy of run r7 at ")
    assert "threading.py" in where
    assert blocked_at(-1) == ""


def test_memory_without_proc(monkeypatch: pytest.MonkeyPatch) -> None:
    assert rss() > 1_000_000
    monkeypatch.setattr("builtins.open", lambda *_, **__: (_ for _ in ()).throw(OSError()))
    assert rss() > 1_000_000


def test_missing_and_old_engines_are_told_apart() -> None:
    missing = engine_missing(ModuleNotFoundError("No module named 'aiosqlite'", name="aiosqlite"))
    assert "has no 'aiosqlite'" in missing.message
    old = engine_missing(ImportError("cannot import name 'RunControl'"))
    assert "old LangGraph" in old.message
