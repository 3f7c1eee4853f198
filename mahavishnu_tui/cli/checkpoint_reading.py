"""`mahavishnu langgraph checkpoints diff|search|sizes`: what is in them, and how much."""

from __future__ import annotations

import json
from typing import Any

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.models.checkpoint import SearchPage, ThreadSize
from mahavishnu_tui.models.diff import Change, StateDiff, path_text
from mahavishnu_tui.models.growth import size_text
from mahavishnu_tui.models.text import clean_line

_SIGN = {"added": "+", "removed": "-", "changed": "~"}
_SHOWN = 200
"""Characters of one value in a line."""


def say_diff(found: StateDiff) -> None:
    """A line per change: sign, path, what was there and what is."""
    for change in found.listed:
        output.say(change_line(change))
    counts = f"{found.added} added, {found.removed} removed, {found.changed} changed"
    output.say(
        f"{counts}; {output.counted(found.equal, 'key')} equal." if found.total else "Nothing differs."
    )
    if found.truncated:
        output.narrate("More differs than is shown here.")


def change_line(change: Change) -> str:
    """`~ n: 1 → 2`."""
    path = clean_line(path_text(change.path), _SHOWN)
    before, after = (
        clean_line(json.dumps(value, ensure_ascii=False), _SHOWN) for value in (change.before, change.after)
    )
    if change.kind == "changed":
        return f"~ {path}: {before} → {after}"
    return f"{_SIGN[change.kind]} {path}: {after if change.kind == 'added' else before}"


@command("diff")
@click.argument("run")
@click.argument("before", default="parent")
@click.argument("after", default="latest")
@click.option("--other", metavar="RUN", default="", help="BEFORE is a checkpoint of this run.")
async def diff(setup: Setup, run: str, before: str, after: str, other: str) -> int:
    """Show what differs between the checkpoints BEFORE and AFTER of RUN.

    Without AFTER it is the latest, without BEFORE the one that AFTER followed (`parent`).
    """
    async with connected(setup.load_strictly()) as client:
        found = (await client.run(run)).run
        compared = await client.diff(found.id, before, after, other)
    if setup.as_json:
        output.emit({"before": compared.before, "after": compared.after, "diff": compared.diff.to_json()})
        return OK
    output.say(f"{compared.before or '(nothing)'} → {compared.after}")
    say_diff(compared.diff)
    return OK


@command("search")
@click.argument("run")
@click.argument("text", default="")
@click.option("--path", "where", default="", help="Only in places whose path has this: messages, user.name.")
@click.option("--limit", default=50, type=click.IntRange(1, 1000), show_default=True, help="Matches at most.")
async def search(setup: Setup, run: str, text: str, where: str, limit: int) -> int:
    """Find TEXT in the states of RUN's checkpoints, newest first."""
    matches: list[dict[str, Any]] = []
    scanned, page = 0, SearchPage([])
    async with connected(setup.load_strictly()) as client:
        found = (await client.run(run)).run
        while True:
            page = await client.search_state(
                found.id, text, where, page.before, min(200, limit - len(matches))
            )
            matches, scanned = matches + page.matches, scanned + page.scanned
            if not page.before or len(matches) >= limit:
                break
    if setup.as_json:
        output.emit({"matches": matches, "scanned": scanned, "before": page.before})
        return OK
    rows = [
        (match["checkpoint_id"], match["step"], path, excerpt)
        for match in matches
        for path, excerpt in match["places"]
    ]
    empty = f"Nothing found in {scanned:,} checkpoints."
    output.table(("CHECKPOINT", "STEP", "PATH", "TEXT"), rows, empty)
    if page.before:
        output.narrate(f"The newest {scanned:,} checkpoints only: --limit shows more.")
    return OK


@command("sizes")
@click.argument("run", default="")
@click.option(
    "--limit", default=20, type=click.IntRange(1, 10_000), show_default=True, help="Threads at most."
)
async def sizes(setup: Setup, run: str, limit: int) -> int:
    """Show the room that RUN's thread takes; without RUN, every project's file and its largest threads."""
    async with connected(setup.load_strictly()) as client:
        if run:
            size = await client.size((await client.run(run)).run.id)
            if setup.as_json:
                output.emit(size.to_json())
            else:
                _say_sizes([size])
            return OK
        projects = await client.sizes()
    if setup.as_json:
        output.emit(projects)
        return OK
    for project in projects:
        used = f"{size_text(project['file'])}, {size_text(project['free'])} of it free"
        output.say(f"{project['project']}: {used}")
        threads = [ThreadSize.from_json(item) for item in project["threads"]]
        _say_sizes(threads[:limit])
        if len(threads) > limit:
            output.narrate(f"The largest {limit} of {len(threads):,} threads: --limit shows more.")
    if not projects:
        output.say("No project has checkpoints yet.")
    return OK


def _say_sizes(found: list[ThreadSize]) -> None:
    rows = [
        (
            clean_line(", ".join(size.runs[-2:]) or size.thread_id, 50),
            size.checkpoints,
            size_text(size.bytes),
            size_text(size.latest),
            f"+{size_text(size.growth)}",
            "pinned" if size.pinned else "",
        )
        for size in found
    ]
    headings = ("RUNS", "CHECKPOINTS", "BYTES", "LATEST", "PER STEP", "")
    output.table(headings, rows, "No checkpoints.")
    for size in found:
        if size.warning:
            output.narrate(f"{clean_line(', '.join(size.runs[-2:]) or size.thread_id, 50)}: {size.warning}")
