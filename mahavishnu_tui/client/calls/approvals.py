"""Questions, answers and the ledger."""

from __future__ import annotations

from typing import Literal

from mahavishnu_tui.client.calls.base import Calls, part
from mahavishnu_tui.models.approval import Approval, LedgerEntry
from mahavishnu_tui.models.record import Json


class ApprovalCalls(Calls):
    """The inbox."""

    async def approvals(
        self, status: Literal["pending", "answered", "applied", "superseded", ""] = "pending", run: str = ""
    ) -> list[Approval]:
        """The questions, oldest first; an empty `status` means all of them."""
        found = await self._get("/v1/approvals", status=status, run=run)
        return [Approval.from_json(item) for item in found]

    async def answer(
        self,
        approval_id: str,
        *,
        hash: str,  # noqa: A002 - the protocol's word
        value: Json,
        by: str,
        comment: str = "",
    ) -> LedgerEntry:
        """Answer the question with that hash; once this returns, the answer is on disk.

        Raises:
            MahavishnuError: MHV-104 the question changed, MHV-105 somebody has answered it, MHV-103.
        """
        body = {"hash": hash, "value": value, "by": by, "comment": comment}
        path = f"/v1/approvals/{part(approval_id)}/answer"
        return LedgerEntry.from_json(await self._wire.call("POST", path, body=body))

    async def ledger(self, limit: int = 200, before: int | None = None, run: str = "") -> list[LedgerEntry]:
        """Who answered what, newest first; `before` is the last `seq` of the page before."""
        found = await self._get("/v1/ledger", limit=limit, before=before, run=run)
        return [LedgerEntry.from_json(item) for item in found]
