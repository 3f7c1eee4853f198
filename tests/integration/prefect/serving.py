"""A real Prefect server for tests: on a free port, with a home of its own, and gone at the end."""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

START_SECONDS = 300.0
DATABASE = "prefect.db"
_PR_SET_PDEATHSIG = 1


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without anything of Prefect's in it, quiet, private, and not traced."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("PREFECT", "COVERAGE"))}
    quiet = {
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_LOGGING_COLORS": "false",
        "PREFECT_CLI_COLORS": "false",
    }
    return {**kept, **quiet, **more}


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class PrefectServer:
    """One `prefect server start`, which can be killed and come back on the same port with the same home.

    Args:
        folder: for its home and its log.
        templates: where the first server that starts on an empty home leaves its database for those after it.
        settings: more of Prefect's variables for it.
    """

    def __init__(self, folder: Path, templates: Path, **settings: str) -> None:
        self.home = folder / "prefect"
        self.log = folder / "prefect.log"
        self.port = free_port()
        self.root = f"http://127.0.0.1:{self.port}"
        self.url = f"{self.root}/api"
        self._templates = templates
        self._settings = settings
        self._process: subprocess.Popen[bytes] | None = None

    def environment(self, **more: str) -> dict[str, str]:
        """For a child that talks to this server: the SDK, a worker, a flow."""
        return clean_environment(
            PREFECT_HOME=str(self.home),
            PREFECT_PROFILES_PATH=str(self.home / "profiles.toml"),
            PREFECT_API_URL=self.url,
            PREFECT_SERVER_ALLOW_EPHEMERAL_MODE="false",
            PREFECT_SERVER_EPHEMERAL_ENABLED="false",
            **more,
        )

    def start(self) -> None:
        """Start it, unless it runs, and wait until it is well."""
        if self._process is not None:
            return
        self.home.mkdir(parents=True, exist_ok=True)
        if (self.home / DATABASE).exists():
            self._launch()
            return
        with _template(self._templates) as template:
            if not template.exists():  # others wait meanwhile
                self._launch()
                _back_up(self.home / DATABASE, template)
                return
        # With the tables, and with the rows of block types that the start of the first server made.
        shutil.copy(template, self.home / DATABASE)
        self._settings["PREFECT_API_BLOCKS_REGISTER_ON_START"] = "false"
        self._launch()

    def _launch(self) -> None:
        env = clean_environment(
            PREFECT_HOME=str(self.home),
            PREFECT_PROFILES_PATH=str(self.home / "profiles.toml"),
            PREFECT_SERVER_LOGS_STREAM_OUT_ENABLED="true",
            PREFECT_SERVER_LOGS_STREAM_PUBLISHING_ENABLED="true",
            PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS="2",
            PREFECT_LOGGING_SERVER_LEVEL="WARNING",
            **self._settings,
        )
        where = ["--host", "127.0.0.1", "--port", str(self.port)]
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "prefect", "server", "start", "--no-ui", *where],
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent,
            )
        end = time.monotonic() + START_SECONDS
        while not self._is_well():
            if self._process.poll() is not None or time.monotonic() > end:
                self.kill()
                raise AssertionError(f"Prefect's server did not start:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.2)

    def stop(self) -> None:
        """End it as an operator would, and by force when it does not."""
        if self._process is None:
            return
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(10)
        self.kill()

    def kill(self) -> None:
        """`kill -9`."""
        if self._process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._process = None

    def _is_well(self) -> bool:
        try:
            return httpx.get(f"{self.url}/health", timeout=5, trust_env=False).status_code == 200
        except httpx.HTTPError:
            return False


@contextlib.contextmanager
def serving(folder: Path, templates: Path, **settings: str) -> Iterator[PrefectServer]:
    """A server while the block runs."""
    server = PrefectServer(folder, templates, **settings)
    try:
        server.start()
        yield server
    finally:
        server.kill()


@contextlib.contextmanager
def _template(folder: Path) -> Iterator[Path]:
    """A database as a first start leaves it, or where to leave it; for one process at a time.

    To make its tables, and to fill some, is more than half of what the start of a server costs.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder / DATABASE


def _back_up(database: Path, copy: Path) -> None:
    """Copy what a server has open, with what is in its write-ahead log."""
    unfinished = copy.with_suffix(".part")
    with (
        contextlib.closing(sqlite3.connect(database, timeout=60)) as source,
        contextlib.closing(sqlite3.connect(unfinished)) as target,
    ):
        source.backup(target)
    unfinished.rename(copy)


def _die_with_parent() -> None:
    """Not even a killed test run leaves a server behind."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
