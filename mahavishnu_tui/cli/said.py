"""`mahavishnu langgraph logs` and `prefect logs`: what the code of a run prints and logs."""

from __future__ import annotations

import asyncio
import dataclasses
import time

import click

from mahavishnu_tui.cli import completing, output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.finding import find_run
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.client.api import ServerClient
from mahavishnu_tui.models.moments import read_moment
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.said import LEVELS, SaidLine, SaidPage
from mahavishnu_tui.models.text import clean, clean_line

PAGE = 5000
_POLL = 0.5
_BATCHES = 5.0
"""Seconds of silence after which an ended flow run has said all: its lines come in batches."""


class _Reader:
    """Reads and prints the log of one run."""

    def __init__(
        self, client: ServerClient, run_id: str, visit: int | None, level: str, grep: str, begin: float
    ) -> None:
        self.client = client
        self.run_id = run_id
        self.visit, self.level, self.grep = visit, level, grep
        self.begin = begin
        self.names: dict[int, str] = {}

    async def page(self, after: int | None, limit: int) -> SaidPage:
        """Lines after a number, or the newest."""
        found = await self.client.said(
            self.run_id, after=after, limit=limit, visit=self.visit, level=self.level, grep=self.grep
        )
        return dataclasses.replace(found, lines=[line for line in found.lines if line.at >= self.begin])

    async def say(self, page: SaidPage, as_json: bool) -> None:
        """Print a page: records one below the other, or text with the node that spoke."""
        if page.dropped and not as_json:
            output.narrate(f"… {page.dropped:,} lines dropped: the run said more than it may keep")
        for line in page.lines:
            if as_json:
                output.emit(line.to_json())
            else:
                output.say(f"{time.strftime('%H:%M:%S', time.localtime(line.at))} {await self._text(line)}")

    async def _text(self, line: SaidLine) -> str:
        if line.visit and line.visit not in self.names:
            visits = await self.client.visits(self.run_id, after=max(self.names, default=0))
            self.names |= {item.number: clean_line(item.path, 40) for item in visits}
        node = f"#{line.visit} {self.names.get(line.visit, '?')}" if line.visit else "the run"
        name = f" {clean_line(line.logger, 60)}" if line.logger else ""
        return f"{node} {line.stream} {line.level}{name}: {clean(line.text)}"


@command("logs")
@click.argument("run", shell_complete=completing.any_run)
@click.option("--lines", default=100, type=click.IntRange(1, 20_000), show_default=True, help="The newest.")
@click.option("--all", "everything", is_flag=True, help="From the beginning.")
@click.option("--follow", "-f", is_flag=True, help="Go on until the run ends.")
@click.option("--visit", type=click.IntRange(min=0), help="Of this visit alone; 0: of no visit.")
@click.option("--level", default="debug", type=click.Choice(LEVELS), help="This level and graver ones.")
@click.option("--grep", default="", metavar="TEXT", help="Lines that hold this text, in any case.")
@click.option("--since", metavar="TIME", help="Lines from then on: 10m (ago), or 2026-11-29T02:00.")
async def logs(
    setup: Setup,
    run: str,
    lines: int,
    everything: bool,
    follow: bool,
    visit: int | None,
    level: str,
    grep: str,
    since: str | None,
) -> int:
    """Show what the code of RUN (its id or its name) prints, logs and streams.

    With --json and --follow: one record per line.
    """
    begin = _begin(since)
    async with connected(setup.load_strictly()) as client:
        found = await find_run(client, run)
        reader = _Reader(client, found.id, visit, level, grep, begin)
        everything = everything or since is not None
        page = await reader.page(0 if everything else None, PAGE if everything else lines)
        gathered = page
        while page.more:
            if not setup.as_json or follow:
                await reader.say(page, setup.as_json)
            page = await reader.page(page.last, PAGE)
            gathered = _joined(gathered, page)
        if setup.as_json and not follow:
            output.emit(gathered.to_json())
            return OK
        await reader.say(page, setup.as_json)
        if not gathered.lines and not follow:
            output.narrate("Nothing: this run's code has said nothing of that kind.")
        if follow:
            await _follow(client, reader, page.last, setup.as_json)
    return OK


async def _follow(client: ServerClient, reader: _Reader, last: int, as_json: bool) -> None:
    """Print what is added until the run has ended and all of it is printed."""
    quiet_since = time.monotonic()
    while True:
        run = (await client.run(reader.run_id)).run
        page = await reader.page(last, PAGE)
        await reader.say(page, as_json)
        if page.last != last:
            quiet_since = time.monotonic()
        last = page.last
        patience = _BATCHES if run.engine == "prefect" else 0.0
        if run.status in FINISHED and not page.more and time.monotonic() - quiet_since >= patience:
            return
        if not page.more:
            await asyncio.sleep(_POLL)


def _begin(since: str | None) -> float:
    """A time; a span alone is one that has passed."""
    if since is None:
        return 0.0
    return read_moment(f"-{since}" if since[-1:] in "smhdw" and since[:1].isdigit() else since)


def _joined(one: SaidPage, other: SaidPage) -> SaidPage:
    return SaidPage([*one.lines, *other.lines], other.last, False, one.dropped + other.dropped)
