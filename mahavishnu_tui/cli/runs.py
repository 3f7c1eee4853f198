"""`mahavishnu langgraph list|cancel|resume`."""

from __future__ import annotations

import time

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected, who
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.models.text import clean_line

STATUSES = ("queued", "running", "interrupted", "paused", "success", "error", "cancelled")


@command("list")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only these; repeatable."
)
@click.option("--workflow", default="", metavar="ID", help="Only runs of this workflow (its id).")
@click.option("--limit", default=50, type=click.IntRange(1, 2000), show_default=True)
async def list_runs(setup: Setup, statuses: tuple[str, ...], workflow: str, limit: int) -> int:
    """List runs, newest first."""
    async with connected(setup.load_strictly()) as client:
        runs = await client.runs(status=statuses, workflow=workflow, limit=limit)
    if setup.as_json:
        output.emit([run.to_json() for run in runs])
        return OK
    now = time.time()
    rows = [
        (
            run.status,
            run.name,
            run.workflow,
            clean_line(", ".join(run.where) or run.note, 60),
            output.moment(run.created_at),
            output.span((run.ended_at or now) - (run.started_at or run.created_at)),
        )
        for run in runs
    ]
    headings = ("STATUS", "RUN", "WORKFLOW", "WHERE", "STARTED", "FOR")
    output.table(headings, rows, "No runs. `mahavishnu langgraph execute --workflow-file F.py` starts one.")
    if len(runs) == limit:
        output.narrate(f"The newest {limit} only: there may be more (--limit, --status).")
    return OK


@command("cancel")
@click.argument("run")
async def cancel(setup: Setup, run: str) -> int:
    """Cancel RUN (its id or its name)."""
    async with connected(setup.load_strictly()) as client:
        found = (await client.run(run)).run
        ended = await client.cancel(found.id, who())
    if setup.as_json:
        output.emit(ended.to_json())
    else:
        output.say(f"{ended.name}: {ended.status}")
    return OK


@command("resume")
@click.argument("run")
@click.option("--checkpoint", metavar="ID", help="Go on from this checkpoint, as a fork of the thread.")
@click.option("--wait", is_flag=True, help="Wait until the run ends or asks.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait at most.")
async def resume(setup: Setup, run: str, checkpoint: str | None, wait: bool, timeout: float | None) -> int:
    """Go on with RUN: paused, failed or cancelled, or from one of its checkpoints."""
    from mahavishnu_tui.cli.execute import conclude
    from mahavishnu_tui.client.launcher import LaunchOptions

    loaded = setup.load_strictly()
    async with connected(loaded) as client:
        found = (await client.run(run)).run
        resumed = await client.resume(found.id, who(), checkpoint)
        launch = LaunchOptions.of(loaded.paths, loaded.flags)
        return await conclude(setup, client, launch, resumed, wait=wait, timeout=timeout)
