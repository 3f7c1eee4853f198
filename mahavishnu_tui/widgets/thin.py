"""`ThinScreen`: frames for a slow line, of which only those cells are sent that look different now.

Textual sends whole lines, and the full style of every piece of them. Here a frame is laid over what the
terminal shows, as far as we know, and what differs is written with as few changes of style as will do.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from rich.cells import cell_len, get_character_cell_size

_PIECES: Final = re.compile(r"\x1b\[([0-9;]*)([mH])|([^\x1b\n]+)")
_STRANGE: Final = re.compile(r"\x1b(?!\[[0-9;]*[mH])")
"""What no frame of ours is made of: links, for one."""
_RESET: Final = "\x1b[0m"
_GAP: Final = 8
"""Of cells that are the same fewer than so many are written again: going past them costs as much."""

Cell = tuple[str, str]
"""A character and its style, as the parameters of SGR."""
_UNKNOWN: Final[Cell] = ("", "")


class _Style(NamedTuple):
    """What one SGR sequence asks for, from a terminal without any style."""

    marks: frozenset[str]
    """Bold, dim, reverse …"""
    front: str
    back: str


class ThinScreen:
    """What the terminal shows, by cell; it is told of everything that is written to it."""

    def __init__(self) -> None:
        self._rows: dict[int, list[Cell]] = {}

    def forget(self) -> None:
        """What it shows is not known any more: the next frame is sent in full."""
        self._rows.clear()

    def thinned(self, frame: str) -> str:
        """What has to be written for the terminal to show `frame`; it begins and ends without a style."""
        if _STRANGE.search(frame):
            self.forget()
            return frame
        pen = _Pen()
        for x, y, text, sgr in _runs(frame):
            self._lay(pen, x, y, text, sgr)
        return pen.written()

    def _lay(self, pen: _Pen, x: int, y: int, text: str, sgr: str) -> None:
        """Write what differs of a run."""
        row = self._rows.setdefault(y, [])
        new = _cells(text, sgr)
        row.extend([_UNKNOWN] * (x - len(row)))
        old = row[x : x + len(new)]
        if old == new:
            return
        row[x : x + len(new)] = new
        if new[0][0] == text:  # terminals do not agree on how wide it is: nothing of it is left out
            pen.write(x, y, text, sgr)
            pen.lose()
        else:
            for start, end in _differences(old, new):
                pen.write(x + start, y, text[start:end], sgr)


class _Pen:
    """Writes texts, with the moves and changes of style that they need."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._style = ""
        self._at: tuple[int, int] | None = None

    def write(self, x: int, y: int, text: str, sgr: str) -> None:
        """Write a text whose characters are one cell wide."""
        if self._at != (x, y):
            self._out.append(f"\x1b[{y + 1};{x + 1}H")
        self._out += (_change(self._style, sgr), text)
        self._style, self._at = sgr, (x + len(text), y)

    def lose(self) -> None:
        """It is not certain where the cursor is now."""
        self._at = None

    def written(self) -> str:
        """All that was written, and the end of its last style."""
        return "".join(self._out) + (_RESET if self._style else "")


def _cells(text: str, sgr: str) -> list[Cell]:
    """A character per cell; the whole text in the first one where some character is not one cell wide."""
    if text.isascii() or all(get_character_cell_size(character) == 1 for character in text):
        return [(character, sgr) for character in text]
    return [(text, sgr), *[_UNKNOWN] * (cell_len(text) - 1)]


def _runs(frame: str) -> Iterator[tuple[int, int, str, str]]:
    """The texts of a frame: column, row, text, style. Neighbours of the same style are one."""
    x = y = 0
    style = held_style = held = ""
    for found in _PIECES.finditer(frame):
        parameters, kind, text = found.group(1, 2, 3)
        if kind == "m":
            style = "" if parameters in ("", "0") else parameters
        elif text is not None and style == held_style:
            held += text
        else:
            if held:
                yield x, y, held, held_style
                x += cell_len(held)
            held, held_style = text or "", style
            if kind == "H":
                row, _, column = parameters.partition(";")
                x, y = int(column or 1) - 1, int(row or 1) - 1
    if held:
        yield x, y, held, held_style


def _differences(old: list[Cell], new: list[Cell]) -> Iterator[tuple[int, int]]:
    """Where they differ, as ranges; close ones are one."""
    known = len(old)
    start = end = -1
    for at, cell in enumerate(new):
        if at < known and old[at] == cell:
            continue
        if start >= 0 and at - end > _GAP:
            yield start, end
            start = at
        elif start < 0:
            start = at
        end = at + 1
    if start >= 0:
        yield start, end


@functools.lru_cache(maxsize=4096)
def _change(before: str, after: str) -> str:
    """The shortest SGR from one style to another."""
    if before == after:
        return ""
    if not after:
        return _RESET
    old, new = _parsed(before), _parsed(after)
    fresh = f"\x1b[0;{after}m" if before else f"\x1b[{after}m"
    if not old.marks <= new.marks or (old.front and not new.front) or (old.back and not new.back):
        return fresh
    parts = [*sorted(new.marks - old.marks)]
    parts += [new.front] if new.front != old.front else []
    parts += [new.back] if new.back != old.back else []
    return min(fresh, f"\x1b[{';'.join(parts)}m", key=len) if parts else ""


@functools.lru_cache(maxsize=4096)
def _parsed(sgr: str) -> _Style:
    marks: set[str] = set()
    front = back = ""
    parts = iter(sgr.split(";"))
    for part in parts:
        if part in ("38", "48"):
            mode = next(parts, "")
            color = ";".join([part, mode, *(next(parts, "0") for _ in range(3 if mode == "2" else 1))])
            front, back = (color, back) if part == "38" else (front, color)
        elif part.isdigit() and (30 <= int(part) <= 39 or 90 <= int(part) <= 97):
            front = part
        elif part.isdigit() and (40 <= int(part) <= 49 or 100 <= int(part) <= 107):
            back = part
        elif part:
            marks.add(part)
    return _Style(frozenset(marks), front, back)
