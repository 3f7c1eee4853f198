"""`mahavishnu langgraph export`: everything that is known of one run, as one JSON document."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mahavishnu_tui.cli import completing, output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.finding import find_run
from mahavishnu_tui.cli.guard import OK

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models.checkpoint import Checkpoint

_PAGE = 200


@command("export", json=False)
@click.argument("run", shell_complete=completing.any_run)
@click.option("--output", "file", metavar="FILE", help="Write there, for its owner alone (0600).")
@click.option("--states", is_flag=True, help="With the state at every checkpoint, which may be large.")
async def export(setup: Setup, run: str, file: str | None, states: bool) -> int:
    """Write RUN (its id or its name) with input, output, path, questions, answers and checkpoints as JSON."""
    from mahavishnu_tui.client.saving import save_private

    async with connected(setup.load_strictly()) as client:
        document = await _document(client, run, states)
    text = json.dumps(document, indent=2)
    if file is None:
        print(text)
    else:
        await save_private(Path(file), _whole(text + "\n"))
        output.narrate(f"{file} written.")
    return OK


async def _document(client: ServerClient, name: str, states: bool) -> dict[str, Any]:
    run_id = (await find_run(client, name)).id
    detail = await client.run(run_id)
    flow_run = detail.run.engine == "prefect"
    checkpoints = [] if flow_run else await _all_checkpoints(client, run_id)
    document: dict[str, Any] = {
        "run": detail.run.to_json(),
        "input": detail.input,
        "values": detail.values,
        "values_truncated": detail.values_truncated,
        "execution_path": detail.execution_path,
        "visits": [visit.to_json() for visit in await client.visits(run_id)],
        "approvals": [item.to_json() for item in detail.approvals],
        "ledger": [entry.to_json() for entry in await client.ledger(limit=1000, run=run_id)],
        "checkpoints": [item.to_json() for item in checkpoints],
        "graph": (await client.graph(run_id)).to_json(),
    }
    if flow_run:
        document |= {
            "states": [item.to_json() for item in await client.states(run_id)],
            "artifacts": [item.to_json() for item in await client.artifacts(run_id)],
            "metrics": (await client.metrics(run_id)).to_json(),
            "prefect": detail.raw,
        }
    elif states:
        document["states"] = {
            item.id: (await client.state(run_id, item.id)).to_json()
            for item in checkpoints
            if not item.namespace
        }
    return document


async def _all_checkpoints(client: ServerClient, run_id: str) -> list[Checkpoint]:
    found: list[Checkpoint] = []
    while page := await client.checkpoints(run_id, _PAGE, found[-1].id if found else None):
        found += page
        if len(page) < _PAGE:
            break
    return found


async def _whole(text: str) -> AsyncGenerator[bytes, None]:
    yield text.encode()
