"""Searching every run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import Calls
from mahavishnu_tui.models.run import Run

if TYPE_CHECKING:
    from mahavishnu_tui.models.search import FoundPage


class SearchCalls(Calls):
    """Looks for a text in all runs of all engines."""

    async def search(self, text: str, *, cursor: str = "", limit: int = 50) -> FoundPage:
        """A page of the runs in which all words of a text are found, newest first (MHV-010 without any).

        Args:
            text: what is looked for, see `models.search.parse_search`.
            cursor: of the page before; empty for the first one, which also counts.
            limit: runs on the page.
        """
        return models.FoundPage.from_json(
            await self._get("/v1/search", text=text, cursor=cursor, limit=limit)
        )

    async def search_prefect(self, text: str, limit: int = 50) -> list[Run]:
        """Flow runs by name, id or tag that Prefect has and our mirror has not; raises what Prefect says."""
        found = await self._get("/v1/search/prefect", slow=True, text=text, limit=limit)
        return [Run.from_json(item) for item in found]
