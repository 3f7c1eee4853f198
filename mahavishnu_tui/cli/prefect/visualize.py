"""`mahavishnu prefect visualize`: the tasks of a flow run as text, SVG, Mermaid, Graphviz or JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.finding import find_run
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.prefect.lookup import find_deployment
from mahavishnu_tui.cli.prefect.reaching import with_prefect
from mahavishnu_tui.cli.prefect.selecting import ENGINE, named_or, with_deployment
from mahavishnu_tui.cli.visualize import deliver, drawing_options
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models.run import Run

_NOWHERE = (ErrorCode.RUN_UNKNOWN, ErrorCode.PREFECT_DEPLOYMENT_NOT_FOUND)


@command("visualize")
@click.argument("what", metavar="RUN|DEPLOYMENT|FLOW", required=False)
@click.option("--flow-id", metavar="FLOW", help="The same, for the newest run of a flow.")
@drawing_options
async def visualize(
    setup: Setup,
    what: str | None,
    flow_id: str | None,
    form: str | None,
    file: str | None,
    xray: bool,
    width: int | None,
    ascii_only: bool,
) -> int:
    """Draw the tasks of a run, or of the newest run of a deployment or a flow.

    What a flow will do is known only once it has run: Prefect has no graph of its code.
    """
    name = named_or(what, flow_id, "run, deployment or flow")
    async with with_prefect(setup.load_strictly()) as client:
        run = await _run_of(client, name, only_flow=flow_id is not None)
        shape = await client.graph(run.id)
    if not setup.as_json:
        output.narrate(f"As of {run.name} ({run.workflow}, {run.state or run.status}).")
    deliver(shape, "json" if setup.as_json else form, file, width, ascii_only, xray)
    return OK


async def _run_of(client: ServerClient, name: str, only_flow: bool) -> Run:
    """The run that is meant, or the newest one of what is meant.

    Raises:
        MahavishnuError: MHV-100 there is none, MHV-010 several things are meant.
    """
    newest = await client.runs(engine=ENGINE, workflow=name, limit=1)
    if not newest and not only_flow:
        try:
            deployment = await find_deployment(client, name)
        except MahavishnuError as error:
            if error.code not in _NOWHERE:
                raise
            return await find_run(client, name, ENGINE)
        search = with_deployment("", deployment.title)
        newest = await client.runs(engine=ENGINE, search=search, limit=1)
    if not newest:
        raise MahavishnuError(
            ErrorCode.RUN_UNKNOWN,
            f"No run of {name} is known.",
            "Run it once: what a flow does is known only then.",
        )
    return newest[0]
