"""`mahavishnu workflow list|trigger`: what the server has been told of, by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.jsontext import read_json
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models.run import Run
    from mahavishnu_tui.models.workflow import Workflow
    from mahavishnu_tui.settings.load import Loaded


@command("list")
async def list_workflows(setup: Setup) -> int:
    """List the workflows that the server knows."""
    async with connected(setup.load_strictly()) as client:
        workflows = await client.workflows()
    if setup.as_json:
        output.emit([workflow.to_json() for workflow in workflows])
        return OK
    rows = [
        (
            item.name,
            item.id,
            item.engine,
            (item.error or {}).get("message", "") or ("ready" if item.shape else "not loaded yet"),
            str(item.project.get("root", "")) if item.server else item.spec,
        )
        for item in workflows
    ]
    headings = ("WORKFLOW", "ID", "ADAPTER", "STATE", "FROM")
    output.table(headings, rows, "None. `mahavishnu langgraph execute --workflow-file F.py` makes one known.")
    return OK


@command("trigger")
@click.option("--name", required=True, metavar="NAME|ID", help="The workflow, see `workflow list`.")
@click.option(
    "--adapter",
    type=click.Choice(["langgraph", "prefect"]),
    help="prefect: a deployment, by name or flow/name.",
)
@click.option(
    "--state", default="{}", metavar="JSON|@FILE|-", help="The input of the run, or its parameters."
)
@click.option("--thread-id", metavar="ID", help="Go on with the state of this thread; default: a new one.")
@click.option("--wait", is_flag=True, help="Wait until the run ends or asks.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait at most.")
async def trigger(
    setup: Setup,
    name: str,
    adapter: str | None,
    state: str,
    thread_id: str | None,
    wait: bool,
    timeout: float | None,
) -> int:
    """Start a run of a workflow that the server knows. Exit status as with `langgraph execute`."""
    from mahavishnu_tui.cli import waiting
    from mahavishnu_tui.cli.execute import conclude
    from mahavishnu_tui.client.launcher import LaunchOptions

    given = read_json(state, "--state")
    loaded = setup.load_strictly()
    launch = LaunchOptions.of(loaded.paths, loaded.flags)
    async with connected(loaded) as client:
        if adapter == "prefect":
            started = await _deployment_run(client, loaded, name, given, thread_id)
            return await conclude(setup, client, launch, started, wait=wait, timeout=timeout)
        workflow = await named(client, name)
        run = await waiting.start(client, launch, workflow, given, thread_id=thread_id)
        return await conclude(setup, client, launch, run, wait=wait, timeout=timeout)


async def _deployment_run(
    client: ServerClient, loaded: Loaded, name: str, given: Any, thread_id: str | None
) -> Run:
    from mahavishnu_tui.cli.prefect.lookup import find_deployment
    from mahavishnu_tui.cli.prefect.starting import Order, run_deployment

    if thread_id is not None:
        raise click.UsageError("A flow run has no thread.")
    if not isinstance(given, dict):
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, "Parameters of a flow are a JSON object.", 'Such as {"a": 1}.'
        )
    return await run_deployment(client, loaded, await find_deployment(client, name), Order(given))


async def named(client: ServerClient, name: str) -> Workflow:
    """The workflow of that id or name.

    Raises:
        MahavishnuError: MHV-108, there is none; MHV-010, several have that name.
    """
    known = await client.workflows()
    found = [item for item in known if item.id == name] or [item for item in known if item.name == name]
    if len(found) == 1:
        return found[0]
    hint = "See `mahavishnu workflow list`."
    if found:
        ids = ", ".join(f"{item.id} ({item.spec})" for item in found)
        raise MahavishnuError(ErrorCode.BAD_INPUT, f"{len(found)} workflows are named {name!r}: {ids}.", hint)
    raise MahavishnuError(ErrorCode.WORKFLOW_UNKNOWN, f"The server knows no workflow {name!r}.", hint)
