"""`mahavishnu prefect cancel|pause|resume|retry|again|delete`: acts on one flow run or on many."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

import click

from mahavishnu_tui.cli import completing, output
from mahavishnu_tui.cli.common import Setup, command, who
from mahavishnu_tui.cli.confirming import confirm_count
from mahavishnu_tui.cli.guard import FAILURE, OK
from mahavishnu_tui.cli.prefect.parameters import parameter_options, read_parameters
from mahavishnu_tui.cli.prefect.reaching import with_prefect
from mahavishnu_tui.cli.prefect.selecting import ENGINE, Selection, runs_to_act_on, selected
from mahavishnu_tui.models.errors import MahavishnuError
from mahavishnu_tui.models.prefect import BulkResult
from mahavishnu_tui.models.run import Run, RunStatus

_UNFINISHED: tuple[RunStatus, ...] = ("scheduled", "queued", "running", "interrupted", "paused")
_PAUSED: tuple[RunStatus, ...] = ("paused",)
_DONE = {
    "cancel": "cancelled",
    "resume": "goes on",
    "retry": "queued once more",
    "delete": "deleted",
    "skip": "deleted",
}
"""What became of a run that says no more by itself."""


@command("cancel")
@runs_to_act_on
async def cancel(setup: Setup, runs: tuple[str, ...], search: str, count: int | None) -> int:
    """Cancel each RUN (id, name, or what only one begins with).

    A result for each; exit status 1 when one could not be cancelled.
    """
    return await _act(setup, "cancel", Selection(runs, search, count), _UNFINISHED)


@command("pause")
@runs_to_act_on
async def pause(setup: Setup, runs: tuple[str, ...], search: str, count: int | None) -> int:
    """Suspend each RUN at its next task boundary; code between two tasks goes on until then."""
    return await _act(
        setup, "suspend", Selection(runs, search, count), ("scheduled", "queued", "running"), verb="pause"
    )


@command("resume")
@runs_to_act_on
async def resume(setup: Setup, runs: tuple[str, ...], search: str, count: int | None) -> int:
    """Go on with each RUN that is paused or suspended. One that asks something is answered: `approve`."""
    return await _act(setup, "resume", Selection(runs, search, count), _PAUSED)


@command("retry")
@runs_to_act_on
async def retry(setup: Setup, runs: tuple[str, ...], search: str, count: int | None) -> int:
    """Run each failed, crashed or cancelled RUN once more, under the same id. A new run: `again`."""
    return await _act(setup, "retry", Selection(runs, search, count), ("error", "cancelled"))


@command("delete")
@runs_to_act_on
@click.option("--yes", is_flag=True, help="Do it without asking.")
async def delete(setup: Setup, runs: tuple[str, ...], search: str, count: int | None, yes: bool) -> int:
    """Take each RUN away for ever, with its task runs and logs. Asks for their number, unless --yes."""
    return await _act(setup, "delete", Selection(runs, search, count), sure=yes)


async def _act(
    setup: Setup,
    act: str,
    chosen: Selection,
    able: Collection[RunStatus] = (),
    *,
    verb: str = "",
    sure: bool = True,
) -> int:
    verb = verb or act
    async with with_prefect(setup.load_strictly()) as client:
        found = await selected(client, chosen, verb, able)
        if chosen.names and not sure:
            deed = f"{verb} {output.counted(len(found), 'run')}"
            confirm_count(deed, len(found), chosen.count, [f"{run.name}  {run.id}" for run in found])
        results = await client.bulk(act, [(run.id, run.version) for run in found], who()) if found else []
    return tell(setup, {run.id: run.name for run in found}, results, verb)


def tell(setup: Setup, names: dict[str, str], results: list[BulkResult], verb: str, noun: str = "run") -> int:
    """Print what became of each run (or other thing); 1 when something failed."""
    failed = [result for result in results if not result.ok]
    if setup.as_json:
        output.emit([{**result.to_json(), "name": names.get(result.id, "")} for result in results])
        return FAILURE if failed else OK
    for result in results:
        said = result.note or _DONE.get(verb, "done")
        if result.error:
            said = str(MahavishnuError.from_json(result.error))
        output.say(f"{names.get(result.id, result.id)}: {said}")
    if not results:
        output.say(f"No {noun} to {verb}.")
    elif len(results) > 1:
        output.narrate(f"{verb}: {len(results) - len(failed):,} of {len(results):,} done.")
    return FAILURE if failed else OK


@command("again")
@click.argument("run", shell_complete=completing.flow_run)
@parameter_options
@click.option("--wait", is_flag=True, help="Wait until the new run ends or asks.")
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Seconds to wait at most.")
async def again(
    setup: Setup,
    run: str,
    param_file: str | None,
    params: str | None,
    pairs: tuple[str, ...],
    wait: bool,
    timeout: float | None,
) -> int:
    """Start a new run like RUN, with its parameters or others over them. Exit status as with `execute`."""
    from mahavishnu_tui.cli.execute import conclude
    from mahavishnu_tui.cli.finding import find_run
    from mahavishnu_tui.client.api import SAME
    from mahavishnu_tui.client.launcher import LaunchOptions

    given = read_parameters(param_file, params, pairs)
    loaded = setup.load_strictly()
    async with with_prefect(loaded) as client:
        found = await find_run(client, run, ENGINE)
        values: Any = SAME
        if given is not None:
            had = (await client.run(found.id)).input
            values = {**(had if isinstance(had, dict) else {}), **given}
        started: Run = await client.again(found.id, who(), request_id=uuid.uuid4().hex, input=values)
        launch = LaunchOptions.of(loaded.paths, loaded.flags)
        return await conclude(setup, client, launch, started, wait=wait, timeout=timeout)
