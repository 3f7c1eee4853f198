"""`mahavishnu langgraph audit` and `mahavishnu prefect audit`: who did what to a run."""

from __future__ import annotations

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.finding import find_run
from mahavishnu_tui.cli.guard import OK


@command("audit")
@click.argument("run")
async def audit(setup: Setup, run: str) -> int:
    """Show who did what to RUN (its id or its name), in order."""
    async with connected(setup.load_strictly()) as client:
        acts = await client.acts((await find_run(client, run)).id)
    if setup.as_json:
        output.emit([act.to_json() for act in acts])
        return OK
    rows = [
        (output.moment(act.at), act.by, act.what, ", ".join(f"{k} {v}" for k, v in act.details.items()))
        for act in acts
    ]
    output.table(("AT", "BY", "DID", "DETAILS"), rows, "Nothing was done to this run.")
    return OK
