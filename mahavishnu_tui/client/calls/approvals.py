"""Questions, answers and claims."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Literal

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import READ_TIMEOUT, Calls, part
from mahavishnu_tui.models.errors import MahavishnuError
from mahavishnu_tui.models.record import Json

if TYPE_CHECKING:
    from mahavishnu_tui.models.approval import Approval, LedgerEntry


@dataclasses.dataclass(frozen=True)
class BatchResult:
    """What became of one answer of many: an entry, or why there is none."""

    id: str
    entry: LedgerEntry | None = None
    error: MahavishnuError | None = None

    @classmethod
    def of(cls, data: dict[str, Any]) -> BatchResult:
        """Read one of the server's results."""
        if "entry" in data:
            return cls(data["id"], models.LedgerEntry.from_json(data["entry"]))
        return cls(data["id"], error=MahavishnuError.from_json(data["error"]))


class ApprovalCalls(Calls):
    """The inbox."""

    async def approvals(
        self, status: Literal["pending", "answered", "applied", "superseded", ""] = "pending", run: str = ""
    ) -> list[Approval]:
        """The questions, oldest first; an empty `status` means all of them."""
        found = await self._get("/v1/approvals", status=status, run=run)
        return [models.Approval.from_json(item) for item in found]

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
        return models.LedgerEntry.from_json(await self._wire.call("POST", path, body=body))

    async def answer_many(
        self, asked: Iterable[Approval], *, value: Json, by: str, count: int, comment: str = ""
    ) -> list[BatchResult]:
        """One answer to many questions, each only if it is as it was shown; a result for each, in order.

        The same call again answers nothing twice. `count` is the number that the operator has confirmed.
        """
        body = {
            "answers": [{"id": item.id, "hash": item.hash} for item in asked],
            "value": value,
            "by": by,
            "count": count,
            "comment": comment,
        }
        reply = await self._wire.call("POST", "/v1/approvals/answers", body=body, timeout=READ_TIMEOUT)
        return [BatchResult.of(item) for item in reply["results"]]

    async def claim(self, approval: Approval, by: str, holder: str = "") -> Approval:
        """Say that one is on it; `holder` is whose claim one has seen and takes over.

        Raises:
            MahavishnuError: MHV-116 somebody else is on it, MHV-104 and 105 it is not open as it was shown.
        """
        return await self._claim(approval, "claim", by, holder)

    async def release(self, approval: Approval, by: str, holder: str = "") -> Approval:
        """Take the claim away; raises like `claim`."""
        return await self._claim(approval, "release", by, holder)

    async def _claim(self, approval: Approval, deed: str, by: str, holder: str) -> Approval:
        path = f"/v1/approvals/{part(approval.id)}/{deed}"
        return models.Approval.from_json(await self._post(path, hash=approval.hash, by=by, holder=holder))
