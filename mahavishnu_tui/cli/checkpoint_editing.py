"""`mahavishnu langgraph checkpoints edit|fork|rewind|create`: new checkpoints by hand, each shown first."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.checkpoint_reading import say_diff
from mahavishnu_tui.cli.common import Setup, command, connected, who
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.jsontext import read_json
from mahavishnu_tui.models.checkpoint import EditPreview
from mahavishnu_tui.models.diff import StateDiff
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean_line

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.client.calls.checkpoints import Edited
    from mahavishnu_tui.models.edit import StateEdit

DRY_RUN = click.option("--dry-run", is_flag=True, help="Only show what it would do.")
YES = click.option("--yes", is_flag=True, help="Do it without asking.")
AS_NODE = click.option(
    "--as-node", metavar="NODE", default="", help="The node whose writing it stands for; default: the last."
)
LABEL = click.option("--label", default="", help="A few words that lists show beside the checkpoint.")


def agreed(question: str, yes: bool) -> bool:
    """Whether to do it: `--yes`, or a human's answer; MHV-010 where nobody can be asked."""
    if yes:
        return True
    if not sys.stdin.isatty():
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, "This changes things, and nobody can be asked here.", "Add --yes."
        )
    return click.confirm(question, err=True)


@command("edit")
@click.argument("run")
@click.argument("values", metavar="JSON|@FILE|-")
@AS_NODE
@click.option(
    "--at", "checkpoint", metavar="ID", default="", help="Start from this checkpoint; default: the latest."
)
@LABEL
@DRY_RUN
@YES
async def edit(
    setup: Setup, run: str, values: str, as_node: str, checkpoint: str, label: str, dry_run: bool, yes: bool
) -> int:
    """Give RUN's state other values, through its reducers; then it is paused, to be resumed.

    The values are a JSON object with the keys to write. What the reducers make of them is shown first.
    """
    from mahavishnu_tui.models.edit import StateEdit

    given = read_json(values, "The state")
    order = StateEdit(given, as_node, checkpoint, "", label)
    return await _edit(setup, run, order, dry_run=dry_run, yes=yes, deed="Make this edit?")


@command("rewind")
@click.argument("run")
@click.argument("checkpoint")
@LABEL
@DRY_RUN
@YES
async def rewind(setup: Setup, run: str, checkpoint: str, label: str, dry_run: bool, yes: bool) -> int:
    """Take RUN back to CHECKPOINT without running anything; what came after stays as a branch."""
    from mahavishnu_tui.models.edit import COPY, StateEdit

    order = StateEdit(None, COPY, checkpoint, "", label or "rewound")
    return await _edit(setup, run, order, dry_run=dry_run, yes=yes, deed="Rewind to it?")


@command("create")
@click.argument("run")
@click.option("--label", required=True, help="A few words that lists show beside the checkpoint.")
@click.option("--values", metavar="JSON|@FILE|-", help="Values to write; default: a copy of the latest.")
@AS_NODE
@YES
async def create(setup: Setup, run: str, label: str, values: str | None, as_node: str, yes: bool) -> int:
    """Store a checkpoint of RUN by hand, with a label. To keep one that there is: `tag`."""
    from mahavishnu_tui.models.edit import COPY, StateEdit

    given = None if values is None else read_json(values, "--values")
    order = StateEdit(given, COPY if values is None else as_node, "", "", label)
    return await _edit(setup, run, order, dry_run=False, yes=yes, deed="Store it?")


@command("fork")
@click.argument("run")
@click.argument("checkpoint")
@click.option("--values", metavar="JSON|@FILE|-", help="Other values for the state there, first.")
@AS_NODE
@LABEL
@click.option("--wait", is_flag=True, help="Wait until the run ends or asks.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait at most.")
@YES
async def fork(
    setup: Setup,
    run: str,
    checkpoint: str,
    values: str | None,
    as_node: str,
    label: str,
    wait: bool,
    timeout: float | None,
    yes: bool,
) -> int:
    """Run RUN again from CHECKPOINT, with other values there if you give some; the old branch stays."""
    from mahavishnu_tui.cli.execute import conclude
    from mahavishnu_tui.client.launcher import LaunchOptions
    from mahavishnu_tui.models.edit import StateEdit

    loaded = setup.load_strictly()
    async with connected(loaded) as client:
        found = (await client.run(run)).run
        if values is None:
            resumed = await client.resume(found.id, who(), checkpoint)
        else:
            order = StateEdit(read_json(values, "--values"), as_node, checkpoint, "", label)
            edited = await _previewed(client, found.id, order, yes, "Fork with it?", quiet=setup.as_json)
            if edited is None:
                return OK
            resumed = await client.resume(found.id, who())
        launch = LaunchOptions.of(loaded.paths, loaded.flags)
        return await conclude(setup, client, launch, resumed, wait=wait, timeout=timeout)


async def _edit(setup: Setup, run: str, order: StateEdit, *, dry_run: bool, yes: bool, deed: str) -> int:
    async with connected(setup.load_strictly()) as client:
        found = (await client.run(run)).run
        if dry_run:
            preview = await client.preview_edit(found.id, order)
            if setup.as_json:
                output.emit(preview.to_json())
            else:
                say_preview(preview)
            return OK
        edited = await _previewed(client, found.id, order, yes, deed, quiet=setup.as_json)
    if edited is None:
        output.narrate("Nothing was changed.")
        return OK
    if setup.as_json:
        output.emit({"run": edited.run.to_json(), "checkpoint_id": edited.checkpoint_id})
    elif edited.checkpoint_id:
        output.say(f"{edited.run.name}: {edited.run.status}, at checkpoint {edited.checkpoint_id}")
    else:
        output.say(f"{edited.run.name}: the edit waits for a slot; it is made as soon as there is one.")
    return OK


async def _previewed(
    client: ServerClient, run_id: str, order: StateEdit, yes: bool, deed: str, *, quiet: bool
) -> Edited | None:
    """Show an edit, ask, make it as it was shown; None when the human says no."""
    import dataclasses

    preview = await client.preview_edit(run_id, order)
    if not quiet:
        say_preview(preview)
    if not agreed(deed, yes):
        return None
    return await client.edit_state(run_id, dataclasses.replace(order, seen=preview.latest_id), who())


def say_preview(preview: EditPreview) -> None:
    """What an edit would do, for people."""
    say_diff(StateDiff.from_json(preview.diff))
    output.say(f"next: {clean_line(', '.join(preview.next), 200) or 'nothing: the thread has ended'}")
    for line in preview.drops:
        output.say(f"drops an open question: {line}")
    for line in preview.warnings:
        output.say(f"note: {line}")
