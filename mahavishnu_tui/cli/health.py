"""`mahavishnu langgraph health`."""

from __future__ import annotations

import time
from typing import Any

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import FAILURE, OK
from mahavishnu_tui.cli.prefect.reaching import known_prefect
from mahavishnu_tui.models.prefect import PrefectInfo
from mahavishnu_tui.models.spans import age

_MOST_LARGE = 10
"""Large threads that are named."""


@command("health")
async def health(setup: Setup) -> int:
    """Say how server, engine hosts, pools and Prefect are, and which new runs' checkpoints take much room.

    Exit status: 0 healthy or degraded, 1 unhealthy, 4 no server answers.
    """
    async with connected(setup.load(), start=False) as client:
        server = await client.server()
        hosts = await client.hosts()
        pools = await client.pools()
        prefect = await known_prefect(client)
        large = [run for run in await client.runs() if run.room]
    worst = [host for host in hosts if host.state in ("failed", "lost", "blocked")]
    ill = (
        worst
        or server.note
        or (prefect and prefect.trouble)
        or any(pool.status != "healthy" for pool in pools)
    )
    status = "degraded" if ill else "healthy"
    # Without slots it is somebody else's: that it is away makes us no worse than degraded. So do work pools.
    if any(pool.status == "unhealthy" and pool.slots for pool in pools if pool.engine != "prefect"):
        status = "unhealthy"
    code = FAILURE if status == "unhealthy" else OK
    if setup.as_json:
        listed: dict[str, Any] = {
            "hosts": [host.to_json() for host in hosts],
            "pools": [pool.to_json() for pool in pools],
        }
        listed["prefect"] = prefect.to_json() if prefect else None
        listed["large_threads"] = [
            {"run": run.name, "thread_id": run.thread_id, "warning": run.room} for run in large
        ]
        output.emit({"status": status, "server": server.to_json(), **listed})
        return code
    output.fields(
        [
            ("status", status),
            ("server", f"{server.state}, pid {server.pid}, {server.running} running, {server.queued} queued"),
            *([("note", server.note)] if server.note else []),
            ("prefect", _prefect(prefect)),
        ]
    )
    rows = [
        (
            host.state,
            host.pid or "",
            host.running,
            f"{host.rss >> 20} MiB",
            f"{host.lag:.1f} s",
            host.project_root,
        )
        for host in hosts
    ]
    output.say()
    output.table(("HOST", "PID", "RUNS", "MEMORY", "LAG", "PROJECT"), rows, "No engine host is running.")
    for host in worst:
        said = (host.error or {}).get("message") or host.note
        if said:
            output.say(f"{host.project_root}: {said}")
    for run in large[:_MOST_LARGE]:
        output.say(f"{run.name}: {run.room}")
    if len(large) > _MOST_LARGE:
        output.say(f"… and {len(large) - _MOST_LARGE} more: mahavishnu langgraph checkpoints sizes")
    return code


def _prefect(info: PrefectInfo | None) -> str:
    """Prefect in one line."""
    if info is None or info.state == "off":
        return "off"
    seen = "" if info.seen_at is None else f", seen {age(time.time() - info.seen_at)} ago"
    slow = f", slow: {info.slow:.0f} s for each answer" if info.slow else ""
    trouble = f": {info.trouble}" if info.trouble else f", {info.runs:,} flow runs{seen}{slow}"
    return f"{info.state}{trouble}"
