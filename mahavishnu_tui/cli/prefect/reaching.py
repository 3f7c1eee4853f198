"""The way to Prefect through our server: once it is there, and with a word where what is shown is old."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import connected
from mahavishnu_tui.cli.prefect.selecting import ENGINE
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError
from mahavishnu_tui.models.prefect import PrefectInfo
from mahavishnu_tui.models.text import clean_line

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.settings.load import Loaded

START_SECONDS = 60.0
"""How long a command waits for a Prefect that starts; a start takes about 15 s."""
_POLL = 0.3
_SILENT_SECONDS = 2.0
"""After which a command says what it waits for."""


@contextlib.asynccontextmanager
async def with_prefect(
    loaded: Loaded, *, wanted: bool = True, runs: bool = True, starts: bool = False
) -> AsyncIterator[ServerClient]:
    """A client of the server, as soon as that has looked at Prefect once; says why what is shown may be old.

    Args:
        loaded: the settings.
        wanted: what is shown is Prefect's, so that it matters when there is none.
        runs: it is about runs, of which all must have been read; deployments and pools are there long before.
        starts: what is asked has an embedded one started where there is none.

    Raises:
        MahavishnuError: MHV-400 and its like, nothing was ever read of this Prefect: an empty list would lie.
    """
    async with connected(loaded) as client:
        info = await once_started(client, runs=runs)
        never = wanted and info is not None and info.seen_at is None
        if never and info and info.error and not await client.runs(engine=ENGINE, limit=1):
            raise MahavishnuError.from_json(info.error)
        if starts and info and info.state == "off" and info.mode != "off":
            output.narrate("Starting a Prefect server of our own; that takes some seconds …")
        said = "" if info and not runs and _answers(info) else state_words(info, wanted=wanted)
        try:
            yield client
        except MahavishnuError as error:
            if error.code not in (ErrorCode.PREFECT_CONNECTION, _trouble_of(info)):  # else it says the same
                _narrate(said)
            raise
        _narrate(said)


async def tell_state(client: ServerClient, *, wanted: bool = True) -> None:
    """Say on standard error why what is shown may be old; no word while all is well."""
    _narrate(state_words(await known_prefect(client), wanted=wanted))


async def tell_age(client: ServerClient) -> None:
    """Say of when is what was shown of a Prefect that is away; the error that follows says that it is."""
    info = await known_prefect(client)
    if info is not None and info.trouble:
        _narrate(_shown_of(info).strip())


async def refuse_unread(client: ServerClient, text: str) -> None:
    """Raise where a run that is not known may be one of a Prefect that was not read.

    Raises:
        MahavishnuError: MHV-400, or why it was not.
    """
    info = await known_prefect(client)
    if info is None or info.state in ("off", "ready"):
        return
    why = info.trouble or "the runs of Prefect are still being read."
    raise MahavishnuError(
        str((info.error or {}).get("code") or ErrorCode.PREFECT_CONNECTION.value),
        f"No run {clean_line(text, 80)!r} is known here, and {why}",
        "`mahavishnu prefect health` says how it is.",
    )


def _trouble_of(info: PrefectInfo | None) -> str:
    return str((info.error or {}).get("code", "")) if info is not None else ""


def _narrate(said: str) -> None:
    if said:
        output.narrate(said)


async def once_started(client: ServerClient, *, runs: bool = True) -> PrefectInfo | None:
    """Prefect, once it no longer starts; without `runs`, once it has answered."""
    info = await known_prefect(client)
    began, told = time.monotonic(), False
    while info and _starts(info, runs) and (waited := time.monotonic() - began) < START_SECONDS:
        if waited > _SILENT_SECONDS and not told:
            told = True
            slow = f", which takes {info.slow:.0f} s for each answer" if info.slow else ""
            output.narrate(f"Waiting for Prefect{f' at {info.url}' if info.url else ''}{slow} …")
        await asyncio.sleep(_POLL)
        info = await known_prefect(client)
    return info


async def known_prefect(client: ServerClient) -> PrefectInfo | None:
    """What the server knows of Prefect; None where it cannot say, as an older one."""
    try:
        return await now_known(client)
    except MahavishnuError:
        return None


async def now_known(client: ServerClient) -> PrefectInfo:
    """What the server knows of Prefect; one that is lost is tried again first."""
    info = await client.prefect()
    if info.state == "lost":
        # Whoever asks has it looked at anew: a refusal, or an answer, comes within a moment.
        await asyncio.sleep(_POLL)
        info = await client.prefect()
    return info


def _starts(info: PrefectInfo, runs: bool) -> bool:
    return info.state == "starting" and not info.limited_until and (runs or not _answers(info))


def _answers(info: PrefectInfo) -> bool:
    """Whether somebody else's has answered since our server has begun, and its runs are being read."""
    return info.state == "starting" and not info.embedded and bool(info.version)


def _shown_of(info: PrefectInfo) -> str:
    return "" if info.shown_at is None else f" What is shown is of {output.moment(info.shown_at)}."


def state_words(info: PrefectInfo | None, *, wanted: bool = True) -> str:
    """Why what is shown may be old, or is not there; empty while all is well."""
    if info is None or (info.state == "off" and not wanted):
        return ""
    since = _shown_of(info) or " Nothing was read of it yet."
    if info.trouble:
        return f"STALE: {info.trouble}{since}"
    if info.limited_until:
        until = output.moment(info.limited_until)
        return f"STALE: Prefect takes no more calls before {until} (rate limit).{since}"
    if info.state == "starting":
        return "Prefect is starting; `mahavishnu prefect health` says how it is."
    if info.state == "off" and info.mode == "off":
        return "Prefect is off: `prefect.mode`."
    if info.state == "off" and info.embedded:
        return "The embedded Prefect is stopped: `mahavishnu prefect start`."
    if info.state == "off":
        return "No Prefect server is in use: set `prefect.api_url`, or `mahavishnu prefect start`."
    return ""
