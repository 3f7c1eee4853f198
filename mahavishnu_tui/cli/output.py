"""Plain output: aligned text for people, one JSON value for programs. Everything is cleaned."""

from __future__ import annotations

import json
import sys
import time
import unicodedata
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


def compact(value: Any) -> str:
    """A JSON value for people, on one line."""
    return json.dumps(value, ensure_ascii=False)


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """Rows in aligned columns under their headings, whole: what is cut cannot be copied. Or `empty`."""
    if not rows:
        say(empty)
        return
    cells = [[clean_line(cell) for cell in row] for row in [headings, *rows]]
    widths = [max(_columns(row[column]) for row in cells) for column in range(len(headings))]
    for row in cells:
        padded = (cell + " " * (width - _columns(cell)) for cell, width in zip(row, widths, strict=True))
        print("  ".join(padded).rstrip())


def _columns(text: str) -> int:
    """How many columns of the terminal a text takes: some characters take two, marks on others none."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(sign) else 2 if unicodedata.east_asian_width(sign) in "WF" else 1
        for sign in text
    )


def fields(pairs: Sequence[tuple[str, object]]) -> None:
    """`name  value` lines, aligned."""
    width = max(len(name) for name, _ in pairs)
    for name, value in pairs:
        say(f"{name.ljust(width)}  {value}")


def counted(number: int, noun: str) -> str:
    """A number of things: `1 run`, `1,204 runs`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def moment(at: float | None) -> str:
    """A point in time in local time, or nothing."""
    return "" if at is None else time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(at))
