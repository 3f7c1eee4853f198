"""What the keys and the `x` menu do to a flow run of Prefect."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Final

from mahavishnu_tui.models import MahavishnuError, Run
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.actions import Action
from mahavishnu_tui.screens.background import in_background_opening
from mahavishnu_tui.screens.base import OperatorScreen

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

CURES: Final = {
    "crash": ("Set it to Crashed", "Prefect takes it for ended; a process that still lives goes on."),
    "force-cancel": ("Set it to Cancelled", "Nobody waits any longer for its process."),
    "reschedule": ("Put it back", "It is scheduled for now: the next worker takes it."),
    "skip": ("Delete it", "It never starts; runs to come stay."),
}
"""The word on the button, and what the cure does."""


def menu(run: Run, readonly: bool) -> list[Action]:
    """What can be done with a flow run in its present state; what cannot is absent."""
    found: list[Action] = []
    if not readonly:
        if run.waiting:
            found.append(Action("answer", "answer its question", "a"))
        if run.status == "running" and run.state != "Cancelling":
            found.append(Action("pause", "suspend: it stops at its next task boundary", "p"))
        if run.status == "paused":
            found.append(Action("pause", "resume", "p"))
        if run.status in ("error", "cancelled"):
            found.append(Action("retry", "retry: the same run once more, from its beginning", "r"))
        found.append(Action("again", "run again, as a new run, with a form …"))
    found += [
        Action("details", "details", "d"),
        Action("raw", "raw JSON", "y"),
        Action("copy", "copy its id", "c"),
        Action("logs", "its log", "l"),
        Action("compare", "compare with the last success of its flow", "="),
    ]
    if not readonly:
        if run.status not in FINISHED:
            found.append(Action("cancel", "cancel …", destructive=True))
        found += _cures(run)
        found.append(Action("delete", "delete it for ever …", destructive=True))
    return found


def _cures(run: Run) -> list[Action]:
    if run.state == "Cancelling":
        return [Action("cure('force-cancel')", "stuck: set it to Cancelled …", destructive=True)]
    if run.status == "running":
        return [Action("cure('crash')", "a zombie: set it to Crashed …", destructive=True)]
    if run.status == "queued" and run.state == "Pending":
        return [Action("cure('reschedule')", "stuck: put it back into the queue …", destructive=True)]
    return []


def pause(screen: OperatorScreen, run: Run) -> None:
    """Suspend a run that is at work, or let a suspended one go on."""
    who = screen.session.who
    if run.status == "paused":
        screen.act(functools.partial(_resume, run=run, who=who))
    elif run.status == "running" and run.state != "Cancelling":
        screen.act(functools.partial(_suspend, run=run, who=who))
    else:
        why = {
            "interrupted": "a answers it",
            "running": "it is being cancelled",
            "queued": "it has not begun; x cancels it",
            "scheduled": "it has not begun; x cancels it",
        }.get(run.status, "it has ended")
        screen.flash(f"{run.name} cannot be suspended: {why}.", "warning")


def retry(screen: OperatorScreen, run: Run) -> None:
    """The same run once more."""
    screen.act(functools.partial(_retry, run=run, who=screen.session.who))


def ask_cancel(screen: OperatorScreen, run: Run) -> None:
    """Cancel the run at the version that was shown, after asking."""
    if run.status in ("scheduled", "queued"):
        what = ["It has not begun: it never will."]
    else:
        what = [
            "Its worker ends its process within seconds. Without a worker",
            "nobody does: Prefect calls it Cancelled after five minutes.",
        ]
    work = functools.partial(_cancel, run=run, who=screen.session.who)
    screen.ask_first(f"Cancel {clean_line(run.name)}?", [*_facts(run), *what], "Cancel the run", work)


def ask_delete(screen: OperatorScreen, run: Run) -> None:
    """Delete the run once its name has been typed."""
    facts = [*_facts(run), "Its task runs, logs and artifacts go with it."]
    if run.status not in FINISHED:
        facts.append("It has not ended: deleting it does not stop its process. Cancel it first.")
    work = functools.partial(_delete, run=run, who=screen.session.who)
    screen.ask_typed(f"Delete {clean_line(run.name)} for ever?", facts, clean_line(run.name), work)


def ask_cure(screen: OperatorScreen, run: Run, cure: str) -> None:
    """Cure a run that will not come right by itself, after asking."""
    deed, what = CURES[cure]
    work = functools.partial(_cure, run=run, who=screen.session.who, cure=cure)
    screen.ask_first(f"{deed}: {clean_line(run.name)}?", [*_facts(run), what], deed, work)


def run_again(screen: OperatorScreen, run: Run) -> None:
    """Open the launch form with the parameters that the run had."""
    in_background_opening(screen, functools.partial(_look_before_again, screen, run), "again")


async def _look_before_again(screen: OperatorScreen, run: Run) -> None:
    from mahavishnu_tui.screens.launch import LaunchScreen
    from mahavishnu_tui.screens.launch.targets import of_run

    client = screen.session.client
    try:
        detail = await client.run(run.id)
        deployment = await client.deployment(run.deployment_id) if run.deployment_id else None
    except Exception as error:  # said in the row, kept in :errors
        screen.flash_error(error)
        return

    def started(again: Run | None) -> None:
        if again is not None:
            screen.flash(f"{again.name}: {again.workflow} is queued, like {run.name}", "success")

    screen.app.push_screen(
        LaunchScreen(screen.session, target=of_run(run, deployment), value=detail.input), started
    )


def _facts(run: Run) -> list[str]:
    state = f"{run.state or run.status}, at {', '.join(map(clean_line, run.where)) or 'no task'}"
    flow = f"{run.workflow}/{run.deployment}" if run.deployment else run.workflow
    return [
        f"run    {clean_line(run.name)}",
        f"id     {run.id}",
        f"flow   {clean_line(flow)}",
        f"state  {clean_line(state)}",
        *([f"twin   {run.twin} is the workflow's run that it started"] if run.twin else []),
    ]


async def _suspend(client: ServerClient, run: Run, who: str) -> str:
    await client.pause(run.id, who)
    return f"{run.name} is suspended: it stops at its next task boundary, no sooner"


async def _resume(client: ServerClient, run: Run, who: str) -> str:
    await client.resume(run.id, who)
    return f"{run.name} goes on once a worker has taken it"


async def _retry(client: ServerClient, run: Run, who: str) -> str:
    await client.resume(run.id, who)
    return f"{run.name} runs once more, under the same id"


async def _cancel(client: ServerClient, run: Run, who: str) -> str:
    now = await client.cancel(run.id, who, version=run.version)
    if now.status == "cancelled":
        return f"{run.name} is cancelled"
    return f"{run.name} is being cancelled: {now.note or 'its worker ends its process'}"


async def _delete(client: ServerClient, run: Run, who: str) -> str:
    await client.delete_run(run.id, who, run.version)
    return f"{run.name} is deleted"


async def _cure(client: ServerClient, run: Run, who: str, cure: str) -> str:
    (result,) = await client.bulk(cure, [(run.id, run.version)], who)
    if not result.ok:
        raise MahavishnuError.from_json(result.error or {"message": result.note})
    return f"{run.name}: {result.note or CURES[cure][0].lower()}"
