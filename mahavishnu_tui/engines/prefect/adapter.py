"""The Prefect adapter: deploys, starts, watches and steers flows over the REST API. A library of its own."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import httpx

from mahavishnu_tui.engines.base import AdapterCapabilities, AdapterError, OrchestratorAdapter
from mahavishnu_tui.engines.prefect.adapting.executing import ExecuteMethods
from mahavishnu_tui.engines.prefect.adapting.scheduling import ScheduleMethods
from mahavishnu_tui.engines.prefect.api import PrefectApi, version_note
from mahavishnu_tui.engines.prefect.config import PrefectConnection, resolve_connection
from mahavishnu_tui.engines.prefect.local_runs import UserCode
from mahavishnu_tui.engines.prefect.schedules import DateHelper
from mahavishnu_tui.models import ErrorCode


class PrefectAdapter(ExecuteMethods, ScheduleMethods, OrchestratorAdapter):
    """One Prefect server: a server of one's own, an embedded one, or Cloud.

    Use it as an async context manager::

        async with PrefectAdapter() as adapter:
            result = await adapter.execute({"deployment": "etl/nightly", "parameters": {"day": "2026-03-31"}})

    Neither server nor dashboard is needed, nor Prefect's SDK in this process: what needs the user's code runs
    in child processes of `python`.

    Args:
        connection: where Prefect's API is; by default as Prefect's own environment and profile say.
        root: the folder of the user's flows; entrypoints start here.
        python: an interpreter with Prefect and what the flows need.
        work_pool: of deployments that name none.
        logs: gets what flows print that are run from a file; by default a new folder.
        home: `PREFECT_HOME` of the child processes.
        same_interpreter: whether the server runs with `python`: then previews of schedules are exact.
        transport: takes the place of the network.

    Raises:
        AdapterError: MHV-411 nothing names an API, MHV-001 what names it cannot be used.
    """

    def __init__(
        self,
        connection: PrefectConnection | None = None,
        *,
        root: str | Path = ".",
        python: str = sys.executable,
        work_pool: str = "local",
        logs: str | Path | None = None,
        home: str = "",
        same_interpreter: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        found = connection or resolve_connection()
        if found is None:
            raise AdapterError(
                ErrorCode.PREFECT_START,
                "No Prefect API is configured: neither settings nor PREFECT_API_URL nor a profile name one.",
                "Set `prefect.api_url`, as in http://127.0.0.1:4200/api.",
            )
        super().__init__(
            PrefectApi(found, transport),
            UserCode(python, str(Path(root).absolute()), found.environment(), home),
            work_pool,
            DateHelper(python, exact=same_interpreter),
            Path(logs) if logs is not None else None,
        )

    @property
    def adapter_type(self) -> str:
        """`prefect`."""
        return "prefect"

    @property
    def name(self) -> str:
        """`Prefect`."""
        return "Prefect"

    @property
    def capabilities(self) -> AdapterCapabilities:
        """Flows are deployed, watched, cancelled, synchronised and run in batches; Prefect has a UI."""
        return AdapterCapabilities(
            can_deploy_flows=True,
            can_monitor_execution=True,
            can_cancel_workflows=True,
            can_sync_state=True,
            supports_batch_execution=True,
            has_cloud_ui=True,
        )

    async def __aenter__(self) -> PrefectAdapter:
        """Nothing is sent yet: a server that is down is told by the first call, and by `get_health`."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """See `shutdown`."""
        await self.shutdown()

    async def shutdown(self) -> None:
        """Let go of connections and helpers. Flows go on, also those that were run from a file."""
        self.let_go()
        await self._dates.close()
        await self.api.close()

    async def get_health(self) -> dict[str, Any]:
        """Whether Prefect answers and lets us in, its version, how long an answer takes; never raises."""
        about: dict[str, Any] = {"adapter": "prefect", "url": self.api.connection.api_url}
        began = time.monotonic()
        try:
            await self.api.system.health()
            about["latency_ms"] = round(1000 * (time.monotonic() - began), 1)
            version = await self.api.system.version()
            await self.api.pools.filter(limit=1)
        except AdapterError as error:
            return {**about, "status": "unhealthy", "error": error.to_json()}
        note = version_note(version)
        return {**about, "status": "degraded" if note else "healthy", "version": version, "note": note}
