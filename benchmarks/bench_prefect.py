"""Our mirror of a Prefect server with 20,000 runs, beside Prefect's own API.

Budgets: in the steady state the mirror costs Prefect <= 15 ms of work per 2 s and our server <= 3 ms; an
event is on the screen within 250 ms (p95); opening the list of 20,000 runs takes <= 1.3x one raw page of 50.
Decoding of pages is measured on a page of the same server.
"""

from __future__ import annotations

import asyncio
import datetime
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import websockets
from decoding import decoded, held
from figures import Figure, Section, above_floor, below, beside, plain, report
from prefect_server import PrefectServer, prefect_server
from probe import COMMAND, Program, cpu_seconds, home, median, p95

from mahavishnu_tui.client.api import ServerClient

RUNS = 20_000
PAGES = 40
CHANGES = 40
STEADY_SECONDS = 30.0
WHY_CPU = (
    "It is HTTP: nine calls in 30 s (what is at work, what has ended, what is to come, how many there are, "
    "deployments and pools), and each costs httpx some 3,000 Python calls. "
    "Fewer would find later what no event tells; what is at work and what has ended in one call has "
    "Prefect's database read all runs."
)
WHY_SCREEN = (
    "It counts from the request on. Timed at each part: our server hears the event with the raw socket, "
    "reads the run by its id (30 ms, nearly all of them Prefect's, which still works on the change), commits "
    "(5 ms) and tells the dashboard (2 ms); that puts 2,000 runs in order and draws the frame anew, 45 ms of "
    "a processor of its own. On a machine that is busy each of the three processes waits for its turn."
)
WHY_MEMORY = (
    "64 MiB are there before it mirrors the first run (46 of them its own, the rest shared libraries): the "
    "interpreter, and HTTP on both sides. Mirroring adds some 10."
)
PREFECT = str(Path(COMMAND).with_name("prefect"))


