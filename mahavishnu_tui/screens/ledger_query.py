"""What one types after `/` in the ledger: `by:ana workflow:release applied:no refund`. Pure."""

from __future__ import annotations

import shlex
import time
from typing import Any, Final

from mahavishnu_tui.client.calls.ledger import LedgerFilter
from mahavishnu_tui.models import ErrorCode, MahavishnuError

_PLAIN: Final = ("by", "workflow", "node", "run")
_TIMES: Final = {"from": "since", "to": "until"}
_FORMATS: Final = ("%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S")


def parse_query(text: str) -> LedgerFilter:
    """Understand a search; words without an attribute are looked for everywhere.

    Raises:
        MahavishnuError: MHV-010 with what is wrong.
    """
    try:
        words = shlex.split(text)
    except ValueError:
        words = text.split()
    found: dict[str, Any] = {}
    plain: list[str] = []
    for word in words:
        name, colon, value = word.partition(":")
        if colon and name in _PLAIN:
            found[name] = value
        elif colon and name in _TIMES:
            found[_TIMES[name]] = _time(value)
        elif colon and name == "applied":
            if value not in ("yes", "no"):
                raise _bad(f"applied:{value} is neither applied:yes nor applied:no.")
            found[name] = value
        else:
            plain.append(word)
    return LedgerFilter(text=" ".join(plain), **found)


def _time(value: str) -> float:
    for form in _FORMATS:
        try:
            return time.mktime(time.strptime(value, form))
        except (ValueError, OverflowError):
            continue
    raise _bad(f"{value!r} is not a time such as 2026-11-20 or 2026-11-20T14:30.")


def _bad(message: str) -> MahavishnuError:
    return MahavishnuError(
        ErrorCode.BAD_INPUT, message, "There are by: workflow: node: run: from: to: applied: and plain words."
    )
