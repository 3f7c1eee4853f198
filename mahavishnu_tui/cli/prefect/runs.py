"""`mahavishnu prefect list|status`: flow runs, and how one of them stands."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import click

from mahavishnu_tui.cli import completing, output
from mahavishnu_tui.cli.common import Setup, command
from mahavishnu_tui.cli.finding import find_run, telling_length
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.prefect.lookup import check_deployment, check_flow
from mahavishnu_tui.cli.prefect.reaching import tell_age, with_prefect
from mahavishnu_tui.cli.prefect.selecting import ENGINE, check_states, named_or, with_deployment, with_states
from mahavishnu_tui.cli.progress import visit_line
from mahavishnu_tui.models.errors import MahavishnuError
from mahavishnu_tui.models.run import FINISHED, Run
from mahavishnu_tui.models.run_search import where
from mahavishnu_tui.models.spans import duration
from mahavishnu_tui.models.text import clean_line


@command("list")
@click.option(
    "--state",
    "states",
    multiple=True,
    metavar="STATE",
    help="As Prefect calls it (completed, crashed, late …) or as lists here do (running, interrupted …);"
    " repeatable.",
)
@click.option("--flow-name", default="", metavar="FLOW", help="Only runs of this flow.")
@click.option(
    "--deployment",
    shell_complete=completing.deployment,
    default="",
    metavar="NAME",
    help="Only of this one: its name, or flow/name.",
)
@click.option("--search", default="", metavar="FILTER", help="What `/` takes: workflow:etl !tag:x age:<1d.")
@click.option("--limit", default=50, type=click.IntRange(1, 2000), show_default=True, help="The newest.")
async def list_runs(
    setup: Setup, states: tuple[str, ...], flow_name: str, deployment: str, search: str, limit: int
) -> int:
    """List flow runs, newest first."""
    search = with_deployment(with_states(search, states), deployment)
    async with with_prefect(setup.load_strictly()) as client:
        runs = await client.runs(search=search, engine=ENGINE, workflow=flow_name, limit=limit)
        if not runs:
            await check_states(client, states)
            if deployment:
                await check_deployment(client, deployment)
            if flow_name:
                await check_flow(client, flow_name)
    if setup.as_json:
        output.emit([run.to_json() for run in runs])
        return OK
    length = telling_length(run.id for run in runs)
    rows = [
        (
            run.state or run.status,
            run.name,
            title(run),
            clean_line(where(run), 40),
            output.moment(run.started_at or run.due_at or run.created_at),
            took(run),
            run.id[:length],
        )
        for run in runs
    ]
    headings = ("STATE", "RUN", "FLOW", "WHERE", "STARTED", "FOR", "ID")
    narrowed = search or flow_name
    nothing = "none is like that." if narrowed else "`mahavishnu prefect execute FILE.py` starts one."
    output.table(headings, rows, f"No flow runs{':' if narrowed else '.'} {nothing}")
    if len(runs) == limit:
        output.narrate(f"The newest {limit} only: there may be more (--limit, --state, --search).")
    return OK


def title(run: Run) -> str:
    """`flow/deployment`, or the flow alone."""
    return f"{run.workflow}/{run.deployment}" if run.deployment else run.workflow


def took(run: Run) -> str:
    """How long it is or was at work; empty for one that has not begun."""
    if run.started_at is None:
        return ""
    end = run.ended_at if run.status in FINISHED and run.ended_at else time.time()
    return duration(end - run.started_at)


@command("status")
@click.argument("run", required=False, shell_complete=completing.flow_run)
@click.option("--flow-run-id", metavar="ID", help="The same as RUN.")
async def status(setup: Setup, run: str | None, flow_run_id: str | None) -> int:
    """Say how RUN stands: state, tasks, tries, times, error.

    Exit status 0 however it stands; `prefect watch` waits for its end and tells that.
    """
    name = named_or(run, flow_run_id, "run")
    async with with_prefect(setup.load_strictly()) as client:
        found = await find_run(client, name, ENGINE)
        detail = await client.run(found.id)
        if not setup.as_json:  # before what only Prefect has, which may be away
            output.fields(_fields(detail.run, detail.input))
        try:
            states, visits = await asyncio.gather(client.states(found.id), client.visits(found.id))
        except MahavishnuError:
            if not setup.as_json:
                await tell_age(client)
            raise
    if setup.as_json:
        output.emit(
            {
                "run": detail.run.to_json(),
                "parameters": detail.input,
                "states": [state.to_json() for state in states],
                "tasks": [visit.to_json() for visit in visits],
                "approvals": [item.to_json() for item in detail.approvals],
            }
        )
        return OK
    output.say("\nStates")
    rows = [(f"  {output.moment(state.at)}", state.name, clean_line(state.message, 200)) for state in states]
    output.table(("  AT", "STATE", "MESSAGE"), rows, "  none is known")
    output.say("\nTasks")
    for visit in visits:
        output.say(f"  {visit_line(visit)}")
    if not visits:
        output.say("  none has begun")
    for asked in (item for item in detail.approvals if item.status == "pending"):
        output.say(f"asks: {asked.title}  (answer: mahavishnu prefect approve {asked.id})")
    return OK


def _fields(run: Run, parameters: Any) -> list[tuple[str, object]]:
    tries = f"{run.attempts}" if run.attempts else ""
    found: list[tuple[str, object]] = [
        ("run", f"{run.name}  {run.id}"),
        ("flow", title(run)),
        ("state", f"{run.state or run.status} ({run.status})" if run.state else run.status),
        ("parameters", output.compact(parameters or {})),
        ("tags", ", ".join(run.tags)),
        ("by", run.created_by),
        ("pool", run.pool),
        ("due", output.moment(run.due_at)),
        ("started", output.moment(run.started_at)),
        ("ended", output.moment(run.ended_at)),
        ("took" if run.ended_at else "for", took(run)),
        ("tries", tries),
        ("trace", (run.trace or {}).get("id", "")),
        ("note", run.note),
        ("twin", run.twin),
    ]
    if run.error:
        said = f"{run.error.get('code', '')} {run.error.get('message', '')}".strip()
        found += [("error", said), ("", run.error.get("hint", ""))]
    return [(name, clean_line(value)) for name, value in found if value]
