"""What the keys and the `x` menu do to a run as a whole: pause, cancel, retry, run again, priority."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.queue import PRIORITIES
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens import flow_acts
from mahavishnu_tui.screens.background import in_background_opening
from mahavishnu_tui.screens.base import OperatorScreen

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import RunDetail, ServerClient
    from mahavishnu_tui.client.calls.runs import CancelPlan

LOOP = "MHV-428"
"""The error of a possible endless loop: going on from it wants a higher limit."""


def pause(screen: OperatorScreen, run: Run) -> None:
    """Pause a run at its next step boundary, or let a paused one go on."""
    if run.engine == "prefect":
        flow_acts.pause(screen, run)
        return
    who = screen.session.who
    if run.status in FINISHED or run.status == "interrupted":
        hint = "a answers it" if run.status == "interrupted" else "it has ended"
        screen.flash(f"{run.name} cannot be paused: {hint}.", "warning")
    elif run.status == "paused":
        screen.act(functools.partial(_resume, run=run, who=who))
    else:
        screen.act(functools.partial(_pause, run=run, who=who))


def ask_cancel(screen: OperatorScreen, run: Run) -> None:
    """Find out what a cancel would end, say so, and cancel the run at the version that was shown."""
    if run.engine == "prefect":
        flow_acts.ask_cancel(screen, run)
        return
    in_background_opening(screen, functools.partial(_look_before_cancel, screen, run), "cancel")


async def _look_before_cancel(screen: OperatorScreen, run: Run) -> None:
    try:
        plan = await screen.session.client.cancel_plan(run.id)
    except Exception as error:  # said in the row, kept in :errors
        screen.flash_error(error)
    else:
        _ask_cancel(screen, run, plan)


def _ask_cancel(screen: OperatorScreen, run: Run, plan: CancelPlan) -> None:
    from mahavishnu_tui.screens.confirm import ConfirmScreen, Deed

    facts = [
        f"run       {clean_line(run.name)} ({run.id})",
        f"workflow  {clean_line(run.workflow)} in context {clean_line(screen.session.context.name)}",
        f"state     {run.status}, at {', '.join(map(clean_line, run.where)) or 'no node'}",
        *([clean_line(plan.sentence)] if plan.sentence else []),
        "Its open questions are withdrawn. A cancelled run can be retried from its last checkpoint.",
    ]

    def decided(how: str | None) -> None:
        if how:
            screen.act(functools.partial(_cancel, run=run, who=screen.session.who, how=how))

    deeds = [Deed("now", "End the process" if plan.sync else "Cancel the run")]
    if run.status == "running":
        deeds.insert(0, Deed("boundary", "At the next step boundary", grave=False))
    screen.app.push_screen(ConfirmScreen(f"Cancel {clean_line(run.name)}?", facts, *deeds), decided)


def retry(screen: OperatorScreen, run: Run) -> None:
    """Take a failed or cancelled run up again; after a possible endless loop with another limit."""
    error = run.error or {}
    if run.engine == "prefect":
        flow_acts.retry(screen, run)
    elif run.status == "error" and error.get("code") == LOOP:
        _ask_limit(screen, run, error)
    else:
        screen.act(functools.partial(_retry, run=run, who=screen.session.who, limit=None))


def _ask_limit(screen: OperatorScreen, run: Run, error: dict[str, object]) -> None:
    from mahavishnu_tui.screens.asking import AskScreen

    limit = error.get("limit")
    facts = [
        clean_line(error.get("message", ""), 300),
        "Correct the condition that ends the loop; or give it more steps, from its last checkpoint on.",
    ]

    def decided(text: str | None) -> None:
        if text:
            screen.act(functools.partial(_retry, run=run, who=screen.session.who, limit=int(text)))

    value = str(limit * 2) if isinstance(limit, int) else "2000"
    screen.app.push_screen(
        AskScreen(f"Recursion limit of {clean_line(run.name)}", facts, _not_a_limit, value), decided
    )


def _not_a_limit(text: str) -> str:
    fits = text.isascii() and text.isdigit() and 1 <= int(text[:12]) <= 10**9
    return "" if fits else "The limit is a whole number of steps, at least 1."


def run_again(screen: OperatorScreen, run: Run) -> None:
    """Open the launch form with the input that the run had."""
    if run.engine == "prefect":
        flow_acts.run_again(screen, run)
        return
    in_background_opening(screen, functools.partial(_look_before_again, screen, run), "again")


async def _look_before_again(screen: OperatorScreen, run: Run) -> None:
    try:
        detail = await screen.session.client.run(run.id)
    except Exception as error:  # said in the row, kept in :errors
        screen.flash_error(error)
    else:
        _launch_like(screen, detail)


def _launch_like(screen: OperatorScreen, detail: RunDetail) -> None:
    from mahavishnu_tui.screens.launch import LaunchScreen

    def started(run: Run | None) -> None:
        if run is not None:
            screen.flash(f"{run.name}: {run.workflow} is queued, like {detail.run.name}", "success")

    screen.app.push_screen(LaunchScreen(screen.session, detail.run.workflow_id, detail.input), started)


def ask_priority(screen: OperatorScreen, run: Run) -> None:
    """Ask for another priority of a run that has not ended."""
    from mahavishnu_tui.screens.asking import AskScreen

    def decided(text: str | None) -> None:
        if text:
            screen.act(functools.partial(_prioritise, run=run, who=screen.session.who, priority=text))

    def problem(text: str) -> str:
        return "" if text in PRIORITIES else f"There are {', '.join(PRIORITIES)}."

    facts = [f"It is {run.priority}. There are {', '.join(PRIORITIES)}; it counts from the next turn on."]
    question = f"Priority of {clean_line(run.name)}"
    screen.app.push_screen(AskScreen(question, facts, problem, run.priority), decided)


async def _pause(client: ServerClient, run: Run, who: str) -> str:
    await client.pause(run.id, who)
    return f"{run.name} will pause at its next step boundary"


async def _resume(client: ServerClient, run: Run, who: str) -> str:
    await client.resume(run.id, who)
    return f"{run.name} goes on"


async def _cancel(client: ServerClient, run: Run, who: str, how: str) -> str:
    ended = await client.cancel(run.id, who, version=run.version, how=how)
    return f"{run.name} is {'cancelled' if ended.status == 'cancelled' else ended.note}"


async def _retry(client: ServerClient, run: Run, who: str, limit: int | None) -> str:
    again = (await client.run(run.id)).again
    await client.resume(run.id, who, recursion_limit=limit)
    nodes = f": {', '.join(again)} runs again" if again else " from its last checkpoint"
    return f"{run.name} goes on{nodes}"


async def _prioritise(client: ServerClient, run: Run, who: str, priority: str) -> str:
    await client.set_priority(run.id, priority, who)
    return f"{run.name} has priority {priority}"
