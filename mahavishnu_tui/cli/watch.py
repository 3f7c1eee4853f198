"""`mahavishnu langgraph watch|replay`: the path of a run, as it goes or as it went."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Iterable

import click

from mahavishnu_tui.cli import completing, output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.finding import find_run
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.progress import Progress, visit_line
from mahavishnu_tui.models.run import NodeVisit, Run
from mahavishnu_tui.models.spans import duration

_LONGEST_PAUSE = 3.0
"""Seconds that a replay stands still at most: nobody waits again for last night's approval."""


@command("watch")
@click.argument("run", shell_complete=completing.any_run)
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to watch at most.")
async def watch(setup: Setup, run: str, timeout: float | None) -> int:
    """Follow RUN (its id or its name) until it ends or asks.

    With --json a line of JSON per change. Exit status as with execute --wait.
    """
    from mahavishnu_tui.cli import waiting
    from mahavishnu_tui.client.launcher import LaunchOptions

    loaded = setup.load_strictly()
    progress = _Lines() if setup.as_json else Progress(sys.stdout, moving=sys.stdout.isatty())
    async with connected(loaded) as client:
        found = await find_run(client, run)
        launch = LaunchOptions.of(loaded.paths, loaded.flags)
        try:
            detail = await waiting.settle(client, launch, found.id, 0, timeout, progress.seen)
        finally:
            progress.close()
    if not setup.as_json:
        from mahavishnu_tui.cli.execute import show

        show(setup, detail)
    return waiting.status_of(detail.run)


@command("replay")
@click.argument("run", shell_complete=completing.any_run)
@click.option(
    "--speed", default=1.0, type=click.FloatRange(0.1, 1000), show_default=True, help="Times as fast."
)
async def replay(setup: Setup, run: str, speed: float) -> int:
    """Play the path of RUN again, as it went. Into a pipe it comes at once; nothing is run."""
    async with connected(setup.load_strictly()) as client:
        found = await find_run(client, run)
        visits = await client.visits(found.id)
    begin = min((visit.started_at for visit in visits), default=0.0)
    if setup.as_json:
        output.emit([{"at": visit.started_at - begin, **visit.to_json()} for visit in visits])
        return OK
    if not visits:
        output.say("No node has run yet.")
    clock = begin
    for visit in visits:
        if sys.stdout.isatty():
            await asyncio.sleep(min(_LONGEST_PAUSE, max(0.0, visit.started_at - clock) / speed))
        clock = max(clock, visit.started_at)
        output.say(f"{'+' + duration(visit.started_at - begin):>9}  {visit_line(visit)}")
        sys.stdout.flush()
    return OK


class _Lines:
    """Each change as a line of JSON."""

    def __init__(self) -> None:
        self._version = 0

    def seen(self, run: Run, visits: Iterable[NodeVisit]) -> None:
        """Print what is new."""
        for visit in visits:
            print(json.dumps({"kind": "visit", **visit.to_json()}))
        if run.version != self._version:
            self._version = run.version
            print(json.dumps({"kind": "run", **run.to_json()}))
        sys.stdout.flush()

    def close(self) -> None:
        """Nothing to take away."""