def resident(pid: int) -> float:
    """MiB of a process."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("VmRSS")).split()[1]) / 1024


def per_two_seconds(*pids: int) -> list[float]:
    """Milliseconds of CPU that each takes in 2 s, on average."""
    before = [cpu_seconds(pid) for pid in pids]
    time.sleep(STEADY_SECONDS)
    return [
        (cpu_seconds(pid) - was) * 1000 * 2 / STEADY_SECONDS for pid, was in zip(pids, before, strict=True)
    ]


async def mirrored(client: ServerClient) -> float:
    """Seconds until the mirror holds every run."""
    begun = time.perf_counter()
    async with asyncio.timeout(300):
        while True:
            info = await client.prefect()
            if info.state == "ready" and info.runs >= RUNS:
                return time.perf_counter() - begun
            await asyncio.sleep(0.1)


async def timed(act: Callable[[], Any]) -> float:
    begun = time.perf_counter()
    await act()
    return time.perf_counter() - begun


async def pages(client: ServerClient, raw: httpx.AsyncClient) -> tuple[list[float], list[float]]:
    """Seconds for the first 50 runs from us and from Prefect, in turns."""
    ours, theirs = [], []
    query = {"limit": 50, "sort": "START_TIME_DESC"}
    for _ in range(PAGES):
        ours.append(await timed(lambda: client.runs(limit=50)))
        theirs.append(await timed(lambda: raw.post("/flow_runs/filter", json=query)))
    return ours[1:], theirs[1:]


async def make_run(raw: httpx.AsyncClient, flow_id: str, name: str) -> None:
    """A running flow run that only this benchmark knows."""
    body = {"flow_id": flow_id, "name": name, "state": {"type": "RUNNING", "name": "Running"}}
    for _ in range(20):
        reply = await raw.post("/flow_runs/", json=body)
        if reply.status_code < 500:
            reply.raise_for_status()
            return
        await asyncio.sleep(0.2)
    raise RuntimeError(reply.text)


async def heard(raw: httpx.AsyncClient, prefect: PrefectServer, flow_id: str) -> list[float]:
    """Seconds from the reply to a change until its event is on a raw WebSocket."""
    address = prefect.api.replace("http://", "ws://") + "/events/out"
    taken = []
    async with websockets.connect(address, subprotocols=[websockets.Subprotocol("prefect")]) as socket:
        await socket.send(json.dumps({"type": "auth", "token": None}))
        await socket.recv()
        now = datetime.datetime.now(datetime.UTC)
        during = {"since": now.isoformat(), "until": (now + datetime.timedelta(days=1)).isoformat()}
        wanted = {"occurred": during, "event": {"prefix": ["prefect.flow-run."]}}
        await socket.send(json.dumps({"type": "filter", "backfill": False, "filter": wanted}))
        for number in range(CHANGES // 2):
            name = f"heard-{number:03}"
            sending = asyncio.create_task(make_run(raw, flow_id, name))
            begun = time.perf_counter()
            async with asyncio.timeout(30):
                while name not in str(await socket.recv()):
                    pass
            taken.append(time.perf_counter() - begun)
            await sending
    return taken


async def shown(raw: httpx.AsyncClient, env: dict[str, str], flow_id: str) -> list[float]:
    """Seconds from the request for a change until the dashboard has written it."""
    program = Program([COMMAND], env)
    try:
        await asyncio.to_thread(program.until, b"run-0")
        await asyncio.to_thread(program.settle, 1.0)
        taken = []
        for number in range(CHANGES):
            name = f"seen-{number:03}"
            os.write(program.fd, b"g")  # the cursor keeps its row in sight, and new runs come above it
            await asyncio.to_thread(program.settle, 0.3)
            begun = time.perf_counter()
            sending = asyncio.create_task(make_run(raw, flow_id, name))
            await asyncio.to_thread(program.until, name.encode())
            taken.append(time.perf_counter() - begun)
            await sending
            await asyncio.to_thread(program.settle, 0.3)
        return taken
    finally:
        program.close()


def commands(env: dict[str, str]) -> Figure:
    """A list of 200 on the command line, and what users do today."""

    def seconds(*command: str) -> float:
        begun = time.perf_counter()
        subprocess.run(command, env=env, cwd=env["HOME"], capture_output=True, check=True)
        return time.perf_counter() - begun

    ours, theirs = [], []
    for _ in range(4):
        ours.append(seconds(COMMAND, "prefect", "list", "--limit", "200"))
        theirs.append(seconds(PREFECT, "flow-run", "ls", "--limit", "200"))
    what = "`mahavishnu prefect list --limit 200`"
    return beside(
        what, median(ours[1:]), median(theirs[1:]), "s", "`prefect flow-run ls --limit 200`", most=1
    )


def without_prefect() -> float:
    """Milliseconds of CPU in 2 s of a server with an open dashboard that drives no Prefect."""
    with home() as env:
        env["MAHAVISHNU_PREFECT__MODE"] = "off"
        start = [COMMAND, "server", "start", "--json"]
        done = subprocess.run(start, env=env, cwd=env["HOME"], capture_output=True, check=True)
        try:
            program = Program([COMMAND], env)
            try:
                program.until(b"No runs yet")
                return per_two_seconds(json.loads(done.stdout)["pid"])[0]
            finally:
                program.close()
        finally:
            subprocess.run([COMMAND, "server", "stop"], env=env, cwd=env["HOME"], check=False)


async def measure() -> list[Section]:
    idle = without_prefect()
    with (
        tempfile.TemporaryDirectory(prefix="mhv-prefect-") as folder,
        prefect_server(Path(folder), RUNS) as prefect,
        home() as env,
    ):
        env |= {"MAHAVISHNU_PREFECT__API_URL": prefect.api, "MAHAVISHNU_PREFECT__MODE": "remote"}
        env["PREFECT_API_URL"] = prefect.api
        alone = per_two_seconds(prefect.pid)[0]
        started = subprocess.run(
            [COMMAND, "server", "start", "--json"], env=env, cwd=env["HOME"], capture_output=True, check=True
        )
        told = json.loads(started.stdout)
        try:
            async with (
                ServerClient(told["socket"]) as client,
                httpx.AsyncClient(base_url=prefect.api, timeout=30) as raw,
            ):
                return await found(client, raw, prefect, env, told["pid"], alone, idle)
        finally:
            subprocess.run([COMMAND, "server", "stop"], env=env, cwd=env["HOME"], check=False)


async def found(
    client: ServerClient,
    raw: httpx.AsyncClient,
    prefect: PrefectServer,
    env: dict[str, str],
    pid: int,
    alone: float,
    idle: float,
) -> list[Section]:
    first = await mirrored(client)
    flow = (await raw.post("/flows/", json={"name": "bench"})).json()
    page = (await raw.post("/flow_runs/filter", json={"limit": 200, "sort": "START_TIME_DESC"})).content
    ours, theirs = await pages(client, raw)
    program = Program([COMMAND], env)
    try:
        program.until(b"run-0")
        there, here = await asyncio.to_thread(per_two_seconds, prefect.pid, pid)
    finally:
        program.close()
    screen = await shown(raw, env, flow["id"])
    events = await heard(raw, prefect, flow["id"])
    figures = [
        plain("first full mirror", first, "s"),
        beside(
            "open the list: the first 50 runs, median",
            1000 * median(ours),
            1000 * median(theirs),
            "ms",
            "a raw page of 50",
            most=1.3,
        ),
        above_floor("Prefect's CPU in 2 s", there, alone, "ms", "without us", 15),
        above_floor(
            "our server's CPU in 2 s", here, idle, "ms", "our server without Prefect", 3, why=WHY_CPU
        ),
        below(
            "change to screen, p95",
            1000 * p95(screen),
            "ms",
            250,
            f"{1000 * p95(events):.0f} ms until its event is on a raw socket",
            why=WHY_SCREEN,
        ),
        plain(
            "change to screen, median",
            1000 * median(screen),
            "ms",
            f"{1000 * median(events):.0f} ms until its event is on a raw socket",
        ),
        below(
            "our server's memory",
            resident(pid),
            "MiB",
            80,
            f"{resident(prefect.pid):.0f} MiB Prefect's",
            why=WHY_MEMORY,
        ),
        await asyncio.to_thread(commands, env),
    ]
    return [
        Section(f"4.1 Prefect with {RUNS:,} runs", figures),
        Section("4.2 Decoding Prefect's pages", [*decoded(page), *held(page)], "CPU, the least of 60 turns."),
    ]


if __name__ == "__main__":
    report(measure)
