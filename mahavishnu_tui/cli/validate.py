"""`mahavishnu langgraph validate`."""

from __future__ import annotations

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import FAILURE, OK
from mahavishnu_tui.cli.trusting import trusted_target
from mahavishnu_tui.cli.workflows import named


@command("validate")
@click.option("--workflow-file", metavar="F.py[:NAME]", help="Check the graph of this file.")
@click.option("--workflow-id", metavar="ID|NAME", help="Check a workflow that the server knows.")
@click.option("--strict", is_flag=True, help="Warnings count as errors.")
@click.option("--trust", is_flag=True, help="Trust the files that this command uses.")
@click.option("--interpreter", metavar="PYTHON", help="The Python that loads it.")
async def validate(
    setup: Setup,
    workflow_file: str | None,
    workflow_id: str | None,
    strict: bool,
    trust: bool,
    interpreter: str | None,
) -> int:
    """Check a workflow before it runs: routes, loops, state, and runs that wait at a node it no longer has.

    Its code is imported, no node is run. Exit status: 0 nothing is wrong, 1 something is, 2 bad usage.
    """
    if (workflow_file is None) == (workflow_id is None):
        raise click.UsageError("Give either --workflow-file or --workflow-id.")
    loaded = setup.load_strictly(trust)
    target = trusted_target(loaded.store, workflow_file, interpreter, trust) if workflow_file else None
    async with connected(loaded) as client:
        if target is not None:
            workflow = await client.register(target.spec, target.project, target.name)
        else:
            workflow = await named(client, workflow_id or "")
        findings = await client.validate(workflow.id)
    grave = ("error", "warning") if strict else ("error",)
    code = FAILURE if any(finding.severity in grave for finding in findings) else OK
    if setup.as_json:
        output.emit({"workflow_id": workflow.id, "findings": [finding.to_json() for finding in findings]})
        return code
    for finding in findings:
        output.say(f"{finding.severity:<8} {finding.where}: {finding.message}")
        if finding.hint:
            output.say(f"{'':<8} → {finding.hint}")
    output.say(f"{workflow.name}: {summary(len(findings), code == OK)}")
    return code


def summary(count: int, sound: bool) -> str:
    """The last line."""
    if not count:
        return "nothing is wrong with it, as far as can be told before it runs."
    return "it can run; see above." if sound else "correct what is wrong before it runs."
