"""The ledger of answers, and the audit of runs."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Any, Literal

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import READ_TIMEOUT, Calls, part

if TYPE_CHECKING:
    from mahavishnu_tui.models.act import Act
    from mahavishnu_tui.models.approval import LedgerEntry
    from mahavishnu_tui.models.ledger_filter import LedgerFilter

EVERYTHING = models.LedgerFilter()


class LedgerCalls(Calls):
    """Who answered what, and who did what."""

    async def ledger(
        self, limit: int = 200, before: int | None = None, run: str = "", *, wanted: LedgerFilter = EVERYTHING
    ) -> list[LedgerEntry]:
        """Answers, newest first; `before` is the last `seq` of the page before."""
        params = {**_params(wanted), "limit": limit, "before": before}
        found = await self._get("/v1/ledger", slow=True, **(params | {"run": run} if run else params))
        return [models.LedgerEntry.from_json(item) for item in found]

    async def ledger_entry(self, seq: int) -> LedgerEntry:
        """One answer, with what became of it (MHV-103 when there is none)."""
        return models.LedgerEntry.from_json(await self._get(f"/v1/ledger/{seq}"))

    def export_ledger(
        self, form: Literal["jsonl", "csv"], wanted: LedgerFilter = EVERYTHING
    ) -> AsyncGenerator[bytes, None]:
        """The answers as a file, oldest first, in pieces."""
        return self._wire.pieces("/v1/ledger/export", {**_params(wanted), "format": form}, READ_TIMEOUT)

    async def acts(self, run_id: str, after: int = 0) -> list[Act]:
        """Who did what to a run, in order, from number `after` (exclusive) on."""
        return [
            models.Act.from_json(item)
            for item in await self._get(f"/v1/runs/{part(run_id)}/acts", after=after)
        ]


def _params(wanted: LedgerFilter) -> dict[str, Any]:
    """A filter as the server takes it."""
    words = {"since": "from", "until": "to"}
    return {words.get(key, key): value for key, value in wanted.to_json().items() if value not in (None, "")}
