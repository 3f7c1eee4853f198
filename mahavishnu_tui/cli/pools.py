"""`mahavishnu pool list|health`: where runs find slots."""

from __future__ import annotations

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import FAILURE, OK
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError


@command("list")
async def list_pools(setup: Setup) -> int:
    """List the pools."""
    async with connected(setup.load_strictly()) as client:
        pools = await client.pools()
    if setup.as_json:
        output.emit([pool.to_json() for pool in pools])
        return OK
    rows = [
        (pool.name, pool.kind, pool.status, f"{pool.used}/{pool.slots}", pool.queued, pool.note)
        for pool in pools
    ]
    output.table(("POOL", "KIND", "STATUS", "SLOTS", "QUEUED", "NOTE"), rows, "No pools.")
    return OK


@command("health")
@click.argument("pool", required=False)
async def pool_health(setup: Setup, pool: str | None) -> int:
    """Say how POOL is doing, or all of them. Exit status: 0 healthy or degraded, 1 unhealthy."""
    async with connected(setup.load(), start=False) as client:
        found = [item for item in await client.pools() if pool in (None, item.name)]
    if pool is not None and not found:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f"There is no pool {pool!r}.", "See `mahavishnu pool list`."
        )
    if setup.as_json:
        output.emit([item.to_json() for item in found])
    else:
        output.fields(
            [(item.name, f"{item.status}  {item.note}".rstrip()) for item in found] or [("pools", "none")]
        )
    return FAILURE if any(item.status == "unhealthy" for item in found) else OK
