"""`mahavishnu langgraph audit` and `mahavishnu prefect audit`: who did what to a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.finding import find_run
from mahavishnu_tui.cli.guard import OK


@command("audit")
@click.argument("run")
async def audit(setup: Setup, run: str) -> int:
    """Show who did what to RUN (its id or its name), in order."""
    async with connected(setup.load_strictly()) as client:
        acts = await client.acts((await find_run(client, run)).id)
    if setup.as_json:
        output.emit([act.to_json() for act in acts])
        return OK
    rows = [(output.moment(act.at), act.by, act.what, _details(act.details)) for act in acts]
    output.table(("AT", "BY", "DID", "DETAILS"), rows, "Nothing was done to this run.")
    return OK


def _details(details: Mapping[str, Any]) -> str:
    """`status paused; keys n, out`; what is empty says nothing."""
    told = {name: _in_words(name, value) for name, value in details.items()}
    return "; ".join(f"{name} {text}" for name, text in told.items() if text)


def _in_words(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_in_words("", item) for item in value)
    if name == "at" and isinstance(value, (int, float)):
        return output.moment(value)
    return value if isinstance(value, str) else output.compact(value)
