"""`mahavishnu prefect schedule create|change`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from mahavishnu_tui.cli import completing
from mahavishnu_tui.cli.common import Setup, command, who
from mahavishnu_tui.cli.jsontext import read_json
from mahavishnu_tui.cli.prefect.lookup import find_deployment, find_schedule
from mahavishnu_tui.cli.prefect.parameters import parameter_options, read_parameters
from mahavishnu_tui.cli.prefect.reaching import with_prefect
from mahavishnu_tui.cli.prefect.rules import RuleWords, changed_rule, read_rule, rule_options
from mahavishnu_tui.cli.prefect.schedules import told
from mahavishnu_tui.models.schedule import ScheduleRule

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient


@command("create")
@rule_options
@click.option(
    "--deployment",
    shell_complete=completing.deployment,
    metavar="NAME",
    help="Whose runs it starts: an id, a name, or flow/name.",
)
@click.option("--flow-id", metavar="FLOW", help="The same, where the flow has one deployment.")
@click.option("--workflow", metavar="ID|NAME", help="Instead: a LangGraph workflow that the server knows.")
@parameter_options
@click.option("--state", metavar="JSON|@FILE|-", help="With --workflow: the input of its runs.")
@click.option("--slug", default="", metavar="NAME", help="What to call it; with --at: the run.")
@click.option("--inactive", is_flag=True, help="Make it paused.")
@click.option("--force", is_flag=True, help="Although it collides with another schedule of the deployment.")
async def create(
    setup: Setup,
    words: RuleWords,
    deployment: str | None,
    flow_id: str | None,
    workflow: str | None,
    param_file: str | None,
    params: str | None,
    pairs: tuple[str, ...],
    state: str | None,
    slug: str,
    inactive: bool,
    force: bool,
) -> int:
    """Start runs of a deployment, or of a LangGraph workflow, by a rule."""
    if [deployment, flow_id, workflow].count(None) != 2:
        raise click.UsageError("Say what it starts: --deployment NAME, or --workflow NAME.")
    given = read_parameters(param_file, params, pairs)
    if workflow is None and state is not None:
        raise click.UsageError("--state is the input of a workflow; a flow has --param.")
    if workflow is not None and given is not None:
        raise click.UsageError("--param is for flows; a workflow's input is --state.")
    if workflow is not None and state is not None:
        given = {"input": read_json(state, "--state")}
    rule = read_rule(words)
    ours = workflow is not None
    async with with_prefect(setup.load_strictly(), wanted=not ours, starts=ours) as client:
        made = await client.create_schedule(
            rule,
            who(),
            **await _target(client, deployment or flow_id, workflow),
            parameters=given,
            slug=slug,
            active=not inactive,
            force=force,
        )
    return told(setup, made)


async def _target(client: ServerClient, deployment: str | None, workflow: str | None) -> dict[str, Any]:
    if workflow is not None:
        from mahavishnu_tui.cli.workflows import named

        return {"workflow_id": (await named(client, workflow)).id}
    return {"deployment_id": (await find_deployment(client, deployment or "")).id}


@command("change")
@click.argument("schedule", shell_complete=completing.schedule)
@rule_options
@parameter_options
async def change(
    setup: Setup,
    schedule: str,
    words: RuleWords,
    param_file: str | None,
    params: str | None,
    pairs: tuple[str, ...],
) -> int:
    """Give SCHEDULE another rule or other parameters; what is not given stays, --param goes over the rest."""
    given = read_parameters(param_file, params, pairs)
    async with with_prefect(setup.load_strictly()) as client:
        found = await find_schedule(client, schedule)
        rule = changed_rule(words, ScheduleRule.from_json(found.spec))
        if rule is None and given is None:
            raise click.UsageError("Say what is to change.")
        if given is not None and params is None and param_file is None:
            given = {**found.parameters, **given}
        changed = await client.change_schedule(found, who(), rule=rule, parameters=given)
    return told(setup, changed)
