"""Schedules that make no runs although their time has passed: nobody at Prefect schedules them."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Collection, Sequence

from mahavishnu_tui.engines.prefect.api import PAGE, PrefectApi, Select
from mahavishnu_tui.engines.prefect.schedules.occurrences import estimate
from mahavishnu_tui.engines.prefect.schedules.rules import check_rule
from mahavishnu_tui.engines.prefect.states import iso, moment
from mahavishnu_tui.models import MahavishnuError, Schedule, ScheduleRule
from mahavishnu_tui.server.prefect.catalog import Catalog
from mahavishnu_tui.server.prefect.mapping import mapping
from mahavishnu_tui.server.prefect.views import Views
from mahavishnu_tui.server.store import Store, flow_runs

PATIENCE_SECONDS = 120.0
"""How long a schedule may be without runs: Prefect's scheduler takes its turn once a minute."""


@dataclasses.dataclass(frozen=True)
class Silent:
    """A schedule that makes no runs."""

    schedule: Schedule
    since: float
    """When the first run was due that was never made."""


class SilentSchedules:
    """Looks for them.

    Args:
        api: the server.
        store: has the runs that schedules have made.
        catalog: knows when a schedule was changed.
        views: knows the schedules.
        window: seconds that runs are kept in the mirror: further back nothing can be told.
    """

    def __init__(self, api: PrefectApi, store: Store, catalog: Catalog, views: Views, window: float) -> None:
        self._api = api
        self._store = store
        self._catalog = catalog
        self._views = views
        self._window = window
        self._quiet_since: dict[str, float] = {}
        self._looks_since: float | None = None
        self._found: list[Silent] = []

    @property
    def known(self) -> list[Silent] | None:
        """What the last look has found; None while nothing was watched for long enough."""
        long = self._looks_since is not None and self._api.clock() - self._looks_since > PATIENCE_SECONDS
        return self._found if long else None

    async def look(self) -> None:
        """Look again; raises PrefectError."""
        now = self._api.clock()
        if self._looks_since is None:
            self._looks_since = now
        schedules = await self._store.read(self._views.schedules)
        without = [item for item in schedules if item.schedule_id and item.runs and not item.coming]
        self._quiet_since = {item.id: self._quiet_since.get(item.id, now) for item in without}
        suspects = [item for item in without if now - self._quiet_since[item.id] > PATIENCE_SECONDS]
        if suspects:
            ahead = await self._with_runs_ahead({item.deployment_id for item in suspects}, now)
            suspects = [item for item in suspects if item.schedule_id not in ahead]
        last = await self._store.read(flow_runs.last_due) if suspects else {}
        changed = self._changed() if suspects else {}
        found = []
        for item in suspects:
            begin = max(
                last.get(item.schedule_id, 0.0), changed.get(item.schedule_id, 0.0), now - self._window
            )
            due = await asyncio.to_thread(missed, ScheduleRule.from_json(item.spec), begin, now)
            if due is not None:
                found.append(Silent(item, due))
        self._found = found

    async def _with_runs_ahead(self, deployment_ids: Collection[str], now: float) -> set[str]:
        """The schedules of these deployments that have made runs for later, however far ahead."""
        found = set[str]()
        for one in sorted(deployment_ids):
            select = Select(
                flow_runs={
                    "deployment_id": {"any_": [one]},
                    "state": {"type": {"any_": ["SCHEDULED"]}},
                    "expected_start_time": {"after_": iso(now)},
                }
            )
            page = await self._api.flow_runs.filter(select, sort="EXPECTED_START_TIME_ASC", limit=PAGE)
            makers = [mapping(run.get("created_by")) for run in page]
            found |= {str(by.get("id")) for by in makers if by.get("type") == "SCHEDULE"}
        return found

    def _changed(self) -> dict[str, float]:
        """When each schedule was made or last changed."""
        return {
            str(item.get("id")): moment(item.get("updated")) or moment(item.get("created")) or 0.0
            for deployment in self._catalog.now.deployments.values()
            for item in deployment.get("schedules") or []
        }


def missed(rule: ScheduleRule, after: float, now: float) -> float | None:
    """The first date of a rule that has passed without a run; None where none has, or the rule has ended.

    Args:
        rule: when runs start.
        after: the last run that it has made was due then, or it was changed then.
        now: the time.
    """
    if rule.kind == "interval" and not rule.anchor:
        return None  # nobody can say when its dates are
    try:
        check_rule(rule, now)
        dates: Sequence[float] = estimate(rule, 1, after + 1.0)
        goes_on = bool(estimate(rule, 1, now))
    except (MahavishnuError, ValueError):
        return None  # what makes no sense here is Prefect's to judge
    return dates[0] if goes_on and dates and now - dates[0] > PATIENCE_SECONDS else None
