"""`mahavishnu prefect deployment create|update|pause|resume|delete|run`."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from mahavishnu_tui.cli import completing
from mahavishnu_tui.cli.common import Setup, command, who
from mahavishnu_tui.cli.confirming import confirm_count
from mahavishnu_tui.cli.prefect.acts import tell
from mahavishnu_tui.cli.prefect.deployments import told
from mahavishnu_tui.cli.prefect.flowfile import flow_file_options, trusted_flow
from mahavishnu_tui.cli.prefect.lookup import find_deployment, pool_of_type
from mahavishnu_tui.cli.prefect.parameters import PAIR, parameter_options, read_pairs, read_parameters
from mahavishnu_tui.cli.prefect.reaching import with_prefect
from mahavishnu_tui.models.prefect import BulkResult

if TYPE_CHECKING:
    pass


def trait_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what a deployment is given when it is made, and may be given later."""
    for option in (
        click.option("--limit", type=click.IntRange(0), help="Runs of it at the same time; 0: no limit."),
        click.option(
            "--job-variable", "variables", multiple=True, metavar=PAIR, help="For its pool; repeatable."
        ),
        click.option("--tag", "tags", multiple=True, metavar="TAG", help="Repeatable."),
        click.option("--description", metavar="TEXT", help="What it is for."),
        click.option("--queue", metavar="NAME", help="The work queue of its pool."),
        click.option(
            "--pool", shell_complete=completing.pool, metavar="NAME", help="The work pool in which it runs."
        ),
        parameter_options,
    ):
        function = option(function)
    return function


@command("create")
@click.argument("target", metavar="FILE.py[:FLOW]", required=False)
@flow_file_options
@click.option("--name", metavar="NAME", help="What to call it; default: the name of the flow.")
@trait_options
@click.option("--type", "kind", metavar="TYPE", help="Instead of --pool: the pool of this type.")
@click.option("--image", metavar="IMAGE", help="The image of a pool with containers.")
@click.option("--version", metavar="TEXT", help="Default: what the flow says.")
@click.option("--paused", is_flag=True, default=None, help="Make it paused.")
@click.option(
    "--any-parameters", is_flag=True, default=None, help="Do not check parameters against the flow."
)
async def create(
    setup: Setup,
    target: str | None,
    flow_file: str | None,
    flow_name: str | None,
    trust: bool,
    interpreter: str | None,
    name: str | None,
    param_file: str | None,
    params: str | None,
    pairs: tuple[str, ...],
    pool: str | None,
    queue: str | None,
    description: str | None,
    tags: tuple[str, ...],
    variables: tuple[str, ...],
    limit: int | None,
    kind: str | None,
    image: str | None,
    version: str | None,
    paused: bool | None,
    any_parameters: bool | None,
) -> int:
    """Deploy a flow from a file, or deploy it anew. What is not given then stays, schedules too."""
    if (target is None) == (flow_file is None):
        raise click.UsageError("Give the file with the flow.")
    if pool and kind:
        raise click.UsageError("Give one of --pool and --type.")
    given = read_parameters(param_file, params, pairs)
    job = read_pairs(variables, "--job-variable") | ({"image": image} if image else {})
    loaded = setup.load_strictly(trust)
    source = trusted_flow(loaded.store, flow_file or target or "", flow_name, interpreter, trust)
    async with with_prefect(loaded, wanted=False, starts=True) as client:
        made = await client.create_deployment(
            source.entrypoint,
            name or source.name,
            who(),
            root=source.root,
            interpreter=source.interpreter,
            pool=await pool_of_type(client, kind) if kind else pool,
            queue=queue,
            parameters=given,
            tags=list(tags) or None,
            description=description,
            version=version,
            job_variables=job or None,
            limit=limit,
            paused=paused,
            enforce_schema=False if any_parameters else None,
        )
    return told(setup, made)


@command("update")
@click.argument("deployment", shell_complete=completing.deployment)
@trait_options
async def update(
    setup: Setup,
    deployment: str,
    param_file: str | None,
    params: str | None,
    pairs: tuple[str, ...],
    pool: str | None,
    queue: str | None,
    description: str | None,
    tags: tuple[str, ...],
    variables: tuple[str, ...],
    limit: int | None,
) -> int:
    """Change what is given of DEPLOYMENT. --param and --job-variable go over those it has, --tag replaces."""
    given = read_parameters(param_file, params, pairs)
    job = read_pairs(variables, "--job-variable")
    async with with_prefect(setup.load_strictly(), runs=False) as client:
        found = await find_deployment(client, deployment)
        if given is not None and params is None and param_file is None:
            given = {**found.parameters, **given}
        changes = {
            "parameters": given,
            "pool": pool,
            "queue": queue,
            "description": description,
            "tags": list(tags) or None,
            "job_variables": {**found.job_variables, **job} if job else None,
            "limit": limit,
        }
        if all(value is None for value in changes.values()):
            raise click.UsageError("Say what is to change.")
        changed = await client.change_deployment(found, who(), **changes)
    return told(setup, changed)


@command("pause")
@click.argument("deployment", shell_complete=completing.deployment)
async def pause(setup: Setup, deployment: str) -> int:
    """Pause DEPLOYMENT: its schedules start nothing, and runs that they have made and have not begun go."""
    return await _pause(setup, deployment, True)


@command("resume")
@click.argument("deployment", shell_complete=completing.deployment)
async def resume(setup: Setup, deployment: str) -> int:
    """Let the schedules of DEPLOYMENT start runs again."""
    return await _pause(setup, deployment, False)


async def _pause(setup: Setup, name: str, paused: bool) -> int:
    async with with_prefect(setup.load_strictly(), runs=False) as client:
        found = await find_deployment(client, name)
        changed = await client.change_deployment(found, who(), paused=paused)
    return told(setup, changed)


@command("delete")
@click.argument("deployment", shell_complete=completing.deployment)
@click.option("--count", type=click.IntRange(0), help="How many you mean: 1.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
async def delete(setup: Setup, deployment: str, count: int | None, yes: bool) -> int:
    """Take DEPLOYMENT away, with its schedules; its runs stay."""
    async with with_prefect(setup.load_strictly(), runs=False) as client:
        found = await find_deployment(client, deployment)
        if not yes:
            confirm_count(f"delete 1 deployment, {found.title}", 1, count)
        await client.delete_deployment(found, who())
    return tell(setup, {found.id: found.title}, [BulkResult(found.id, True, "deleted")], "delete")
