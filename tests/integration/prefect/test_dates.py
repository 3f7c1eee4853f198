"""Our estimate of a schedule's dates beside those of Prefect's own code."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.schedules import DateHelper, check_rule, estimate, to_prefect
from mahavishnu_tui.models import SchedulePreview, ScheduleRule
from tests.integration.prefect.conftest import eventually

pytestmark = pytest.mark.xdist_group("prefect")
ZONES = [
    "UTC",
    "Europe/Paris",
    "America/New_York",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "America/Sao_Paulo",
]


class Asked:
    """The helper process, asked without an event loop of one's own, since Hypothesis has none."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._helper = DateHelper(exact=True)

    def dates(self, rule: ScheduleRule, count: int, start: float) -> list[float]:
        return self._loop.run_until_complete(self._helper.dates(rule, count, start))

    def preview(self, rule: ScheduleRule, count: int, start: float | None = None) -> SchedulePreview:
        return self._loop.run_until_complete(self._helper.preview(rule, count, start))

    def close(self) -> None:
        self._loop.run_until_complete(self._helper.close())
        self._loop.close()


@pytest.fixture(scope="module")
def prefect() -> Iterator[Asked]:
    asked = Asked()
    yield asked
    asked.close()


def clocks_change_near(moment: float, zone: str) -> bool:
    """Whether the wall clock is set within a day and an hour of it."""
    there = ZoneInfo(zone)
    around = [datetime.fromtimestamp(moment + hours * 3600, there).utcoffset() for hours in (-25, 0, 25)]
    return len(set(around)) > 1


def agree(prefect: Asked, rule: ScheduleRule, start: float, count: int = 12) -> None:
    try:
        check_rule(rule, start)
        ours = estimate(rule, count, start)
    except (AdapterError, ValueError):
        return
    theirs = prefect.dates(rule, count, start)
    steady = [date for date in theirs if not clocks_change_near(date, rule.timezone)]
    if len(steady) == len(theirs):
        assert ours == theirs
    else:
        assert set(steady) <= set(estimate(rule, 4 * count, start))


starts = st.datetimes(datetime(2025, 1, 1), datetime(2031, 1, 1)).map(
    lambda d: d.replace(tzinfo=UTC).timestamp()
)
zones = st.sampled_from(ZONES)
few = settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])


def part(low: int, high: int) -> st.SearchStrategy[str]:
    number = st.integers(low, high).map(str)
    steps = st.integers(1, high).map(lambda step: f"*/{step}")
    return st.one_of(st.just("*"), number, steps, st.lists(number, min_size=1, max_size=3).map(",".join))


crons = st.one_of(
    st.tuples(part(0, 59), part(0, 23), part(1, 31), part(1, 12), part(0, 6)).map(" ".join),
    st.tuples(part(0, 59), part(0, 23), part(1, 31), part(1, 12), part(0, 6), part(0, 59)).map(" ".join),
    st.sampled_from(
        ["@hourly", "@daily", "@weekly", "@monthly", "@yearly", "0 0 L * *", "0 9 * * 5#2", "0 0 * * L5"]
    ),
)


@few
@given(cron=crons, zone=zones, start=starts, day_or=st.booleans())
def test_cron(prefect: Asked, cron: str, zone: str, start: float, day_or: bool) -> None:
    agree(prefect, ScheduleRule("cron", cron=cron, timezone=zone, day_or=day_or), start)


@few
@given(
    seconds=st.one_of(st.integers(1, 90_000), st.integers(1, 366).map(lambda days: days * 86400)),
    anchor=starts,
    zone=zones,
    start=starts,
)
def test_interval(prefect: Asked, seconds: int, anchor: float, zone: str, start: float) -> None:
    where = datetime.fromtimestamp(anchor, UTC).isoformat()
    rule = ScheduleRule("interval", interval=float(seconds), anchor=where, timezone=zone)
    if (seconds > 86400 and seconds % 86400) or clocks_differ(anchor, start, zone):
        return
    agree(prefect, rule, start)


def clocks_differ(one: float, other: float, zone: str) -> bool:
    """Prefect jumps from anchor to start in exact seconds, so that the hour depends on when one looks."""
    there = ZoneInfo(zone)
    return len({datetime.fromtimestamp(moment, there).utcoffset() for moment in (one, other)}) > 1


