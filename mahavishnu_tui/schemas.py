"""What a JSON schema forbids about a value, said in sentences. `jsonschema` is imported at first use only."""

from __future__ import annotations

import contextlib
import datetime
import functools
import re
import uuid
from collections.abc import Callable, Iterator
from typing import Any

from mahavishnu_tui.models.problem import Problem, ValuePath
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line

MOST = 20
"""Problems that are told of one value."""
_LONGEST_TEXT = 500
"""Characters of a string that a `pattern` is tried on."""
_MOST_PARTS = 50_000
"""Keys and entries of a value that is checked at all."""
_BACKTRACKING = re.compile(r"\)\s*[*+{]|\\[1-9]|\(\?P=")
_REPETITION = re.compile(r"[*+]|\{\d*,\d*\}")


def problems(value: Json, schema: dict[str, Any]) -> list[Problem]:
    """What the schema forbids about a value, in the order of the value; empty when it fits.

    A schema that is itself broken, or refers to what is elsewhere, forbids nothing here: whoever made it has
    the last word. Nothing is fetched, no regular expression is tried that might not come to an end, and no
    value that is too large to be looked at while somebody waits.
    """
    if _parts(value) > _MOST_PARTS:
        return []
    try:
        found = [_problem(error) for error in _errors(value, schema)]
    except Exception:  # a broken schema, or one that is deeper than the stack
        return []
    unique = list(dict.fromkeys(found))
    return sorted(unique, key=lambda problem: [str(part) for part in problem.path])[:MOST]


def fits(value: Json, schema: dict[str, Any]) -> bool:
    """Whether the schema forbids nothing about a value."""
    return not problems(value, schema)


def _parts(value: Json) -> int:
    """Keys and entries of a value, counted to a little more than are allowed."""
    count, level = 0, [value]
    while level and count <= _MOST_PARTS:
        count += len(level)
        level = [
            item
            for inner in level
            if isinstance(inner, (dict, list))
            for item in (inner.values() if isinstance(inner, dict) else inner)
        ]
    return count


def _errors(value: Json, schema: dict[str, Any]) -> Iterator[Any]:
    validator = _validator_class()(schema, registry=_registry(), format_checker=_formats())
    for count, error in enumerate(validator.iter_errors(value)):
        if count >= MOST:
            return
        yield _closest(error)


def _closest(error: Any) -> Any:
    """Of the alternatives that all failed, the fault in the one that was meant."""
    for _ in range(8):
        if error.validator not in ("anyOf", "oneOf") or not error.context:
            return error
        branches: dict[int, list[Any]] = {}
        for inner in error.context:
            branches.setdefault(inner.schema_path[0], []).append(inner)
        # Another constant, such as the type of a decision, or another kind of value is another alternative.
        meant = [
            faults
            for faults in branches.values()
            if not any(item.validator in ("const", "enum") or _is_kind(item, error) for item in faults)
        ]
        if len(meant) != 1:
            return error
        error = meant[0][0]
    return error


def _is_kind(inner: Any, outer: Any) -> bool:
    return inner.validator == "type" and len(inner.absolute_path) == len(outer.absolute_path)


def _risky(pattern: str) -> bool:
    """Whether a regular expression may take for ever: repeated groups, backreferences, many repetitions."""
    return bool(_BACKTRACKING.search(pattern)) or len(_REPETITION.findall(pattern)) > 2


@functools.cache
def _validator_class() -> Any:
    from jsonschema import validators

    base = validators.Draft202012Validator

    def pattern(validator: Any, wanted: str, value: Any, schema: Any) -> Iterator[Any]:
        if isinstance(value, str) and len(value) <= _LONGEST_TEXT and not _risky(wanted):
            yield from base.VALIDATORS["pattern"](validator, wanted, value, schema)

    def by_pattern(name: str) -> Callable[..., Iterator[Any]]:
        def check(validator: Any, wanted: Any, value: Any, schema: Any) -> Iterator[Any]:
            if not any(_risky(str(key)) for key in schema.get("patternProperties") or ()):
                yield from base.VALIDATORS[name](validator, wanted, value, schema)

        return check

    named = ("patternProperties", "additionalProperties", "unevaluatedProperties")
    return validators.extend(base, {"pattern": pattern, **{name: by_pattern(name) for name in named}})


@functools.cache
def _registry() -> Any:
    import referencing

    return referencing.Registry()  # one that retrieves nothing


@functools.cache
def _formats() -> Any:
    from jsonschema import FormatChecker

    checker = FormatChecker(formats=())
    readers: dict[str, Callable[[str], object]] = {
        "date-time": _moment,
        "date": datetime.date.fromisoformat,
        "time": datetime.time.fromisoformat,
        "uuid": uuid.UUID,
    }
    for name, read in readers.items():
        checker.checks(name, raises=ValueError)(functools.partial(_reads, read))
    return checker


def _reads(read: Callable[[str], object], value: Any) -> bool:
    if isinstance(value, str):
        read(value)
    return True


def _moment(text: str) -> object:
    if "T" not in text.upper().replace(" ", "T", 1):
        raise ValueError("no time of day")
    return datetime.datetime.fromisoformat(text.upper().replace("Z", "+00:00"))


_KINDS = {"string": "a text", "integer": "a whole number", "number": "a number", "boolean": "true or false"}
_KINDS |= {"null": "null", "array": "a list", "object": "an object"}
_FORMATS = {
    "date-time": "a date and time such as 2026-03-31T14:00:00Z",
    "date": "a date such as 2026-03-31",
    "time": "a time such as 14:00:00",
    "uuid": "a UUID",
}
_LIMITS = {
    "minimum": "must be at least {0}",
    "maximum": "must be at most {0}",
    "exclusiveMinimum": "must be more than {0}",
    "exclusiveMaximum": "must be less than {0}",
    "multipleOf": "must be a multiple of {0}",
    "minItems": "needs at least {0} entries",
    "maxItems": "may have at most {0} entries",
    "minProperties": "needs at least {0} entries",
    "maxProperties": "may have at most {0} entries",
    "maxLength": "may have at most {0} characters",
    "pattern": "must match {0}",
    "uniqueItems": "must not have the same entry twice",
    "const": "must be {0}",
}


def _problem(error: Any) -> Problem:
    path: ValuePath = tuple(error.absolute_path)
    wanted = error.validator_value
    if error.validator == "required":
        missing = next(name for name in wanted if f"{name!r}" in error.message and name not in error.instance)
        return Problem((*path, missing), "is required")
    if error.validator == "additionalProperties":
        known = error.schema.get("properties") or {}
        extra = next((name for name in error.instance if name not in known), "")
        return Problem((*path, extra), "is not known")
    return Problem(path, clean_line(_message(error.validator, wanted, error.message), 200))


def _message(rule: str, wanted: Any, otherwise: str) -> str:
    if rule == "type":
        kinds = wanted if isinstance(wanted, list) else [wanted]
        return f"must be {' or '.join(_KINDS.get(str(kind), str(kind)) for kind in kinds)}"
    if rule == "enum" and isinstance(wanted, list):
        return f"must be one of {', '.join(map(str, wanted))}"
    if rule == "minLength":
        return "must not be empty" if wanted == 1 else f"needs at least {wanted} characters"
    if rule == "format":
        return f"must be {_FORMATS.get(str(wanted), str(wanted))}"
    if rule in ("anyOf", "oneOf"):
        return "fits none of the forms that are allowed"
    if rule in _LIMITS:
        with contextlib.suppress(TypeError):
            return _LIMITS[rule].format(1 if wanted is True else wanted)
    return f"is refused: {otherwise}"
