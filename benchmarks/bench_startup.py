"""Start-up: exec to first full paint, and to rows from a running server, beside a bare Textual app.

Budgets: first paint <= 1.6x the bare app; rows <= 2.5x; UI process <= 80 MiB; idle: 0 bytes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from probe import COMMAND, ROOT, Program, home, median, repeat, table


def painted(argv: list[str], env: dict[str, str], marker: bytes) -> Callable[[], float]:
    def measure() -> float:
        program = Program(argv, env)
        try:
            return program.until(marker)
        finally:
            program.close()

    return measure


def idle(
    argv: list[str], env: dict[str, str], marker: bytes, seconds: float = 8.0
) -> tuple[int, float, float]:
    """Bytes written, CPU percent and MiB while nothing happens."""
    program = Program(argv, env)
    try:
        program.until(marker)
        program.settle(1.0)
        written, cpu, begun = len(program.output), program.cpu(), time.perf_counter()
        while time.perf_counter() - begun < seconds:
            program.read(0.2)
        return len(program.output) - written, 100 * (program.cpu() - cpu) / seconds, program.memory()
    finally:
        program.close()


def main() -> None:
    bare = [sys.executable, str(ROOT / "benchmarks" / "bare_app.py")]
    with home() as env:
        floor = repeat(painted(bare, env, b"bare-app-is-painted"))
        line = str(ROOT / "examples" / "demo" / "line.py")
        run = subprocess.run(
            [
                COMMAND,
                "langgraph",
                "execute",
                "--workflow-file",
                line,
                "--state",
                '{"pace": 0}',
                "--wait",
                "--json",
                "--trust",
            ],
            env=env,
            cwd=Path(env["HOME"]),
            capture_output=True,
            check=True,
        )
        name = json.loads(run.stdout)["run_name"].encode()
        first = repeat(painted([COMMAND], env, b"Checkpoints"))
        rows = repeat(painted([COMMAND], env, name))
        bytes_out, cpu, memory = idle([COMMAND], env, name)
        _, bare_cpu, bare_memory = idle(bare, env, b"bare-app-is-painted")
        subprocess.run(
            [COMMAND, "server", "stop"], env=env, cwd=Path(env["HOME"]), capture_output=True, check=False
        )
    base = median(floor)
    table(
        "start-up at 200x50 (median of 7)",
        [
            (
                "first full paint",
                f"{median(first):.3f} s",
                f"{base:.3f} s",
                f"{median(first) / base:.2f} (1.6)",
            ),
            (
                "rows from the server",
                f"{median(rows):.3f} s",
                f"{base:.3f} s",
                f"{median(rows) / base:.2f} (2.5)",
            ),
            ("idle bytes in 8 s", str(bytes_out), "0", "(0)"),
            ("idle CPU", f"{cpu:.2f} %", f"{bare_cpu:.2f} %", "(+0.3 %)"),
            ("memory", f"{memory:.0f} MiB", f"{bare_memory:.0f} MiB", "(80 MiB)"),
        ],
    )


if __name__ == "__main__":
    main()
