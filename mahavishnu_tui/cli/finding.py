"""From what an operator types to the one thing that is meant: an id, a name, or the beginning of either."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.filtering import quoted
from mahavishnu_tui.models.text import clean_line

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models.run import Run

Thing = TypeVar("Thing")
SHOWN = 10
"""Candidates that are named where a name means several."""
_LOOKED_AT = 200
_SHORTEST = 8


def pick(
    text: str,
    things: Sequence[Thing],
    *,
    names: Callable[[Thing], Iterable[str]],
    show: Callable[[Thing], str],
    kind: str,
) -> Thing | None:
    """The thing that `text` names whole, else the only one with a name that begins with it.

    Args:
        text: what was typed.
        things: among these.
        names: what each is called; the first ones win over the later ones.
        show: how a candidate is told from the others.
        kind: what they are, such as `run`.

    Raises:
        MahavishnuError: MHV-010, it means several; the candidates are named.
    """
    called = [(thing, list(names(thing))) for thing in things]
    for place in range(max((len(own) for _, own in called), default=0)):
        found = [thing for thing, own in called if own[place : place + 1] == [text]]
        if found:
            return _only(text, found, show, kind)
    found = [thing for thing, own in called if text and any(name.startswith(text) for name in own)]
    return _only(text, found, show, kind) if found else None


def _only(text: str, found: list[Thing], show: Callable[[Thing], str], kind: str) -> Thing:
    if len(found) == 1:
        return found[0]
    shown = [clean_line(show(thing), 120) for thing in found[:SHOWN]]
    more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
    raise MahavishnuError(
        ErrorCode.BAD_INPUT,
        f"{clean_line(text, 80)!r} means {len(found)} {kind}s: {'; '.join(shown)}{more}.",
        "Give an id, or more of the name.",
        candidates=[show(thing) for thing in found],
    )


def instead(text: str, names: Iterable[str], otherwise: str) -> str:
    """What to do where `text` names nothing: take the name that comes next to it, else `otherwise`."""
    known = [clean_line(name, 120) for name in names if name]
    found = difflib.get_close_matches(text, known, n=1, cutoff=0.5)
    return f"Did you mean {found[0]}?" if found else otherwise


def telling_length(ids: Iterable[str]) -> int:
    """How much of each id tells it from the others: ids of one minute may begin alike."""
    whole = set(ids)
    longest = max(map(len, whole), default=0)
    lengths = (
        length for length in range(_SHORTEST, longest) if len({one[:length] for one in whole}) == len(whole)
    )
    return next(lengths, max(_SHORTEST, longest))


async def find_run(client: ServerClient, text: str, engine: str = "") -> Run:
    """The run with that id or name, or the only one whose id or name begins so.

    Names of flow runs are not unique, so that all with this name are looked at.

    Raises:
        MahavishnuError: MHV-010 several are meant, MHV-100 none is, MHV-400 Prefect, which may have it, was
            not read.
    """
    escaped = exactly(text)
    for expression in (f"^{escaped}$", f"^{escaped}"):
        search = quoted(f"run:{expression}")
        found = pick(
            text,
            await client.runs(search=search, engine=engine, limit=_LOOKED_AT),
            names=lambda run: (run.id, run.twin, run.name),
            show=lambda run: f"{run.id} ({run.name}, {run.workflow}, {run.state or run.status})",
            kind="run",
        )
        if found is not None:
            return found
    try:
        # The server asks Prefect for flow runs that are older than its mirror.
        return (await client.run(text)).run
    except MahavishnuError as error:
        if error.code is not ErrorCode.RUN_UNKNOWN:
            raise
        from mahavishnu_tui.cli.prefect.reaching import refuse_unread

        await refuse_unread(client, text)
        if engine != "prefect":
            raise
        raise MahavishnuError(
            error.code,
            f"There is no flow run {clean_line(text, 80)!r}.",
            "`mahavishnu prefect list` shows them.",
        ) from error


def exactly(text: str) -> str:
    """A regular expression for this very text. A comma would part it from its rest in a filter."""
    return re.escape(text).replace(",", ".")
