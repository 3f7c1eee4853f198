"""Our server on a real Prefect server, with flow runs that are made and moved by hand, without processes."""

from __future__ import annotations

import contextlib
import json
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

from mahavishnu_tui.client.api import ServerClient
from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.models import Approval, Run
from mahavishnu_tui.server.options import PrefectOptions
from tests.integration.server.conftest import Place, eventually

SCHEMA = {
    "type": "object",
    "title": "Ok",
    "properties": {"approved": {"type": "boolean"}, "note": {"type": "string", "default": "-"}},
    "required": ["approved"],
    "additionalProperties": False,
}


class Desk:
    """One operator with a dashboard's client, and somebody else on Prefect's own API."""

    def __init__(self, folder: Path, url: str, api: PrefectApi) -> None:
        self.place = Place(folder)
        self.url = url
        self.api = api
        self.mark = uuid.uuid4().hex[:8]
        """In the names of all that this test makes: the server is shared."""

    @property
    def client(self) -> ServerClient:
        return self.place.client

    @contextlib.asynccontextmanager
    async def server(self, **changes: Any) -> AsyncIterator[ServerClient]:
        options = PrefectOptions(mode="remote", api_url=self.url, **{"poll_seconds": 0.5, **changes})
        # Somebody looks: it polls as often as it may.
        async with (
            self.place.server(prefect=options) as client,
            self.http() as raw,
            raw.stream("GET", "/v1/stream"),
        ):
            yield client

    async def ready(self) -> None:
        await eventually(self._is_ready, 60)

    async def _is_ready(self) -> bool:
        return (await self.client.prefect()).state == "ready"

    async def flow(self, name: str = "etl") -> str:
        return str((await self.api.flows.create(f"{name}-{self.mark}"))["id"])

    async def deployment(self, name: str = "nightly", pool: str = "", **more: Any) -> dict[str, Any]:
        flow_id = await self.flow()
        if pool:
            more["work_pool_name"] = pool
        return await self.api.deployments.create(name, flow_id, **more)

    async def make(self, kind: str = "RUNNING", **more: Any) -> str:
        """A flow run in a state, without anybody who runs it."""
        state = {"type": "PENDING" if kind != "SCHEDULED" else kind}
        made = await self.api.flow_runs.create(
            await self.flow(), idempotency_key=uuid.uuid4().hex, name=f"run-{self.mark}", state=state, **more
        )
        if kind not in ("PENDING", "SCHEDULED"):
            await self.move(str(made["id"]), kind)
        return str(made["id"])

    async def move(self, run_id: str, kind: str, name: str = "", **details: Any) -> None:
        state = {"type": kind, "name": name or kind.title(), "state_details": details}
        await self.api.flow_runs.set_state(run_id, state, force=True)

    async def pause(self, run_id: str, key: str = "paused-1", described: str = "Deploy?") -> None:
        """As `pause_flow_run(wait_for_input=…)` does it."""
        await self.api.flow_runs.create_input(run_id, f"{key}-schema", json.dumps(SCHEMA))
        await self.api.flow_runs.create_input(run_id, f"{key}-description", json.dumps(described))
        keys = {part: f"{key}-{part}" for part in ("schema", "description", "response")}
        await self.move(run_id, "PAUSED", "Paused", run_input_keyset=keys, pause_key="1", pause_timeout=_FAR)

    async def until(self, run_id: str, *statuses: str, timeout: float = 20.0) -> Run:
        async def reached() -> Run | None:
            found = [run for run in await self.client.runs(engine="prefect", limit=1000) if run.id == run_id]
            return found[0] if found and found[0].status in statuses else None

        found: Run = await eventually(reached, timeout)
        return found

    async def question(self, run_id: str) -> Approval:
        async def asked() -> Approval | None:
            found = await self.client.approvals(run=run_id, status=["pending"])
            return found[0] if found else None

        await self.until(run_id, "interrupted")
        found: Approval = await eventually(asked)
        return found

    def http(self) -> httpx.AsyncClient:
        transport = httpx.AsyncHTTPTransport(uds=str(self.place.data / "s"))
        return httpx.AsyncClient(transport=transport, base_url="http://m", timeout=30)


_FAR = "2090-01-01T00:00:00+00:00"
