"""The process worker that we keep beside an embedded Prefect, for its pool of our own."""

from __future__ import annotations

import asyncio
import logging
import sys
import time

from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.prefect.embedded import environment
from mahavishnu_tui.server.prefect.keeping import Kept, Recipe, read_record

log = logging.getLogger(__name__)

_STEADY_SECONDS = 60.0
_LONGEST_WAIT = 60.0


class WorkerKeeper:
    """One worker, for as long as it is wanted. Nothing that it does can raise.

    Args:
        options: ours.
        name: of the worker.
    """

    def __init__(self, options: ServerOptions, name: str) -> None:
        self._options = options
        self._name = name
        self._kept = Kept()
        self._task: asyncio.Task[None] | None = None
        self._url = ""

    @property
    def state(self) -> str:
        """`starting` while its process lives, `lost` while it does not; empty when none is wanted."""
        if self._task is None:
            return ""
        return "starting" if self._kept.alive else "lost"

    async def begin(self, url: str) -> None:
        """Have it there from now on, for the server at this address."""
        if self._task is not None and url == self._url:
            return
        await self.stop()
        self._url = url
        self._task = asyncio.create_task(self._keep(), name="worker of the embedded Prefect")

    async def stop(self) -> None:
        """Have it there no longer; it lets its runs know."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
            await self._kept.stop()

    async def _keep(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._have_it()
                code = await self._kept.ended()
                log.warning("Prefect's worker has ended (%s); it is started again", code)
                failures = 0 if time.monotonic() - began > _STEADY_SECONDS else failures + 1
            except Exception as error:
                failures += 1
                log.error("Prefect's worker cannot be started: %s", error)
            await asyncio.sleep(min(2.0**failures, _LONGEST_WAIT))

    async def _have_it(self) -> None:
        recipe = self._recipe()
        record = await asyncio.to_thread(read_record, recipe.record)
        if record.get("url") == self._url and self._kept.adopt(record):
            log.info("Prefect's worker (pid %s) is adopted", self._kept.pid)
            return
        await self._kept.spawn(recipe, url=self._url)
        log.info("Prefect's worker starts (pid %s)", self._kept.pid)

    def _recipe(self) -> Recipe:
        python, home = self._options.prefect.python or sys.executable, self._options.prefect_home
        pool = ["--pool", self._options.prefect.work_pool, "--type", "process", "--name", self._name]
        return Recipe(
            argv=[python, "-m", "prefect", "worker", "start", *pool, "--install-policy", "never"],
            env=environment(self._options, PREFECT_API_URL=self._url),
            cwd=home,
            log=self._options.prefect_worker_log,
            record=home / "worker.json",
        )
