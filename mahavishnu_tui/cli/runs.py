"""`mahavishnu langgraph list|resume`."""

from __future__ import annotations

import time

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected, who
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.workflows import named
from mahavishnu_tui.models.queue import ordinal
from mahavishnu_tui.models.run import Run
from mahavishnu_tui.models.run_search import where
from mahavishnu_tui.models.spans import duration
from mahavishnu_tui.models.text import clean_line

OWN = "!engine:prefect"
"""Flow runs are listed by `prefect list`."""
STATUSES = ("queued", "running", "interrupted", "paused", "success", "error", "cancelled")


@command("list")
@click.option(
    "--status", "statuses", multiple=True, type=click.Choice(STATUSES), help="Only these; repeatable."
)
@click.option("--workflow", default="", metavar="ID|NAME", help="Only runs of this workflow.")
@click.option("--limit", default=50, type=click.IntRange(1, 2000), show_default=True, help="The newest.")
async def list_runs(setup: Setup, statuses: tuple[str, ...], workflow: str, limit: int) -> int:
    """List runs, newest first."""
    async with connected(setup.load_strictly()) as client:
        runs = await client.runs(status=statuses, workflow=workflow, search=OWN, limit=limit)
        if workflow and not runs:
            await named(client, workflow)  # one that the server does not know is no empty list
        queued = any(run.status == "queued" for run in runs)
        queue = [run.id for run in await client.queue()] if queued else []
    if setup.as_json:
        output.emit([run.to_json() for run in runs])
        return OK
    now = time.time()
    rows = [
        (
            run.status,
            run.name,
            run.workflow,
            clean_line(_where(run, queue), 60),
            output.moment(run.created_at),
            duration((run.ended_at or now) - (run.started_at or run.created_at)),
        )
        for run in runs
    ]
    headings = ("STATUS", "RUN", "WORKFLOW", "WHERE", "STARTED", "FOR")
    start = "No runs. `mahavishnu langgraph execute --workflow-file F.py` starts one."
    output.table(headings, rows, "No runs: none is like that." if statuses or workflow else start)
    if len(runs) == limit:
        output.narrate(f"The newest {limit} only: there may be more (--limit, --status).")
    return OK


def _where(run: Run, queue: list[str]) -> str:
    """The nodes at work, the place in the queue, or what is special."""
    if run.id in queue:
        urgency = "" if run.priority == "normal" else f", {run.priority}"
        return f"{ordinal(queue.index(run.id) + 1)} of {len(queue)}{urgency}"
    return where(run) or run.note


@command("resume")
@click.argument("run")
@click.option("--checkpoint", metavar="ID", help="Go on from this checkpoint, as a fork of the thread.")
@click.option(
    "--recursion-limit",
    type=click.IntRange(min=1),
    help="Steps that it may take from here on, after a possible infinite loop (MHV-428).",
)
@click.option("--wait", is_flag=True, help="Wait until the run ends or asks.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait at most.")
async def resume(
    setup: Setup,
    run: str,
    checkpoint: str | None,
    recursion_limit: int | None,
    wait: bool,
    timeout: float | None,
) -> int:
    """Go on with RUN: paused, failed or cancelled, or from one of its checkpoints."""
    from mahavishnu_tui.cli.execute import conclude
    from mahavishnu_tui.client.launcher import LaunchOptions

    loaded = setup.load_strictly()
    async with connected(loaded) as client:
        found = (await client.run(run)).run
        resumed = await client.resume(found.id, who(), checkpoint, recursion_limit)
        if not setup.as_json:
            output.narrate(f"{resumed.name}: {resumed.note}")
        launch = LaunchOptions.of(loaded.paths, loaded.flags)
        return await conclude(setup, client, launch, resumed, wait=wait, timeout=timeout)
