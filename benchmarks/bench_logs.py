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

from figures import Section, beside, report
from langchain_core.runnables.config import var_child_runnable_config
from probe import median, repeat
from textual.app import App, ComposeResult

from mahavishnu_tui.engines.langgraph.host.capture import Capture
from mahavishnu_tui.engines.langgraph.runlog import RunLogs
from mahavishnu_tui.engines.langgraph.thread import RUN_KEY
from mahavishnu_tui.engines.langgraph.voices import Voices
from mahavishnu_tui.widgets.log_view import LogView

PRINTS = 50_000
LINES = 100_000
WHY = (
    "A print writes each of its words by itself, and each is a call of Python here: who speaks is looked up "
    "(a context variable) and the word kept; with the last one the line is numbered, timed, made JSON and "
    "appended to the run's file before print returns. The peer does all of it in C, with one bare append."
)


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
    """Milliseconds of CPU for filling the view, adding 100 lines, and going up a page (median)."""
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
        paged = []
        for _ in range(15):
            turned = time.process_time()
            view.action_page(-1)
            await pilot.pause()
            paged.append(time.process_time() - turned)
        return 1000 * (filled - begun), 1000 * (added - filled), 1000 * median(paged)


def measure() -> list[Section]:
    printed = []
    for name, megabytes in (("a print, all kept", 100.0), ("a print in a flood, 1 MiB kept", 1.0)):
        with tempfile.TemporaryDirectory() as folder:
            ours, peer = captured(Path(folder), megabytes)
        printed.append(beside(name, ours, peer, "us", "print to an unbuffered file", most=5, why=WHY))
    many, few = asyncio.run(viewed(LINES)), asyncio.run(viewed(1000))
    filled, added, paged = zip(many, few, strict=True)
    small = "with 1,000"
    shown = [
        beside(f"fill the view with {LINES:,} lines", *filled, "ms", small),
        beside("100 lines more", *added, "ms", small, most=2),
        beside("a page up", *paged, "ms", small, most=2),
    ]
    return [
        Section("8.1 What a run says: taking it down", printed, "CPU for each print."),
        Section("8.2 What a run says: showing it", shown, "CPU, beside the same view of fewer lines."),
    ]


if __name__ == "__main__":
    report(measure)
