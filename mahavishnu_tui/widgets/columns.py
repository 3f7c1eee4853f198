"""Which columns of a table fit a width, how wide each is, and how rows are sorted. Pure."""

from __future__ import annotations

import dataclasses
import functools
import re
from collections.abc import Sequence
from typing import Final, Literal

GAP: Final = 2
"""Cells between columns."""
_SECONDS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0, "": 1.0}
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d+)?")
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|[smhd])(?:(\d+)([smh]))?$")
_SIZE: Final = re.compile(r"(\d+(?:\.\d+)?) ([KMGT]?B)$")
_BYTES: Final = {"B": 1, "KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of a table.

    Widths are cells. Of columns with a `priority`, the one with the greatest drops first when the view
    is narrow; those with 0 never drop. `flex` is the share of the space that is left over.
    """

    key: str
    title: str
    width: int
    min_width: int = 0
    """How far it may shrink before anything drops; 0 for not at all."""
    flex: int = 0
    priority: int = 0
    align: Literal["left", "right"] = "left"

    @property
    def least(self) -> int:
        """The width it needs."""
        return min(self.min_width or self.width, self.width)


def fit(columns: Sequence[Column], width: int) -> list[tuple[int, int]]:
    """The columns that are shown, as (index, width) in order; within `width` where they can be."""
    shown = list(range(len(columns)))
    while shown and _need(columns, shown) > width:
        droppable = [index for index in shown if columns[index].priority]
        if not droppable:
            break
        shown.remove(max(droppable, key=lambda index: (columns[index].priority, index)))
    widths = {index: columns[index].least for index in shown}
    spare = width - _need(columns, shown)
    for index in shown:
        more = max(0, min(spare, columns[index].width - widths[index]))
        widths[index] += more
        spare -= more
    shares = sum(columns[index].flex for index in shown)
    if spare > 0 and shares:
        given = 0
        for index in shown:
            more = spare * columns[index].flex // shares
            widths[index] += more
            given += more
        widths[next(index for index in reversed(shown) if columns[index].flex)] += spare - given
    return [(index, widths[index]) for index in shown]


def _need(columns: Sequence[Column], shown: Sequence[int]) -> int:
    return sum(columns[index].least for index in shown) + GAP * max(0, len(shown) - 1)


@functools.lru_cache(maxsize=20_000)
def sort_key(text: str) -> tuple[int, float, str]:
    """Orders numbers, parts (`3/10`), durations (`4m12s`) and sizes (`3.1 KB`) by value and before texts.

    Of a state the word counts, not its glyph. Blanks come last.
    """
    text = text.strip()
    if not text:
        return (2, 0.0, "")
    if text[0] not in "0123456789+-":
        return (1, 0.0, (text[2:] if text[1:2] == " " else text).casefold())
    if found := _DURATION.match(text):
        value = float(found[1]) * _SECONDS[found[2]]
        if found[3]:
            value += float(found[3]) * _SECONDS[found[4]]
        return (0, value, "")
    if found := _SIZE.match(text):
        return (0, float(found[1]) * _BYTES[found[2]], "")
    number = text.partition("/")[0].replace(",", "")
    if _NUMBER.fullmatch(number):
        return (0, float(number), "")
    return (1, 0.0, text.casefold())
