"""Start-up: exec to first full paint, and to rows from a running server, beside a bare Textual app.

Budgets: first paint <= 1.6x the bare app; rows <= 2.5x; UI process <= 80 MiB after an hour; idle with nothing
at work: 0 bytes and +0.3 % CPU; 80x24 with nothing but ages that change: <= 400 B/s.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from figures import Figure, Section, above_floor, below, beside, plain, report
from probe import COMMAND, ROOT, Program, execute, home, median, repeat, stop

BARE = [sys.executable, str(ROOT / "benchmarks" / "bare_app.py")]
BARE_MARKER = b"bare-app-is-painted"
IDLE_SECONDS = 20.0
LIVE_SECONDS = 120.0
AT_WORK = 100
OPENED = 120
HOURLY = 800
"""Of 20,000 a day."""
BATCH = 50
SETTINGS = (
    "More than half of the time since the first paint goes into importing pydantic and reading the settings"
    " file of the working directory: see the row without one."
)
CLOSED = (
    "Closed screens are let go; what their making took stays with the process until Python's collector has"
    " looked, and in holes of the heap."
)


class Usage(NamedTuple):
    """What a program took while it was watched."""

    bytes_per_second: float
    cpu_percent: float
    first_memory: float
    memory: float


def painted(argv: list[str], env: dict[str, str], marker: bytes, folder: Path = ROOT) -> Callable[[], float]:
    def measured() -> float:
        with closing(Program(argv, env, cwd=folder)) as program:
            return program.until(marker)

    return measured


def watched(
    argv: list[str], env: dict[str, str], marker: bytes, seconds: float, columns: int = 200, rows: int = 50
) -> Usage:
    """Let it be for so long."""
    with closing(Program(argv, env, columns, rows)) as program:
        program.until(marker)
        program.settle(1.0, 5.0)
        written, cpu, memory = len(program.output), program.cpu(), program.memory()
        begun = time.perf_counter()
        while time.perf_counter() - begun < seconds:
            program.read(0.2)
        return Usage(
            (len(program.output) - written) / seconds,
            100 * (program.cpu() - cpu) / seconds,
            memory,
            program.memory(),
        )


def leafed(argv: list[str], env: dict[str, str], marker: bytes, turns: int) -> float:
    """MiB once the run, its logs and the launch form were opened and closed so often."""
    with closing(Program(argv, env)) as program:
        program.until(marker)
        program.settle(1.0, 5.0)
        for _ in range(turns):
            for key in b"\r\x1bl\x1bt\x1b":
                program.press(bytes([key]))
                program.settle(0.15, 2.0)
        return program.memory()


def crowded(argv: list[str], env: dict[str, str], marker: bytes, runs: int) -> float:
    """MiB once so many runs have come and ended before its eyes."""
    with closing(Program(argv, env)) as program:
        program.until(marker)
        for _ in range(runs // BATCH):
            execute(env, *[0.0] * BATCH)
            program.settle(1.0, 10.0)
        return program.memory()


def starts() -> list[Figure]:
    with home() as env:
        floor = median(repeat(painted(BARE, env, BARE_MARKER)))
        try:
            name = execute(env, 0, wait=True).encode()
            first = median(repeat(painted([COMMAND], env, b"Checkpoints")))
            rows = median(repeat(painted([COMMAND], env, name)))
            bare_rows = median(repeat(painted([COMMAND], env, name, Path(env["HOME"]))))
            idle = watched([COMMAND], env, name, IDLE_SECONDS)
            opened = leafed([COMMAND], env, name, OPENED // 3)
            hour = crowded([COMMAND], env, name, HOURLY)
        finally:
            stop(env)
        bare = watched(BARE, env, BARE_MARKER, IDLE_SECONDS)
    name = "bare Textual app"
    return [
        beside("first full paint, median of 7", first, floor, "s", name, most=1.6),
        beside("rows from a running server, median of 7", rows, floor, "s", name, most=2.5, why=SETTINGS),
        beside("the same where no settings file is", bare_rows, floor, "s", name, most=2.5),
        above_floor("CPU when idle", idle.cpu_percent, bare.cpu_percent, "%", name, 0.3),
        below("bytes when idle", idle.bytes_per_second, "B/s", 0, "0 B/s " + name),
        below(f"memory after {HOURLY} runs, an hour of 20,000 a day", hour, "MiB", 80),
        below(f"memory after {OPENED} screens were opened and closed", opened, "MiB", 80, why=CLOSED),
        plain("memory after start", idle.memory, "MiB", f"{bare.memory:.0f} MiB {name}"),
    ]


def lives() -> list[Figure]:
    """With workflows at work: ages alone, and changes without a pause."""
    with home() as env:
        env["MAHAVISHNU_LANGGRAPH__MAX_CONCURRENT_WORKFLOWS"] = str(2 * AT_WORK)
        try:
            name = execute(env, *[600.0] * 20)
            aging = watched([COMMAND], env, name.encode(), IDLE_SECONDS, 80, 24)
            name = execute(env, *[LIVE_SECONDS / 4] * AT_WORK)
            busy = watched([COMMAND], env, name.encode(), LIVE_SECONDS)
        finally:
            stop(env)
    minutes = LIVE_SECONDS / 60
    return [
        below("80x24, 20 runs at work: ages alone", aging.bytes_per_second, "B/s", 400),
        below(
            f"memory after {minutes:g} minutes with {AT_WORK} workflows at work",
            busy.memory,
            "MiB",
            80,
            f"{busy.first_memory:.0f} MiB at their beginning",
        ),
        plain(f"CPU with {AT_WORK} workflows at work", busy.cpu_percent, "%"),
        plain(f"bytes with {AT_WORK} workflows at work, 200x50", busy.bytes_per_second, "B/s"),
    ]


def measure() -> list[Section]:
    return [Section("1 Start-up and idleness", [*starts(), *lives()], "200x50 unless it says otherwise.")]


if __name__ == "__main__":
    report(measure)
