"""`mahavishnu prefect deployment list|show|versions`."""

from __future__ import annotations

import click

from mahavishnu_tui.cli import completing, output
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.fields import fields_of
from mahavishnu_tui.cli.finding import telling_length
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.prefect.lookup import check_flow, find_deployment, find_pool
from mahavishnu_tui.cli.prefect.reaching import with_prefect
from mahavishnu_tui.cli.prefect.schedules import next_start
from mahavishnu_tui.models.deployment import Deployment
from mahavishnu_tui.models.text import clean_line


@command("list")
@click.option("--flow-name", metavar="FLOW", help="Only deployments of this flow.")
@click.option("--pool", metavar="NAME", help="Only those of this work pool.")
@click.option("--tag", metavar="TAG", help="Only those with this tag.")
async def list_deployments(setup: Setup, flow_name: str | None, pool: str | None, tag: str | None) -> int:
    """List deployments, by name."""
    async with with_prefect(setup.load_strictly(), runs=False) as client:
        found = [
            item
            for item in await client.deployments()
            if flow_name in (None, item.flow) and pool in (None, item.pool) and (not tag or tag in item.tags)
        ]
        if not found and flow_name is not None:
            await check_flow(client, flow_name)
        if not found and pool is not None:
            await find_pool(client, pool)
    if setup.as_json:
        output.emit([item.to_json() for item in found])
        return OK
    length = telling_length(item.id for item in found)
    rows = [
        (
            item.title,
            state_of(item),
            place_of(item),
            f"{item.active_schedules}/{item.schedules}" if item.schedules else "",
            clean_line(", ".join(item.tags), 40),
            item.id[:length],
        )
        for item in found
    ]
    headings = ("DEPLOYMENT", "STATE", "POOL", "SCHEDULES", "TAGS", "ID")
    narrowed = flow_name is not None or pool is not None or tag
    nothing = "none is like that." if narrowed else "`mahavishnu prefect deployment create F.py` makes one."
    output.table(headings, rows, f"No deployments{':' if narrowed else '.'} {nothing}")
    return OK


def state_of(deployment: Deployment) -> str:
    """Whether its runs will begin."""
    if deployment.paused:
        return "paused"
    return "ready" if deployment.ready else "not ready"


def place_of(deployment: Deployment) -> str:
    """Its work pool, and its queue where that is not the usual one."""
    queue = "" if deployment.queue in ("", "default") else f"/{deployment.queue}"
    return f"{deployment.pool}{queue}"


@command("show")
@click.argument("deployment", shell_complete=completing.deployment)
async def show(setup: Setup, deployment: str) -> int:
    """Show DEPLOYMENT (its id, name or flow/name) with its parameters and schedules."""
    async with with_prefect(setup.load_strictly(), runs=False) as client:
        found = await client.deployment((await find_deployment(client, deployment)).id)
        own = [item for item in await client.schedules() if item.deployment_id == found.id]
    if setup.as_json:
        output.emit({**found.to_json(), "its_schedules": [item.to_json() for item in own]})
        return OK
    told(setup, found)
    output.say("\nParameters")
    rows = [(f"  {name}", kind, default) for name, kind, default in fields_of(found.schema, found.parameters)]
    output.table(("  NAME", "TYPE", "DEFAULT"), rows, "  it takes none")
    output.say("\nSchedules")
    listed = [
        (f"  {item.rule}", item.timezone, next_start(item) if item.runs else "paused", item.id)
        for item in own
    ]
    output.table(("  RULE", "ZONE", "NEXT", "ID"), listed, "  none")
    return OK


def told(setup: Setup, deployment: Deployment) -> int:
    """Print how a deployment is now."""
    if setup.as_json:
        output.emit(deployment.to_json())
        return OK
    rows: list[tuple[str, object]] = [
        ("deployment", f"{deployment.title}  {deployment.id}"),
        ("state", state_of(deployment)),
        ("description", deployment.description),
        ("code", deployment.entrypoint),
        ("in", deployment.path),
        ("pool", place_of(deployment)),
        ("job", output.compact(deployment.job_variables) if deployment.job_variables else ""),
        ("limit", output.counted(deployment.limit, "run") if deployment.limit else ""),
        ("version", deployment.version),
        ("tags", ", ".join(deployment.tags)),
        ("workflow", deployment.workflow),
        ("changed", output.moment(deployment.updated_at)),
    ]
    output.fields([(name, clean_line(value)) for name, value in rows if value])
    return OK


@command("versions")
@click.argument("deployment", shell_complete=completing.deployment)
async def versions(setup: Setup, deployment: str) -> int:
    """List the versions of DEPLOYMENT, the newest first."""
    async with with_prefect(setup.load_strictly(), runs=False) as client:
        found = await client.deployment_versions((await find_deployment(client, deployment)).id)
    if setup.as_json:
        output.emit(found)
        return OK
    rows = [
        (
            "* now" if item.get("current") else "",
            item.get("version") or "",
            output.moment(item.get("at")),
            item.get("by") or "",
            item.get("entrypoint") or "",
        )
        for item in found
    ]
    output.table(("", "VERSION", "AT", "BY", "CODE"), rows, "Its server keeps no versions.")
    return OK
