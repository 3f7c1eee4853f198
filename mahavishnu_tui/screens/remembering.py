"""The `:` commands of earlier sessions: a private file, written whole or not at all, and never missed."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path
from typing import Final

from mahavishnu_tui.models.text import clean_line

KEPT: Final = 100
_MOST_BYTES: Final = 64 * 1024


def remembered(path: Path) -> list[str]:
    """The commands in the file, oldest first; none where it cannot be read."""
    try:
        with path.open("rb") as file:
            text = file.read(_MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return []
    return [line for line in map(clean_line, text.splitlines()) if line][-KEPT:]


def remember(path: Path, line: str) -> None:
    """Add a command; what another dashboard has added meanwhile stays. Where that cannot be, it is not."""
    lines = [known for known in remembered(path) if known != line]
    text = "\n".join([*lines, clean_line(line)][-KEPT:]) + "\n"
    with contextlib.suppress(OSError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
