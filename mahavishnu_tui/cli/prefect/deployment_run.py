"""`mahavishnu prefect deployment run`."""

from __future__ import annotations

import dataclasses

import click

from mahavishnu_tui.cli import completing
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.prefect.lookup import find_deployment
from mahavishnu_tui.cli.prefect.parameters import PAIR, read_pairs
from mahavishnu_tui.cli.prefect.reaching import with_prefect
from mahavishnu_tui.cli.prefect.starting import Order, conclude, order_options, run_deployment


@command("run")
@click.argument("deployment", shell_complete=completing.deployment)
@order_options
@click.option("--job-variable", "variables", multiple=True, metavar=PAIR, help="For its pool; repeatable.")
async def run(
    setup: Setup,
    deployment: str,
    order: Order,
    wait: bool,
    timeout: float | None,
    variables: tuple[str, ...],
) -> int:
    """Start a run of DEPLOYMENT (its id, name or flow/name). Exit status as with `prefect execute`."""
    order = dataclasses.replace(order, job_variables=read_pairs(variables, "--job-variable"))
    loaded = setup.load_strictly()
    async with with_prefect(loaded, runs=False) as client:
        started = await run_deployment(client, loaded, await find_deployment(client, deployment), order)
        return await conclude(setup, client, loaded, started, wait=wait, timeout=timeout)
