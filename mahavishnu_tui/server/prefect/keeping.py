"""A process that outlives a crash of ours: started in a session of its own, found again by its record."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mahavishnu_tui.server import codec
from mahavishnu_tui.settings.paths import open_private

STOP_SECONDS = 10.0
"""Between SIGTERM and SIGKILL."""
_LOOK_SECONDS = 0.5
_LARGEST_LOG = 20 * 1024 * 1024


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How a process is started."""

    argv: Sequence[str]
    env: Mapping[str, str] = dataclasses.field(repr=False)
    cwd: Path
    log: Path
    record: Path
    """Where its id is written, for the next server."""


class Kept:
    """One process at a time."""

    def __init__(self) -> None:
        self.pid: int | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._began = 0

    async def spawn(self, recipe: Recipe, **facts: Any) -> None:
        """Start it and write its record, with these facts; raises OSError."""
        recipe.cwd.mkdir(parents=True, exist_ok=True, mode=0o700)
        recipe.log.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _turn_over(recipe.log)
        log = open_private(recipe.log)
        try:
            self._process = await asyncio.create_subprocess_exec(
                *recipe.argv,
                cwd=recipe.cwd,
                env=dict(recipe.env),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        finally:
            os.close(log)
        self.pid = self._process.pid
        self._began = began(self.pid)
        write_record(recipe.record, {**facts, "pid": self.pid, "began": self._began})

    def adopt(self, record: Mapping[str, Any]) -> bool:
        """Take over the process of a record, if it is still that very one."""
        pid, since = record.get("pid"), record.get("began")
        if not isinstance(pid, int) or not since or began(pid) != since:
            return False
        self.pid, self._began, self._process = pid, since, None
        return True

    @property
    def alive(self) -> bool:
        """Whether it lives."""
        if self.pid is None:
            return False
        if self._process is not None:
            return self._process.returncode is None
        return began(self.pid) == self._began

    async def ended(self) -> int | None:
        """Wait for its end; its exit code where we are its parent."""
        if self._process is not None:
            return await self._process.wait()
        # Nothing tells of the end of a process that is not our child.
        while self.alive:  # noqa: ASYNC110
            await asyncio.sleep(_LOOK_SECONDS)
        return None

    async def stop(self) -> None:
        """SIGTERM, and SIGKILL when that does not end it."""
        for number, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGKILL, STOP_SECONDS)):
            if self.pid is None or not self.alive:
                break
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self.ended()
        self.pid = None


def began(pid: int) -> int:
    """When a process began, in the kernel's ticks; with its id this names it. 0: nobody says."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
        state, *rest = fields.rpartition(")")[2].split()
        return 0 if state in ("Z", "X") else int(rest[18])
    except (OSError, ValueError, IndexError):
        return 0


def read_record(path: Path) -> dict[str, Any]:
    """What the last server wrote; empty when there is nothing, or nothing that can be read."""
    try:
        found = codec.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_record(path: Path, record: Mapping[str, Any]) -> None:
    """Write for the next server; raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = path.with_suffix(".new")
    half.write_bytes(codec.dumps(dict(record)))
    half.replace(path)


def _turn_over(log: Path) -> None:
    """One older log is kept."""
    with contextlib.suppress(OSError):
        if log.stat().st_size > _LARGEST_LOG:
            log.replace(log.with_suffix(".old.log"))
