"""Plain output: aligned text for people, one JSON value for programs. Everything is cleaned."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Sequence
from typing import Any

from mahavishnu_tui.models.text import clean, clean_line


def say(text: object = "") -> None:
    """A line (or several) on standard output."""
    print(clean(text))


def narrate(text: object) -> None:
    """A line for people on standard error, where it does not mix with data."""
    print(clean(text), file=sys.stderr, flush=True)


def emit(value: Any) -> None:
    """One JSON value on standard output; ASCII alone, so no byte of it can steer a terminal."""
    print(json.dumps(value, indent=2 if sys.stdout.isatty() else None))


def pretty(value: Any) -> str:
    """A JSON value for people."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Rows in aligned columns under their headings, whole: what is cut cannot be copied. Or `empty`."""
    if not rows:
        say(empty)
        return
    cells = [[clean_line(cell) for cell in row] for row in [headings, *rows]]
    widths = [max(len(row[column]) for row in cells) for column in range(len(headings))]
    for row in cells:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def fields(pairs: Sequence[tuple[str, object]]) -> None:
    """`name  value` lines, aligned."""
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        say(f"{name.ljust(width)}  {value}")


def span(seconds: float) -> str:
    """A length of time, short: `3.2 s`, `4 min`, `2 h 05`."""
    if seconds < 10:
        return f"{max(0.0, seconds):.1f} s"
    if seconds < 120:
        return f"{seconds:.0f} s"
    if seconds < 7200:
        return f"{seconds // 60:.0f} min"
    return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:02.0f}"


def moment(at: float | None) -> str:
    """A point in time in local time, or nothing."""
    return "" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
