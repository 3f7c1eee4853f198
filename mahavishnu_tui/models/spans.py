"""Lengths of time as short text, the same in tables, sentences and commands. Pure."""

from __future__ import annotations

import re

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

_PART = re.compile(r"(\d+(?:\.\d+)?)\s*([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def age(seconds: float) -> str:
    """How long ago or for how long, in one step: `12s`, `4m`, `2h`, `3d`; never negative."""
    whole = whole_seconds(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 48 * 3600:
        return f"{whole // 3600}h"
    return f"{whole // 86400}d"


def duration(seconds: float) -> str:
    """How long something took that has ended: `40ms`, `2.1s`, `42s`, `4m12s`, `2h05m`, `3d04h`."""
    if not seconds > 0:
        return "0ms"
    if seconds < 0.9995:
        return f"{max(1, round(seconds * 1000))}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(min(seconds, 1e12))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def in_words(seconds: float) -> str:
    """A limit that somebody set, for a sentence: `60 seconds`, `5 minutes`, `1.5 days`."""
    for size, word in ((86400, "days"), (3600, "hours"), (60, "minutes")):
        if seconds >= 2 * size:
            return f"{seconds / size:g} {word}" if seconds % size == 0 else f"{seconds / size:.1f} {word}"
    return f"{seconds:g} seconds"


def next_step(seconds: float) -> float:
    """Seconds until `age(seconds)` reads differently: what a timer has to wait, and no less."""
    if not seconds > 0:
        return 1.0
    unit = 1 if seconds < 60 else 60 if seconds < 3600 else 3600 if seconds < 48 * 3600 else 86400
    return max(0.05, unit - seconds % unit)


def whole_seconds(seconds: float) -> int:
    """Whole seconds, zero for what is negative or not a number, bounded for what is infinite."""
    return int(min(seconds, 1e12)) if seconds > 0 else 0


def read_span(text: str) -> float:
    """Seconds from `90`, `10m`, `1h30m` or `2d`.

    Raises:
        MahavishnuError: MHV-010.
    """
    bare = text.strip().lower()
    if re.fullmatch(r"\d+(\.\d+)?", bare):
        return float(bare)
    parts = _PART.findall(bare)
    if not parts or _PART.sub("", bare).strip():
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"{text!r} is no length of time.",
            "Write seconds, or 10m, 1h30m, 2d (s, m, h, d, w).",
        )
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)
