"""A real process worker on the test server's pool `local`."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx

from tests.integration.prefect.serving import PrefectServer, _die_with_parent

POOL = "local"


class PrefectWorker:
    """One `prefect worker start`, which can rest and start again.

    Args:
        server: looked at every second for due runs.
        folder: gets its log.
    """

    pool = POOL

    def __init__(self, server: PrefectServer, folder: Path) -> None:
        self._server = server
        self._log = folder / "worker.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, unless it runs."""
        if self._process is not None:
            return
        # Not left to the worker: it makes its pool some seconds after it was started.
        made = httpx.post(
            f"{self._server.url}/work_pools/",
            json={"name": POOL, "type": "process"},
            timeout=20,
            trust_env=False,
        )
        assert made.status_code in (201, 409), made.text
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "prefect"),
                    *("worker", "start", "--type", "process", "--pool", POOL),
                ],
                env=self._server.environment(PREFECT_WORKER_QUERY_SECONDS="1"),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None
