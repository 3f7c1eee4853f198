"""A child with Prefect's SDK: where its code is, how it is started, what it says, how it ended."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.models import ErrorCode

ENTRY = Path(__file__).parent / "children" / "__main__.py"
LINE_LIMIT = 4 * 1024 * 1024
"""Bytes of one line; children keep theirs far below."""
_NOT_INHERITED = ("PREFECT_API_", "PREFECT_CLIENT_CUSTOM_HEADERS", "PREFECT__", "PREFECT_PROFILE")
"""Whatever of these is around belongs to another server."""
_ALWAYS = {
    # Keys in a profile or in the project's prefect.toml are for other servers: these win over them.
    "PREFECT_PROFILE": "ephemeral",
    "PREFECT_API_KEY": "",
    "PREFECT_API_AUTH_STRING": "",
    "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
    "PREFECT_LOGGING_TO_API_ENABLED": "true",
    "PREFECT_LOGGING_COLORS": "false",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "DO_NOT_TRACK": "1",
    "PYTHONUNBUFFERED": "1",
}


@dataclass(frozen=True)
class UserCode:
    """Where the user's flows are, and what runs them.

    Args:
        python: an interpreter with Prefect in it.
        root: the project's folder; entrypoints are relative to it.
        server: how to reach the Prefect server: `PrefectConnection.environment()`.
        home: `PREFECT_HOME` for it; by default that of the environment.
        environment: what else it finds in `os.environ`, by default ours.
    """

    python: str
    root: str
    server: Mapping[str, str] = field(repr=False)
    home: str = ""
    environment: Mapping[str, str] | None = field(default=None, repr=False)

    def environ(self) -> dict[str, str]:
        """A child's whole environment. Without an explicit server the SDK would start one of its own."""
        around = os.environ if self.environment is None else self.environment
        kept = {name: value for name, value in around.items() if not name.startswith(_NOT_INHERITED)}
        home = {"PREFECT_HOME": self.home} if self.home else {}
        return {**kept, **_ALWAYS, **home, **self.server}


async def start_child(
    code: UserCode, command: str, request: Mapping[str, Any], log: Path | None
) -> asyncio.subprocess.Process:
    """Start a child and give it its request.

    Raises:
        AdapterError: MHV-411 it cannot be started.
    """
    stderr = os.open(log or os.devnull, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        process = await asyncio.create_subprocess_exec(
            code.python,
            str(ENTRY),
            command,
            cwd=code.root,
            env=code.environ(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=stderr,
            limit=LINE_LIMIT,
            start_new_session=True,
        )
    except OSError as error:
        raise AdapterError(
            ErrorCode.PREFECT_START,
            f"{code.python} cannot be started in {code.root} ({error.strerror}).",
            "Name the interpreter and the folder of the project.",
        ) from error
    finally:
        os.close(stderr)
    assert process.stdin is not None
    process.stdin.write(json.dumps(dict(request)).encode())
    with contextlib.suppress(ConnectionError):  # it has ended already, and says why
        await process.stdin.drain()
    process.stdin.close()
    return process


async def lines_of(process: asyncio.subprocess.Process) -> AsyncIterator[dict[str, Any]]:
    """What it says, until its stdout ends."""
    assert process.stdout is not None
    while line := await process.stdout.readline():
        with contextlib.suppress(ValueError):
            found = json.loads(line)
            if isinstance(found, dict):
                yield found


def answer_of(line: Mapping[str, Any]) -> dict[str, Any]:
    """What its last line holds; raises the AdapterError that it tells of."""
    if "error" in line:
        said = dict(line["error"])
        code, message = said.pop("code", ""), said.pop("message", "")
        raise AdapterError(code, str(message), str(said.pop("hint", "")), **said)
    answer: dict[str, Any] = line["ok"]
    return answer


def how_it_ended(returned: int) -> str:
    """An exit status in words: `ended with status 1`, `was killed by SIGKILL …`."""
    if returned >= 0:
        return f"ended with status {returned}"
    with contextlib.suppress(ValueError):
        name = signal.Signals(-returned).name
        return f"was killed by {name}" + (" (out of memory, or by hand)" if name == "SIGKILL" else "")
    return f"was killed by signal {-returned}"


def signal_child(process: asyncio.subprocess.Process, number: int) -> None:
    """Send it a signal; harmless when it is gone."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(process.pid, number)


def end_child(process: asyncio.subprocess.Process) -> None:
    """SIGKILL to its session, while its leader lives: flows start processes too."""
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


async def ended(process: asyncio.subprocess.Process) -> None:
    """End it, and wait until it has."""
    end_child(process)
    await process.wait()
