"""`mahavishnu prefect troubles`: runs that will not come right by themselves, and their cure."""

from __future__ import annotations

import time
from typing import get_args

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, who
from mahavishnu_tui.cli.confirming import confirm_count
from mahavishnu_tui.cli.finding import telling_length
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.prefect.acts import tell
from mahavishnu_tui.cli.prefect.reaching import with_prefect
from mahavishnu_tui.models.prefect import BulkResult, Cure, TroubleKind
from mahavishnu_tui.models.spans import age


@command("troubles")
@click.option(
    "--kind", "kinds", multiple=True, type=click.Choice(get_args(TroubleKind)), help="Only these; repeatable."
)
@click.option("--cure", is_flag=True, help="Do what is said in the last column. Asks for their number.")
@click.option("--count", type=click.IntRange(0), help="With --cure: how many runs you mean.")
async def troubles(setup: Setup, kinds: tuple[TroubleKind, ...], cure: bool, count: int | None) -> int:
    """List flow runs in trouble: without heartbeat, stuck, or late; or cure them.

    A cure has a result for each; exit status 1 when one failed.
    """
    async with with_prefect(setup.load_strictly()) as client:
        found = [item for item in await client.troubles() if not kinds or item.kind in kinds]
        if not cure:
            if setup.as_json:
                output.emit([item.to_json() for item in found])
                return OK
            length = telling_length(item.run_id for item in found)
            rows = [
                (
                    item.kind,
                    item.run_name,
                    item.workflow,
                    item.run_id[:length],
                    age(time.time() - item.since),
                    item.pool,
                    item.why,
                    item.cure,
                )
                for item in found
            ]
            headings = ("KIND", "RUN", "FLOW", "ID", "FOR", "POOL", "WHY", "CURE")
            output.table(headings, rows, "Nothing is in trouble.")
            return OK
        if found:
            shown = [f"{item.cure}  {item.run_name}  {item.why}" for item in found]
            confirm_count(f"cure {output.counted(len(found), 'run')}", len(found), count, shown)
        results: list[BulkResult] = []
        for act in get_args(Cure):
            same = [(item.run_id, item.version) for item in found if item.cure == act]
            results += await client.bulk(act, same, who()) if same else []
    return tell(setup, {item.run_id: item.run_name for item in found}, results, "cure")
