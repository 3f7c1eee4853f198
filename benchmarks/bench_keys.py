"""Key to paint: `j` and `k` in the runs table, beside a bare Textual app scrolling a table of as many rows.

Budgets: p95 <= 1.3x the bare app when idle; <= 1.6x while 100 workflows run on the engine server.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from probe import COMMAND, ROOT, Program, home, median, p95, table

RUNS = 60


def keys(
    argv: list[str], env: dict[str, str], marker: bytes, columns: int, rows: int, times: int = 60
) -> list[float]:
    program = Program(argv, env, columns, rows)
    try:
        program.until(marker)
        program.settle()
        return [program.key_to_paint(b"j" if number % 40 < 20 else b"k") for number in range(times)]
    finally:
        program.close()


def execute(env: dict[str, str], file: Path, state: dict[str, object], wait: bool) -> str:
    command = [
        COMMAND,
        "langgraph",
        "execute",
        "--workflow-file",
        str(file),
        "--state",
        json.dumps(state),
        "--json",
        "--trust",
    ]
    done = subprocess.run(
        [*command, "--wait"] if wait else command, env=env, cwd=env["HOME"], capture_output=True, check=True
    )
    return str(json.loads(done.stdout)["run_name"])


def main() -> None:
    bare = [sys.executable, str(ROOT / "benchmarks" / "bare_app.py"), str(RUNS)]
    line = ROOT / "examples" / "demo" / "line.py"
    lines = []
    with home() as env:
        env["MAHAVISHNU_LANGGRAPH__MAX_CONCURRENT_WORKFLOWS"] = "100"
        name = ""
        for _ in range(RUNS):
            name = execute(env, line, {"pace": 0}, wait=False)
        execute(env, line, {"pace": 0}, wait=True)
        for columns, rows in ((80, 24), (200, 50)):
            floor = keys(bare, env, b"run-1", columns, rows)
            ours = keys([COMMAND], env, name.encode(), columns, rows)
            lines.append(
                (
                    f"{columns}x{rows} idle, p95 (median)",
                    f"{1000 * p95(ours):.0f} ms ({1000 * median(ours):.0f})",
                    f"{1000 * p95(floor):.0f} ms ({1000 * median(floor):.0f})",
                    f"{p95(ours) / p95(floor):.2f} (1.3)",
                )
            )
        for _ in range(100):
            name = execute(env, line, {"pace": 8}, wait=False)
        floor = keys(bare, env, b"run-1", 200, 50)
        ours = keys([COMMAND], env, name.encode(), 200, 50)
        lines.append(
            (
                "200x50, 100 workflows running, p95 (median)",
                f"{1000 * p95(ours):.0f} ms ({1000 * median(ours):.0f})",
                f"{1000 * p95(floor):.0f} ms ({1000 * median(floor):.0f})",
                f"{p95(ours) / p95(floor):.2f} (1.6)",
            )
        )
        subprocess.run(
            [COMMAND, "server", "stop"], env=env, cwd=env["HOME"], capture_output=True, check=False
        )
    table("key to paint", lines)


if __name__ == "__main__":
    main()
