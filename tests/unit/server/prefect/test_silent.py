"""Schedules that make no runs: told once a date has passed without one, not where Prefect has some ahead."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from mahavishnu_tui.engines.prefect.states import iso
from mahavishnu_tui.models import Schedule, ScheduleRule
from mahavishnu_tui.server.needs import _silent
from mahavishnu_tui.server.prefect import records
from mahavishnu_tui.server.prefect.mapping import Names
from mahavishnu_tui.server.prefect.silent import SilentSchedules, missed
from mahavishnu_tui.server.store import flow_runs

NOON = 1_800_000_000.0 // 86400 * 86400 + 43200
HOURLY = ScheduleRule("cron", cron="0 * * * *")


def schedule(rule: ScheduleRule = HOURLY, **more: Any) -> Schedule:
    return Schedule(
        "d.s", "etl/nightly", rule.text, spec=rule.to_json(), deployment_id="d", schedule_id="s", **more
    )


class Prefect:
    """A server with one schedule."""

    def __init__(self, known: Schedule, last: float, changed: float) -> None:
        self.now, self.known, self.last = NOON, known, last
        self.ahead: list[dict[str, Any]] = []
        self.asked = 0
        told = {"id": "s", "updated": iso(changed)}
        catalog: Any = SimpleNamespace(now=SimpleNamespace(deployments={"d": {"schedules": [told]}}))
        api: Any = SimpleNamespace(clock=lambda: self.now, flow_runs=SimpleNamespace(filter=self._filter))
        views: Any = SimpleNamespace(schedules=lambda: [self.known])
        store: Any = SimpleNamespace(read=self._read)
        self.silent = SilentSchedules(api, store, catalog, views, 86400.0)

    async def _filter(self, *_: Any, **__: Any) -> list[dict[str, Any]]:
        self.asked += 1
        return self.ahead

    async def _read(self, what: Any) -> Any:
        return {"s": self.last} if what is flow_runs.last_due else what()

    async def look(self, after: float) -> Any:
        self.now += after
        await self.silent.look()
        return self.silent.known


async def test_it_is_told_once_its_time_has_passed_for_a_while() -> None:
    there = Prefect(schedule(), last=NOON - 7200, changed=NOON - 86400)
    assert await there.look(after=0) is None, "nobody knows yet"
    assert await there.look(after=60) is None
    (found,) = await there.look(after=61)
    assert (found.schedule.id, found.since) == ("d.s", NOON - 3600)
    (need,) = _silent([found])
    assert (need.key, need.where, need.workflow, need.count) == ("schedule:d.s", "etl/nightly", "etl", 0)
    there.known = schedule(coming=[NOON + 3600])
    assert await there.look(after=30) == []
    there.known = schedule(active=False)
    assert await there.look(after=500) == []
    there.known = schedule()
    assert await there.look(after=30) == [], "its scheduler is given its turn"
    asked = there.asked
    assert len(await there.look(after=121)) == 1
    there.ahead = [{"created_by": {"type": "SCHEDULE", "id": "s"}}]
    assert await there.look(after=30) == [], "further ahead than the mirror looks"
    assert there.asked == asked + 2


async def test_a_change_begins_anew() -> None:
    there = Prefect(schedule(), last=0.0, changed=NOON + 10)
    await there.look(after=0)
    assert await there.look(after=130) == []


def test_dates_that_were_missed() -> None:
    assert missed(HOURLY, NOON - 7200, NOON + 600) == NOON - 3600
    assert missed(HOURLY, NOON, NOON + 600) is None
    assert missed(HOURLY, NOON - 3600, NOON + 60) is None, "not for long enough"
    over = ScheduleRule("rrule", rrule="DTSTART:20200101T000000Z\nRRULE:FREQ=DAILY;COUNT=2")
    assert missed(over, 0.0, NOON) is None
    assert missed(ScheduleRule("interval", interval=60.0), NOON - 7200, NOON) is None
    assert missed(ScheduleRule("cron", cron="nonsense"), NOON - 7200, NOON) is None


def test_what_prefect_has_not_made_yet_is_reckoned_and_marked() -> None:
    def listed(coming: dict[str, list[float]], **more: Any) -> Schedule:
        told = {"id": "s", "schedule": {"cron": "0 * * * *", "timezone": "UTC"}, **more}
        listing: Any = SimpleNamespace(deployments={"d": {"id": "d", "name": "nightly", "schedules": [told]}})
        (found,) = records.schedules(listing, Names({}, {}), coming, [], {}, NOON + 90)
        return found

    assert listed({"s": [NOON + 7200]}).next_at == NOON + 7200
    reckoned = listed({})
    assert (reckoned.next_at, reckoned.estimated, reckoned.coming) == (NOON + 3600, True, [])
    assert listed({}, active=False).next_at is None
    assert listed({}, schedule={"interval": 600, "timezone": "UTC"}).next_at is None, "from when on?"
    assert listed({}, schedule={"cron": "soon", "timezone": "UTC"}).next_at is None
