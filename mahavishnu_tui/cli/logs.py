"""`mahavishnu server logs`: also when the server does not run, which is when one wants them."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path
from typing import Any, BinaryIO

import click

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import Setup, command, connected
from mahavishnu_tui.cli.guard import OK
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

_POLL = 0.3
OTHERS = {"server": "", "prefect": "prefect.log", "prefect-worker": "prefect-worker.log"}
"""Whose log can be shown, and the file beside the server's own data."""


@command("logs")
@click.option("--lines", default=100, type=click.IntRange(1, 100_000), show_default=True, help="The newest.")
@click.option("--host", metavar="ID", help="The log of this engine host: what the project's code prints.")
@click.option(
    "--of", default="server", type=click.Choice(list(OTHERS)), help="The log of this process of it."
)
@click.option("--follow", "-f", is_flag=True, help="Go on with what is added.")
async def logs(setup: Setup, lines: int, host: str | None, of: str, follow: bool) -> int:
    """Show the end of a log."""
    loaded = setup.load()
    own = loaded.paths.data / "logs" / OTHERS[of] if OTHERS[of] else loaded.paths.log
    found = await _of_host(setup, host, lines) if host else _of_file(own, lines)
    if setup.as_json:
        output.emit(found)
        return OK
    for line in found["lines"]:
        output.say(line)
    if follow:
        await _follow(Path(found["path"]), int(found["end"]))
    return OK


async def _of_host(setup: Setup, host: str, lines: int) -> dict[str, Any]:
    async with connected(setup.load(), start=False) as client:
        return await client.logs(f"host:{host}", lines)


def _of_file(path: Path, lines: int) -> dict[str, Any]:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"The log {path} cannot be read ({error.strerror}).",
            "It is made when that is first started.",
        ) from error
    kept = text.decode(errors="replace").splitlines()[-lines:]
    return {"lines": kept, "path": str(path), "end": len(text)}


async def _follow(path: Path, end: int) -> None:
    """Print what is added behind byte `end`, for ever; a log that was rotated goes on with its next file."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT, f"The log {path} cannot be followed ({error.strerror})."
        ) from error
    file.seek(end)
    begun = b""
    while True:
        replaced = _replaced(path, file)  # asked before reading: what the old file got last is not lost
        begun = _say_lines(begun + file.read())
        if replaced:
            with contextlib.suppress(OSError):  # already rotated again: the next look finds it
                newer = path.open("rb")
                file.close()
                file = newer
        await asyncio.sleep(_POLL)


def _say_lines(text: bytes) -> bytes:
    """Print the whole lines; what is left over has no end yet."""
    *whole, begun = text.split(b"\n")
    for line in whole:
        output.say(line.decode(errors="replace"))
    sys.stdout.flush()
    return begun


def _replaced(path: Path, file: BinaryIO) -> bool:
    """Whether another file, or a shorter one, is there under that name."""
    opened = os.fstat(file.fileno())
    try:
        now = path.stat()
    except OSError:
        return False
    return now.st_ino != opened.st_ino or now.st_size < file.tell()
