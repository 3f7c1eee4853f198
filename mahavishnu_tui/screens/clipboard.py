"""Copying over SSH: by tmux, or by OSC 52, also through screen; a private file where neither can work."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

OSC52_LIMIT = 74_994
"""Characters of base64 that terminals take (xterm's limit, the smallest in use)."""
_SCREEN_CHUNK = 76
"""GNU screen drops longer device control strings."""


_WITHOUT = frozenset({"", "dumb", "linux"})
"""Terminals without a clipboard."""
_TMUX_SECONDS = 2.0


def fits_clipboard(text: str, environ: Mapping[str, str]) -> bool:
    """Whether the terminal has a clipboard that takes so much."""
    length = (len(text.encode("utf-8", "replace")) + 2) // 3 * 4
    return environ.get("TERM", "") not in _WITHOUT and length <= OSC52_LIMIT


def osc52(text: str, environ: Mapping[str, str]) -> str:
    """The escape sequences that put `text` on the clipboard.

    Over SSH nobody can know what tmux or screen at the other end let through: both take one of two forms and
    drop the other one.

    Args:
        text: what to copy.
        environ: tells whether tmux or screen sits in between (`TMUX`, `TERM`).
    """
    plain = f"\x1b]52;c;{base64.b64encode(text.encode('utf-8', 'replace')).decode('ascii')}\x07"
    through = wrapped(plain, environ)
    # The plain one last: of the pieces for screen an old tmux would take the first one for the whole.
    return plain if through == plain else through + plain


def wrapped(sequence: str, environ: Mapping[str, str]) -> str:
    """An escape sequence in the wrapping in which tmux or screen pass it on to the terminal outside."""
    term = environ.get("TERM", "")
    if environ.get("TMUX") or term.startswith("tmux"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if term.startswith("screen"):
        parts = (sequence[at : at + _SCREEN_CHUNK] for at in range(0, len(sequence), _SCREEN_CHUNK))
        return "".join(f"\x1bP{part}\x1b\\" for part in parts)
    return sequence


async def copied_by_tmux(text: str, environ: Mapping[str, str]) -> bool:
    """Have the tmux that we are in copy: as it is set by default, it takes no clipboard from programs within.

    False where there is none, or one before 3.2.
    """
    if not environ.get("TMUX"):
        return False
    try:
        process = await asyncio.create_subprocess_exec(
            *("tmux", "load-buffer", "-w", "-"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(_TMUX_SECONDS):
                await process.communicate(text.encode("utf-8", "replace"))
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
    except OSError:  # a TimeoutError is one, too
        return False
    return process.returncode == 0


def write_private(text: str, folder: str = "") -> Path:
    """Write `text` to a new file that only its owner can read (0600), and say where."""
    handle, name = tempfile.mkstemp(prefix="mahavishnu-", suffix=".txt", dir=folder or None)
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    return Path(name)
