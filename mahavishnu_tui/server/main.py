"""The server's process: `mahavishnu server run` calls `run_server`."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import Iterator

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.server.application import application
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.facade.listener import AgentListener, http_server, open_address
from mahavishnu_tui.server.hosts.process import ChildSpawner, Spawner
from mahavishnu_tui.server.lifecycle import Lock, own_socket, private_directory, remove_socket
from mahavishnu_tui.server.logs import close_log, open_log
from mahavishnu_tui.server.memory import stay_small
from mahavishnu_tui.server.options import ServerOptions

log = logging.getLogger(__name__)


def run_server(options: ServerOptions) -> int:
    """Serve until told to stop; the exit code.

    Raises:
        MahavishnuError: why the server cannot start (MHV-003 … MHV-007).
    """
    stay_small()
    return asyncio.run(serve(options))


async def serve(options: ServerOptions, spawner: Spawner | None = None) -> int:
    """Serve until a signal, a client or idleness ends it; 0 after a clean stop.

    Args:
        options: everything the server needs to know.
        spawner: starts engine hosts; ordinary child processes when None.

    Raises:
        MahavishnuError: why the server cannot start (MHV-003 … MHV-007).
    """
    private_directory(options.data)
    lock = Lock(options.lock)
    try:
        handler = open_log(options.log, options.log_level)
        try:
            return await _serve_locked(options, spawner or ChildSpawner())
        except MahavishnuError as error:
            log.error("cannot start: %s", error)
            raise
        except Exception:
            log.exception("the server ends with an error")
            raise
        finally:
            close_log(handler)
    finally:
        lock.release()


async def _serve_locked(options: ServerOptions, spawner: Spawner) -> int:
    listener = own_socket(options.socket)
    address = None
    try:
        if options.agent_api:
            address = open_address(options.agent_api, options.agent_api_token)
        core = await Core.open(options, spawner)
        try:
            with _signals(core):
                await _answer(core, listener, address)
        finally:
            if not core.closed:
                await core.close()
    finally:
        listener.close()
        if address is not None:
            address.close()
        remove_socket(options.socket)
    log.info("stopped")
    return 0


async def _answer(core: Core, listener: socket.socket, address: socket.socket | None) -> None:
    """Serve HTTP until the core is told to stop, and while it drains."""
    agents = AgentListener(core, address, core.options.agent_api_token) if address else None
    server = http_server(application(core))
    serving = asyncio.create_task(server.serve([listener]), name="http")
    stopping = asyncio.create_task(core.stopping.wait(), name="stop")
    log.info("ready: %s, data in %s", core.options.socket, core.options.data)
    await asyncio.wait([serving, stopping], return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    await core.close()
    if agents is not None:
        await agents.close()
    server.should_exit = True
    await serving


@contextlib.contextmanager
def _signals(core: Core) -> Iterator[None]:
    """SIGTERM and SIGINT stop cleanly; the second one does not wait for runs."""
    loop = asyncio.get_running_loop()

    def stop() -> None:
        if core.stopping.is_set():
            core.hurry()
        core.stopping.set()

    names = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    # A server inside another program's thread (a test) has no signals of its own.
    with contextlib.suppress(ValueError, RuntimeError):
        for name in names:
            loop.add_signal_handler(name, stop)
    try:
        yield
    finally:
        for name in names:
            loop.remove_signal_handler(name)
