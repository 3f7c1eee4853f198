"""`mahavishnu langgraph checkpoints pin|unpin|tag|prune|delete`: what is kept, and what goes."""

from __future__ import annotations

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.checkpoint_editing import DRY_RUN, YES, agreed
from mahavishnu_tui.cli.common import Setup, command, connected, who
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.models.checkpoint import PrunePlan
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.growth import size_text


@command("pin")
@click.argument("run")
@click.option("--note", default="", help="Why.")
async def pin(setup: Setup, run: str, note: str) -> int:
    """Keep all checkpoints of RUN's thread from ever being pruned."""
    return await _pin(setup, run, True, note)


@command("unpin")
@click.argument("run")
async def unpin(setup: Setup, run: str) -> int:
    """Let RUN's thread be pruned again."""
    return await _pin(setup, run, False, "")


async def _pin(setup: Setup, run: str, pinned: bool, note: str) -> int:
    async with connected(setup.load_strictly()) as client:
        found = (await client.run(run)).run
        await client.pin(found.id, pinned, who(), note)
    if setup.as_json:
        output.emit({"run_id": found.id, "thread_id": found.thread_id, "pinned": pinned})
    else:
        output.say(f"{found.name}: {'pinned' if pinned else 'no longer pinned'}")
    return OK


@command("tag")
@click.argument("run")
@click.argument("checkpoint")
@click.argument("name")
@click.option("--note", default="", help="What it is worth keeping for.")
@click.option("--remove", is_flag=True, help="Take the name away.")
async def tag(setup: Setup, run: str, checkpoint: str, name: str, note: str, remove: bool) -> int:
    """Give CHECKPOINT of RUN the name NAME; it is then never pruned."""
    async with connected(setup.load_strictly()) as client:
        found = (await client.run(run)).run
        if checkpoint == "latest":
            checkpoint = str((await client.state(found.id)).checkpoint.get("id", ""))
        await client.tag(found.id, checkpoint, name, who(), note, remove)
    if setup.as_json:
        output.emit({"run_id": found.id, "checkpoint_id": checkpoint, "name": name, "removed": remove})
    else:
        output.say(f"{checkpoint}: {'no longer' if remove else 'now'} {name}")
    return OK


@command("prune")
@click.argument("run", default="")
@click.option("--all", "everything", is_flag=True, help="All threads whose runs have ended.")
@click.option("--workflow", default="", help="All threads of one workflow, by id or name.")
@click.option("--keep-last", default=1, type=click.IntRange(1), show_default=True, help="So many stay.")
@click.option(
    "--older-than", default=0.0, type=click.FloatRange(0), metavar="DAYS", help="Younger ones stay."
)
@DRY_RUN
@YES
async def prune(
    setup: Setup,
    run: str,
    everything: bool,
    workflow: str,
    keep_last: int,
    older_than: float,
    dry_run: bool,
    yes: bool,
) -> int:
    """Remove old checkpoints of RUN's thread, or of many; how many and how large is shown first.

    The latest always stays, and so do tagged checkpoints, pinned threads, and what has not ended.
    """
    from mahavishnu_tui.client.calls.checkpoints import Room

    if sum(map(bool, (run, workflow, everything))) != 1:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, "Say what to prune.", "Give one of: a run, --workflow NAME, --all."
        )
    room = Room(keep_last, older_than)
    async with connected(setup.load_strictly()) as client:
        run_id = (await client.run(run)).run.id if run else ""
        plan = await client.prune(room, run_id, workflow)
        if not setup.as_json:
            _say_plan(plan)
        if not dry_run and plan.checkpoints and agreed(f"Remove {plan.checkpoints:,} checkpoints?", yes):
            plan = await client.prune(room, run_id, workflow, expect=plan.checkpoints, by=who())
            if not setup.as_json:
                output.say(_done(plan))
    if setup.as_json:
        output.emit(plan.to_json())
    return OK


@command("delete")
@click.argument("run")
@YES
async def delete(setup: Setup, run: str, yes: bool) -> int:
    """Remove every checkpoint of RUN's thread; the run itself and its path stay listed."""
    async with connected(setup.load_strictly()) as client:
        found = (await client.run(run)).run
        if not agreed(f"Remove all checkpoints of {found.name}'s thread? It can then not go on.", yes):
            return OK
        count = await client.delete_checkpoints(found.id, who())
    if setup.as_json:
        output.emit({"run_id": found.id, "thread_id": found.thread_id, "checkpoints": count})
    else:
        output.say(f"{found.name}: {output.counted(count, 'checkpoint')} removed")
    return OK


def _say_plan(plan: PrunePlan) -> None:
    many, threads = output.counted(plan.checkpoints, "checkpoint"), output.counted(plan.threads, "thread")
    output.say(f"{many} in {threads}, {size_text(plan.bytes)}")
    for reason in plan.kept:
        output.narrate(f"kept: {reason}")


def _done(plan: PrunePlan) -> str:
    given_back = (
        f"the file is {size_text(plan.freed)} smaller"
        if plan.freed
        else "the file keeps its size and uses it again"
    )
    return f"{plan.checkpoints:,} removed; {given_back}."
