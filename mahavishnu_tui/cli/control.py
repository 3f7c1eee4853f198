"""`mahavishnu langgraph cancel|priority|again`: what is done to a run as a whole."""

from __future__ import annotations

import uuid

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected, who
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.jsontext import read_json
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.queue import PRIORITIES


@command("cancel")
@click.argument("run")
@click.option("--at-boundary", is_flag=True, help="At the next step boundary: no process is ended.")
@click.option(
    "--end-host", is_flag=True, help="Also where that ends a process which other runs are in; they recover."
)
async def cancel(setup: Setup, run: str, at_boundary: bool, end_host: bool) -> int:
    """Cancel RUN (its id or its name)."""
    if at_boundary and end_host:
        raise click.UsageError("Give one of --at-boundary and --end-host.")
    async with connected(setup.load_strictly()) as client:
        found = (await client.run(run)).run
        if not at_boundary and not end_host:
            plan = await client.cancel_plan(found.id)
            if plan.harms:
                raise MahavishnuError(
                    ErrorCode.RUN_STATE,
                    plan.sentence,
                    "Nothing was done. --at-boundary cancels at the next step boundary, --end-host now.",
                    sync=plan.sync,
                    others=plan.others,
                )
        ended = await client.cancel(found.id, who(), how="boundary" if at_boundary else "now")
    if setup.as_json:
        output.emit(ended.to_json())
    else:
        output.say(f"{ended.name}: {ended.note or ended.status}")
    return OK


@command("priority")
@click.argument("run")
@click.argument("level", type=click.Choice(PRIORITIES))
async def priority(setup: Setup, run: str, level: str) -> int:
    """Give RUN the priority LEVEL; it counts from its next turn on."""
    async with connected(setup.load_strictly()) as client:
        changed = await client.set_priority(run, level, who())
        queue = [item.id for item in await client.queue()]
    place = queue.index(changed.id) + 1 if changed.id in queue else 0
    if setup.as_json:
        output.emit({**changed.to_json(), "place": place or None, "queued": len(queue)})
    else:
        output.say(f"{changed.name}: {level}" + (f", place {place} of {len(queue)}" if place else ""))
    return OK


@command("again")
@click.argument("run")
@click.option("--state", metavar="JSON|@FILE|-", help="Another input than the run had.")
@click.option("--wait", is_flag=True, help="Wait until the new run ends or asks.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait at most.")
async def again(setup: Setup, run: str, state: str | None, wait: bool, timeout: float | None) -> int:
    """Start a new run like RUN: the same workflow, input and rules, on a new thread."""
    from mahavishnu_tui.cli.execute import conclude
    from mahavishnu_tui.client.api import SAME
    from mahavishnu_tui.client.launcher import LaunchOptions

    given = SAME if state is None else read_json(state, "--state")
    loaded = setup.load_strictly()
    async with connected(loaded) as client:
        started = await client.again(run, who(), request_id=uuid.uuid4().hex, input=given)
        launch = LaunchOptions.of(loaded.paths, loaded.flags)
        return await conclude(setup, client, launch, started, wait=wait, timeout=timeout)
