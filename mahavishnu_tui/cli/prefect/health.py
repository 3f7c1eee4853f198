"""`mahavishnu prefect health|start|stop`: the Prefect server that is mirrored, and the embedded one."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected, who
from mahavishnu_tui.cli.guard import FAILURE, OK
from mahavishnu_tui.cli.prefect.reaching import now_known, once_started
from mahavishnu_tui.cli.prefect.selecting import ENGINE
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.finding import Finding
from mahavishnu_tui.models.prefect import PrefectInfo
from mahavishnu_tui.models.spans import age

if TYPE_CHECKING:
    pass

_POLL = 0.3


@command("health")
@click.option("--check", is_flag=True, help="Make the self-test now; else what the last one found is told.")
async def health(setup: Setup, check: bool) -> int:
    """Say how Prefect is, how old what we know of it is, and what the self-test found.

    With --check a server of ours is started where none runs: it is the one that asks.

    Exit status: 0 ready, or off; 1 lost, failed, or an error was found; 4 no server answers.
    """
    async with connected(setup.load(), start=check) as client:
        if check:
            await once_started(client)
        info = await now_known(client)
        findings = [Finding.from_json(item) for item in info.findings]
        if check and info.state == "ready":
            findings = await client.check_prefect()
    grave = info.trouble or any(finding.severity == "error" for finding in findings)
    if setup.as_json:
        output.emit({**info.to_json(), "findings": [finding.to_json() for finding in findings]})
    else:
        output.fields(prefect_fields(info))
        say_findings(findings)
    return FAILURE if grave else OK


def prefect_fields(info: PrefectInfo) -> list[tuple[str, object]]:
    """What is to be said of Prefect, as lines."""
    kind = "embedded" if info.embedded else "somebody else's" if info.url else ""
    seen = "" if info.shown_at is None else f"{age(time.time() - info.shown_at)} ago"
    how = "told of changes" if info.live else f"polled every {age(info.interval)}" if info.interval else ""
    begins = info.state == "starting"
    if begins:
        how = "its runs are being read"
    mirror = f"{info.runs:,} flow runs, back to {info.hours:g} h"
    found: list[tuple[str, object]] = [
        ("prefect", f"{info.state}, mode {info.mode}" + (f", {kind}" if kind else "")),
        ("url", f"{info.url}  ({info.source})" if info.source else info.url),
        ("version", info.version),
        ("seen", ", ".join(filter(None, (seen, how))) if seen else ""),
        ("slow", f"each of its answers takes {info.slow:.0f} s" if info.slow else ""),
        ("mirror", mirror if info.seen_at and not begins else ""),
        ("pid", info.pid or ""),
        ("worker", info.worker),
        ("limited", f"until {output.moment(info.limited_until)}" if info.limited_until else ""),
        ("note", info.note),
        ("error", str(MahavishnuError.from_json(info.error)) if info.error else ""),
    ]
    return [(name, value) for name, value in found if value]


def say_findings(findings: Iterable[Finding]) -> None:
    """Print what was found, the worst first."""
    for finding in findings:
        output.say(f"{finding.severity:<8} {finding.where}: {finding.message}")
        if finding.hint:
            output.say(f"{'':<8} → {finding.hint}")


@command("start")
@click.option(
    "--timeout", default=60.0, type=click.FloatRange(min=0), show_default=True, help="Seconds to wait."
)
async def start(setup: Setup, timeout: float) -> int:
    """Start the embedded Prefect server, and wait until it answers."""
    async with connected(setup.load_strictly()) as client:
        info = await client.start_prefect(who())
        began = time.monotonic()
        while info.state == "starting" and time.monotonic() - began < timeout:
            await asyncio.sleep(_POLL)
            info = await client.prefect()
    return _told(setup, info, "It goes on starting; `mahavishnu prefect health` says how it is.")


@command("stop")
@click.option(
    "--timeout", default=30.0, type=click.FloatRange(min=0), show_default=True, help="Seconds to wait."
)
@click.option("--yes", is_flag=True, help="Although flow runs are at work there.")
async def stop(setup: Setup, timeout: float, yes: bool) -> int:
    """Stop the embedded Prefect server and its worker; flow runs that are at work there end with it."""
    async with connected(setup.load(), start=False) as client:
        info = await client.prefect()
        working = [] if yes or not _runs(info) else await client.runs(engine=ENGINE, status=["running"])
        if working:
            deed = f"end {output.counted(len(working), 'flow run')} at work"
            raise MahavishnuError(
                ErrorCode.RUN_STATE,
                f"This would {deed}; nothing was done.",
                "--yes stops it all the same.",
                runs=[run.id for run in working],
            )
        info = await client.stop_prefect(who())
        began = time.monotonic()
        while _runs(info) and time.monotonic() - began < timeout:
            await asyncio.sleep(_POLL)
            info = await client.prefect()
    if _runs(info):
        raise MahavishnuError(
            ErrorCode.TIMEOUT, f"Prefect still runs after {timeout:g} s.", "See `mahavishnu prefect health`."
        )
    return _told(setup, info)


def _runs(info: PrefectInfo) -> bool:
    return info.embedded and info.state in ("starting", "ready")


def _told(setup: Setup, info: PrefectInfo, meanwhile: str = "") -> int:
    if setup.as_json:
        output.emit(info.to_json())
    else:
        output.fields(prefect_fields(info))
        if info.state == "starting":
            output.narrate(meanwhile)
    return FAILURE if info.trouble or info.state == "starting" else OK
