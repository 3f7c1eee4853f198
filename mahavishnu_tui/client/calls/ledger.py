"""The ledger of answers, and the audit of runs."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator
from typing import Any, Literal

from mahavishnu_tui.client.calls.base import READ_TIMEOUT, Calls, part
from mahavishnu_tui.models.act import Act
from mahavishnu_tui.models.approval import LedgerEntry


@dataclasses.dataclass(frozen=True)
class LedgerFilter:
    """What is looked for in the ledger; an empty field asks for nothing."""

    run: str = ""
    """Id or name of a run."""
    text: str = ""
    by: str = ""
    workflow: str = ""
    node: str = ""
    since: float | None = None
    until: float | None = None
    applied: Literal["", "yes", "no"] = ""

    def params(self) -> dict[str, Any]:
        """As the server takes it."""
        given = {
            ("from" if key == "since" else "to" if key == "until" else key): value
            for key, value in vars(self).items()
        }
        return {key: value for key, value in given.items() if value not in (None, "")}


EVERYTHING = LedgerFilter()


class LedgerCalls(Calls):
    """Who answered what, and who did what."""

    async def ledger(
        self, limit: int = 200, before: int | None = None, run: str = "", *, wanted: LedgerFilter = EVERYTHING
    ) -> list[LedgerEntry]:
        """Answers, newest first; `before` is the last `seq` of the page before."""
        params = {**wanted.params(), "limit": limit, "before": before}
        found = await self._get("/v1/ledger", slow=True, **(params | {"run": run} if run else params))
        return [LedgerEntry.from_json(item) for item in found]

    async def ledger_entry(self, seq: int) -> LedgerEntry:
        """One answer, with what became of it (MHV-103 when there is none)."""
        return LedgerEntry.from_json(await self._get(f"/v1/ledger/{seq}"))

    def export_ledger(
        self, form: Literal["jsonl", "csv"], wanted: LedgerFilter = EVERYTHING
    ) -> AsyncIterator[bytes]:
        """The answers as a file, oldest first, in pieces."""
        return self._wire.pieces("/v1/ledger/export", {**wanted.params(), "format": form}, READ_TIMEOUT)

    async def acts(self, run_id: str, after: int = 0) -> list[Act]:
        """Who did what to a run, in order, from number `after` (exclusive) on."""
        return [Act.from_json(item) for item in await self._get(f"/v1/runs/{part(run_id)}/acts", after=after)]
