"""JSON lines to and from one host: requests with replies, and notices."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
from collections.abc import Callable
from typing import Any

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server import codec

LONGEST_LINE = 64 * 1024 * 1024
"""Bytes; a host bounds what it sends far below."""


class ChannelClosedError(Exception):
    """The host is gone, or has sent what no host sends."""


class Channel(asyncio.Protocol):
    """Our end of the socket pair.

    Args:
        on_notice: called with every notice, in order.
        on_close: called once, when the other end is closed or broke the protocol.
    """

    def __init__(self, on_notice: Callable[[dict[str, Any]], None], on_close: Callable[[], None]) -> None:
        self._on_notice = on_notice
        self._on_close = on_close
        self._buffer = bytearray()
        self._ids = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._transport: asyncio.Transport | None = None
        self._ended = asyncio.Event()
        self.fault = ""
        """What was wrong with the other end's last line, if anything."""

    async def open(self, ours: socket.socket) -> None:
        """Take over a connected socket."""
        ours.setblocking(False)
        await asyncio.get_running_loop().create_unix_connection(lambda: self, sock=ours)

    async def request(self, op: str, timeout: float, **fields: Any) -> Any:
        """Send a request and wait for its reply.

        Raises:
            MahavishnuError: what the host answered.
            ChannelClosedError: the host is gone.
            TimeoutError: it did not answer in time; a late reply is dropped.
        """
        if self._transport is None or self._transport.is_closing():
            raise ChannelClosedError
        number = next(self._ids)
        reply: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = reply
        try:
            self._transport.write(codec.dumps({"id": number, "op": op, **fields}) + b"\n")
            async with asyncio.timeout(timeout):
                return await reply
        finally:
            self._waiting.pop(number, None)

    def pause(self, paused: bool) -> None:
        """Stop or go on reading: the host's own buffer holds what comes meanwhile."""
        if self._transport is None or self._transport.is_closing():
            return
        if paused and self._transport.is_reading():
            self._transport.pause_reading()
        elif not paused and not self._transport.is_reading():
            self._transport.resume_reading()

    def close(self) -> None:
        """Close our end; the host exits when it sees that."""
        if self._transport is not None:
            self._transport.close()

    async def closed(self, timeout: float) -> None:
        """Wait until everything the other end sent was read, then close; at most `timeout` seconds."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._ended.wait()
        self.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Called by the loop."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Called by the loop."""
        self._buffer += data
        if b"\n" not in data:
            if len(self._buffer) > LONGEST_LINE:
                self._break(f"a line of more than {LONGEST_LINE} bytes")
            return
        *lines, rest = bytes(self._buffer).split(b"\n")
        self._buffer = bytearray(rest)
        for line in lines:
            self._take(line)

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the loop."""
        for reply in self._waiting.values():
            if not reply.done():
                reply.set_exception(ChannelClosedError())
        self._ended.set()
        self._on_close()

    def _take(self, line: bytes) -> None:
        try:
            message = codec.loads(line)
        except ValueError as error:
            self._break(f"not JSON ({error})")
            return
        if not isinstance(message, dict):
            self._break("not an object")
        elif "id" not in message:
            self._on_notice(message)
        else:
            self._answer(message)

    def _answer(self, message: dict[str, Any]) -> None:
        reply = self._waiting.get(message["id"]) if isinstance(message["id"], int) else None
        if reply is None or reply.done():
            return
        error = message.get("error")
        if error is None:
            reply.set_result(message.get("ok"))
        elif isinstance(error, dict):
            reply.set_exception(MahavishnuError.from_json(error))
        else:
            reply.set_exception(MahavishnuError(ErrorCode.INTERNAL, f"The engine host answered: {error}."))

    def _break(self, fault: str) -> None:
        self.fault = fault
        if self._transport is not None:
            self._transport.abort()
