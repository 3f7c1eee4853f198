"""Answers and recovery through the real server, beside raw LangGraph in one process.

Budgets: answer to the end of the run, p95 <= 100 ms above raw; after `kill -9` of the server a run is at work
again <= 3 s after the import of LangGraph; server <= 80 MiB and engine host <= 250 MiB with 100 runs at work.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import aiosqlite
from figures import Section, above_floor, below, report
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.types import Command
from probe import COMMAND, ROOT, home, p95
from waiting import asking

from mahavishnu_tui.client.api import ServerClient
from mahavishnu_tui.models import Project, Run

ANSWERS = 60
AT_WORK = 100
RECOVERIES = 3
FILE = ROOT / "benchmarks" / "waiting.py"
PROJECT = Project(str(ROOT / "benchmarks"), sys.executable)


async def raw() -> list[float]:
    """Seconds from an answer to the end of the run, in this process with the stock saver."""
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        async with aiosqlite.connect(Path(folder) / "raw.db", timeout=30) as connection:
            await connection.execute("PRAGMA journal_mode=WAL")
            await connection.execute("PRAGMA synchronous=NORMAL")
            saver = AsyncSqliteSaver(connection)
            await saver.setup()
            graph = asking.copy(update={"checkpointer": saver})
            for number in range(ANSWERS):
                config = {"configurable": {"thread_id": f"t{number}"}}
                await graph.ainvoke({}, config, durability="sync")
                begun = time.perf_counter()
                await graph.ainvoke(Command(resume="yes"), config, durability="sync")
                taken.append(time.perf_counter() - begun)
    return taken


async def until(client: ServerClient, run: Run, *statuses: str, version: int = 0) -> Run:
    """Ask until the run has one of these statuses."""
    async with asyncio.timeout(60):
        while True:
            now = (await client.run(run.id)).run
            if now.status in statuses and now.version >= version:
                return now
            await asyncio.sleep(0.002)


async def answered(client: ServerClient) -> list[float]:
    """Seconds from an answer to the end of the run, as a client of the server sees it."""
    workflow = await client.register(f"{FILE}:asking", PROJECT)
    taken = []
    for _ in range(ANSWERS):
        run = await client.start_run(workflow_id=workflow.id, input={}, by="bench")
        await until(client, run, "interrupted")
        (question,) = await client.approvals(run=run.id)
        begun = time.perf_counter()
        await client.answer(question.id, hash=question.hash, value="yes", by="bench")
        await until(client, run, "success")
        taken.append(time.perf_counter() - begun)
    return taken


async def memory(client: ServerClient) -> tuple[float, float]:
    """MiB of the server and of the largest host while 100 runs are at work."""
    workflow = await client.register(f"{FILE}:long", PROJECT)
    runs = [await client.start_run(workflow_id=workflow.id, input={}, by="bench") for _ in range(AT_WORK)]
    for run in runs:
        await until(client, run, "running")
    await asyncio.sleep(3)
    server = resident((await client.server()).pid)
    host = max(resident(host.pid) for host in await client.hosts() if host.pid)
    for run in runs:
        await client.cancel(run.id, "bench")
    return server, host


def resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS"))


async def recovered(client: ServerClient, start: list[str], env: dict[str, str]) -> float:
    """Seconds from the start of a new server, after `kill -9` of the old one, to the run's next visit."""
    workflow = await client.register(f"{FILE}:long", PROJECT)
    run = await client.start_run(workflow_id=workflow.id, input={}, by="bench")
    await until(client, run, "running")
    async with asyncio.timeout(60):
        while (await client.run(run.id)).run.visits < 3:
            await asyncio.sleep(0.01)
    os.kill((await client.server()).pid, signal.SIGKILL)
    begun = time.perf_counter()
    await asyncio.to_thread(subprocess.run, start, env=env, check=True, capture_output=True)
    seen = (await client.run(run.id)).run.visits
    async with asyncio.timeout(60):
        while (await client.run(run.id)).run.visits <= seen:
            await asyncio.sleep(0.01)
    taken = time.perf_counter() - begun
    await client.cancel(run.id, "bench")
    return taken


def imported() -> float:
    """Seconds that importing LangGraph and its saver takes in a new interpreter."""
    code = "import langgraph.graph, langgraph.checkpoint.sqlite.aio"
    begun = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True)
    return time.perf_counter() - begun


async def measure() -> list[Section]:
    floor = p95(await raw()) * 1000
    with home() as env:
        start = [COMMAND, "server", "start", "--set", f"langgraph.max_concurrent_workflows={AT_WORK}"]
        subprocess.run(start, env=env, check=True, capture_output=True)
        socket = Path(env["HOME"]) / ".local/share/mahavishnu/default/server.sock"
        try:
            async with ServerClient(str(socket), timeout=60) as client:
                ours = p95(await answered(client)) * 1000
                server, host = await memory(client)
                back = [await recovered(client, start, env) for _ in range(RECOVERIES)]
        finally:
            subprocess.run(
                [COMMAND, "server", "stop", "--no-drain"], env=env, capture_output=True, check=False
            )
    code = min(imported() for _ in range(3))
    figures = [
        above_floor(
            f"answer to the end of the run, p95 of {ANSWERS}", ours, floor, "ms", "raw, in one process", 100
        ),
        above_floor("kill -9 to at work again", max(back), code, "s", "import of LangGraph", 3),
        below(f"server with {AT_WORK} runs at work", server, "MiB", 80),
        below(f"its engine host with {AT_WORK} runs at work", host, "MiB", 250),
    ]
    return [Section("5.2 LangGraph: answers, recovery, memory", figures)]


if __name__ == "__main__":
    report(measure)
