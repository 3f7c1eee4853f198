"""`mahavishnu ledger list|export`: who answered what, when, and what came of it."""

from __future__ import annotations

import codecs
import contextlib
import json
import sys
from collections.abc import AsyncGenerator, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.cli.prefect.lookup import may_be_flow
from mahavishnu_tui.models.approval import LedgerEntry
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.ledger_filter import LedgerFilter
from mahavishnu_tui.models.moments import read_moment
from mahavishnu_tui.models.text import clean, clean_line

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient


class _Moment(click.ParamType[float]):
    """A time, as seconds since the epoch."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Read it."""
        if isinstance(value, float):
            return value
        try:
            return read_moment(str(value))
        except MahavishnuError as error:
            self.fail(str(error), param, ctx)


def _filters(target: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say which entries are meant."""
    options = (
        click.option("--text", default="", help="Somewhere in run, question, answer, comment or name."),
        click.option("--by", default="", help="A part of the name of who answered."),
        click.option("--workflow", default="", help="Only this workflow."),
        click.option("--node", default="", help="Only this node."),
        click.option("--run", default="", help="Only this run (its id or name)."),
        click.option("--from", "since", type=_Moment(), help="Not earlier: 2026-11-20T14:30, or -2d."),
        click.option("--to", "until", type=_Moment(), help="Earlier than this time."),
        click.option(
            "--applied", type=click.Choice(("yes", "no")), default=None, help="Whether it was used."
        ),
    )
    for option in reversed(options):
        target = option(target)
    return target


@command("list")
@_filters
@click.option("--limit", default=50, type=click.IntRange(1, 5000), show_default=True, help="The newest.")
@click.option("--before", type=click.IntRange(1), help="Only entries with a lower number.")
async def list_ledger(setup: Setup, limit: int, before: int | None, **wanted: Any) -> int:
    """List answers, newest first."""
    async with connected(setup.load_strictly()) as client:
        entries = await client.ledger(limit, before, wanted=_wanted(wanted))
        if not entries and wanted["workflow"]:
            await _check_workflow(client, wanted["workflow"])
    if setup.as_json:
        output.emit([entry.to_json() for entry in entries])
        return OK
    nothing = "No answers: none is like that." if any(wanted.values()) else "No answers."
    headings = ("#", "AT", "BY", "RUN", "NODE", "ANSWER", "BECAME")
    output.table(headings, [_row(entry) for entry in entries], nothing)
    if len(entries) == limit:
        output.narrate(f"The newest {limit} only: --before {entries[-1].seq} shows the next ones.")
    return OK


@command("export")
@_filters
@click.option(
    "--format",
    "form",
    type=click.Choice(("jsonl", "csv")),
    default="jsonl",
    show_default=True,
    help="Of each line.",
)
@click.option(
    "--output", "path", type=click.Path(path_type=Path, dir_okay=False), help="Into this file (0600)."
)
async def export(setup: Setup, form: Literal["jsonl", "csv"], path: Path | None, **wanted: Any) -> int:
    """Write every answer, oldest first, with its proof, to a file or to standard output."""
    from mahavishnu_tui.client.saving import save_private

    async with connected(setup.load_strictly()) as client:
        if wanted["workflow"]:
            await _check_workflow(client, wanted["workflow"])
        pieces = client.export_ledger(form, _wanted(wanted))
        if path is None:
            await _print(pieces)
            return OK
        size = await save_private(path, pieces)
    if setup.as_json:
        output.emit({"path": str(path), "bytes": size, "format": form})
    else:
        output.say(f"{path}: {size:,} bytes, readable by you alone")
    return OK


async def _check_workflow(client: ServerClient, name: str) -> None:
    """Refuse a name that neither an answer, nor a workflow or flow that is known, has.

    Raises:
        MahavishnuError: MHV-108.
    """
    if await client.ledger(1, wanted=LedgerFilter(workflow=name)):
        return
    known = await client.workflows()
    if any(name in (item.id, item.name) for item in known) or await may_be_flow(client, name):
        return
    raise MahavishnuError(
        ErrorCode.WORKFLOW_UNKNOWN,
        f"There is no workflow or flow {clean_line(name, 80)!r}.",
        "`mahavishnu workflow list` shows the workflows.",
    )


async def _print(pieces: AsyncGenerator[bytes, None]) -> None:
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    # Closed here: who reads may have had enough (`| head`), and the answer is then broken off.
    async with contextlib.aclosing(pieces):
        async for piece in pieces:
            text = decoder.decode(piece)
            # A file or a program gets it as it is; a terminal is not steered by what people once answered.
            sys.stdout.write(clean(text) if sys.stdout.isatty() else text)


def _wanted(given: dict[str, Any]) -> LedgerFilter:
    return LedgerFilter(**{key: value for key, value in given.items() if value is not None})


def _row(entry: LedgerEntry) -> tuple[object, ...]:
    answer = entry.answer
    return (
        entry.seq,
        output.moment(entry.at),
        entry.by,
        entry.run_name,
        entry.path,
        clean_line(answer if isinstance(answer, str) else json.dumps(answer, ensure_ascii=False), 40),
        became(entry),
    )


def became(entry: LedgerEntry) -> str:
    """What became of an answer, in a few words."""
    if entry.not_applied:
        return f"not used: {entry.not_applied}"
    if entry.applied_at is None:
        return "on its way"
    return f"applied, then {', '.join(entry.then)}" if entry.then else "applied"
