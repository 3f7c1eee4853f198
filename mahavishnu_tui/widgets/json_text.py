"""JSON as people type it: parsed, or refused with the place and what was expected. Pure."""

from __future__ import annotations

import json
from typing import Final

from mahavishnu_tui.models.record import Json

_EXPECTED: Final = (
    ("Expecting value", "expected a value"),
    ("Expecting ','", "expected ','"),
    ("Expecting ':'", "expected ':'"),
    ("Expecting property name", "expected a name in double quotes"),
    ("Illegal trailing comma", "a comma with nothing after it"),
    ("Unterminated string", "this string does not end"),
    ("Extra data", "more text after the value"),
    ("Invalid control character", "a line break or control character within a string"),
    ("Invalid \\u", "expected four hexadecimal digits after \\u"),
    ("Invalid \\", "an unknown escape after \\"),
)


def parse(text: str) -> tuple[Json, str]:
    """The value and `""`; or None and why not: `line 3, column 8: expected ','`."""
    if not text.strip():
        return None, "empty: expected a JSON value"
    try:
        return json.loads(text, parse_constant=_refuse), ""
    except json.JSONDecodeError as error:
        what = next((ours for theirs, ours in _EXPECTED if error.msg.startswith(theirs)), error.msg)
        return None, f"line {error.lineno}, column {error.colno}: {what}"
    except RecursionError:
        return None, "nested too deeply"
    except ValueError as error:
        return None, str(error).split(";")[0]


def _refuse(name: str) -> Json:
    raise ValueError(f"{name} is not JSON")


def pretty(value: Json) -> str:
    """Indented JSON, other scripts as they are; what JSON has no form for is written as text."""
    try:
        return json.dumps(value, indent=2, ensure_ascii=False, default=str)
    except RecursionError:
        return '"(nested too deeply to be written)"'
