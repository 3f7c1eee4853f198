"""An embedded Prefect with its worker, as one thing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING

from mahavishnu_tui.models import PrefectInfo
from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.prefect.embedded import Embedded
from mahavishnu_tui.server.prefect.link import WORKER
from mahavishnu_tui.server.prefect.worker import WorkerKeeper

if TYPE_CHECKING:
    from mahavishnu_tui.server.prefect.link import Link


class Own:
    """What we have started, and keep.

    Args:
        options: ours.
        on_change: called when the server is told anew.
    """

    def __init__(self, options: ServerOptions, on_change: Callable[[], None]) -> None:
        self._options = options
        self.server = Embedded(options, on_change)
        self.worker = WorkerKeeper(options, WORKER)

    async def stop(self) -> None:
        """Stop both."""
        await asyncio.gather(self.worker.stop(), self.server.stop())

    async def see_to_worker(self, link: Link) -> None:
        """Have a worker as soon as there is a pool for it."""
        pools = {str(pool["name"]) for pool in link.catalog.now.pools}
        if self._options.prefect.worker and self.server.wanted and self._options.prefect.work_pool in pools:
            await self.worker.begin(link.connection.api_url)

    def told(self, info: PrefectInfo, link: Link | None) -> PrefectInfo:
        """What there is to say of it, over what its watcher says."""
        server = self.server
        info = info.replace(
            embedded=True, pid=server.pid, worker=self._worker(link), url=server.url or info.url
        )
        if server.state in ("starting", "failed"):
            error = server.error.to_json() if server.error else None
            return info.replace(
                state=server.state, since=server.since, note=server.note, error=error, live=False
            )
        return info

    def _worker(self, link: Link | None) -> str:
        state = self.worker.state
        if state != "starting" or link is None:
            return state
        pools = link.catalog.now.workers.get(self._options.prefect.work_pool, [])
        online = any(item.get("name") == WORKER and item.get("status") != "OFFLINE" for item in pools)
        return "ready" if online else state
