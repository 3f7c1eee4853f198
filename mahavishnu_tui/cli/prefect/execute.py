"""`mahavishnu prefect execute`: run a flow from a file, or a deployment."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, who
from mahavishnu_tui.cli.pools import why
from mahavishnu_tui.cli.prefect.flowfile import flow_file_options, trusted_flow
from mahavishnu_tui.cli.prefect.lookup import find_deployment
from mahavishnu_tui.cli.prefect.reaching import with_prefect
from mahavishnu_tui.cli.prefect.starting import Order, conclude, order_options, run_deployment

if TYPE_CHECKING:
    from mahavishnu_tui.cli.prefect.flowfile import FlowFile
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models.deployment import Deployment

RUNNERS = ("threads", "processes", "dask-cpu", "dask-io")
ON_A_POOL = "execute"
"""The deployment of a flow from a file that is to run on a work pool."""


@command("execute")
@click.argument("target", metavar="FILE.py[:FLOW]|FLOW/DEPLOYMENT", required=False)
@flow_file_options
@order_options
@click.option("--task-runner", type=click.Choice(RUNNERS), help="Instead of the flow's own.")
async def execute(
    setup: Setup,
    target: str | None,
    flow_file: str | None,
    flow_name: str | None,
    trust: bool,
    interpreter: str | None,
    order: Order,
    wait: bool,
    timeout: float | None,
    task_runner: str | None,
) -> int:
    """Run a flow from a file, in a process of the server; or run a deployment.

    A flow from a file that is given a pool, or a time, is deployed there first, as FLOW/execute.
    Exit status: 0 success (or started, without --wait), 1 failure, 2 bad usage, 3 waits for a human.
    """
    if (target is None) == (flow_file is None):
        raise click.UsageError("Give a flow's file, or a deployment as flow/name.")
    loaded = setup.load_strictly(trust)
    source: FlowFile | None = None
    if flow_file is not None or is_file(target or ""):
        source = trusted_flow(loaded.store, flow_file or target or "", flow_name, interpreter, trust)
    elif flow_name or task_runner:
        raise click.UsageError("--flow-name and --task-runner are for flows from a file.")
    if source is not None and order.placed and task_runner:
        raise click.UsageError("--task-runner is for a flow that runs here, not on a work pool.")
    async with with_prefect(loaded, wanted=source is None, starts=source is not None) as client:
        if source is None:
            run = await run_deployment(client, loaded, await find_deployment(client, target or ""), order)
        elif order.placed:
            run = await run_deployment(client, loaded, await _deployed(client, source, order), order)
        else:
            # Not repeated: a process that was started would go on without the server.
            run = await client.run_flow(
                source.entrypoint,
                who(),
                request_id=uuid.uuid4().hex,
                root=source.root,
                interpreter=source.interpreter,
                parameters=order.parameters,
                name=order.name,
                tags=list(order.tags),
                task_runner=task_runner,
            )
        return await conclude(setup, client, loaded, run, wait=wait, timeout=timeout)


def is_file(target: str) -> bool:
    """Whether a target names a file, not a deployment: `etl/nightly` is one, `etl/nightly.py` is not."""
    path, _, _ = target.partition(":")
    return path.endswith(".py") or Path(target).expanduser().is_file() or Path(path).expanduser().is_file()


async def _deployed(client: ServerClient, source: FlowFile, order: Order) -> Deployment:
    """The deployment through which a flow from a file gets onto a work pool."""
    pool = order.pool
    if pool is None and order.selector is not None:
        choice = await client.choose_pool(selector=order.selector)
        output.narrate(why(choice))
        pool = choice.pool
    return await client.create_deployment(
        source.entrypoint,
        ON_A_POOL,
        who(),
        root=source.root,
        interpreter=source.interpreter,
        pool=pool,
        queue=order.queue,
    )
