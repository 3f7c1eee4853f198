"""A server's way to start hosts that costs little: by forking one that has imported everything."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mahavishnu_tui.server.hosts.host import ENTRY
from mahavishnu_tui.server.hosts.process import ChildSpawner, HostProcess
from mahavishnu_tui.settings.paths import open_private

TRACED = "COVERAGE_PROCESS_CONFIG"
_control: socket.socket | None = None


def control() -> socket.socket:
    """To the process that hosts are forked from, one for all tests; it ends with us and our servers."""
    global _control
    if _control is None:
        _control, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        script = Path(__file__).with_name("forking_host.py")
        words = [sys.executable, "-u", str(script), str(theirs.fileno()), str(ENTRY)]
        # Tracing begins where a program is run: a fork would be traced by halves.
        env = {name: text for name, text in os.environ.items() if name != TRACED}
        process = subprocess.Popen(words, env=env, pass_fds=[theirs.fileno()], start_new_session=True)
        theirs.close()
        atexit.register(process.wait)
        atexit.register(_control.close)
    return _control


class ForkedProcess:
    """A host that was forked for this server."""

    def __init__(self, pid: int, told: asyncio.StreamReader, transport: asyncio.BaseTransport) -> None:
        self.pid = pid
        self._transport = transport
        self._exit = asyncio.create_task(self._read(told))

    async def _read(self, told: asyncio.StreamReader) -> int:
        line = await told.readline()
        self._transport.close()
        return int(line)

    async def wait(self) -> int:
        return await asyncio.shield(self._exit)

    def kill(self) -> None:
        if not self._exit.done():
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)


def use_control(fd: int) -> None:
    """Ask, over this descriptor, the process that our parent forks hosts from."""
    global _control
    _control = socket.socket(fileno=fd)
    os.set_inheritable(fd, False)


async def forked(cwd: Any, env: Mapping[str, str], log_path: Any, fd: int) -> ForkedProcess:
    """A new host that has this descriptor, and prints to this file, which is there."""
    order = {"entry": str(ENTRY), "cwd": str(cwd), "env": dict(env), "log": str(log_path)}
    ours, theirs = os.pipe()
    socket.send_fds(control(), [json.dumps(order).encode()], [fd, theirs])
    os.close(theirs)
    told = asyncio.StreamReader()
    transport, _ = await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(told), os.fdopen(ours, "rb")
    )
    return ForkedProcess(int(await told.readline()), told, transport)


class ForkingSpawner(ChildSpawner):
    """Forks the hosts of this interpreter; starts those of others, and those that are to be traced."""

    async def spawn(self, argv: Any, cwd: Any, env: Any, log_path: Any, fd: int) -> HostProcess:
        ours_to_fork = list(argv[:2]) == [sys.executable, str(ENTRY)] and os.path.isdir(cwd)
        if not ours_to_fork or TRACED in env:
            return await super().spawn(argv, cwd, env, log_path, fd)
        os.close(open_private(log_path))
        return await forked(cwd, env, log_path, fd)
