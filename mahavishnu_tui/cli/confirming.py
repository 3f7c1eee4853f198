"""Before many things are done, or one that cannot be undone: the number, typed or given."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from mahavishnu_tui.cli import output
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

_SHOWN = 50


def confirm_count(deed: str, number: int, count: int | None, things: Sequence[str] = ()) -> None:
    """Go on only when the operator knows how many it will be.

    Args:
        deed: what is to be done, as `cancel 3 runs`.
        number: how many it is.
        count: what the operator said with `--count`; asked for on a terminal when it is None.
        things: each of them in a few words, for whoever is asked.

    Raises:
        MahavishnuError: MHV-010, it is another number, or nobody can be asked.
    """
    if count is None:
        count = _typed(deed, things)
    if count == number:
        return
    raise MahavishnuError(
        ErrorCode.BAD_INPUT,
        f"This would {deed}{'' if count is None else f', not {count}'}; nothing was done.",
        f"Say how many you mean: --count {number}.",
        found=list(things),
    )


def _typed(deed: str, things: Sequence[str]) -> int | None:
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    for thing in things[:_SHOWN]:
        output.narrate(f"  {thing}")
    if len(things) > _SHOWN:
        output.narrate(f"  … and {len(things) - _SHOWN} more")
    print(f"Type the number to {deed}: ", end="", file=sys.stderr, flush=True)
    said = sys.stdin.readline().strip()
    return int(said) if said.isascii() and said.isdigit() else -1
