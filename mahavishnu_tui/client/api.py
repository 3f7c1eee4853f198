"""Every call that the server answers (docs/protocols.md, section 1), in the project's nouns."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from mahavishnu_tui.client.calls.approvals import ApprovalCalls
from mahavishnu_tui.client.calls.checkpoints import CheckpointCalls
from mahavishnu_tui.client.calls.ledger import LedgerCalls
from mahavishnu_tui.client.calls.runs import SAME, RunCalls, RunDetail
from mahavishnu_tui.client.calls.system import SystemCalls
from mahavishnu_tui.client.calls.workflows import WorkflowCalls
from mahavishnu_tui.client.transport import Transport

__all__ = ["SAME", "RunDetail", "ServerClient"]


class ServerClient(SystemCalls, WorkflowCalls, RunCalls, CheckpointCalls, ApprovalCalls, LedgerCalls):
    """The server, as an object. Every method raises `MahavishnuError` and nothing else.

    Args:
        socket: path of the server's Unix socket.
        timeout: seconds for an ordinary call.
    """

    def __init__(self, socket: str, *, timeout: float = 10.0) -> None:
        super().__init__(Transport(socket, timeout))

    @property
    def socket(self) -> str:
        """Path of the server's Unix socket."""
        return self._wire.socket

    async def aclose(self) -> None:
        """Close all connections."""
        await self._wire.aclose()

    async def __aenter__(self) -> ServerClient:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def stream(self, after: int, epoch: str) -> AsyncIterator[dict[str, Any]]:
        """The lines of the change stream, for ever; see `stream_chunks`."""
        async for lines in self.stream_chunks(after, epoch):
            for line in lines:
                yield line

    def stream_chunks(self, after: int, epoch: str) -> AsyncIterator[list[dict[str, Any]]]:
        """The change stream, lines that arrived together in one list, the first list empty.

        Raises MHV-109 after 6 s of silence (the server beats every 2 s), MHV-002 when it breaks;
        ends when the server closes it.
        """
        return self._wire.chunks("/v1/stream", {"after": after, "epoch": epoch})
