"""What one types after `/` in the ledger: `by:ana workflow:release applied:no refund`. Pure."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.ledger_filter import LedgerFilter
from mahavishnu_tui.models.moments import read_moment

_PLAIN: Final = ("by", "workflow", "node", "run")
_TIMES: Final = {"from": "since", "since": "since", "to": "until", "until": "until"}

WORDS: Final[Mapping[str, Iterable[str]]] = {
    **dict.fromkeys((*_PLAIN, "from", "to"), ()),
    "applied": ("yes", "no"),
}
"""What stands before a colon, each with those of its values that can be listed."""


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
            found[_TIMES[name]] = read_moment(value)
        elif colon and name == "applied":
            if value not in ("yes", "no"):
                raise _bad(f"applied:{value} is neither applied:yes nor applied:no.")
            found[name] = value
        else:
            plain.append(word)
    return LedgerFilter(text=" ".join(plain), **found)


def _bad(message: str) -> MahavishnuError:
    return MahavishnuError(
        ErrorCode.BAD_INPUT, message, "There are by: workflow: node: run: from: to: applied: and plain words."
    )