@few
@given(
    freq=st.sampled_from(["YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"]),
    interval=st.integers(1, 40),
    more=st.sampled_from(
        ["", ";BYDAY=MO,FR", ";BYHOUR=2,14", ";BYMONTH=3,10", ";BYMONTHDAY=31,-1", ";BYMINUTE=30;BYSECOND=0"]
    ),
    zone=zones,
    start=starts,
)
def test_rrule(prefect: Asked, freq: str, interval: int, more: str, zone: str, start: float) -> None:
    if freq in ("MINUTELY", "SECONDLY"):
        # Such a rule gets its start from Prefect when it is made, and so it does here.
        begin = datetime.fromtimestamp(start, ZoneInfo(zone)) - timedelta(hours=3)
        prefix = f"DTSTART:{begin:%Y%m%dT%H%M%S}\nRRULE:"
    else:
        prefix = ""
    agree(
        prefect,
        ScheduleRule("rrule", rrule=f"{prefix}FREQ={freq};INTERVAL={interval}{more}", timezone=zone),
        start,
    )


def test_the_day_that_lacks_an_hour(prefect: Asked) -> None:
    """Prefect's own dates there, which no estimate is needed for when its code is at hand."""
    rule = ScheduleRule("cron", cron="30 2 * * *", timezone="Europe/Paris")
    spring = datetime(2027, 3, 28, tzinfo=UTC).timestamp() - 3600
    theirs = prefect.dates(rule, 2, spring)
    ours = estimate(rule, 2, spring)
    assert theirs[1] == ours[1] == datetime(2027, 3, 29, 0, 30, tzinfo=UTC).timestamp()
    assert ours[0] == datetime(2027, 3, 28, 1, 30, tzinfo=UTC).timestamp()
    assert abs(theirs[0] - ours[0]) in (0, 3600)
    autumn = datetime(2027, 10, 31, tzinfo=UTC).timestamp() - 7200
    assert len(prefect.dates(rule, 2, autumn)) == 2


async def test_previews_agree_with_the_runs_that_the_server_makes(
    prefect_api: PrefectApi, prefect: Asked
) -> None:
    rule = ScheduleRule("cron", cron="17 */7 * * *", timezone="Europe/Paris")
    flow = await prefect_api.flows.create("previewed")
    deployment = await prefect_api.deployments.create(
        "d", flow["id"], schedules=[{"schedule": to_prefect(rule), "active": True}]
    )

    async def made() -> list[str]:
        runs = await prefect_api.deployments.scheduled_runs([deployment["id"]])
        return sorted(run["expected_start_time"] for run in runs)

    expected = [datetime.fromisoformat(text).timestamp() for text in await eventually(made)]
    preview = await asyncio.to_thread(prefect.preview, rule, len(expected))
    await prefect_api.deployments.delete(deployment["id"])
    assert preview.exact
    assert preview.dates == expected


async def test_a_preview_never_fails(prefect: Asked, tmp_path: Path) -> None:
    now = time.time()
    assert (await asyncio.to_thread(prefect.preview, ScheduleRule("once", at=now + 5), 3)).dates == [now + 5]
    tick = await asyncio.to_thread(prefect.preview, ScheduleRule("interval", interval=60), 2, now)
    assert (tick.exact, [round(date - now) for date in tick.dates]) == (True, [0, 60])

    other = DateHelper(exact=False)
    abroad = await other.preview(ScheduleRule("cron", cron="@daily"), 2, now)
    assert not abroad.exact
    assert len(abroad.dates) == 2
    assert "may differ" in abroad.note
    with pytest.raises(Exception, match="ValidationError"):
        await other.dates(ScheduleRule("cron", cron="nonsense"), 1, now)
    assert await other.dates(ScheduleRule("cron", cron="@daily"), 2, now) == abroad.dates
    await other.close()

    script = tmp_path / "python"
    script.write_text("#!/bin/sh\nexit 1\n")
    script.chmod(0o755)
    for python in (str(script), str(tmp_path / "none")):
        broken = DateHelper(python, exact=True)
        found = await broken.preview(ScheduleRule("cron", cron="@daily"), 2, now)
        assert (found.exact, found.dates) == (False, abroad.dates)
        assert "Reckoned here" in found.note
        exotic = await broken.preview(ScheduleRule("rrule", rrule="FREQ=DAILY;BYSETPOS=1;BYHOUR=1,2"), 2, now)
        assert exotic.dates == []
        assert "cannot be told" in exotic.note
        await broken.close()
    assert sys.executable
