"""Which task a flow run has failed in."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.run_search import where
from mahavishnu_tui.server.prefect import blame
from mahavishnu_tui.server.prefect.blame import Blame
from tests.unit.server.conftest import Desk
from tests.unit.server.prefect.test_taking import flow_run, known, take

FAILURE = {"code": "MHV-403", "message": "ValueError: no", "node": ""}


class Prefect:
    """Knows task runs; `told` is what it has of them by now."""

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []
        self.away = False
        self.task_runs = SimpleNamespace(filter=self.filter)

    def clock(self) -> float:
        return 1000.0

    def task(self, run_id: str, key: str, kind: str) -> None:
        name = f"{key}-0a1b2c3d"
        self.told.append({"id": name, "flow_run_id": run_id, "task_key": name, "state_type": kind})

    async def filter(self, select: Any, **_: Any) -> list[dict[str, Any]]:
        if self.away:
            raise PrefectError(ErrorCode.PREFECT_CONNECTION, "away", kind="lost")
        return [item for item in self.told if item["flow_run_id"] in select.flow_runs["id"]["any_"]]


@pytest.fixture
def prefect(monkeypatch: pytest.MonkeyPatch) -> Prefect:
    monkeypatch.setattr(blame, "_WAITS", (0.0, 0.0))
    return Prefect()


async def test_the_task_is_told_once_prefect_has_it_and_stays_told(desk: Desk, prefect: Prefect) -> None:
    looking = Blame(prefect, desk.store)  # type: ignore[arg-type]
    failed = flow_run("r1", "error", error=FAILURE, ended_at=999.0)
    looking.note(await take(desk, failed))
    prefect.away = True
    await looking.look()
    prefect.away = False
    await looking.look()
    assert where(await known(desk)) == "MHV-403"
    prefect.task("r1", "load", "FAILED")
    prefect.task("r1", "watch", "RUNNING")
    await looking.look()
    assert where(await known(desk)) == "load"
    await take(desk, flow_run("r1", "error", error=FAILURE, ended_at=999.0, tags=["x"]))
    assert where(await known(desk)) == "load"


async def test_a_crash_was_where_it_was_at_work_and_a_flow_may_fail_by_itself(
    desk: Desk, prefect: Prefect
) -> None:
    looking = Blame(prefect, desk.store)  # type: ignore[arg-type]
    prefect.task("r1", "load", "RUNNING")
    crashed = flow_run("r1", "error", error=FAILURE, state="Crashed", ended_at=999.0)
    looking.note(await take(desk, crashed, flow_run("r2", "error", error=FAILURE, ended_at=1.0)))
    await looking.look()
    assert [where(await known(desk, run_id)) for run_id in ("r1", "r2")] == ["load", "(flow)"]
    assert looking.wait > 1e9


async def test_what_cannot_be_kept_is_not_looked_for_without_a_pause(
    desk: Desk, prefect: Prefect, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blame, "_WAITS", (60.0, 60.0))
    looking = Blame(prefect, desk.store)  # type: ignore[arg-type]
    looking.note(await take(desk, flow_run("r1", "error", error=FAILURE, ended_at=999.0)))

    async def full(_: object) -> None:
        raise MahavishnuError(ErrorCode.DISK_FULL, "The disk is full.")

    monkeypatch.setattr(desk.store, "write", full)
    with pytest.raises(MahavishnuError):
        await looking.look()
    assert looking.wait > 30
