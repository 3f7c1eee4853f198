"""Between the text of a field and its typed value, and from the fields to one value. Pure."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Final

from mahavishnu_tui.models.record import Json
from mahavishnu_tui.widgets.form.field import MISSING, Field, Missing, Path

_WHOLE: Final = re.compile(r"[+-]?\d{1,19}")
_INT64: Final = 2**63
_WORDS: Final = {
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}


def same(one: Json | Missing, other: Json | Missing) -> bool:
    """Whether two values are one JSON value: `1` is neither `true` nor `1.0`."""
    if isinstance(one, Missing) or isinstance(other, Missing):
        return one is other
    return json.dumps(one, sort_keys=True, default=str) == json.dumps(other, sort_keys=True, default=str)


def write(value: Json | Missing) -> str:
    """A simple value as it is typed; empty for null and for no value."""
    if isinstance(value, Missing) or value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def read(text: str, types: Sequence[str]) -> Json:
    """What was typed, as the first of the simple types that it can be; a text if nothing else.

    Raises:
        ValueError: a phrase that says what it must be.
    """
    plain = text.strip()
    if "integer" in types and _WHOLE.fullmatch(plain) and -_INT64 <= int(plain) < _INT64:
        return int(plain)
    if "number" in types:
        number = _number(plain)
        if number is not None:
            return number
    if "boolean" in types and plain.lower() in ("true", "false"):
        return plain.lower() == "true"
    if "string" in types:
        return text
    if "integer" in types and _WHOLE.fullmatch(plain):
        raise ValueError("is too large a number")
    raise ValueError(f"must be {' or '.join(_WORDS.get(kind, kind) for kind in types)}")


def _number(text: str) -> float | int | None:
    if _WHOLE.fullmatch(text) and -_INT64 <= int(text) < _INT64:
        return int(text)
    try:
        number = float(text) if "_" not in text else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def read_lines(text: str, types: Sequence[str]) -> list[Json]:
    """One entry per line that is not empty.

    Raises:
        ValueError: names the line.
    """
    found: list[Json] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            found.append(read(line, types))
        except ValueError as error:
            raise ValueError(f"line {number} {error}") from None
    return found


def reads_back(value: Json | Missing, types: Sequence[str]) -> bool:
    """Whether what is shown for a value is read as that value again."""
    if isinstance(value, Missing) or value is None:
        return True
    try:
        return same(read(write(value), types), value)
    except ValueError:
        return False


def assemble(
    fields: Sequence[Field], now: Mapping[Path, Json | Missing], start: Mapping[Path, Json | Missing]
) -> Json:
    """One value from those of the fields; None where there is none at all.

    A group that need not be there, and was not, comes in with the first of its fields that was touched.

    Args:
        now: the value of each field that is not a group.
        start: the same when the form was opened.
    """
    touched = {path for path, value in now.items() if not same(value, start.get(path, MISSING))}
    built: dict[Path, Json | Missing] = dict(now)
    for field in reversed(fields):  # children come after their parents
        if field.kind == "group":
            built[field.path] = _group(field, fields, built, touched)
    root = built.get((), MISSING)
    return None if isinstance(root, Missing) else root


def _group(
    field: Field, fields: Sequence[Field], built: Mapping[Path, Json | Missing], touched: set[Path]
) -> Json | Missing:
    depth = len(field.path)
    below = any(path[:depth] == field.path for path in touched)
    given = isinstance(field.initial, dict)
    if depth and not below and not given and (field.nullable or not field.required):
        return field.empty
    result: dict[str, Json] = dict(field.extra)
    for other in fields:
        if len(other.path) == depth + 1 and other.path[:depth] == field.path:
            value = built.get(other.path, MISSING)
            if not isinstance(value, Missing):
                result[other.path[-1]] = value
    return result
