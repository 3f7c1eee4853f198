"""The lines of a JSON tree: which values are open, how each is written, where a text occurs. Pure."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Final, Literal

from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean, clean_line, small
from mahavishnu_tui.widgets.clipping import clip

Path = tuple[str | int, ...]
"""Keys and indexes from the root."""
CHILDREN: Final = 200
"""Children shown of one container before `… n more`."""
STRING: Final = 400
"""Characters of a string shown on its line; a longer one can be opened."""
STRING_LINES: Final = 400
SEARCHED: Final = 500_000
"""Values that one search looks at."""


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """One line. `text`: a piece of an opened string; `more`: children that are not shown yet."""

    kind: Literal["value", "text", "more", "note"]
    path: Path
    depth: int
    value: Json = None
    text: str = ""


class StateLines:
    """A JSON value and what of it is open."""

    def __init__(self, value: Json, open_texts: bool = False) -> None:
        self.value = value
        self.open_texts = open_texts
        """Whether texts of several lines at the top begin open."""
        self.opened: dict[Path, bool] = {}
        self.shown: dict[Path, int] = {}
        """How many children are shown, where it is not `CHILDREN`."""

    def is_open(self, path: Path, value: Json) -> bool:
        """Whether its children (or its whole text) are shown; small containers at the top begin open."""
        small = isinstance(value, (dict, list)) and len(value) <= 12
        default = len(path) <= 1 and (small or (self.open_texts and isinstance(value, str) and "\n" in value))
        return self.opened.get(path, default)

    def lines(self, width: int) -> list[Line]:
        """Every line of what is open; strings that are open are cut to `width` cells."""
        out: list[Line] = []
        if not isinstance(self.value, (dict, list)):
            self._value(out, (), 0, self.value, width)
            return out
        stack = [iter(self._children((), self.value))]
        while stack:
            entry = next(stack[-1], None)
            if entry is None:
                stack.pop()
                if len(stack) < 1:
                    break
                continue
            path, value = entry
            depth = len(stack) - 1
            if isinstance(value, _More):
                out.append(Line("more", path, depth, None, f"… {value.count:,} more"))
                continue
            self._value(out, path, depth, value, width)
            if isinstance(value, (dict, list)) and self.is_open(path, value):
                stack.append(iter(self._children(path, value)))
        return out

    def _value(self, out: list[Line], path: Path, depth: int, value: Json, width: int) -> None:
        out.append(Line("value", path, depth, value))
        if isinstance(value, str) and is_long(value) and self.is_open(path, value):
            room = max(20, width - 2 * depth - 6)
            pieces = list(_pieces(value, room))
            out += [Line("text", path, depth + 1, None, piece) for piece in pieces[:STRING_LINES]]
            if len(pieces) > STRING_LINES:
                rest = f"… {len(pieces) - STRING_LINES:,} more lines (y shows the raw JSON)"
                out.append(Line("note", path, depth + 1, None, rest))

    def _children(self, path: Path, value: Json) -> Iterator[tuple[Path, Json]]:
        limit = self.shown.get(path, CHILDREN)
        items = value.items() if isinstance(value, dict) else enumerate(value)
        for index, (key, child) in enumerate(items):
            if index >= limit:
                yield (*path, "…"), _More(len(value) - limit)
                return
            yield (*path, key), child

    def show_more(self, parent: Path) -> None:
        """Show five times as many children."""
        self.shown[parent] = self.shown.get(parent, CHILDREN) * 5

    def reveal(self, path: Path) -> None:
        """Open all that encloses `path`."""
        value = self.value
        for length, key in enumerate(path):
            parent = path[:length]
            if parent:
                self.opened[parent] = True
            index = key if isinstance(value, list) else list(value).index(key)
            assert isinstance(index, int)
            if index >= self.shown.get(parent, CHILDREN):
                self.shown[parent] = index + 20
            value = value[key]

    def find(self, needle: str) -> list[Path]:
        """Paths of the values whose key or text holds `needle` (in lower case), in order."""
        found: list[Path] = []
        stack: list[tuple[Path, Json]] = [((), self.value)]
        for _ in range(SEARCHED):
            if not stack:
                break
            path, value = stack.pop()
            text = "" if isinstance(value, (dict, list)) else scalar(value)
            key = path[-1] if path else ""
            if needle in small(text) or (isinstance(key, str) and needle in small(key)):
                found.append(path)
            if isinstance(value, dict):
                stack += [((*path, key), child) for key, child in reversed(value.items())]
            elif isinstance(value, list):
                stack += [((*path, index), child) for index, child in reversed(list(enumerate(value)))]
        return found


@dataclasses.dataclass(frozen=True, slots=True)
class _More:
    count: int


def is_long(value: str) -> bool:
    """Whether a string can be opened."""
    return len(value) > STRING or "\n" in value or len(value) > 60


def scalar(value: Json) -> str:
    """A value that holds no others as JSON writes it, strings without quotes."""
    if isinstance(value, str):
        return value
    return (
        {None: "null", True: "true", False: "false"}.get(value, str(value)) if _plain(value) else str(value)
    )


def _plain(value: Json) -> bool:
    return value is None or isinstance(value, bool)


def summary(value: Json, room: int) -> str:
    """What a value looks like on its own line, in `room` cells at most."""
    if isinstance(value, dict):
        names = ", ".join(clean_line(key, 40) for key, _ in zip(value, range(8), strict=False))
        more = f", +{len(value) - 8}" if len(value) > 8 else ""
        return clip(f"{{{names}{more}}}", room) if value else "{}"
    if isinstance(value, list):
        return f"[{len(value):,}]" if value else "[]"
    if isinstance(value, str):
        tail = f" ({len(value):,} characters)" if len(value) > STRING else ""
        body = clip(f'"{clean_line(value[: STRING + 1], STRING)}"', max(8, room - len(tail)))
        return body + tail
    return clip(clean_line(scalar(value)), room)


def _pieces(text: str, room: int) -> Iterator[str]:
    """Lines of a string, cut at `room` characters; stops somewhat after what is ever shown."""
    count = 0
    for line in clean(text[: room * STRING_LINES * 4]).split("\n"):
        for start in range(0, max(1, len(line)), room):
            yield line[start : start + room]
            count += 1
            if count > STRING_LINES * 4:
                return
