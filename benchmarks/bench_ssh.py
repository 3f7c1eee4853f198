"""Bytes to the terminal at 80x24 while 12 workflows run and nobody types, with and without `--ssh`.

Budget: <= 400 B/s with `--ssh`.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from figures import Section, below, beside, report
from probe import COMMAND, ROOT, Program, home

RUNS = 12
SECONDS = 20.0


def execute(env: dict[str, str]) -> bytes:
    """Start a workflow that takes some minutes; the name of its run."""
    line = str(ROOT / "examples" / "demo" / "line.py")
    command = [COMMAND, "langgraph", "execute", "--workflow-file", line, "--state", '{"pace": 120}']
    done = subprocess.run(
        [*command, "--json", "--trust"], env=env, cwd=env["HOME"], capture_output=True, check=True
    )
    return str(json.loads(done.stdout)["run_name"]).encode()


def sent(env: dict[str, str], words: list[str], marker: bytes) -> tuple[int, float, int]:
    """Bytes of the first frames, bytes per second at rest, bytes of a key that moves the cursor."""
    program = Program([COMMAND, *words], env, 80, 24, cwd=Path(env["HOME"]))
    try:
        program.until(marker)
        program.settle(0.5, 3)
        first = len(program.output)
        end = time.perf_counter() + SECONDS
        while time.perf_counter() < end:
            program.read(0.2)
        rate = (len(program.output) - first) / SECONDS
        before = len(program.output)
        for _ in range(10):
            program.key_to_paint(b"j")
        return first, rate, (len(program.output) - before) // 10
    finally:
        program.close()


def measure() -> list[Section]:
    with home() as env:
        env["MAHAVISHNU_LANGGRAPH__MAX_CONCURRENT_WORKFLOWS"] = str(RUNS)
        try:
            names = [execute(env) for _ in range(RUNS)]
            usual, spared = sent(env, [], names[-1]), sent(env, ["--ssh"], names[-1])
        finally:
            command = [COMMAND, "server", "stop", "--no-drain"]
            subprocess.run(command, env=env, cwd=env["HOME"], capture_output=True, check=False)
    without = "without --ssh"
    return [
        Section(
            "1.1 A slow line",
            [
                beside("--ssh: bytes until the rows are there", spared[0], usual[0], "B", without),
                below("--ssh: ages alone", spared[1], "B/s", 400, f"{usual[1]:.0f} B/s {without}"),
                beside("--ssh: bytes of a key that moves the cursor", spared[2], usual[2], "B", without),
            ],
            f"80x24, {RUNS} workflows at work.",
        )
    ]


if __name__ == "__main__":
    report(measure)
