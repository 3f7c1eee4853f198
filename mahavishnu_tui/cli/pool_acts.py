"""`mahavishnu pool create|pause|resume|limit|choose|limits`: work pools of Prefect."""

from __future__ import annotations

import click

from mahavishnu_tui.cli import completing, output
from mahavishnu_tui.cli.common import Setup, command, who
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.pools import say_pools, why
from mahavishnu_tui.cli.prefect.lookup import find_deployment, find_pool
from mahavishnu_tui.cli.prefect.reaching import with_prefect
from mahavishnu_tui.cli.prefect.starting import SELECTORS
from mahavishnu_tui.models.pool import Pool

QUEUE = click.option("--queue", metavar="NAME", help="A queue of the pool, not all of it.")


@command("create")
@click.argument("name")
@click.option(
    "--type",
    "kind",
    default="process",
    metavar="TYPE",
    show_default=True,
    help="Such as docker or kubernetes.",
)
@click.option("--limit", default=0, type=click.IntRange(0), help="Runs at the same time; 0: no limit.")
async def create(setup: Setup, name: str, kind: str, limit: int) -> int:
    """Make the work pool NAME. The same again changes nothing."""
    async with with_prefect(setup.load_strictly(), wanted=False, starts=True) as client:
        made = await client.create_pool(name, kind, who(), limit)
    return _told(setup, made)


@command("pause")
@click.argument("pool", shell_complete=completing.pool)
@QUEUE
async def pause(setup: Setup, pool: str, queue: str | None) -> int:
    """Let no run begin in POOL; what is at work goes on."""
    return await _change(setup, pool, queue=queue, paused=True)


@command("resume")
@click.argument("pool", shell_complete=completing.pool)
@QUEUE
async def resume(setup: Setup, pool: str, queue: str | None) -> int:
    """Let runs begin in POOL again."""
    return await _change(setup, pool, queue=queue, paused=False)


@command("limit")
@click.argument("pool", shell_complete=completing.pool)
@click.argument("number", type=click.IntRange(0))
@QUEUE
async def limit(setup: Setup, pool: str, number: int, queue: str | None) -> int:
    """Let at most NUMBER runs be at work in POOL; 0: no limit."""
    return await _change(setup, pool, queue=queue, limit=number)


async def _change(
    setup: Setup, name: str, *, queue: str | None, paused: bool | None = None, limit: int | None = None
) -> int:
    async with with_prefect(setup.load_strictly(), wanted=False, runs=False) as client:
        found = await find_pool(client, name)
        changed = await client.change_pool(
            name, who(), seen=found.seen, paused=paused, limit=limit, queue=queue
        )
    return _told(setup, changed)


def _told(setup: Setup, pool: Pool) -> int:
    if setup.as_json:
        output.emit(pool.to_json())
    else:
        say_pools([pool])
    return OK


@command("choose")
@click.option(
    "--deployment",
    shell_complete=completing.deployment,
    metavar="NAME",
    help="For a run of this one: among pools of its pool's type.",
)
@click.option("--selector", type=click.Choice(SELECTORS), help="Default: prefect.pool_selector.")
async def choose(setup: Setup, deployment: str | None, selector: str | None) -> int:
    """Say which pool a launch would go to, and why. Nothing is launched."""
    async with with_prefect(setup.load_strictly(), wanted=False, runs=False) as client:
        wanted = (await find_deployment(client, deployment)).id if deployment else ""
        choice = await client.choose_pool(wanted, selector or "")
    if setup.as_json:
        output.emit(choice.to_json())
    else:
        output.say(why(choice))
    return OK


@command("limits")
async def limits(setup: Setup) -> int:
    """List Prefect's concurrency limits, by tag and global."""
    async with with_prefect(setup.load_strictly(), wanted=False, runs=False) as client:
        found = await client.limits()
    if setup.as_json:
        output.emit([item.to_json() for item in found])
        return OK
    rows = [
        (item.name, item.kind, f"{item.used}/{item.limit}", "" if item.active else "off") for item in found
    ]
    output.table(("LIMIT", "KIND", "USED", ""), rows, "No concurrency limits.")
    return OK
