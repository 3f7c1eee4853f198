"""One request of HTTP/1.1 and its answer over a Unix socket: h11 knows the protocol, asyncio the socket.

httpx can do this too, and much that is not needed here: importing it takes longer than all else that the
dashboard does until the first rows are there.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

import h11

READ_SIZE: Final = 256 * 1024
"""Bytes that are taken from the socket at once, and that wait in memory at most until they are."""


class NobodyThereError(Exception):
    """Nothing was sent: no server listens at the socket."""


class BrokenOffError(Exception):
    """The server went away before its answer was whole, or what it sent is not HTTP."""


class Answer:
    """The answer to a request: its status is there, its body is read piece by piece.

    Args:
        reader: where it comes from.
        writer: where the request goes.
        seconds: the longest that a piece of it may take.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, seconds: float) -> None:
        self.status = 0
        self._reader = reader
        self._writer = writer
        self._seconds = seconds
        self._http = h11.Connection(h11.CLIENT)

    async def ask(self, method: str, target: str, body: bytes | None) -> None:
        """Ask for it, and wait for its status; the server closes the connection after the answer."""
        headers = [("host", "mahavishnu"), ("connection", "close")]
        if body is not None:
            headers += [("content-type", "application/json"), ("content-length", str(len(body)))]
        wanted = h11.Request(method=method, target=target, headers=headers)
        asked = [wanted, *([h11.Data(data=body)] if body else []), h11.EndOfMessage()]
        self._writer.write(b"".join(self._http.send(event) or b"" for event in asked))
        # A server that refuses what is too large may answer before it has read it all.
        with contextlib.suppress(ConnectionError):
            async with asyncio.timeout(self._seconds):
                await self._writer.drain()
        while not isinstance(event := await self._next(), h11.Response):
            pass  # what a server says beforehand is nothing to us
        self.status = event.status_code

    async def pieces(self) -> AsyncIterator[bytes]:
        """Its body, as it comes."""
        while isinstance(event := await self._next(), h11.Data):
            yield bytes(event.data)

    async def body(self) -> bytes:
        """All of it."""
        return b"".join([piece async for piece in self.pieces()])

    def close(self) -> None:
        """Hear no more of it."""
        self._writer.close()

    async def _next(self) -> object:
        """What comes next of it."""
        while (event := self._http.next_event()) is h11.NEED_DATA:
            async with asyncio.timeout(self._seconds):
                self._http.receive_data(await self._reader.read(READ_SIZE))
        return event


@contextlib.asynccontextmanager
async def exchange(
    socket: str, method: str, target: str, body: bytes | None, seconds: float
) -> AsyncIterator[Answer]:
    """Ask the server at a socket; the connection ends with the context.

    Args:
        socket: its path.
        method: of HTTP.
        target: path and query, quoted.
        body: JSON.
        seconds: the longest that each step may take, from connecting to a piece of the answer.

    Raises:
        NobodyThereError: no server listens.
        BrokenOffError: it went away meanwhile; what was asked may have been done.
        TimeoutError: a step took too long.
    """
    try:
        async with asyncio.timeout(seconds):
            reader, writer = await asyncio.open_unix_connection(socket, limit=READ_SIZE)
    except OSError as error:
        raise NobodyThereError from error
    try:
        answer = Answer(reader, writer, seconds)
        await answer.ask(method, target, body)
        yield answer
    except TimeoutError:
        raise
    except (OSError, h11.ProtocolError) as error:
        raise BrokenOffError from error
    finally:
        writer.close()
