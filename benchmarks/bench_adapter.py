"""The adapter with path record and leases, beside raw LangGraph with the stock saver and the same settings.

Budgets: a 100-node chain <= 1.25x raw; 100 concurrent workflows of 10 nodes >= 0.8x raw throughput.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import aiosqlite
from chains import hundred, ten
from figures import Section, beside, report
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver

from mahavishnu_tui.engines import LangGraphAdapter
from mahavishnu_tui.engines.langgraph.requests import EngineSettings
from mahavishnu_tui.engines.langgraph.runlog import RunLogs
from mahavishnu_tui.engines.langgraph.voices import Voices

PAIRS = 5
DURABILITY = "sync"


async def raw(graph: Any, folder: Path, runs: int) -> float:
    async with aiosqlite.connect(folder / f"raw-{time.monotonic_ns()}.db", timeout=30) as connection:
        await connection.execute("PRAGMA journal_mode=WAL")
        await connection.execute("PRAGMA synchronous=NORMAL")
        saver = AsyncSqliteSaver(connection)
        await saver.setup()
        saved = graph.copy(update={"checkpointer": saver})

        async def one(number: int) -> None:
            config = {"configurable": {"thread_id": f"t{number}"}, "recursion_limit": 1000}
            await saved.ainvoke({"n": 0}, config, durability=DURABILITY)

        begun = time.perf_counter()
        await asyncio.gather(*(one(number) for number in range(runs)))
        return time.perf_counter() - begun


async def ours(graph: Any, folder: Path, runs: int) -> float:
    notices: list[dict[str, Any]] = []
    settings = EngineSettings(durability=DURABILITY, synchronous="NORMAL")
    voices = Voices(RunLogs(folder / "logs", 10 << 20))  # as in a host: what nodes say is listened for
    database = folder / f"ours-{time.monotonic_ns()}.db"
    async with LangGraphAdapter(folder, database, settings, notices.append, voices) as adapter:
        await adapter.execute({"graph": graph, "input": {"n": 0}})  # loads it
        begun = time.perf_counter()
        done = await asyncio.gather(
            *(adapter.execute({"graph": graph, "input": {"n": 0}}) for _ in range(runs))
        )
        taken = time.perf_counter() - begun
    failed = [result for result in done if result["status"] != "success"]
    assert not failed, f"{len(failed)} of {runs} failed: {failed[0]}"
    return taken


def compare(graph: Any, runs: int) -> tuple[float, float]:
    """Ours and raw, in seconds: the pair whose ratio is the median. Both sides of a pair share its noise."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs = [
            (asyncio.run(ours(graph, folder, runs)), asyncio.run(raw(graph, folder, runs)))
            for _ in range(PAIRS + 1)
        ]
    pairs = pairs[1:]  # the first one warms up
    return sorted(pairs, key=lambda pair: pair[0] / pair[1])[len(pairs) // 2]


def measure() -> list[Section]:
    line, raw_line = compare(hundred, 1)
    many, raw_many = compare(ten, 100)
    name = "raw LangGraph"
    figures = [
        beside("100-node chain, per node", 10 * line, 10 * raw_line, "ms", name, most=1.25),
        beside("100 x 10 nodes at once", 1000 / many, 1000 / raw_many, "nodes/s", name, least=0.8),
    ]
    note = f"Both with SQLite NORMAL, durable at each step; median of {PAIRS} pairs."
    return [Section("5.1 LangGraph: the adapter with path record, leases and logs", figures, note)]


if __name__ == "__main__":
    report(measure)
