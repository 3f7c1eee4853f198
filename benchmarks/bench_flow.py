"""A flow of 100 trivial tasks through `mahavishnu prefect execute`, beside `python flow.py`.

Budget: <= 1.05x Prefect's own, from the start of the command to its end.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

from figures import Section, beside, report
from prefect_server import prefect_server
from probe import COMMAND, ROOT, home, median

FLOW = ROOT / "benchmarks" / "hundred_tasks.py"
TIMES = 5
PAUSE = 3.0
"""Between two runs: back to back, SQLite's refusals make Prefect's client wait, which says nothing of us."""


def seconds(command: list[str], env: dict[str, str]) -> float:
    time.sleep(PAUSE)
    begun = time.perf_counter()
    subprocess.run(command, env=env, cwd=env["HOME"], capture_output=True, check=True)
    return time.perf_counter() - begun


def measure() -> list[Section]:
    with (
        tempfile.TemporaryDirectory(prefix="mhv-flow-") as folder,
        prefect_server(Path(folder)) as prefect,
        home() as env,
    ):
        own = {**env, "PREFECT_API_URL": prefect.api, "DO_NOT_TRACK": "1"}
        env |= {"MAHAVISHNU_PREFECT__API_URL": prefect.api, "MAHAVISHNU_PREFECT__MODE": "remote"}
        ours = [COMMAND, "prefect", "execute", f"{FLOW}:hundred", "--wait", "--json", "--trust"]
        theirs = [sys.executable, str(FLOW)]
        try:
            seconds(ours, env), seconds(theirs, own)
            pairs = [(seconds(ours, env), seconds(theirs, own)) for _ in range(TIMES)]
        finally:
            subprocess.run(
                [COMMAND, "server", "stop"], env=env, cwd=env["HOME"], capture_output=True, check=False
            )
    here, there = median([one for one, _ in pairs]), median([other for _, other in pairs])
    figures = [beside("start of the command to its end", here, there, "s", "python flow.py", most=1.05)]
    note = f"Both beside a Prefect server on SQLite; median of {TIMES}, with pauses."
    return [Section("6 A Prefect flow of 100 tasks", figures, note)]


if __name__ == "__main__":
    report(measure)
