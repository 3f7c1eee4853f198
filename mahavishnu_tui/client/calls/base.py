"""What every group of calls is made with."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from mahavishnu_tui.client.transport import Transport

LOAD_TIMEOUT = 90.0
"""Seconds a host may take to start and to import somebody's code."""
READ_TIMEOUT = 30.0
"""Seconds for what a host reads from its checkpoints, and for what our server asks of another one: that says
itself that it does not answer, and whether something may have been done."""


class Calls:
    """A group of the server's calls. Every method raises `MahavishnuError` and nothing else."""

    def __init__(self, wire: Transport) -> None:
        self._wire = wire

    async def _get(self, path: str, *, slow: bool = False, **params: Any) -> Any:
        """GET with the parameters that are neither None nor empty."""
        given = {key: value for key, value in params.items() if value not in (None, "")}
        return await self._wire.call("GET", path, params=given, timeout=READ_TIMEOUT if slow else None)

    async def _post(self, path: str, *, slow: bool = False, asks: bool = False, **body: Any) -> Any:
        """POST a body of the values that are not None; `asks`: it changes nothing."""
        given = {key: value for key, value in body.items() if value is not None}
        timeout = READ_TIMEOUT if slow else None
        return await self._wire.call("POST", path, body=given, timeout=timeout, asks=asks)


def part(text: str) -> str:
    """One segment of a URL path."""
    return quote(text, safe="")
