"""`mahavishnu langgraph claim|release`: who is on a question; `audit`: who did what to a run."""

from __future__ import annotations

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.approve import find_question
from mahavishnu_tui.cli.common import Setup, command, connected, who
from mahavishnu_tui.cli.guard import OK


@command("claim")
@click.argument("question")
@click.option("--from", "holder", default="", metavar="NAME", help="Take it over from this person.")
async def claim(setup: Setup, question: str, holder: str) -> int:
    """Say that you are on QUESTION: an approval's id, or a run that waits with one question."""
    async with connected(setup.load_strictly()) as client:
        approval = await client.claim(await find_question(client, question), who(), holder)
    if setup.as_json:
        output.emit(approval.to_json())
    else:
        output.say(f"{approval.run_name}: {approval.claimed_by} is on it for 15 minutes")
    return OK


@command("release")
@click.argument("question")
@click.option("--from", "holder", default="", metavar="NAME", help="Take away this person's claim.")
async def release(setup: Setup, question: str, holder: str) -> int:
    """Say that nobody is on QUESTION any more."""
    async with connected(setup.load_strictly()) as client:
        approval = await client.release(await find_question(client, question), who(), holder)
    if setup.as_json:
        output.emit(approval.to_json())
    else:
        output.say(f"{approval.run_name}: free")
    return OK


@command("audit")
@click.argument("run")
async def audit(setup: Setup, run: str) -> int:
    """Show who did what to RUN (its id or its name), in order."""
    async with connected(setup.load_strictly()) as client:
        acts = await client.acts(run)
    if setup.as_json:
        output.emit([act.to_json() for act in acts])
        return OK
    rows = [
        (output.moment(act.at), act.by, act.what, ", ".join(f"{k} {v}" for k, v in act.details.items()))
        for act in acts
    ]
    output.table(("AT", "BY", "DID", "DETAILS"), rows, "Nothing was done to this run.")
    return OK
