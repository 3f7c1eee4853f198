"""The way to Prefect through our server: once it is there, and with a word where what it shows is old."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from mahavishnu_tui.cli import output
from mahavishnu_tui.cli.common import connected
from mahavishnu_tui.cli.prefect.selecting import ENGINE
from mahavishnu_tui.models.errors import MahavishnuError
from mahavishnu_tui.models.prefect import PrefectInfo

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.settings.load import Loaded

START_SECONDS = 60.0
"""How long a command waits for a Prefect that starts; a start takes about 15 s."""
_POLL = 0.3


@contextlib.asynccontextmanager
async def with_prefect(loaded: Loaded, *, wanted: bool = True) -> AsyncIterator[ServerClient]:
    """A client of the server, as soon as that has looked at Prefect once; see `tell_state`.

    Raises:
        MahavishnuError: MHV-400 and its like, nothing was ever read of this Prefect: an empty list would lie.
    """
    async with connected(loaded) as client:
        await tell_state(client, wanted=wanted, wait=True)
        yield client


async def tell_state(client: ServerClient, *, wanted: bool = True, wait: bool = False) -> None:
    """Say on standard error why what is shown may be old; no word while all is well.

    Args:
        client: the server.
        wanted: what is shown is Prefect's, so that it matters when there is none.
        wait: for a Prefect that is starting; raises what is wrong where nothing is known of it.
    """
    info = await known_prefect(client)
    began = time.monotonic()
    while wait and info and _starts(info) and time.monotonic() - began < START_SECONDS:
        await asyncio.sleep(_POLL)
        info = await known_prefect(client)
    never = wait and wanted and info is not None and info.seen_at is None
    if never and info and info.error and not await client.runs(engine=ENGINE, limit=1):
        raise MahavishnuError.from_json(info.error)
    said = "" if info is None or (info.state == "off" and not wanted) else _state(info)
    if said:
        output.narrate(said)


async def known_prefect(client: ServerClient) -> PrefectInfo | None:
    """What the server knows of Prefect; None where it cannot say, as an older one."""
    try:
        return await client.prefect()
    except MahavishnuError:
        return None


def _starts(info: PrefectInfo) -> bool:
    return info.state == "starting" and not info.limited_until


def _state(info: PrefectInfo) -> str:
    since = "" if info.seen_at is None else f" What is shown is of {output.moment(info.seen_at)}."
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
