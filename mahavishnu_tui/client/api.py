"""Every call that the server answers (docs/protocols.md, section 1), in the project's nouns."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

from mahavishnu_tui.client.calls.approvals import ApprovalCalls
from mahavishnu_tui.client.calls.checkpoints import CheckpointCalls
from mahavishnu_tui.client.calls.deployments import DeploymentCalls
from mahavishnu_tui.client.calls.flow_runs import FlowRunCalls
from mahavishnu_tui.client.calls.ledger import LedgerCalls
from mahavishnu_tui.client.calls.needs import NeedCalls
from mahavishnu_tui.client.calls.notifications import NotificationCalls
from mahavishnu_tui.client.calls.pools import PoolCalls
from mahavishnu_tui.client.calls.runs import SAME, RunCalls, RunCount, RunDetail
from mahavishnu_tui.client.calls.schedules import ScheduleCalls
from mahavishnu_tui.client.calls.search import SearchCalls
from mahavishnu_tui.client.calls.system import SystemCalls
from mahavishnu_tui.client.calls.workflows import WorkflowCalls
from mahavishnu_tui.client.transport import Transport

__all__ = ["SAME", "RunCount", "RunDetail", "ServerClient"]


class ServerClient(
    SystemCalls,
    WorkflowCalls,
    RunCalls,
    FlowRunCalls,
    CheckpointCalls,
    ApprovalCalls,
    NeedCalls,
    LedgerCalls,
    SearchCalls,
    DeploymentCalls,
    ScheduleCalls,
    PoolCalls,
    NotificationCalls,
):
    """The server, as an object. Every method raises `MahavishnuError` and nothing else.

    Args:
        socket: path of the server's Unix socket.
        timeout: seconds for an ordinary call.
        before_write: called before every call that changes something; raises to forbid it.
    """

    def __init__(
        self, socket: str, *, timeout: float = 10.0, before_write: Callable[[], None] | None = None
    ) -> None:
        super().__init__(Transport(socket, timeout, before_write))

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
