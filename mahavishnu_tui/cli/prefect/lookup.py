"""Deployments, schedules and pools by what an operator calls them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mahavishnu_tui.cli.finding import instead, pick
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean_line

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models.deployment import Deployment
    from mahavishnu_tui.models.pool import Pool
    from mahavishnu_tui.models.schedule import Schedule


async def find_deployment(client: ServerClient, text: str) -> Deployment:
    """The deployment with that id, `flow/name`, name or flow, or the only one that begins so.

    Raises:
        MahavishnuError: MHV-401 there is none, MHV-010 several are meant.
    """
    deployments = await client.deployments()
    found = pick(
        text,
        deployments,
        names=lambda item: (item.id, item.title, item.name, item.flow),
        show=lambda item: f"{item.title} ({item.id})",
        kind="deployment",
    )
    if found is None:
        raise MahavishnuError(
            ErrorCode.PREFECT_DEPLOYMENT_NOT_FOUND,
            f"There is no deployment {clean_line(text, 80)!r}.",
            instead(
                text,
                [item.title for item in deployments],
                "`mahavishnu prefect deployment list` shows those there are.",
            ),
        )
    return found


async def find_schedule(client: ServerClient, text: str) -> Schedule:
    """The schedule with that id, slug or `flow/deployment`, or the only one that begins so.

    Raises:
        MahavishnuError: MHV-010 there is none, or several are meant.
    """
    schedules = await client.schedules()
    found = pick(
        text,
        schedules,
        names=lambda item: (item.id, item.schedule_id, item.slug, item.name),
        show=lambda item: f"{item.schedule_id or item.id} ({item.name}, {item.rule})",
        kind="schedule",
    )
    if found is None:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"There is no schedule {clean_line(text, 80)!r}.",
            instead(
                text,
                [name for item in schedules for name in (item.slug, item.name)],
                "`mahavishnu prefect schedule list` shows those there are.",
            ),
        )
    return found


async def find_pool(client: ServerClient, name: str) -> Pool:
    """The pool with that very name.

    Raises:
        MahavishnuError: MHV-010 there is none.
    """
    pools = await client.pools()
    found = [pool for pool in pools if pool.name == name]
    if not found:
        names = clean_line(", ".join(pool.name for pool in pools), 200)
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f"There is no pool {clean_line(name, 80)!r}.", f"There are: {names}."
        )
    return found[0]


async def pool_of_type(client: ServerClient, kind: str) -> str:
    """The only work pool of a type.

    Raises:
        MahavishnuError: MHV-405, there is none, or several.
    """
    pools = [pool.name for pool in await client.pools() if pool.engine == "prefect" and pool.kind == kind]
    if len(pools) == 1:
        return pools[0]
    if pools:
        raise MahavishnuError(
            ErrorCode.PREFECT_WORK_POOL,
            f"{len(pools)} work pools have the type {kind!r}: {', '.join(pools)}.",
            "Name one of them with --pool.",
        )
    raise MahavishnuError(
        ErrorCode.PREFECT_WORK_POOL,
        f"No work pool has the type {kind!r}.",
        f"`mahavishnu pool create NAME --type {kind}` makes one.",
    )
