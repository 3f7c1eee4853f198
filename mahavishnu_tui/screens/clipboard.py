"""Copying over SSH: OSC 52, wrapped for tmux and screen; a private file where that cannot work."""

from __future__ import annotations

import base64
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path

OSC52_LIMIT = 74_994
"""Characters of base64 that terminals take (xterm's limit, the smallest in use)."""
_SCREEN_CHUNK = 76
"""GNU screen drops longer device control strings."""


def osc52(text: str, environ: Mapping[str, str]) -> str | None:
    """The escape sequence that puts `text` on the clipboard; None when it is too long for one.

    Args:
        text: what to copy.
        environ: tells whether tmux or screen sits in between (`TMUX`, `TERM`).
    """
    payload = base64.b64encode(text.encode("utf-8", "replace")).decode("ascii")
    if len(payload) > OSC52_LIMIT:
        return None
    sequence = f"\x1b]52;c;{payload}\x07"
    if environ.get("TMUX"):
        return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"
    if environ.get("TERM", "").startswith("screen"):
        parts = (sequence[at : at + _SCREEN_CHUNK] for at in range(0, len(sequence), _SCREEN_CHUNK))
        return "".join(f"\x1bP{part}\x1b\\" for part in parts)
    return sequence


def write_private(text: str, folder: str = "") -> Path:
    """Write `text` to a new file that only its owner can read (0600), and say where."""
    handle, name = tempfile.mkstemp(prefix="mahavishnu-", suffix=".txt", dir=folder or None)
    with os.fdopen(handle, "w", encoding="utf-8", errors="replace") as file:
        file.write(text)
    return Path(name)
