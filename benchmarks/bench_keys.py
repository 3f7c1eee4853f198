"""Key to paint: `j` and `k` in the runs table, beside a bare Textual app scrolling a table of as many rows.

Budgets: p95 <= 1.3x the bare app when idle; <= 1.6x while 100 workflows run on the engine server. The bare
app of the second one scrolls on a machine that does nothing else; beside it stands what the same app needs
while the workflows run, which is what of our figure is the machine's.
"""

from __future__ import annotations

import sys

from figures import Figure, Section, amount, beside, report
from probe import COMMAND, ROOT, Program, execute, home, median, p95, stop

RUNS = 60
LOADED_KEYS = 200
PACE = 12.0
"""Seconds of a workflow's step: they go on until the last key is pressed."""


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


def compare(
    what: str, ours: list[float], floor: list[float], most: float, loaded: list[float] | None = None
) -> list[Figure]:
    """The budget is on the p95; the median beside it says what is usual."""
    name = "bare DataTable"
    why = ""
    if loaded:
        share = 1000 * p95(loaded), 1000 * p95(ours)
        name += f"; {amount(share[0], 'ms')} the same beside 100 workflows"
        why = (
            f"Of our {amount(share[1], 'ms')} the machine has {amount(share[0], 'ms')}: so long does a key of"
            " the bare app take beside the same workflows, whose host and server want the two cores as well."
            " What is ours is a key that comes while the ages of 47 rows are painted, once a second."
        )
    return [
        beside(f"{what}, p95", 1000 * p95(ours), 1000 * p95(floor), "ms", name, most=most, why=why),
        beside(f"{what}, median", 1000 * median(ours), 1000 * median(floor), "ms", "bare DataTable"),
    ]


def measure() -> list[Section]:
    bare = [sys.executable, str(ROOT / "benchmarks" / "bare_app.py"), str(RUNS)]
    figures: list[Figure] = []
    with home() as env:
        env["MAHAVISHNU_LANGGRAPH__MAX_CONCURRENT_WORKFLOWS"] = "100"
        try:
            name = execute(env, *[0.0] * RUNS, wait=True)
            for columns, rows in ((80, 24), (200, 50)):
                floor = keys(bare, env, b"run-1", columns, rows)
                ours = keys([COMMAND], env, name.encode(), columns, rows)
                figures += compare(f"{columns}x{rows} idle", ours, floor, 1.3)
            floor = keys(bare, env, b"run-1", 200, 50, LOADED_KEYS)
            name = execute(env, *[PACE] * 100)
            ours = keys([COMMAND], env, name.encode(), 200, 50, LOADED_KEYS)
            beside_us = keys(bare, env, b"run-1", 200, 50, LOADED_KEYS)
            figures += compare("200x50, 100 workflows at work", ours, floor, 1.6, beside_us)
        finally:
            stop(env)
    return [Section("3 Key to paint", figures, "`j` and `k` in the list of runs, through a pty.")]


if __name__ == "__main__":
    report(measure)
