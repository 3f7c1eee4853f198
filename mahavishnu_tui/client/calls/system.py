"""The server itself, its hosts and logs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mahavishnu_tui import models
from mahavishnu_tui.client.calls.base import Calls, part

if TYPE_CHECKING:
    from mahavishnu_tui.models.health import Host, LangGraphServer, ServerInfo


class SystemCalls(Calls):
    """About the server."""

    async def server(self) -> ServerInfo:
        """The server about itself."""
        return models.ServerInfo.from_json(await self._get("/v1/server"))

    async def stop_server(self, *, drain: bool = True, timeout: float = 10.0) -> None:
        """Ask the server to end; it returns at once, before the server is gone."""
        await self._wire.call("POST", "/v1/server/stop", body={"drain": drain, "timeout": timeout})

    async def hosts(self) -> list[Host]:
        """The engine hosts."""
        return [models.Host.from_json(item) for item in await self._get("/v1/hosts")]

    async def drain_host(
        self, host_id: str, by: str, limit: float | None = None, *, restart: bool = False
    ) -> Host:
        """Take a host out of service: its runs go on in another one (MHV-110 when it is not up).

        Args:
            limit: seconds until it is ended; None: as the settings say.
            restart: have a fresh host up at once, also when nothing runs.
        """
        path = f"/v1/hosts/{part(host_id)}/{'restart' if restart else 'drain'}"
        return models.Host.from_json(await self._post(path, slow=True, by=by, limit=limit))

    async def langgraph_servers(self) -> list[LangGraphServer]:
        """Other people's LangGraph servers, as our server sees them."""
        return [models.LangGraphServer.from_json(item) for item in await self._get("/v1/servers")]

    async def logs(self, source: str = "server", lines: int = 500) -> dict[str, Any]:
        """`{"lines": […], "path": …, "end": …}` of the server (`server`), a host (`host:<id>`),
        the embedded Prefect (`prefect`) or its worker (`prefect-worker`).
        """
        found: dict[str, Any] = await self._get("/v1/logs", source=source, lines=lines)
        return found
