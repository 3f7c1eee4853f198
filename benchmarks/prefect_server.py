"""A real Prefect server for benchmarks, filled with as many runs as are wanted.

Runs are made through the API once per state, and then copied in the database while the server is down: making
20,000 of them through the API would take ten minutes, and leave the same rows.
"""

from __future__ import annotations

import contextlib
import datetime
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

STATES = (
    ("COMPLETED", "Completed", 88),
    ("FAILED", "Failed", 7),
    ("CRASHED", "Crashed", 2),
    ("CANCELLED", "Cancelled", 3),
)
"""Type, name and share in a hundred of what a busy day leaves."""
DEPLOYMENTS = 20


class PrefectServer:
    """`prefect server start` on a free port with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self.api = f"http://127.0.0.1:{self.port}/api"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def environment(self) -> dict[str, str]:
        """For it, and for clients of it."""
        return {
            **os.environ,
            "PREFECT_HOME": str(self.home),
            "PREFECT_API_URL": self.api,
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_SERVER_LOGS_STREAM_OUT_ENABLED": "true",
            "PREFECT_SERVER_LOGS_STREAM_PUBLISHING_ENABLED": "true",
            "DO_NOT_TRACK": "1",
        }

    @property
    def pid(self) -> int:
        """Of its process."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--no-ui"]
        self.home.mkdir(parents=True, exist_ok=True)
        with (self.home / "server.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*command, "--port", str(self.port)],
                env={k: v for k, v in self.environment.items() if k != "PREFECT_API_URL"},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        end = time.monotonic() + 120
        while time.monotonic() < end:
            with contextlib.suppress(httpx.HTTPError):
                if httpx.get(f"{self.api}/health", timeout=2).status_code == 200:
                    return
            time.sleep(0.2)
        raise TimeoutError(f"Prefect did not start; see {self.home}/server.log")

    def stop(self) -> None:
        """Stop it, by force where it does not go."""
        if self._process is None:
            return
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process = None

    def fill(self, runs: int, days: float = 1.0) -> None:
        """Have `runs` finished runs of the last `days`; the server is restarted for it."""
        with httpx.Client(base_url=self.api, timeout=30) as client:
            deployments = _deployments(client)
            patterns = [_pattern(client, deployments[0]["id"], kind, name) for kind, name, _ in STATES]
        self.stop()
        _copy(self.home / "prefect.db", patterns, deployments, runs, days)
        self.start()


@contextlib.contextmanager
def prefect_server(home: Path, runs: int = 0) -> Iterator[PrefectServer]:
    """A running server with that many runs."""
    server = PrefectServer(home)
    try:
        server.start()
        if runs:
            server.fill(runs)
        yield server
    finally:
        server.stop()


def _post(client: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    for _ in range(20):
        reply = client.post(path, json=body)
        if reply.status_code not in (500, 503):
            reply.raise_for_status()
            return reply.json()
        time.sleep(0.2)
    raise RuntimeError(f"{path}: {reply.text[:300]}")


def _deployments(client: httpx.Client) -> list[dict[str, Any]]:
    found = []
    for number in range(DEPLOYMENTS):
        flow = _post(client, "/flows/", {"name": f"flow-{number:02}"})
        body = {"name": "nightly", "flow_id": flow["id"]}
        found.append(_post(client, "/deployments/", body))
    return found


def _pattern(client: httpx.Client, deployment: str, kind: str, name: str) -> str:
    """One run that has been through the states that lead to `kind`."""
    run = _post(client, f"/deployments/{deployment}/create_flow_run", {"state": {"type": "PENDING"}})
    for state in ({"type": "RUNNING", "name": "Running"}, {"type": kind, "name": name, "message": "a word"}):
        _post(client, f"/flow_runs/{run['id']}/set_state", {"state": state, "force": True})
    return str(run["id"])


def _copy(path: Path, patterns: list[str], deployments: list[dict[str, Any]], runs: int, days: float) -> None:
    chance = random.Random(7)
    db = sqlite3.connect(path)
    db.row_factory = sqlite3.Row
    run_rows = [
        dict(db.execute("SELECT * FROM flow_run WHERE id = ?", (run,)).fetchone()) for run in patterns
    ]
    state_rows = [
        [
            dict(row)
            for row in db.execute(
                "SELECT * FROM flow_run_state WHERE flow_run_id = ? ORDER BY timestamp", (run,)
            )
        ]
        for run in patterns
    ]
    shares = [share for _, _, share in STATES]
    now = datetime.datetime.now(datetime.UTC)
    with db:
        db.execute("PRAGMA foreign_keys = OFF")
        for number in range(runs):
            which = chance.choices(range(len(STATES)), shares)[0]
            began = now - datetime.timedelta(seconds=86400 * days * (number + 1) / (runs + 1))
            seconds = chance.uniform(1, 600)
            _insert_run(
                db, run_rows[which], state_rows[which], chance.choice(deployments), number, began, seconds
            )
    db.close()


def _insert_run(
    db: sqlite3.Connection,
    pattern: dict[str, Any],
    states: list[dict[str, Any]],
    deployment: dict[str, Any],
    number: int,
    began: datetime.datetime,
    seconds: float,
) -> None:
    run_id = str(uuid.uuid4())
    ended = min(began + datetime.timedelta(seconds=seconds), datetime.datetime.now(datetime.UTC))
    last = ""
    for index, state in enumerate(states):
        last = str(uuid.uuid4())
        at = _text(ended if index == len(states) - 1 else began + datetime.timedelta(milliseconds=index))
        _insert(db, "flow_run_state", {**state, "id": last, "flow_run_id": run_id, "timestamp": at})
    changes = {
        "id": run_id,
        "name": f"run-{number:06}",
        "flow_id": deployment["flow_id"],
        "deployment_id": deployment["id"],
        "state_id": last,
        "idempotency_key": None,
        "created": _text(began),
        "updated": _text(ended),
        "expected_start_time": _text(began),
        "start_time": _text(began),
        "end_time": _text(ended),
        "state_timestamp": _text(ended),
    }
    _insert(db, "flow_run", {**pattern, **{key: value for key, value in changes.items() if key in pattern}})


def _insert(db: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    db.execute(f"INSERT INTO {table}({names}) VALUES({', '.join('?' * len(row))})", list(row.values()))


def _text(at: datetime.datetime) -> str:
    """As SQLAlchemy stores times in SQLite."""
    return at.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S.%f")
