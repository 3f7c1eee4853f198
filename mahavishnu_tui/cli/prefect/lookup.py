"""Deployments, schedules and pools by what an operator calls them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from mahavishnu_tui.cli.finding import Thing, instead, pick
from mahavishnu_tui.cli.prefect.reaching import known_prefect
from mahavishnu_tui.cli.prefect.selecting import ENGINE
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.pool import UNREAD
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
    return _named(
        text,
        deployments,
        names=lambda item: (item.id, item.title, item.name, item.flow),
        show=lambda item: f"{item.title} ({item.id})",
        kind="deployment",
        missing=ErrorCode.PREFECT_DEPLOYMENT_NOT_FOUND,
        offered=[name for item in deployments for name in (item.title, item.name, item.flow)],
    )


async def check_deployment(client: ServerClient, text: str) -> None:
    """Refuse a name that no deployment has; that several have it, or that none can be read, is no matter.

    Raises:
        MahavishnuError: MHV-401.
    """
    try:
        await find_deployment(client, text)
    except MahavishnuError as error:
        if error.code is ErrorCode.PREFECT_DEPLOYMENT_NOT_FOUND:
            raise


async def check_flow(client: ServerClient, name: str) -> None:
    """Refuse a name or id that no flow has.

    Raises:
        MahavishnuError: MHV-402.
    """
    if await may_be_flow(client, name):
        return
    raise MahavishnuError(
        ErrorCode.PREFECT_FLOW_NOT_FOUND,
        f"There is no flow {clean_line(name, 80)!r}.",
        instead(
            name,
            [item.flow for item in await client.deployments()],
            "A flow is known once it has run or been deployed.",
        ),
    )


async def may_be_flow(client: ServerClient, name: str) -> bool:
    """Whether a flow of this name or id has run or been deployed, or nobody can say since Prefect is away."""
    info = await known_prefect(client)
    if info is None or info.state not in ("ready", "off"):
        return True
    if any(name in (item.flow, item.flow_id) for item in await client.deployments()):
        return True
    for before in (None, time.time()):  # in the mirror, and among those that are too old for it
        if await client.runs(engine=ENGINE, workflow=name, before=before, limit=1):
            return True
    return False


async def find_schedule(client: ServerClient, text: str) -> Schedule:
    """The schedule with that id, slug or `flow/deployment`, or the only one that begins so.

    Raises:
        MahavishnuError: MHV-404 there is none, MHV-010 several are meant.
    """
    schedules = await client.schedules()
    return _named(
        text,
        schedules,
        names=lambda item: (item.id, item.schedule_id, item.slug, item.name),
        show=lambda item: f"{item.schedule_id or item.id} ({item.name}, {item.rule})",
        kind="schedule",
        missing=ErrorCode.PREFECT_SCHEDULE_INVALID,
        offered=[name for item in schedules for name in (item.slug, item.name)],
    )


def _named(
    text: str,
    things: Sequence[Thing],
    *,
    names: Callable[[Thing], Iterable[str]],
    show: Callable[[Thing], str],
    kind: str,
    missing: ErrorCode,
    offered: Iterable[str],
) -> Thing:
    """What `pick` finds; where that is nothing, raises `missing` and offers what comes next."""
    found = pick(text, things, names=names, show=show, kind=kind)
    if found is None:
        raise MahavishnuError(
            missing,
            f"There is no {kind} {clean_line(text, 80)!r}.",
            instead(text, offered, f"`mahavishnu prefect {kind} list` shows those there are."),
        )
    return found


async def find_pool(client: ServerClient, name: str) -> Pool:
    """The work pool with that very name.

    Raises:
        MahavishnuError: MHV-405 there is none, MHV-400 they are not known.
    """
    pools = await client.pools()
    work_pools = {pool.name: pool for pool in pools if pool.engine == "prefect"}
    if name in work_pools:
        return work_pools[name]
    for unread in (pool for pool in pools if pool.kind == UNREAD):
        raise MahavishnuError(
            ErrorCode.PREFECT_CONNECTION, f"Prefect: {unread.note}", "`mahavishnu prefect health` tries it."
        )
    names = clean_line(", ".join(work_pools), 200) or "none"
    raise MahavishnuError(
        ErrorCode.PREFECT_WORK_POOL,
        f"There is no work pool {clean_line(name, 80)!r}.",
        f"There are: {names}.",
    )


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
