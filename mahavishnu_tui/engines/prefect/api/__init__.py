"""Prefect's REST API, as far as we use it: one client, a group of calls per noun."""

from __future__ import annotations

import time
from types import TracebackType

import httpx

from mahavishnu_tui.engines.prefect.api.base import BULK, EVERYTHING, PAGE, Filter, Json, Page, Select
from mahavishnu_tui.engines.prefect.api.deployments import DeploymentCalls
from mahavishnu_tui.engines.prefect.api.flow_runs import FlowRunCalls
from mahavishnu_tui.engines.prefect.api.flows import FlowCalls
from mahavishnu_tui.engines.prefect.api.limits import LimitCalls
from mahavishnu_tui.engines.prefect.api.logs import LogCalls
from mahavishnu_tui.engines.prefect.api.pools import PoolCalls
from mahavishnu_tui.engines.prefect.api.records import (
    ArtifactCalls,
    AutomationCalls,
    EventCalls,
    VariableCalls,
)
from mahavishnu_tui.engines.prefect.api.schedules import ScheduleCalls
from mahavishnu_tui.engines.prefect.api.system import SystemCalls, version_note
from mahavishnu_tui.engines.prefect.api.task_runs import TaskRunCalls
from mahavishnu_tui.engines.prefect.api.transport import Transport
from mahavishnu_tui.engines.prefect.config import PrefectConnection

__all__ = ["BULK", "EVERYTHING", "PAGE", "Filter", "Json", "Page", "PrefectApi", "Select", "version_note"]


class PrefectApi:
    """The API of one Prefect server. Every call raises `PrefectError` when it fails, and nothing else.

    Answers are Prefect's JSON as plain values, checked for what a caller relies on::

        async with PrefectApi(connection) as api:
            late = await api.flow_runs.filter(Select(flow_runs={"state": {"name": {"any_": ["Late"]}}}))

    Args:
        connection: where it is and how we get in.
        transport: takes the place of the network.
    """

    def __init__(
        self, connection: PrefectConnection, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self._wire = Transport(connection, transport)
        self.connection = connection
        self.system = SystemCalls(self._wire)
        self.flows = FlowCalls(self._wire)
        self.flow_runs = FlowRunCalls(self._wire)
        self.task_runs = TaskRunCalls(self._wire)
        self.logs = LogCalls(self._wire)
        self.deployments = DeploymentCalls(self._wire)
        self.schedules = ScheduleCalls(self._wire)
        self.pools = PoolCalls(self._wire)
        self.limits = LimitCalls(self._wire)
        self.artifacts = ArtifactCalls(self._wire)
        self.variables = VariableCalls(self._wire)
        self.events = EventCalls(self._wire)
        self.automations = AutomationCalls(self._wire)

    @property
    def waits_until(self) -> float:
        """When the server takes calls again after a rate limit, in seconds since the epoch; 0: now."""
        return self._wire.waits_until

    @property
    def took(self) -> float:
        """Seconds that the server has taken to begin its newest answer."""
        return self._wire.took

    def clock(self) -> float:
        """Now, by the server's clock, as its last answer told it: seconds since the epoch."""
        return time.time() + self._wire.ahead

    async def close(self) -> None:
        """Let go of all connections."""
        await self._wire.close()

    async def __aenter__(self) -> PrefectApi:
        """Nothing is sent yet."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of all connections."""
        await self.close()
