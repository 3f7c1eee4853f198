import asyncio
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server.hosts import channel as channel_module
from mahavishnu_tui.server.hosts.channel import Channel, ChannelClosedError


class Wire:
    """A channel, and the host's end of it."""

    def __init__(self) -> None:
        self.notices: list[dict[str, Any]] = []
        self.closed = 0
        self.channel = Channel(self.notices.append, self._close)
        ours, self.theirs = socket.socketpair()
        self.ours = ours
        self.theirs.setblocking(False)

    def _close(self) -> None:
        self.closed += 1

    async def send(self, data: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.theirs, data)

    async def request(self) -> dict[str, Any]:
        data = b""
        async with asyncio.timeout(5):
            while not data.endswith(b"\n"):
                data += await asyncio.get_running_loop().sock_recv(self.theirs, 65536)
        found: dict[str, Any] = json.loads(data)
        return found

    async def until(self, question: Any) -> None:
        async with asyncio.timeout(5):
            while not question():
                await asyncio.sleep(0.005)


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    found = Wire()
    await found.channel.open(found.ours)
    yield found
    found.theirs.close()
    await found.channel.closed(1.0)
    await asyncio.sleep(0)


async def test_replies_find_their_requests_in_any_order(wire: Wire) -> None:
    first = asyncio.create_task(wire.channel.request("load", 5, spec="a"))
    one = await wire.request()
    second = asyncio.create_task(wire.channel.request("load", 5, spec="b"))
    other = await wire.request()
    assert (one["op"], one["spec"]) == ("load", "a")
    for request in (other, one):
        await wire.send(json.dumps({"id": request["id"], "ok": request["spec"]}).encode() + b"\n")
    assert await asyncio.gather(first, second) == ["a", "b"]


async def test_notices_come_in_order_however_the_bytes_are_cut(wire: Wire) -> None:
    lines = b"".join(json.dumps({"ev": "step", "n": number}).encode() + b"\n" for number in range(50))
    for start in range(0, len(lines), 7):
        await wire.send(lines[start : start + 7])
        await asyncio.sleep(0)
    await wire.until(lambda: len(wire.notices) == 50)
    assert [notice["n"] for notice in wire.notices] == list(range(50))


async def test_errors_are_raised_as_what_they_are(wire: Wire) -> None:
    for error, code in (
        ({"code": "MHV-420", "message": "no"}, ErrorCode.LOAD_FAILED),
        ("odd", ErrorCode.INTERNAL),
    ):
        asking = asyncio.create_task(wire.channel.request("load", 5))
        request = await wire.request()
        await wire.send(json.dumps({"id": request["id"], "error": error}).encode() + b"\n")
        with pytest.raises(MahavishnuError) as raised:
            await asking
        assert raised.value.code is code


async def test_no_reply_in_time_and_a_late_or_unknown_one_is_dropped(wire: Wire) -> None:
    with pytest.raises(TimeoutError):
        await wire.channel.request("load", 0.02)
    request = await wire.request()
    for number in (request["id"], 999, "x", None):
        await wire.send(json.dumps({"id": number, "ok": 1}).encode() + b"\n")
    await wire.send(b'{"ev": "last"}\n')
    await wire.until(lambda: wire.notices)
    assert wire.notices == [{"ev": "last"}]


@pytest.mark.parametrize("line", [b"[1]\n", b"nonsense\n", b"{" * 300])
async def test_what_no_host_sends_ends_the_channel(
    wire: Wire, line: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(channel_module, "LONGEST_LINE", 200)
    asking = asyncio.create_task(wire.channel.request("load", 5))
    await wire.request()
    await wire.send(line)
    with pytest.raises(ChannelClosedError):
        await asking
    assert wire.channel.fault
    assert wire.closed == 1
    with pytest.raises(ChannelClosedError):
        await wire.channel.request("load", 5)
    wire.channel.pause(True)


async def test_while_it_is_paused_nothing_is_read_and_nothing_lost(wire: Wire) -> None:
    wire.channel.pause(True)
    wire.channel.pause(True)
    await wire.send(b'{"ev": 1}\n')
    await asyncio.sleep(0.05)
    assert wire.notices == []
    wire.channel.pause(False)
    await wire.until(lambda: wire.notices)


async def test_it_waits_for_the_last_words_but_not_for_ever(wire: Wire) -> None:
    await wire.send(b'{"ev": "last"}\n')
    await wire.channel.closed(0.05)
    assert wire.notices == [{"ev": "last"}]


async def test_a_channel_that_was_never_opened_is_closed() -> None:
    channel = Channel(lambda _: None, lambda: None)
    with pytest.raises(ChannelClosedError):
        await channel.request("hello", 1)
    channel.pause(True)
    channel.close()
