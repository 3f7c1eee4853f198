"""`mahavishnu prefect schedule pause|resume|run|make-runs|skip|delete`: what is done to one as a whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from mahavishnu_tui.cli import completing, output
from mahavishnu_tui.cli.common import Setup, command, who
from mahavishnu_tui.cli.confirming import confirm_count
from mahavishnu_tui.cli.prefect.acts import tell
from mahavishnu_tui.cli.prefect.lookup import find_schedule
from mahavishnu_tui.cli.prefect.reaching import with_prefect
from mahavishnu_tui.cli.prefect.schedules import told
from mahavishnu_tui.models.errors import MahavishnuError
from mahavishnu_tui.models.prefect import BulkResult
from mahavishnu_tui.models.schedule import Schedule

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient


@command("pause")
@click.argument("schedule", shell_complete=completing.schedule)
async def pause(setup: Setup, schedule: str) -> int:
    """Have SCHEDULE start no more runs; those that it has made and that have not begun go."""
    return await _activate(setup, schedule, False)


@command("resume")
@click.argument("schedule", shell_complete=completing.schedule)
async def resume(setup: Setup, schedule: str) -> int:
    """Have SCHEDULE start runs again, from now on."""
    return await _activate(setup, schedule, True)


async def _activate(setup: Setup, name: str, active: bool) -> int:
    async with with_prefect(setup.load_strictly(), runs=False) as client:
        found = await find_schedule(client, name)
        changed = await client.change_schedule(found, who(), active=active)
    return told(setup, changed)


@command("run")
@click.argument("schedule", shell_complete=completing.schedule)
@click.option("--wait", is_flag=True, help="Wait until the run ends or asks.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait at most.")
async def run(setup: Setup, schedule: str, wait: bool, timeout: float | None) -> int:
    """Start one run now, with the parameters of SCHEDULE. Exit status as with `prefect execute`."""
    from mahavishnu_tui.cli.prefect.starting import conclude
    from mahavishnu_tui.cli.waiting import surely
    from mahavishnu_tui.client.launcher import LaunchOptions

    loaded = setup.load_strictly()
    async with with_prefect(loaded) as client:
        found = await find_schedule(client, schedule)
        launch = LaunchOptions.of(loaded.paths, loaded.flags)
        started = await surely(launch, lambda request: client.run_schedule(found.id, who(), request))
        return await conclude(setup, client, loaded, started, wait=wait, timeout=timeout)


@command("make-runs")
@click.argument("schedule", shell_complete=completing.schedule)
async def make_runs(setup: Setup, schedule: str) -> int:
    """Have Prefect make the next runs of SCHEDULE now, where its own scheduler makes none."""
    async with with_prefect(setup.load_strictly()) as client:
        found = await find_schedule(client, schedule)
        changed = await client.make_runs(found.id, who())
    return told(setup, changed)


@command("skip")
@click.argument("schedule", shell_complete=completing.schedule)
@click.option("--count", type=click.IntRange(0), help="How many late runs you mean.")
@click.option("--yes", is_flag=True, help="All there are, without asking.")
async def skip(setup: Setup, schedule: str, count: int | None, yes: bool) -> int:
    """Delete the runs that SCHEDULE has made, whose time has passed and that nobody has taken.

    A result for each; exit status 1 when one could not be deleted.
    """
    async with with_prefect(setup.load_strictly()) as client:
        found = await find_schedule(client, schedule)
        if not found.late:
            return tell(setup, {}, [], "skip")
        if not yes or count is not None:
            deed = f"delete {output.counted(found.late, 'late run')} of {found.name}, {found.rule}"
            confirm_count(deed, found.late, count, [f"late since {output.moment(found.late_since)}"])
        results = await client.skip_backlog(found.id, who(), found.late)
    names = {result.id: result.note for result in results if result.ok}
    return tell(setup, names, [result.replace(note="") for result in results], "skip")


@command("delete")
@click.argument(
    "schedules", nargs=-1, required=True, metavar="SCHEDULE...", shell_complete=completing.schedule
)
@click.option("--count", type=click.IntRange(0), help="How many schedules you mean.")
@click.option("--yes", is_flag=True, help="Do it without asking.")
async def delete(setup: Setup, schedules: tuple[str, ...], count: int | None, yes: bool) -> int:
    """Take each SCHEDULE away, with the runs that it has made and that have not begun.

    A result for each; exit status 1 when one could not be deleted.
    """
    async with with_prefect(setup.load_strictly()) as client:
        found = {item.id: item for name in schedules for item in [await find_schedule(client, name)]}
        if not yes or count is not None:
            shown = [f"{item.name}  {item.rule}  {item.id}" for item in found.values()]
            confirm_count(f"delete {output.counted(len(found), 'schedule')}", len(found), count, shown)
        results = [await _deleted(client, item) for item in found.values()]
    names = {item.id: f"{item.name}, {item.rule}" for item in found.values()}
    return tell(setup, names, results, "delete", noun="schedule")


async def _deleted(client: ServerClient, schedule: Schedule) -> BulkResult:
    try:
        await client.delete_schedule(schedule, who())
    except MahavishnuError as error:
        return BulkResult(schedule.id, False, error=error.to_json())
    return BulkResult(schedule.id, True, "deleted")
