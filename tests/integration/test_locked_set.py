"""The locked dependencies are a set in which Prefect's own server starts and schedules.

With a newer FastAPI it cannot start, with SQLAlchemy 2.1 it starts and never schedules a run.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def prefect_api(tmp_path: Path) -> Iterator[httpx.Client]:
    port = free_port()
    env = {
        **os.environ,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",
        "PREFECT_API_SERVICES_SCHEDULER_LOOP_SECONDS": "1",
        "PREFECT_SERVER_SERVICES_SCHEDULER_LOOP_SECONDS": "1",
    }
    env.pop("PREFECT_API_URL", None)
    log = (tmp_path / "prefect.log").open("wb")
    command = [
        sys.executable,
        "-m",
        "prefect",
        "server",
        "start",
        "--host",
        "127.0.0.1",
        "--port",
        str(port),
        "--no-ui",
    ]
    server = subprocess.Popen(command, env=env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}/api", timeout=10)
    try:
        yield client
    finally:
        client.close()
        server.terminate()
        try:
            server.wait(15)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()
        log.close()


def wait_for(question: Any, seconds: float) -> Any:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            answer = question()
        except httpx.HTTPError:
            answer = None
        if answer:
            return answer
        time.sleep(0.25)
    raise AssertionError(f"nothing came within {seconds} s")


def test_prefect_server_starts_and_schedules(prefect_api: httpx.Client) -> None:
    wait_for(lambda: prefect_api.get("/health").status_code == 200, 90)
    flow = prefect_api.post("/flows/", json={"name": "locked-set"}).json()
    body = {
        "name": "every-minute",
        "flow_id": flow["id"],
        "schedules": [{"schedule": {"interval": 60}, "active": True}],
    }
    deployment = wait_for(
        lambda: (r := prefect_api.post("/deployments/", json=body)).is_success and r.json(), 20
    )

    query = {"deployments": {"id": {"any_": [deployment["id"]]}}, "limit": 5}
    runs = wait_for(lambda: prefect_api.post("/flow_runs/filter", json=query).json(), 60)

    assert {run["state_type"] for run in runs} == {"SCHEDULED"}
