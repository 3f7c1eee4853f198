"""`mahavishnu demo`: example workflows at work, and the dashboard on them."""

from __future__ import annotations

import collections
import dataclasses
import json
import os
import sys
from pathlib import Path
from typing import Any

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Dashboard, Setup, command, connected
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.models.context import DEMO
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.workflow import Project
from mahavishnu_tui.projects.shipped import shipped
from mahavishnu_tui.settings.paths import chosen_context


@command("demo")
@click.option("--no-ui", is_flag=True, help="Start the runs and leave it at that.")
def demo(setup: Setup, no_ui: bool) -> int:
    """Start example workflows and open the dashboard on them: no network, no model, context "demo"."""
    import asyncio

    if setup.context == chosen_context(os.environ):
        setup = dataclasses.replace(setup, context=DEMO)
    runs = asyncio.run(_start(setup))
    if setup.as_json:
        output.emit(runs)
    if no_ui or setup.as_json:
        return OK
    dashboard: Dashboard = click.get_current_context().obj
    wanted = {"context": setup.context, "data_dir": setup.data_dir, "settings_flags": setup.flags}
    return dashboard(wanted)


async def _start(setup: Setup) -> list[dict[str, Any]]:
    """Register the examples and start what is not at work already; the new runs."""
    from mahavishnu_tui.cli import waiting
    from mahavishnu_tui.client.launcher import LaunchOptions

    folder = shipped("examples") / "demo"
    loaded = setup.load()
    launch = LaunchOptions.of(loaded.paths, loaded.flags)
    # The examples are ours: they run in our own interpreter, wherever we are installed.
    project = Project(str(folder), sys.executable)
    started = []
    output.narrate("Starting the server …")
    async with connected(loaded) as client:
        busy = collections.Counter(
            run.workflow_id for run in await client.runs() if run.status not in FINISHED
        )
        for example in _listed(folder):
            output.narrate(f"Starting {example['name']} …")
            spec = str(folder / example["file"]) + ":graph"
            workflow = await client.register(spec, project, example["name"])
            for _ in range(example["count"] - busy[workflow.id]):
                run = await waiting.start(client, launch, workflow, example["input"], tags=("demo",))
                started.append(run.to_json())
    return started


def _listed(folder: Path) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((folder / "demo.json").read_text())
    return found
