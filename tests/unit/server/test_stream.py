"""A stream client gets every event exactly once, in order, however often its connection breaks."""

from __future__ import annotations

import asyncio
import json
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mahavishnu_tui.client.mirror import Mirror
from mahavishnu_tui.server import feed as feed_module
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.feed import Feed
from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.routes import stream as stream_module
from mahavishnu_tui.server.routes.stream import _lines
from mahavishnu_tui.server.store import events
from mahavishnu_tui.server.store.tx import Line, Tx
from tests.unit.server.conftest import Desk


class NoHosts:
    """These tests start no process."""

    async def spawn(self, *_: Any) -> Any:
        raise AssertionError("a host was started")


def options(folder: Path, **changes: Any) -> ServerOptions:
    return ServerOptions(data=folder, socket=folder / "s", log=folder / "log", **changes)


async def opened(folder: Path) -> tuple[Core, Desk]:
    core = await Core.open(options(folder, max_concurrent_workflows=0), NoHosts())
    return core, Desk(core.store, [])


class Client:
    """Reads the stream in pieces; `seen` are the numbers it has applied."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.mirror = Mirror()
        self.seen: list[int] = []
        self.snapshots = 0

    async def read(self, chunks: int, torn: int) -> None:
        """Connect, take some chunks, and lose the connection within the last one after `torn` lines."""
        source: AsyncIterator[bytes] = _lines(self.core, self.mirror.seq, self.mirror.epoch)
        for number in range(chunks):
            lines = (await anext(source)).splitlines()
            for line in lines[:torn] if number == chunks - 1 else lines:
                self.take(json.loads(line))
        await source.aclose()

    async def read_all(self) -> None:
        source = _lines(self.core, self.mirror.seq, self.mirror.epoch)
        goal = await self.core.store.read(events.last_seq)
        while self.mirror.seq < goal or not self.mirror.epoch:
            for line in (await anext(source)).splitlines():
                self.take(json.loads(line))
        await source.aclose()

    def take(self, line: dict[str, Any]) -> None:
        if line["type"] == "snapshot":
            self.snapshots += 1
            self.seen.append(line["seq"])
        elif line["type"] == "event":
            assert line["seq"] == self.seen[-1] + 1
            self.seen.append(line["seq"])
        self.mirror.apply(line)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("write"), st.integers(1, 30)),
        st.tuples(st.just("read"), st.integers(1, 4), st.integers(0, 12)),
        st.tuples(st.just("trim"), st.integers(0, 20)),
    ),
    max_size=25,
)


@given(steps)
@settings(max_examples=25, deadline=None)
def test_every_event_once_over_any_breaks(plan: list[tuple[Any, ...]]) -> None:
    async def play(folder: Path) -> None:
        core, desk = await opened(folder)
        client = Client(core)
        pending: list[asyncio.Future[Any]] = []
        try:
            for step in plan:
                if step[0] == "write":
                    writes = [asyncio.ensure_future(desk.start()) for _ in range(step[1])]
                    pending += writes
                    await (asyncio.gather(*writes) if step[1] % 2 else asyncio.sleep(0))
                elif step[0] == "trim":
                    await core.store.write(lambda tx, keep=step[1]: events.trim(tx, keep))
                else:
                    await client.read(step[1], step[2])
            await asyncio.gather(*pending)
            await client.read_all()
            stored = await core.store.read(lambda conn: conn.execute("SELECT id FROM runs").fetchall())
            assert set(client.mirror.runs) == {run_id for (run_id,) in stored}
            assert client.seen[-1] == await desk.last_seq()
            if not any(step[0] == "trim" for step in plan):
                assert client.snapshots == 1
        finally:
            core.drain = False
            await core.close()

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        patch.setattr(stream_module, "BEAT_SECONDS", 0.01)
        patch.setattr(events, "PAGE", 7)
        asyncio.run(play(Path(folder)))


async def test_another_epoch_or_an_unknown_number_gets_a_snapshot(tmp_path: Path) -> None:
    core, desk = await opened(tmp_path)
    await desk.start()
    for after, epoch in ((0, ""), (1, "other"), (99, core.store.epoch)):
        source = _lines(core, after, epoch)
        assert json.loads(await anext(source))["type"] == "snapshot"
        await source.aclose()
    source = _lines(core, 1, core.store.epoch)
    assert json.loads((await anext(source)).splitlines()[0])["seq"] == 2
    await source.aclose()
    assert len(core.feed) == 0
    core.drain = False
    await core.close()
    assert [chunk async for chunk in _lines(core, 0, "")] == [], "with the server ends the stream"


async def test_a_slow_client_is_dropped_and_the_others_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed_module, "BACKLOG", 10)
    feed = Feed()
    slow, quick = feed.subscribe(), feed.subscribe()
    for seq in range(1, 31):
        feed.publish([Line(seq, b"")])
        assert [line.seq for line in await quick.take(1)] == [seq]
    assert slow.dropped
    assert await slow.take(1) == []
    assert not quick.dropped
    feed.close()
    assert quick.dropped
    assert feed.subscribe().dropped


async def test_nothing_is_sent_twice_when_a_commit_falls_between_listening_and_reading(
    tmp_path: Path,
) -> None:
    core, desk = await opened(tmp_path)
    await desk.start()
    source = _lines(core, 0, "")
    await anext(source)  # the snapshot; the subscriber listens since before it
    await desk.start()
    seen = [json.loads(line) for line in (await anext(source)).splitlines()]
    seen += [json.loads(line) for line in (await anext(source)).splitlines()]
    await source.aclose()
    numbers = [line["seq"] for line in seen if line["type"] == "event"]
    assert len(numbers) == len(set(numbers))

    def emit(tx: Tx) -> None:
        tx.emit("server", "server", {})

    await core.store.write(emit)
    core.drain = False
    await core.close()
