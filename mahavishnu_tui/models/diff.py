"""What differs between two JSON values: only that, by path, and enough of it to make one from the other.

A path names keys of objects and places in lists. Places are those in the *second* list, except in a removal,
which names the place in the first one.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher
from typing import Any, Literal

from mahavishnu_tui.models.record import Json, Record

ChangeKind = Literal["added", "removed", "changed"]
Path = tuple["str | int", ...]
MOST_CHANGES = 2000
"""Changes that are listed; the counts go on."""
MOST_TEXT = 2000
"""Characters of one value that are shown."""
_MOST_ALIGNED = 300
"""Elements of a list that are brought in line by what they are; longer ones are compared place by place."""
_DEEPEST = 60


@dataclasses.dataclass(frozen=True)
class Change(Record):
    """One difference."""

    path: list[str | int]
    kind: ChangeKind
    before: Json = None
    """What was there; None when it was added."""
    after: Json = None


@dataclasses.dataclass(frozen=True)
class StateDiff(Record):
    """The differences between two states."""

    changes: list[dict[str, Any]]
    added: int = 0
    removed: int = 0
    changed: int = 0
    equal: int = 0
    """Keys of the state, at its top level, in which nothing differs."""
    truncated: bool = False
    """There are more changes than are listed, or a state was too large to be read whole."""

    @property
    def total(self) -> int:
        """How many changes there are."""
        return self.added + self.removed + self.changed

    @property
    def listed(self) -> list[Change]:
        """The changes, as records."""
        return [Change.from_json(change) for change in self.changes]


def diff(before: Json, after: Json) -> list[Change]:
    """Every difference, in the order of the second value."""
    return [Change(list(path), kind, old, new) for path, kind, old, new in _differences(before, after, ())]


def apply(changes: Sequence[Change], before: Json) -> Json:
    """The value that `diff` compared `before` with; KeyError or IndexError for another value's changes."""
    if any(not change.path for change in changes):
        return changes[-1].after
    if isinstance(before, list):
        return _apply_to_list(changes, before)
    if not isinstance(before, dict):
        return before
    result = dict(before)
    for key, inner in _by_first(changes).items():
        if len(inner) == 1 and len(inner[0].path) == 1 and inner[0].kind == "removed":
            del result[str(key)]
        elif len(inner) == 1 and len(inner[0].path) == 1:
            result[str(key)] = inner[0].after
        else:
            result[str(key)] = apply(_inside(inner), result[str(key)])
    return result


def _apply_to_list(changes: Sequence[Change], before: list[Json]) -> list[Json]:
    direct = [change for change in changes if len(change.path) == 1 and change.kind != "changed"]
    gone = {change.path[0] for change in direct if change.kind == "removed"}
    result = [item for place, item in enumerate(before) if place not in gone]
    for change in direct:  # in the order of their places
        if change.kind == "added":
            result.insert(int(change.path[0]), change.after)
    rest = [change for change in changes if change not in direct]
    for place, inner in _by_first(rest).items():
        result[int(place)] = apply(_inside(inner), result[int(place)])
    return result


def _by_first(changes: Sequence[Change]) -> dict[str | int, list[Change]]:
    found: dict[str | int, list[Change]] = {}
    for change in changes:
        found.setdefault(change.path[0], []).append(change)
    return found


def _inside(changes: Sequence[Change]) -> list[Change]:
    return [change.replace(path=change.path[1:]) for change in changes]


def summarise(before: Json, after: Json, truncated: bool = False) -> StateDiff:
    """The differences, bounded for a screen: so many, and so much of each."""
    changes = diff(before, after)
    keys = set(before) | set(after) if isinstance(before, dict) and isinstance(after, dict) else set()
    touched = {change.path[0] for change in changes if change.path}
    return StateDiff(
        changes=[_bounded(change).to_json() for change in changes[:MOST_CHANGES]],
        added=sum(change.kind == "added" for change in changes),
        removed=sum(change.kind == "removed" for change in changes),
        changed=sum(change.kind == "changed" for change in changes),
        equal=len(keys - touched),
        truncated=truncated or len(changes) > MOST_CHANGES,
    )


def path_text(path: Sequence[str | int]) -> str:
    """`messages[3].content`; the state itself is `.`."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        elif part.isidentifier():
            text += f".{part}" if text else part
        else:
            text += f"[{json.dumps(part, ensure_ascii=False)}]"
    return text or "."


Difference = tuple[Path, ChangeKind, Json, Json]


def _differences(before: Json, after: Json, path: Path) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict) and len(path) < _DEEPEST:
        yield from _of_objects(before, after, path)
    elif isinstance(before, list) and isinstance(after, list) and len(path) < _DEEPEST:
        yield from _of_lists(before, after, path)
    elif not same(before, after):
        yield path, "changed", before, after


def _of_objects(before: dict[str, Json], after: dict[str, Json], path: Path) -> Iterator[Difference]:
    for key, value in after.items():
        if key not in before:
            yield (*path, key), "added", None, value
        else:
            yield from _differences(before[key], value, (*path, key))
    for key, value in before.items():
        if key not in after:
            yield (*path, key), "removed", value, None


def _of_lists(before: list[Json], after: list[Json], path: Path) -> Iterator[Difference]:
    for kind, old, new in _aligned(before, after):
        if kind == "removed":
            yield (*path, old), "removed", before[old], None
        elif kind == "added":
            yield (*path, new), "added", None, after[new]
        else:
            yield from _differences(before[old], after[new], (*path, new))


def _aligned(before: list[Json], after: list[Json]) -> Iterator[tuple[ChangeKind, int, int]]:
    """Which elements belong together, which came and which went; equal ones are left out."""
    start = 0
    shorter = min(len(before), len(after))
    while start < shorter and same(before[start], after[start]):
        start += 1
    end = 0
    while end < shorter - start and same(before[-1 - end], after[-1 - end]):
        end += 1
    old, new = before[start : len(before) - end], after[start : len(after) - end]
    if max(len(old), len(new)) > _MOST_ALIGNED:
        yield from _paired(start, len(old), start, len(new))
        return
    matcher = SequenceMatcher(None, [_key(item) for item in old], [_key(item) for item in new], False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag != "equal":
            yield from _paired(start + old_from, old_to - old_from, start + new_from, new_to - new_from)


def _paired(old: int, old_count: int, new: int, new_count: int) -> Iterator[tuple[ChangeKind, int, int]]:
    """Elements in the same order belong together; what is left over came or went."""
    both = min(old_count, new_count)
    for place in range(both):
        yield "changed", old + place, new + place
    for place in range(both, old_count):
        yield "removed", old + place, -1
    for place in range(both, new_count):
        yield "added", -1, new + place


def same(one: Json, other: Json) -> bool:
    """Equality as JSON has it: true is not 1."""
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, bool) != isinstance(other, bool):
        return False
    return bool(one == other)


def _key(value: Json) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)


def _bounded(change: Change) -> Change:
    return change.replace(before=bounded(change.before), after=bounded(change.after))


def bounded(value: Json, most: int = MOST_TEXT) -> Json:
    """The value, or a sentence on what it is where it is too long to be shown."""
    text = value if isinstance(value, str) else _key(value)
    if len(text) <= most:
        return value
    if isinstance(value, str):
        return f"{value[:most]}… ({len(value):,} characters)"
    if isinstance(value, list):
        return f"<a list of {len(value):,}, {len(text):,} characters: {text[:200]}…>"
    return f"<an object of {len(value):,} keys, {len(text):,} characters: {text[:200]}…>"
