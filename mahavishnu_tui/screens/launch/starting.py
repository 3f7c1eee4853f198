"""The call that starts what was chosen."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.pool import PoolSelector
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.screens.launch.options import RunOptions
from mahavishnu_tui.screens.launch.targets import Target

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient


@dataclasses.dataclass(frozen=True)
class Order:
    """Everything that is to be sent."""

    target: Target
    value: Json
    request: str
    who: str
    thread: str = ""
    durability: str = ""
    options: RunOptions | None = None
    selector: PoolSelector | None = None


async def start(client: ServerClient, order: Order) -> Run:
    """Start a run; the same order twice is one run. Raises MahavishnuError."""
    target = order.target
    if target.deployment is not None:
        return await client.run_deployment(
            target.id,
            order.who,
            request_id=order.request,
            parameters=order.value if isinstance(order.value, dict) else {},
            **_given(order),
        )
    if target.again is not None:
        return await client.again(target.id, order.who, request_id=order.request, input=order.value)
    return await client.start_run(
        workflow_id=target.id,
        input=order.value,
        by=order.who,
        thread_id=order.thread or None,
        request_id=order.request,
        config={"durability": order.durability} if order.durability else None,
    )


def _given(order: Order) -> dict[str, Any]:
    """The options that say something."""
    options = order.options or RunOptions(None, "", [])
    given = {"at": options.at, "name": options.name, "tags": options.tags, "selector": order.selector}
    return {name: value for name, value in given.items() if value not in (None, "", [])}
