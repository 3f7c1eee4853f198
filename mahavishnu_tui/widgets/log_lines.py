"""Lines of a log as text: cleaned, broken, coloured by level, and what is new among them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from rich.cells import cell_len, chop_cells

from mahavishnu_tui.models.text import clean
from mahavishnu_tui.widgets.status import Tone

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")
LINE_LIMIT = 4000
"""Characters of one line that are kept; the rest becomes an ellipsis."""


def cleaned(line: str) -> list[str]:
    """Without colours and what could disturb a terminal, and not too long; one line may hold several."""
    line = _COLOUR.sub("", line)
    return [
        part if len(part) <= LINE_LIMIT else f"{part[: LINE_LIMIT - 1]}…" for part in clean(line).split("\n")
    ]


def broken(line: str, width: int) -> list[str]:
    """A long line in parts of at most `width` cells, broken at blanks where that wastes less than half."""
    indent = line[: min(len(line) - len(line.lstrip(" ")), width // 2)]
    parts, rest = [], line
    while cell_len(rest) > width:
        part = (chop_cells(rest[:width], width) or [""])[0]
        if len(part) <= len(indent):  # the next sign is wider than what is left of the line
            part = rest[: len(indent) + 1]
        blank = part.rfind(" ")
        if rest[len(part) : len(part) + 1] != " " and blank > max(width // 2, len(indent)):
            part = part[:blank]
        parts.append(part)
        rest = indent + rest[len(part) :].lstrip(" ")
    return [*parts, rest]


def level_tone(line: str) -> Tone:
    """The tone of a line by the level word near its beginning."""
    start = line[:60].upper()
    if "ERROR" in start or "CRITICAL" in start or "TRACEBACK" in start:
        return "error"
    if "WARN" in start:
        return "warning"
    return "muted" if "DEBUG" in start else ""


def growth(old: Sequence[str], new: Sequence[str]) -> list[str] | None:
    """What was added at the end, also where lines fell off at the beginning; None when it is another text."""
    if not old:
        return list(new)
    for at in range(len(new) - 1, -1, -1):
        if new[at] == old[-1]:
            kept = min(at + 1, len(old))
            if list(new[at + 1 - kept : at + 1]) == list(old[len(old) - kept :]):
                return list(new[at + 1 :])
    return None
