"""`mahavishnu langgraph checkpoints list|load`."""

from __future__ import annotations

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.models.text import clean_line


@command("list")
@click.argument("run")
@click.option("--limit", default=100, type=click.IntRange(1, 1000), show_default=True, help="The newest.")
@click.option("--before", metavar="ID", help="Only those older than this checkpoint.")
async def list_checkpoints(setup: Setup, run: str, limit: int, before: str | None) -> int:
    """List the checkpoints of RUN (its id or its name), newest first."""
    async with connected(setup.load_strictly()) as client:
        found = (await client.run(run)).run
        checkpoints = await client.checkpoints(found.id, limit, before)
    if setup.as_json:
        output.emit([checkpoint.to_json() for checkpoint in checkpoints])
        return OK
    rows = [
        (
            item.id,
            item.step,
            item.source,
            clean_line(", ".join(item.next) or "the end", 40),
            clean_line(", ".join(item.changed), 40),
            item.size,
            output.moment(item.created_at),
            clean_line(", ".join(filter(None, (item.branch, *item.tags, item.label))), 60),
        )
        for item in checkpoints
    ]
    headings = ("CHECKPOINT", "STEP", "SOURCE", "NEXT", "CHANGED", "BYTES", "AT", "BRANCH, TAGS")
    output.table(headings, rows, "No checkpoints: the run has not begun.")
    return OK


@command("load")
@click.argument("run")
@click.argument("checkpoint", default="latest")
async def load(setup: Setup, run: str, checkpoint: str) -> int:
    """Show the state stored in CHECKPOINT of RUN; without it, the latest."""
    async with connected(setup.load_strictly()) as client:
        found = (await client.run(run)).run
        state = await client.state(found.id, checkpoint)
    if setup.as_json:
        output.emit(state.to_json())
        return OK
    output.fields(
        [("checkpoint", state.checkpoint.get("id", "")), ("step", state.checkpoint.get("step", ""))]
    )
    output.say(output.pretty(state.values))
    if state.truncated:
        output.narrate("The values are too large to be shown whole.")
    return OK
