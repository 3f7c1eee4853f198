"""What a run says: the cost of a print that is taken down, and of 100,000 lines in the log view.

Budgets: a captured print <= 5x an unbuffered one to a file (which is what a host's log costs); a page of
100,000 lines as quick as one of 1,000.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from langchain_core.runnables.config import var_child_runnable_config
from probe import median, repeat, table
from textual.app import App, ComposeResult

from mahavishnu_tui.engines.langgraph.host.capture import Capture
from mahavishnu_tui.engines.langgraph.runlog import RunLogs
from mahavishnu_tui.engines.langgraph.thread import RUN_KEY
from mahavishnu_tui.engines.langgraph.voices import Voices
from mahavishnu_tui.widgets.log_view import LogView

PRINTS = 50_000
LINES = 100_000


def prints() -> float:
    """Microseconds of CPU for one print."""
    begun = time.process_time()
    for number in range(PRINTS):
        print("line", number)
    return 1e6 * (time.process_time() - begun) / PRINTS


def captured(folder: Path, megabytes: float) -> tuple[float, float]:
    """A print of a run, and one that goes to an unbuffered file."""
    real = sys.stdout
    sys.stdout = os.fdopen(os.open(folder / "log", os.O_WRONLY | os.O_CREAT | os.O_APPEND), "w", buffering=1)
    voices = Voices(RunLogs(folder, int(megabytes * 2**20)))
    try:
        peer = median(repeat(prints, 3))
        Capture(voices).install("info")
        voices.begin("r", lambda task: 1, lambda last: None)
        var_child_runnable_config.set({"metadata": {RUN_KEY: "r", "langgraph_checkpoint_ns": "node:task"}})
        ours = median(repeat(prints, 3))
    finally:
        sys.stdout = real
        voices.close()
    return ours, peer


class Shown(App[None]):
    """A log view and nothing else."""

    def compose(self) -> ComposeResult:
        yield LogView(max_lines=2 * LINES)


async def viewed(count: int) -> tuple[float, float, float]:
    """Milliseconds of CPU for filling the view, adding 100 lines, and going up a page."""
    app = Shown()
    async with app.run_test(size=(200, 50)) as pilot:
        view = app.query_one(LogView)
        lines = [f"12:00:00 node#1│ line {number} of many that a run has said" for number in range(count)]
        begun = time.process_time()
        view.write_lines(lines)
        await pilot.pause()
        filled = time.process_time()
        view.write_lines(lines[:100])
        await pilot.pause()
        added = time.process_time()
        view.action_page(-1)
        await pilot.pause()
        return 1000 * (filled - begun), 1000 * (added - filled), 1000 * (time.process_time() - added)


def main() -> None:
    rows = []
    for name, megabytes in (("a print, all kept", 100.0), ("a print in a flood, 1 MiB kept", 1.0)):
        with tempfile.TemporaryDirectory() as folder:
            ours, peer = captured(Path(folder), megabytes)
        rows.append((name, f"{ours:.1f} us", f"{peer:.1f} us", f"{ours / peer:.1f} (<= 5)"))
    many, few = asyncio.run(viewed(LINES)), asyncio.run(viewed(1000))
    for name, ours, peer in zip((f"fill with {LINES:,}", "add 100", "page up"), many, few, strict=True):
        rows.append((name, f"{ours:.1f} ms", f"{peer:.1f} ms", f"{ours / max(peer, 0.1):.1f}"))
    table("What a run says, beside a print to a file, and beside a view of 1,000 lines (CPU)", rows)


if __name__ == "__main__":
    main()
