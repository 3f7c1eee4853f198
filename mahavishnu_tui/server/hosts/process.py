"""Starting the process of an engine host."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Project
from mahavishnu_tui.settings.paths import open_private


class HostProcess(Protocol):
    """A started host."""

    @property
    def pid(self) -> int:
        """Its process id."""
        ...

    async def wait(self) -> int:
        """Its exit code once it has ended; -N when signal N ended it."""
        ...

    def kill(self) -> None:
        """SIGKILL, to it and to what it started. Harmless when it is gone."""
        ...


class Spawner(Protocol):
    """Starts host processes; a test may wrap it to kill at the worst moment."""

    async def spawn(
        self, argv: Sequence[str], cwd: str, env: Mapping[str, str], log_path: Path, fd: int
    ) -> HostProcess:
        """Start a process that inherits `fd` and prints to `log_path`; raises OSError."""
        ...


class ChildProcess:
    """A host as an ordinary child in a session of its own."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    async def wait(self) -> int:
        """Its exit code once it has ended; -N when signal N ended it."""
        return await self._process.wait()

    def kill(self) -> None:
        """SIGKILL to its whole session: nodes may have started processes too."""
        if self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)


class ChildSpawner:
    """Starts hosts as children of the server."""

    async def spawn(
        self, argv: Sequence[str], cwd: str, env: Mapping[str, str], log_path: Path, fd: int
    ) -> HostProcess:
        """Start a process that inherits `fd` and prints to `log_path`; raises OSError."""
        log = open_private(log_path)
        try:
            process = await asyncio.create_subprocess_exec(
                *argv,
                cwd=cwd,
                env=dict(env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(fd,),
                start_new_session=True,
            )
        finally:
            os.close(log)
        return ChildProcess(process)


def environment(project: Project) -> dict[str, str]:
    """What a host's process finds in `os.environ`: ours, and the project's env file over it.

    Raises:
        MahavishnuError: MHV-433 the env file cannot be read.
    """
    env = {**os.environ, "PYTHONUNBUFFERED": "1"}
    if project.env_file:
        path = Path(project.root) / project.env_file
        try:
            text = path.read_text()
        except (OSError, UnicodeDecodeError) as error:
            why = "it does not exist" if isinstance(error, FileNotFoundError) else _in_words(error)
            raise MahavishnuError(
                ErrorCode.HOST_START,
                f"The env file {os.path.relpath(path, project.root)} cannot be read: {why}.",
                f"Correct `env` in {project.root}/langgraph.json, or write the file.",
            ) from error
        env.update(_assignments(text))
    return env


def _in_words(error: OSError | UnicodeDecodeError) -> str:
    return "it is no UTF-8" if isinstance(error, UnicodeDecodeError) else str(error.strerror)


def _assignments(text: str) -> dict[str, str]:
    """`NAME=value` lines as dotenv files have them: comments, `export`, one pair of quotes."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        name, value = name.strip(), value.strip()
        if not equals or not name or name.startswith("#"):
            continue
        if len(value) >= 2 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        else:
            value = value.split(" #", 1)[0].rstrip()
        found[name] = value
    return found
