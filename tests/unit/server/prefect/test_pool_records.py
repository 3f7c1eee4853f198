"""Work pools as Prefect tells of them: why runs are late in one that has workers."""

from __future__ import annotations

from typing import Any

import pytest

from mahavishnu_tui.engines.prefect.states import iso
from mahavishnu_tui.models import Run
from mahavishnu_tui.server.prefect.catalog import Listing
from mahavishnu_tui.server.prefect.pool_records import pools

NOW = 1_790_000_000.0
WORKER = {
    "name": "w1",
    "status": "ONLINE",
    "last_heartbeat_time": iso(NOW - 5),
}


@pytest.mark.parametrize(
    ("limit", "paused", "said"),
    [
        (None, [], "2 late"),
        (None, ["default"], "queue default paused; 2 late"),
        (4, ["default", "slow"], "queues default, slow paused; 2 late"),
        (4, [], "every slot is in use; 2 late"),
        (5, [], "2 late"),
    ],
)
def test_a_pool_says_what_holds_its_late_runs_up(limit: int | None, paused: list[str], said: str) -> None:
    pool: dict[str, Any] = {"id": "p", "name": "local", "type": "process", "concurrency_limit": limit}
    queues = [
        {"id": name, "name": name, "work_pool_id": "p", "priority": at, "is_paused": name in paused}
        for at, name in enumerate(("default", "slow"), 1)
    ]
    late = [Run(f"r{n}", f"run-{n}", "f", "etl", "t", "queued", NOW, pool="local") for n in range(2)]
    listing = Listing(pools=[pool], workers={"local": [WORKER]}, queues=queues)
    (found,) = pools(listing, {"local": {"running": 4, "queued": 2}}, late, "", NOW)
    assert found.note == said
