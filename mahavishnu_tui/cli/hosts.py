"""`mahavishnu host list|drain|restart`: the processes in which runs are at work."""

from __future__ import annotations

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected, who
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.models.growth import size_text
from mahavishnu_tui.models.text import clean_line


@command("list")
async def list_hosts(setup: Setup) -> int:
    """List the engine hosts: what they run, their code, memory and state."""
    async with connected(setup.load_strictly()) as client:
        hosts = await client.hosts()
    if setup.as_json:
        output.emit([host.to_json() for host in hosts])
        return OK
    rows = [
        (
            host.id,
            host.state,
            host.pid or "",
            host.running,
            f"{host.lag:.1f} s",
            size_text(host.rss) if host.rss else "",
            host.code,
            host.project_root,
            clean_line(host.note, 120),
        )
        for host in hosts
    ]
    headings = ("HOST", "STATE", "PID", "RUNS", "LAG", "MEMORY", "CODE", "PROJECT", "NOTE")
    output.table(headings, rows, "No engine hosts: one is started with the first run of a project.")
    return OK


_LIMIT = click.option(
    "--limit",
    type=click.FloatRange(min=0),
    help="Seconds until it is ended; default: langgraph.host_drain_seconds.",
)


@command("drain")
@click.argument("host")
@_LIMIT
async def drain(setup: Setup, host: str, limit: float | None) -> int:
    """Take HOST out of service: its runs go on in another one from their next step boundary."""
    return await _drain(setup, host, limit, restart=False)


@command("restart")
@click.argument("host")
@_LIMIT
async def restart(setup: Setup, host: str, limit: float | None) -> int:
    """Replace HOST by a fresh one, without losing anything of its runs."""
    return await _drain(setup, host, limit, restart=True)


async def _drain(setup: Setup, host: str, limit: float | None, *, restart: bool) -> int:
    async with connected(setup.load_strictly()) as client:
        record = await client.drain_host(host, who(), limit, restart=restart)
    if setup.as_json:
        output.emit(record.to_json())
    else:
        runs = "1 run goes" if record.running == 1 else f"{record.running} runs go"
        output.say(f"Host {record.id} takes nothing new; {runs} on in another one at the next step boundary.")
    return OK
