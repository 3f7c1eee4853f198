"""What notifications are sent to in tests: a webhook and a mail server, on real sockets."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import email
import email.policy
import json
from collections.abc import AsyncIterator
from typing import Any


class Webhook:
    """Keeps what is posted; answers with `status` once `let` is set."""

    def __init__(self) -> None:
        self.posts: list[dict[str, Any]] = []
        self.heads: list[str] = []
        self.status = 200
        self.let = asyncio.Event()
        self.let.set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"json://ana:hunter2hunter2@127.0.0.1:{self.port}/t0ken-t0ken"

    @property
    def titles(self) -> list[str]:
        return [post["title"] for post in self.posts]

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            length = next(
                int(line.split(":")[1]) for line in head.splitlines() if "content-length" in line.lower()
            )
            self.heads.append(head)
            self.posts.append(json.loads(await reader.readexactly(length)))
            await self.let.wait()
            writer.write(
                f"HTTP/1.1 {self.status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
            )
            await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def webhook() -> AsyncIterator[Webhook]:
    """A webhook that listens."""
    found = Webhook()
    server = await asyncio.start_server(found.answer, "127.0.0.1", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found
        found.let.set()


class MailServer:
    """Takes every mail without asking for anything; whoever gives a password is refused with it."""

    def __init__(self) -> None:
        self.mails: list[Any] = []
        self.port = 0

    @property
    def url(self) -> str:
        return f"mailto://localhost:{self.port}?from=mahavishnu@example.org&to=ops@example.org"

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        def say(line: str) -> None:
            writer.write(f"{line}\r\n".encode())

        say("220 here")
        while (line := await reader.readline()) and not line.upper().startswith(b"QUIT"):
            if line.upper().startswith(b"DATA"):
                say("354 go on")
                text = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(email.message_from_bytes(text[:-3], policy=email.policy.default))
            if line.upper().startswith(b"EHLO"):
                say("250-here")
                say("250 AUTH PLAIN")
            elif line.upper().startswith(b"AUTH"):
                said = base64.b64decode(line.split()[2]).decode().split("\0")
                say(f"535 5.7.8 {said[1]} is not known with {said[2]}")
            else:
                say("250 fine")
        say("221 bye")
        writer.close()


@contextlib.asynccontextmanager
async def mail_server() -> AsyncIterator[MailServer]:
    """A mail server that listens."""
    found = MailServer()
    server = await asyncio.start_server(found.answer, "localhost", 0)
    found.port = server.sockets[0].getsockname()[1]
    async with server:
        yield found
