"""Moments as an operator types them, the same in commands and forms. Pure."""

from __future__ import annotations

import datetime
import re
import time

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.spans import read_span

_CLOCK = re.compile(r"\d{1,2}:\d{2}(:\d{2})?")


def read_moment(text: str, zone: datetime.tzinfo | None = None, *, now: float | None = None) -> float:
    """A point in time: ISO 8601, the next `02:00`, or from now: `+10m`, `-2h`, `in 2h`, `now`.

    Args:
        text: what was typed.
        zone: of a time that names none; None: this machine's.
        now: seconds since the epoch; by default the present.

    Raises:
        MahavishnuError: MHV-010.
    """
    present = time.time() if now is None else now
    bare = text.strip()
    if bare.lower() == "now":
        return present
    if bare.lower().startswith("in "):
        return present + read_span(bare[3:])
    if bare[:1] in ("+", "-"):
        moved = read_span(bare[1:])
        return present + (moved if bare[0] == "+" else -moved)
    try:
        if _CLOCK.fullmatch(bare):
            return _next(bare, datetime.datetime.fromtimestamp(present, zone))
        found = datetime.datetime.fromisoformat(bare)
        return (found if found.tzinfo is not None else found.replace(tzinfo=zone)).timestamp()
    except (ValueError, OverflowError, OSError) as error:
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"{text!r} is no time.",
            "Write 2026-11-29T02:00 (or with an offset, such as +01:00), 02:00, or +10m from now.",
        ) from error


def _next(clock: str, here: datetime.datetime) -> float:
    """The next time that a clock in the zone of `here` shows that."""
    at = datetime.time.fromisoformat(clock.zfill(5 if clock.count(":") == 1 else 8))
    found = datetime.datetime.combine(here.date(), at, here.tzinfo)
    return (found if found > here else found + datetime.timedelta(days=1)).timestamp()
