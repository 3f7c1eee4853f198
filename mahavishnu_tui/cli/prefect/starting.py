"""Starts a run of a deployment, as several commands do, and tells how it stands."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, get_args

import click

from mahavishnu_tui.cli import completing, output
from mahavishnu_tui.cli.common import Setup, who
from mahavishnu_tui.cli.prefect.parameters import parameter_options, read_parameters
from mahavishnu_tui.models.moments import read_moment
from mahavishnu_tui.models.pool import PoolSelector

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models.deployment import Deployment
    from mahavishnu_tui.models.run import Run
    from mahavishnu_tui.settings.load import Loaded

SELECTORS = get_args(PoolSelector)


@dataclasses.dataclass(frozen=True)
class Order:
    """How a run is to be."""

    parameters: dict[str, Any]
    name: str | None = None
    tags: tuple[str, ...] = ()
    at: float | None = None
    pool: str | None = None
    queue: str | None = None
    selector: str | None = None
    job_variables: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def placed(self) -> bool:
        """Whether it says where or when the run is to be."""
        return any(value is not None for value in (self.pool, self.selector, self.queue, self.at))


def order_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Add what is to be said of a run, and where and when it is to be; the function gets it as `order`."""

    @functools.wraps(function)
    def ordered(
        *args: Any,
        param_file: str | None,
        params: str | None,
        pairs: tuple[str, ...],
        name: str | None,
        tags: tuple[str, ...],
        at: str | None,
        pool: str | None,
        queue: str | None,
        pool_selector: str | None,
        **rest: Any,
    ) -> Any:
        given = read_parameters(param_file, params, pairs) or {}
        begin = read_moment(at) if at else None
        return function(*args, order=Order(given, name, tags, begin, pool, queue, pool_selector), **rest)

    found: Callable[..., Any] = ordered
    for option in (
        click.option("--at", metavar="TIME", help="When it is to begin: 2026-11-29T02:00, or +10m."),
        click.option("--queue", metavar="NAME", help="The work queue of its pool."),
        click.option("--pool-selector", type=click.Choice(SELECTORS), help="How a work pool is chosen."),
        click.option("--pool", metavar="NAME", help="The work pool.", shell_complete=completing.pool),
        click.option(
            "--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait at most."
        ),
        click.option("--wait", is_flag=True, help="Wait until the run ends or asks."),
        click.option("--tag", "tags", multiple=True, metavar="TAG", help="Repeatable."),
        click.option("--name", metavar="NAME", help="What to call the run; default: two words."),
        parameter_options,
    ):
        found = option(found)
    return found


async def run_deployment(client: ServerClient, loaded: Loaded, deployment: Deployment, order: Order) -> Run:
    """Start a run of a deployment."""
    from mahavishnu_tui.cli.waiting import surely
    from mahavishnu_tui.client.launcher import LaunchOptions

    options = {"name": order.name, "pool": order.pool, "queue": order.queue, "selector": order.selector}
    return await surely(
        LaunchOptions.of(loaded.paths, loaded.flags),
        lambda request_id: client.run_deployment(
            deployment.id,
            who(),
            request_id=request_id,
            parameters=order.parameters,
            at=order.at,
            tags=list(order.tags) or None,
            job_variables=order.job_variables or None,
            **options,
        ),
    )


async def conclude(
    setup: Setup, client: ServerClient, loaded: Loaded, run: Run, *, wait: bool, timeout: float | None
) -> int:
    """Tell how the run stands, once it has ended if that is wanted; the exit status."""
    from mahavishnu_tui.cli.execute import conclude as concluded
    from mahavishnu_tui.client.launcher import LaunchOptions

    if wait and not setup.as_json:
        output.narrate(f"{run.name} ({run.workflow}) started; ctrl-c leaves it running.")
    launch = LaunchOptions.of(loaded.paths, loaded.flags)
    return await concluded(setup, client, launch, run, wait=wait, timeout=timeout)
