"""Their API at an address of its own, so that a client needs nothing but a URL."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
from collections.abc import Iterator

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.facade.app import agent_application
from mahavishnu_tui.server.facade.guard import Guard, is_loopback

log = logging.getLogger(__name__)


def open_address(address: str, token: str) -> socket.socket:
    """Listen at `host:port`.

    Raises:
        MahavishnuError: MHV-001 it is no address, or not of this machine alone and there is no token,
            MHV-007 it is taken.
    """
    host, _, port = address.rpartition(":")
    host = host.strip("[]")
    if not host or not (port.isascii() and port.isdigit() and 0 <= int(port) < 65536):
        raise MahavishnuError(
            ErrorCode.CONFIG_INVALID,
            f"`server.agent_api` is {address!r}, which is no address.",
            "Give a host and a port, such as 127.0.0.1:2124; nothing turns it off.",
        )
    if not token and not is_loopback(host):
        raise MahavishnuError(
            ErrorCode.CONFIG_INVALID,
            f"`server.agent_api` is {address!r}, which other machines can reach, and no token is set.",
            "Set `server.agent_api_token`, or listen at 127.0.0.1.",
        )
    try:
        (family, _, _, _, where), *_ = socket.getaddrinfo(host, int(port), type=socket.SOCK_STREAM)
        return _listen(family, where)
    except OSError as error:
        raise MahavishnuError(
            ErrorCode.SOCKET_PATH,
            f"The agent API cannot listen at {address} ({error.strerror or error}).",
            "Choose another `server.agent_api`, or end what listens there.",
        ) from error


def _listen(family: int, where: object) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)  # type: ignore[arg-type]  # what getaddrinfo gave for this family
        listener.listen(128)
        listener.setblocking(False)
    except BaseException:
        listener.close()
        raise
    return listener


class QuietServer(uvicorn.Server):
    """Uvicorn without its own signal handlers: ours drain first."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield


def http_server(app: ASGIApp) -> QuietServer:
    """A server of HTTP as all of ours are."""
    config = uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="off",
        http="h11",
        ws="none",
        loop="asyncio",
        server_header=False,
        timeout_graceful_shutdown=2,
    )
    return QuietServer(config)


class AgentListener:
    """Serves the API at an open socket until it is closed."""

    def __init__(self, core: Core, listener: socket.socket, token: str) -> None:
        app = agent_application(core)

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            core.seen_client()
            await app(scope, receive, send)

        self._socket = listener
        self._server = http_server(Guard(counted, token))
        self._task = asyncio.create_task(self._server.serve([listener]), name="agent api")
        log.info("agent API at %s:%s", *listener.getsockname()[:2])

    async def close(self) -> None:
        """Answer what is being answered, and listen no longer."""
        self._server.should_exit = True
        await asyncio.gather(self._task, return_exceptions=True)
        self._socket.close()
