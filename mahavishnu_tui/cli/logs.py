"""`mahavishnu server logs`: also when the server does not run, which is when one wants them."""

from __future__ import annotations

import asyncio
import collections
import os
import sys
from pathlib import Path
from typing import Any, TextIO

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

_POLL = 0.3


@command("logs")
@click.option("--lines", default=100, type=click.IntRange(1, 100_000), show_default=True)
@click.option("--host", metavar="ID", help="The log of this engine host: what the project's code prints.")
@click.option("--follow", "-f", is_flag=True, help="Go on with what is added.")
async def logs(setup: Setup, lines: int, host: str | None, follow: bool) -> int:
    """Show the end of a log."""
    loaded = setup.load()
    found = await _of_host(setup, host, lines) if host else _of_file(loaded.paths.log, lines)
    if setup.as_json:
        output.emit(found)
        return OK
    for line in found["lines"]:
        output.say(line)
    if follow:
        await _follow(Path(found["path"]))
    return OK


async def _of_host(setup: Setup, host: str, lines: int) -> dict[str, Any]:
    async with connected(setup.load(), start=False) as client:
        return await client.logs(f"host:{host}", lines)


def _of_file(path: Path, lines: int) -> dict[str, Any]:
    try:
        with path.open(errors="replace") as file:
            kept = collections.deque((line.rstrip("\n") for line in file), maxlen=lines)
    except OSError as error:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"The log {path} cannot be read ({error.strerror}).",
            "It is made when the server is first started.",
        ) from error
    return {"lines": list(kept), "path": str(path)}


async def _follow(path: Path) -> None:
    """Print what is added, for ever; a log that was rotated is taken up from its new beginning."""
    file = path.open(errors="replace")
    file.seek(0, os.SEEK_END)
    while True:
        line = file.readline()
        if line:
            output.say(line.rstrip("\n"))
            continue
        sys.stdout.flush()
        await asyncio.sleep(_POLL)
        if _replaced(path, file):
            file.close()
            file = path.open(errors="replace")


def _replaced(path: Path, file: TextIO) -> bool:
    opened = os.fstat(file.fileno())
    try:
        now = path.stat()
    except OSError:
        return False
    return now.st_ino != opened.st_ino or now.st_size < file.tell()
