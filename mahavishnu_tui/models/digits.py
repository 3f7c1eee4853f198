"""Whole numbers that a fast reader of JSON would lose."""

from __future__ import annotations

_DIGITS = bytes(48 if chr(code) in "0123456789" else 32 for code in range(256))
_LONG = b"0" * 19


def has_long_number(data: bytes) -> bool:
    """Whether there are 19 digits in a row: orjson makes a float of what passes 64 bits.

    A regular expression would look at each digit of every id and time, and take longer than orjson itself.
    """
    return _LONG in data.translate(_DIGITS)
