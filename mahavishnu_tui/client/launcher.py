"""Starts the server, detached, when none answers: it outlives the program that started it."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

from mahavishnu_tui.client.api import ServerClient
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean
from mahavishnu_tui.settings.paths import open_private

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mahavishnu_tui.models.health import ServerInfo
    from mahavishnu_tui.settings.paths import Paths

TAIL_LINES = 6
_POLL = 0.05


@dataclasses.dataclass(frozen=True)
class LaunchOptions:
    """What it takes to start a server and to find it."""

    data: str
    """The context's data directory."""
    socket: str
    log: str
    """The server's own log; what the process prints goes to `<log>.start` beside it."""
    arguments: tuple[str, ...] = ()
    """Further flags of `mahavishnu server run`, such as `--set`."""
    timeout: float = 30.0
    """Seconds to wait for its first answer."""

    @classmethod
    def of(cls, paths: Paths, flags: Sequence[str] = ()) -> LaunchOptions:
        """For a server in these places, with the settings that were given as `--set`."""
        flags = [*flags, f"paths.socket={paths.socket}", f"paths.log={paths.log}"]
        arguments = ["--context", paths.context]
        for flag in flags:
            arguments += ["--set", flag]
        return cls(str(paths.data), str(paths.socket), str(paths.log), tuple(arguments))


async def ensure_server(launch: LaunchOptions) -> ServerInfo:
    """The server that answers at `launch.socket`; started when there is none.

    Safe to call from several programs at once: the server's own lock lets one of them win, and all
    wait for that one.

    Raises:
        MahavishnuError: MHV-002 with the tail of what it printed, when it does not come up.
    """
    deadline = time.monotonic() + launch.timeout
    async with ServerClient(launch.socket, timeout=5.0) as client:
        info = await _answer(client)
        while info is not None and info.state == "draining" and time.monotonic() < deadline:
            # On its way out: it takes no orders, and holds the lock until it is gone.
            await asyncio.sleep(_POLL)
            info = await _answer(client)
        return info if info is not None else await _launch(launch, client, deadline)


async def _answer(client: ServerClient) -> ServerInfo | None:
    """The server's answer, or None when nobody is there."""
    try:
        return await client.server()
    except MahavishnuError as error:
        if error.code is not ErrorCode.SERVER_UNREACHABLE:
            raise
        return None


async def _launch(launch: LaunchOptions, client: ServerClient, deadline: float) -> ServerInfo:
    output = Path(f"{launch.log}.start")
    begin = _size(output)
    process = _spawn(launch, output)
    while time.monotonic() < deadline:
        info = await _answer(client)
        if info is not None:
            return info
        if process.poll() is not None and not _lost_the_race(output, begin):
            raise _did_not_start(launch, output, begin, f"it ended with status {process.returncode}")
        await asyncio.sleep(_POLL)
    raise _did_not_start(launch, output, begin, f"it did not answer within {launch.timeout:g} s")


def _spawn(launch: LaunchOptions, output: Path) -> subprocess.Popen[bytes]:
    # -P: the working directory may be anybody's project, whose modules must not shadow ours.
    argv = [sys.executable, "-P", "-m", "mahavishnu_tui", "server", "run"]
    argv += ["--data-dir", launch.data, *launch.arguments]
    try:
        handle = open_private(output)
    except OSError as error:
        raise MahavishnuError(
            ErrorCode.SERVER_UNREACHABLE,
            f"The server cannot be started: {output} cannot be written ({error.strerror}).",
            "Free or change the data directory (`--data-dir`, or `paths.data` in the settings).",
        ) from error
    with contextlib.closing(os.fdopen(handle, "ab")) as sink:
        process = subprocess.Popen(
            argv, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True
        )
    # Reaped whenever it ends, so that a long-lived dashboard keeps no zombie. Never asyncio's
    # subprocess: its transport kills a child that is still there when the loop closes.
    threading.Thread(target=process.wait, name="server-reaper", daemon=True).start()
    return process


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _printed(output: Path, begin: int) -> list[str]:
    try:
        with output.open("rb") as handle:
            handle.seek(begin)
            text = handle.read(65536).decode(errors="replace")
    except OSError:
        return []
    return [line for line in clean(text).splitlines() if line.strip()]


def _lost_the_race(output: Path, begin: int) -> bool:
    """Another server holds the lock: that one will answer."""
    return any(ErrorCode.SERVER_RUNNING.value in line for line in _printed(output, begin))


def _did_not_start(launch: LaunchOptions, output: Path, begin: int, why: str) -> MahavishnuError:
    tail = _printed(output, begin)[-TAIL_LINES:]
    told = f" It said: {' / '.join(tail)}" if tail else ""
    return MahavishnuError(
        ErrorCode.SERVER_UNREACHABLE,
        f"The server was started and does not answer: {why}.{told}",
        f"Its log is {launch.log}.",
        log=launch.log,
        tail=tail,
    )
