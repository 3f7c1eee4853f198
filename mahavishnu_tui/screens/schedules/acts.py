"""What is done to a schedule."""

from __future__ import annotations

import functools
import json
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING

from mahavishnu_tui.models import Schedule
from mahavishnu_tui.models.prefect import BulkResult
from mahavishnu_tui.models.text import clean_line, counted
from mahavishnu_tui.screens.actions import Action
from mahavishnu_tui.screens.base import OperatorScreen

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient


def menu(schedule: Schedule, readonly: bool) -> list[Action]:
    """What can be done with a schedule as it is."""
    found: list[Action] = []
    once = schedule.spec.get("kind") == "once"
    if not readonly:
        found.append(Action("run_now", "run it now, once more", "r"))
        if not once:
            found += [
                Action("edit", "edit its rule or parameters …", "e"),
                Action("pause", "pause: no new runs" if schedule.active else "resume", "p"),
            ]
        found.append(Action("new", "another schedule …", "n"))
    found += [Action("details", "details and its next starts", "d"), Action("raw", "raw JSON", "y")]
    if not readonly:
        if schedule.late:
            late = f"skip the backlog: delete {counted(schedule.late, 'late run')} …"
            found.append(Action("skip", late, destructive=True))
        found.append(Action("delete", "delete …", destructive=True))
    return found


def create(screen: OperatorScreen, deployment_id: str = "") -> None:
    """Open the form of a new schedule."""
    from mahavishnu_tui.screens.schedules.form import ScheduleScreen

    screen.app.push_screen(ScheduleScreen(screen.session, begin_with=deployment_id), _said(screen, "made"))


def edit(screen: OperatorScreen, schedule: Schedule) -> None:
    """Open the form of one that exists."""
    if schedule.spec.get("kind") == "once":
        screen.flash("One run at one time is not edited: delete it (x) and make another one (n).", "warning")
        return
    from mahavishnu_tui.screens.schedules.form import ScheduleScreen

    screen.app.push_screen(ScheduleScreen(screen.session, schedule), _said(screen, "changed"))


def _said(screen: OperatorScreen, deed: str) -> Callable[[Schedule | None], None]:
    def done(schedule: Schedule | None) -> None:
        if schedule is not None:
            first = screen.session.times.still.soon(schedule.next_at)
            coming = f"; it starts first {first}" if first else ""
            screen.flash(f"{schedule.name}, {schedule.rule}: schedule {deed}{coming}", "success")

    return done


def pause(screen: OperatorScreen, schedule: Schedule) -> None:
    """Make no more runs, or make them again."""
    if schedule.spec.get("kind") == "once":
        screen.flash("One run at one time cannot be paused: delete it (x).", "warning")
        return
    screen.act(functools.partial(_pause, schedule=schedule, who=screen.session.who))


def run_now(screen: OperatorScreen, schedule: Schedule) -> None:
    """Start one run now, with the schedule's parameters."""
    screen.act(functools.partial(_run, schedule=schedule, who=screen.session.who, request=uuid.uuid4().hex))


def skip(screen: OperatorScreen, schedule: Schedule) -> None:
    """Delete the late runs that it has made, once their number has been typed."""
    if not schedule.late:
        screen.flash(f"Nothing of {schedule.name} is late.", "warning")
        return
    facts = [
        f"schedule    {clean_line(schedule.name)}, {clean_line(schedule.rule)}",
        f"late        {schedule.late:,} runs; they are deleted and never start",
        "Runs whose time has not come stay.",
    ]
    work = functools.partial(_skip, schedule=schedule, who=screen.session.who)
    question = f"Skip the backlog of {clean_line(schedule.name)}?"
    screen.ask_typed(question, facts, str(schedule.late), work)


def delete(screen: OperatorScreen, schedule: Schedule) -> None:
    """Take the schedule away, after asking."""
    facts = [
        f"of      {clean_line(schedule.name)}",
        f"rule    {clean_line(schedule.rule)} {clean_line(schedule.timezone)}",
        "Runs that it has made and that have not begun go with it; others stay.",
    ]
    work = functools.partial(_delete, schedule=schedule, who=screen.session.who)
    screen.ask_first("Delete this schedule?", facts, "Delete", work)


def details(screen: OperatorScreen, schedule: Schedule) -> None:
    """All of it, and its next starts."""
    from mahavishnu_tui.screens.schedules.details import ScheduleDetails

    screen.app.push_screen(ScheduleDetails(screen.session, schedule))


def raw(screen: OperatorScreen, schedule: Schedule) -> None:
    """The record as JSON."""
    from mahavishnu_tui.screens.document import DocumentScreen

    text = json.dumps(schedule.to_json(), indent=2, ensure_ascii=False, default=str)
    screen.app.push_screen(DocumentScreen(screen.session, f"{schedule.name} · JSON", text=text))


async def _pause(client: ServerClient, schedule: Schedule, who: str) -> str:
    changed = await client.change_schedule(schedule, who, active=not schedule.active)
    word = "makes runs again" if changed.active else "is paused: it makes no runs"
    return f"{schedule.name}, {schedule.rule} {word}"


async def _run(client: ServerClient, schedule: Schedule, who: str, request: str) -> str:
    run = await client.run_schedule(schedule.id, who, request)
    return f"{run.name} is queued, with the parameters of {schedule.rule}"


async def _skip(client: ServerClient, schedule: Schedule, who: str) -> str:
    results = await client.skip_backlog(schedule.id, who, schedule.late)
    return bulk_sentence(results, "deleted")


async def _delete(client: ServerClient, schedule: Schedule, who: str) -> str:
    await client.delete_schedule(schedule, who)
    return f"{schedule.name}, {schedule.rule}: schedule deleted"


def bulk_sentence(results: list[BulkResult], done: str) -> str:
    """What became of many, in one sentence: how many, and the first that failed."""
    failed = [item for item in results if not item.ok]
    said = f"{len(results) - len(failed):,} of {len(results):,} {done}"
    if failed:
        why = (failed[0].error or {}).get("message") or failed[0].note
        said += f"; the first that was not: {clean_line(why)}"
    return said
