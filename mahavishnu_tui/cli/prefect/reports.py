"""`mahavishnu prefect metrics|artifacts`: what a flow run took, and what it put on show."""

from __future__ import annotations

import click

from mahavishnu_tui.cli import completing, output
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.finding import find_run
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.prefect.reaching import with_prefect
from mahavishnu_tui.cli.prefect.selecting import ENGINE, named_or
from mahavishnu_tui.models.prefect import Artifact, RunMetrics
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.status import duration

NOT_MEASURED = "not measured"


@command("metrics")
@click.argument("run", required=False, shell_complete=completing.flow_run)
@click.option("--flow-run-id", metavar="ID", help="The same as RUN.")
async def metrics(setup: Setup, run: str | None, flow_run_id: str | None) -> int:
    """Show what RUN took: tasks by state, times, retries, cache hits, memory where the process is ours."""
    name = named_or(run, flow_run_id, "run")
    async with with_prefect(setup.load_strictly()) as client:
        found = await find_run(client, name, ENGINE)
        measured = await client.metrics(found.id)
    if setup.as_json:
        output.emit({"run_id": found.id, "name": found.name, **measured.to_json()})
        return OK
    output.fields([("run", f"{found.name}  {found.id}"), *_fields(measured)])
    return OK


def _fields(measured: RunMetrics) -> list[tuple[str, object]]:
    states = ", ".join(f"{number:,} {clean_line(state)}" for state, number in measured.by_state.items())
    average, memory, cpu = measured.average_task_seconds, measured.peak_memory_mb, measured.cpu_percent
    found: list[tuple[str, object]] = [
        ("tasks", f"{measured.tasks:,}" + (f": {states}" if states else "")),
        ("took", duration(measured.seconds)),
        ("task time", duration(measured.task_seconds)),
        ("per task", NOT_MEASURED if average is None else duration(average)),
        ("retries", measured.retries),
        ("cache hits", measured.cache_hits),
        ("peak memory", NOT_MEASURED if memory is None else f"{memory:,.0f} MB"),
        ("CPU", NOT_MEASURED if cpu is None else f"{cpu:.0f} %"),
    ]
    return [*found, ("note", measured.note)] if measured.note else found


@command("artifacts")
@click.argument("run", shell_complete=completing.flow_run)
async def artifacts(setup: Setup, run: str) -> int:
    """Show what RUN and its tasks have put on show: reports, tables, links, progress."""
    async with with_prefect(setup.load_strictly()) as client:
        found = await find_run(client, run, ENGINE)
        shown = await client.artifacts(found.id)
        visits = {visit.number: visit.label or visit.node for visit in await client.visits(found.id)}
    if setup.as_json:
        output.emit([item.to_json() for item in shown])
        return OK
    if not shown:
        output.say("Nothing: this run has made no artifact.")
    for item in shown:
        maker = visits.get(item.visit, "the flow") if item.visit else "the flow"
        heading = f"{item.key or item.id}  {item.type}  {output.moment(item.updated_at)}  by {maker}"
        output.say(clean_line(heading))
        if item.description:
            output.say(_indented(item.description))
        output.say(f"{_indented(_text(item))}\n")
    return OK


def _text(item: Artifact) -> str:
    return item.data if isinstance(item.data, str) else output.pretty(item.data)


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.splitlines())
