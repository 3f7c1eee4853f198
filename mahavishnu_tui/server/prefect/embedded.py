"""The Prefect server of our own: a child process that is started, adopted, brought back and stopped."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.config import PrefectConnection
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.logs import tail
from mahavishnu_tui.server.options import ServerOptions
from mahavishnu_tui.server.prefect import selftest
from mahavishnu_tui.server.prefect.keeping import Kept, Recipe, read_record

log = logging.getLogger(__name__)

START_SECONDS = 300.0
"""On a machine that is ten times too busy, with a database that has to be made first: who ends it sooner
starts it anew for ever."""
_STEADY_SECONDS = 60.0
"""A server that has lived so long does not count as one that cannot be started."""
_LONGEST_WAIT = 60.0
_LOOK_SECONDS = 0.25
_ANSWER_SECONDS = 20.0
"""In which a server that has been up before must answer."""

State = Literal["off", "starting", "ready", "failed"]


class Embedded:
    """One server, for as long as it is wanted. Nothing that it does can raise: see `state` and `error`.

    Args:
        options: ours.
        on_change: called when it is told anew.
    """

    def __init__(self, options: ServerOptions, on_change: Callable[[], None]) -> None:
        self._options = options
        self._on_change = on_change
        self._kept = Kept()
        self._task: asyncio.Task[None] | None = None
        self._told = asyncio.Condition()
        self.state: State = "off"
        self.since = time.time()
        self.note = ""
        self.error: MahavishnuError | None = None
        self.url = ""
        self.version = ""

    @property
    def pid(self) -> int | None:
        """Its process."""
        return self._kept.pid

    @property
    def wanted(self) -> bool:
        """Whether it is to be there."""
        return self._task is not None

    def begin(self) -> None:
        """Have it there from now on."""
        if self._task is None:
            self._become("starting", "starting")
            self._task = asyncio.create_task(self._keep(), name="embedded Prefect")

    async def ready(self, seconds: float) -> None:
        """Wait until it is; raises MHV-411."""
        try:
            async with asyncio.timeout(seconds):
                while self.state == "starting":
                    async with self._told:
                        await self._told.wait()
        except TimeoutError:
            raise MahavishnuError(
                ErrorCode.PREFECT_START,
                f"The embedded Prefect has not been ready within {seconds:.0f} s.",
                "It goes on starting; try again in a moment.",
            ) from None
        if self.error is not None:
            raise self.error

    async def stop(self) -> None:
        """Have it there no longer."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._kept.stop()
        self._become("off", "")

    async def _keep(self) -> None:
        failures = 0
        while True:
            began = time.monotonic()
            try:
                await self._have_it()
                self._become("ready", "")
                code = await self._kept.ended()
                how = f" (exit status {code})" if code is not None else ""
                log.warning("the embedded Prefect has ended%s", how)
                failures = 0 if time.monotonic() - began > _STEADY_SECONDS else failures + 1
                self._become("starting", f"it has ended{how}; it is started again")
            except MahavishnuError as error:
                failures += 1
                log.error("%s", error)
                self._become("failed", error.message, error)
            except Exception as error:
                failures += 1
                log.exception("the embedded Prefect cannot be kept")
                self._become("failed", "it cannot be started", _failed(f"{type(error).__name__}: {error}"))
            if failures:
                await asyncio.sleep(min(2.0**failures, _LONGEST_WAIT))
                self._become("starting", "starting")

    async def _have_it(self) -> None:
        """Find the one that is there, or start one; returns when it answers."""
        record = await asyncio.to_thread(read_record, self._record)
        port = record.get("port")
        if isinstance(port, int) and self._kept.adopt(record):
            if await self._answers(port, adopted=True):
                log.info("the embedded Prefect (pid %s) is adopted", self.pid)
                return
            await self._kept.stop()
        versions = await selftest.versions(self._python)
        if why := selftest.fatal(versions, str(record.get("version") or "")):
            raise _failed(why.message, why.hint)
        port = self._port(port if isinstance(port, int) else 0)
        try:
            await self._kept.spawn(
                self._recipe(port), port=port, version=versions.get("prefect", ""), python=self._python
            )
        except OSError as error:
            raise _failed(f"{self._python} cannot be started: {error.strerror or error}") from None
        log.info("the embedded Prefect starts (pid %s, port %d)", self.pid, port)
        if not await self._answers(port, adopted=False):
            last = await asyncio.to_thread(tail, self._options.prefect_log, 200)
            said = next((line for line in reversed(last.lines) if line.strip()), "it says nothing")
            await self._kept.stop()
            raise _failed(f"its last words: {clean_line(said, 200)}", f"See {self._options.prefect_log}.")

    async def _answers(self, port: int, *, adopted: bool) -> bool:
        """Wait until it is well; False when it ends before, or does not come."""
        self.url = f"http://127.0.0.1:{port}/api"
        began = time.monotonic()
        async with PrefectApi(PrefectConnection(self.url, timeout=5.0, retries=0)) as api:
            while self._kept.alive and time.monotonic() - began < START_SECONDS:
                try:
                    if await api.system.health():
                        self.version = await api.system.version()
                        return True
                except PrefectError:
                    if adopted and time.monotonic() - began > _ANSWER_SECONDS:
                        return False
                waited = f"starting {time.monotonic() - began:.0f} s…"
                if waited != self.note:
                    self._become("starting", waited)
                await asyncio.sleep(_LOOK_SECONDS)
        return False

    def _become(self, state: State, note: str, error: MahavishnuError | None = None) -> None:
        if state != self.state:
            self.since = time.time()
        self.state, self.note, self.error = state, note, error
        self._on_change()

        async def tell() -> None:
            async with self._told:
                self._told.notify_all()

        self._telling = asyncio.create_task(tell())

    @property
    def _python(self) -> str:
        return self._options.prefect.python or sys.executable

    @property
    def _record(self) -> Path:
        return self._options.prefect_home / "server.json"

    def _port(self, kept: int) -> int:
        """The port of the settings, the one it had, or a free one."""
        wanted = self._options.prefect.port
        for port in [wanted] if wanted else [kept, 0]:
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    probe.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return int(probe.getsockname()[1])
        raise _failed(f"port {wanted} is taken", "Set `prefect.port` to another one, or to 0.")

    def _recipe(self, port: int) -> Recipe:
        where = ["--host", "127.0.0.1", "--port", str(port)]
        return Recipe(
            argv=[self._python, "-m", "prefect", "server", "start", "--no-ui", *where],
            env=environment(
                self._options,
                PREFECT_SERVER_LOGS_STREAM_OUT_ENABLED="true",
                PREFECT_SERVER_LOGS_STREAM_PUBLISHING_ENABLED="true",
                PREFECT_LOGGING_SERVER_LEVEL="WARNING",
            ),
            cwd=self._options.prefect_home,
            log=self._options.prefect_log,
            record=self._record,
        )


def environment(options: ServerOptions, **more: str) -> dict[str, str]:
    """What Prefect's own processes find: nothing of another Prefect, a home of their own, and nobody told."""
    around = {key: value for key, value in os.environ.items() if not key.startswith("PREFECT_")}
    home = options.prefect_home
    return {
        **around,
        "PREFECT_HOME": str(home),
        "PREFECT_PROFILES_PATH": str(home / "profiles.toml"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_LOGGING_COLORS": "false",
        "PREFECT_CLI_COLORS": "false",
        "PREFECT_SERVER_EPHEMERAL_ENABLED": "false",
        "PREFECT_SERVER_ALLOW_EPHEMERAL_MODE": "false",
        "PYTHONUNBUFFERED": "1",
        **more,
    }


def _failed(why: str, hint: str = "") -> MahavishnuError:
    return MahavishnuError(
        ErrorCode.PREFECT_START,
        f"The embedded Prefect cannot be started: {clean_line(why, 300).rstrip('.')}.",
        hint or "`mahavishnu prefect health` says more; its log: `mahavishnu server logs --of prefect`.",
    )
