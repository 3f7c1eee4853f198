"""`mahavishnu prefect schedule list|preview`."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import click

from mahavishnu_tui.cli import completing, output
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.prefect.lookup import find_deployment, find_schedule
from mahavishnu_tui.cli.prefect.reaching import with_prefect
from mahavishnu_tui.cli.prefect.rules import RuleWords, changed_rule, read_rule, rule_options
from mahavishnu_tui.models.schedule import Schedule, SchedulePreview, ScheduleRule
from mahavishnu_tui.models.spans import age

if TYPE_CHECKING:
    pass


@command("list")
@click.option(
    "--deployment", shell_complete=completing.deployment, metavar="NAME", help="Only schedules of this one."
)
async def list_schedules(setup: Setup, deployment: str | None) -> int:
    """List schedules, the next to start first. `~`: a time that we reckon, and Prefect has not made yet."""
    async with with_prefect(setup.load_strictly()) as client:
        found = await client.schedules()
        if deployment:
            wanted = (await find_deployment(client, deployment)).id
            found = [item for item in found if item.deployment_id == wanted]
    if setup.as_json:
        output.emit([item.to_json() for item in found])
        return OK
    rows = [
        (
            next_start(item) if item.runs else "",
            item.rule,
            item.timezone,
            item.name + (" (workflow)" if item.workflow else ""),
            state_of(item),
            f"{item.late:,}" if item.late else "",
            item.slug,
            item.schedule_id or item.id,
        )
        for item in found
    ]
    headings = ("NEXT", "RULE", "ZONE", "STARTS", "STATE", "LATE", "SLUG", "ID")
    hint = "No schedules. `mahavishnu prefect schedule create --deployment D --cron '0 2 * * *'` makes one."
    output.table(headings, rows, hint)
    return OK


def next_start(schedule: Schedule) -> str:
    """When it starts something next; `~` where that is our reckoning."""
    return ("~" if schedule.estimated else "") + output.moment(schedule.next_at)


def state_of(schedule: Schedule) -> str:
    """Whether it makes runs, and if not, who keeps it."""
    if not schedule.active:
        return "paused"
    return "deployment paused" if schedule.deployment_paused else "active"


@command("preview")
@click.argument("schedule", required=False, shell_complete=completing.schedule)
@rule_options
@click.option(
    "--deployment",
    shell_complete=completing.deployment,
    metavar="NAME",
    help="Look for collisions with schedules of this one.",
)
@click.option("--count", default=5, type=click.IntRange(1, 100), show_default=True, help="How many times.")
async def preview(
    setup: Setup, schedule: str | None, words: RuleWords, deployment: str | None, count: int
) -> int:
    """Show when a rule, or SCHEDULE, starts runs next. Nothing is made."""
    async with with_prefect(setup.load_strictly()) as client:
        wanted = (await find_deployment(client, deployment)).id if deployment else ""
        if schedule is None:
            rule = read_rule(words)
        else:
            found = await find_schedule(client, schedule)
            rule = ScheduleRule.from_json(found.spec)
            rule = changed_rule(words, rule) or rule
        seen = await client.preview_schedule(rule, count=count, deployment_id=wanted)
    if setup.as_json:
        output.emit({**seen.to_json(), "rule": rule.to_json()})
    else:
        say_preview(seen, rule)
    return OK


def say_preview(seen: SchedulePreview, rule: ScheduleRule) -> None:
    """Print when a rule starts runs: in local time, and in its own zone where that differs."""
    for at in seen.dates:
        there = _in_zone(at, rule.timezone)
        output.say(f"{output.moment(at)}{f'  ({there})' if there else ''}")
    if not seen.dates:
        output.say("It starts nothing.")
    if not seen.exact:
        output.narrate(f"An estimate: {seen.note}" if seen.note else "An estimate.")
    elif seen.note:
        output.narrate(seen.note)
    for conflict in seen.conflicts:
        output.narrate(f"collision: {conflict}")


def _in_zone(at: float, zone: str) -> str:
    import datetime
    import zoneinfo

    try:
        there = datetime.datetime.fromtimestamp(at, zoneinfo.ZoneInfo(zone))
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OverflowError, OSError):
        return ""
    if there.utcoffset() == datetime.datetime.fromtimestamp(at).astimezone().utcoffset():
        return ""
    return f"{there:%Y-%m-%d %H:%M:%S} {zone}"


def told(setup: Setup, schedule: Schedule) -> int:
    """Print how a schedule is now."""
    if setup.as_json:
        output.emit(schedule.to_json())
        return OK
    coming = schedule.coming[:3] or ([schedule.next_at] if schedule.next_at else [])
    output.fields(
        [
            ("schedule", schedule.id),
            ("starts", schedule.name),
            ("rule", f"{schedule.rule}  {schedule.timezone}".rstrip()),
            ("state", state_of(schedule)),
            *([("note", schedule.note)] if schedule.note else []),
            *[("next" if not number else "", _moment(schedule, at)) for number, at in enumerate(coming)],
        ]
    )
    return OK


def _moment(schedule: Schedule, at: float) -> str:
    soon = at - time.time()
    return f"{'~' if schedule.estimated else ''}{output.moment(at)}" + (
        f"  (in {age(soon)})" if soon > 0 else ""
    )
