"""JSON for the wire and for the store: a fast library's speed, without losses on other people's values."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import orjson

_MOST_BITS = 1023
"""Of a whole number: readers without such numbers take it for a float, and refuse one that is infinite."""
_SURROGATES = re.compile("[\ud800-\udfff]")


class TooDeepError(ValueError):
    """More lists and objects are in each other than can be read."""

    def __str__(self) -> str:
        return "more lists and objects are in each other than can be read"


def dumps(value: Any) -> bytes:
    """One line of JSON. Integers stay exact as far as floats go; lone surrogates become U+FFFD."""
    try:
        return orjson.dumps(value, default=_embed, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        return json.dumps(_scrub(value), ensure_ascii=False, separators=(",", ":")).encode()


def loads(data: bytes | str) -> Any:
    """Read JSON; raises ValueError, `TooDeepError` among them.

    What Python writes but JSON has not (NaN, lone surrogates) needs the slower reader, and is cleaned.
    msgspec, since it keeps whole numbers exact however long; orjson makes floats of those past 64 bits.
    """
    raw = data.encode() if isinstance(data, str) else data
    try:
        try:
            return msgspec.json.decode(raw)
        except msgspec.DecodeError:
            return _scrub(json.loads(raw, parse_constant=lambda _: None))
    except RecursionError:
        raise TooDeepError from None


class Raw:
    """Stored JSON, to be put into a reply as it is."""

    def __init__(self, data: bytes | str) -> None:
        self.data = data


def _embed(value: Any) -> orjson.Fragment:
    if isinstance(value, Raw):
        return orjson.Fragment(value.data)
    raise TypeError(f"{type(value).__name__} is not JSON")


def _scrub(value: Any) -> Any:
    """The value with every lone surrogate replaced, no NaN or infinity left, and huge numbers as text."""
    if isinstance(value, Raw):
        return _scrub(json.loads(value.data))
    if isinstance(value, str):
        return _SURROGATES.sub("\N{REPLACEMENT CHARACTER}", value)
    if isinstance(value, dict):
        return {_scrub(str(key)): _scrub(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_scrub(item) for item in value]
    if isinstance(value, float) and (value != value or value in (float("inf"), float("-inf"))):
        return None
    if isinstance(value, int) and value.bit_length() > _MOST_BITS:
        return str(value)
    return value
