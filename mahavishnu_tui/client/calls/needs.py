"""What needs an operator."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import Calls

if TYPE_CHECKING:
    from mahavishnu_tui.models.need import Need


class NeedCalls(Calls):
    """List, seen, claim, release."""

    async def needs(self, kinds: Iterable[str] = ()) -> list[Need]:
        """What needs somebody, the most urgent first; of these kinds where they are named."""
        return [models.Need.from_json(item) for item in await self._get("/v1/needs", kind=",".join(kinds))]

    async def see(self, keys: Iterable[str], by: str) -> list[dict[str, Any]]:
        """Say that these were seen: `{"key", "ok", "error"?}` for each, in order."""
        found: list[dict[str, Any]] = (await self._post("/v1/needs/seen", keys=list(keys), by=by))["results"]
        return found

    async def claim_need(self, key: str, by: str, holder: str = "") -> Need:
        """Say that one is on it; `holder` is whose claim one has seen and takes over.

        Raises:
            MahavishnuError: MHV-116 somebody else is on it, MHV-117 it needs nobody any more.
        """
        return models.Need.from_json(await self._post("/v1/needs/claim", key=key, by=by, holder=holder))

    async def release_need(self, key: str, by: str, holder: str = "") -> Need:
        """Take the claim away; raises like `claim_need`."""
        return models.Need.from_json(await self._post("/v1/needs/release", key=key, by=by, holder=holder))
