"""The processes that an operator of a test has started, whoever their parent is now."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from pathlib import Path


def processes_of(home: Path) -> list[int]:
    """Everything that was started with this home."""
    mark = f"HOME={home}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        # One that has just ended, or is somebody else's.
        with contextlib.suppress(OSError):
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found


def end_processes_of(home: Path) -> None:
    """Kill them all. A dashboard that is killed may have a server behind it that answers nobody yet."""
    end = time.monotonic() + 20
    while (left := processes_of(home)) and time.monotonic() < end:
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.02)
    assert not left, f"still there: {left}"
