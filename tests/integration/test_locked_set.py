"""The locked dependencies are a set in which Prefect's own server starts and schedules.

With a newer FastAPI it cannot start, with SQLAlchemy 2.1 it starts and never schedules a run.
"""

from __future__ import annotations

import time
from typing import Any

import httpx
import pytest

from tests.integration.prefect.serving import PrefectServer

pytestmark = pytest.mark.xdist_group("prefect")


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


def test_prefect_server_starts_and_schedules(prefect_server: PrefectServer) -> None:
    with httpx.Client(base_url=prefect_server.url, timeout=10, trust_env=False) as api:
        wait_for(lambda: api.get("/health").status_code == 200, 90)
        flow = api.post("/flows/", json={"name": "locked-set"}).json()
        body = {
            "name": "every-minute",
            "flow_id": flow["id"],
            "schedules": [{"schedule": {"interval": 60}, "active": True}],
        }
        deployment = wait_for(lambda: (r := api.post("/deployments/", json=body)).is_success and r.json(), 20)

        query = {"deployments": {"id": {"any_": [deployment["id"]]}}, "limit": 5}
        runs = wait_for(lambda: api.post("/flow_runs/filter", json=query).json(), 60)

        assert {run["state_type"] for run in runs} == {"SCHEDULED"}
        # Others have the server too: the schedule ends, and with its flow all its runs.
        assert api.delete(f"/deployments/{deployment['id']}").is_success
        assert api.delete(f"/flows/{flow['id']}").is_success
        assert api.post("/flow_runs/filter", json=query).json() == []
