"""What a Prefect behind the server would tell, and the calls that are answered from it."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from typing import Any

from mahavishnu_tui.models import ErrorCode, Finding, GraphShape, MahavishnuError, Pool, Run, Schedule
from mahavishnu_tui.models.deployment import Deployment
from mahavishnu_tui.models.pool import ConcurrencyLimit, PoolChoice
from mahavishnu_tui.models.prefect import (
    Artifact,
    BulkResult,
    PrefectInfo,
    RunMetrics,
    StateChange,
    Trouble,
)
from mahavishnu_tui.models.schedule import SchedulePreview, ScheduleRule

NOW = 1_790_000_000.0


@dataclasses.dataclass
class Flows:
    """Everything that comes from Prefect besides its runs."""

    info: PrefectInfo | None = None
    deployments: list[Deployment] = dataclasses.field(default_factory=list)
    troubles: list[Trouble] = dataclasses.field(default_factory=list)
    limits: list[ConcurrencyLimit] = dataclasses.field(default_factory=list)
    graphs: dict[str, GraphShape] = dataclasses.field(default_factory=dict)
    states: dict[str, list[StateChange]] = dataclasses.field(default_factory=dict)
    artifacts: dict[str, list[Artifact]] = dataclasses.field(default_factory=dict)
    metrics: dict[str, RunMetrics] = dataclasses.field(default_factory=dict)
    findings: list[Finding] = dataclasses.field(default_factory=list)


class FlowCalls:
    """The calls of a `WorldClient` that only Prefect has answers to."""

    world: Any
    bulk_refuse: dict[str, BulkResult]
    preview: SchedulePreview

    async def _enter(self, name: str, *args: Any) -> None:
        raise NotImplementedError

    def _run(self, run_id: str) -> Run:
        raise NotImplementedError

    @property
    def _flows(self) -> Flows:
        found: Flows = self.world.flows
        return found

    async def prefect(self) -> PrefectInfo:
        await self._enter("prefect")
        return self._flows.info or PrefectInfo("off")

    async def start_prefect(self, by: str) -> PrefectInfo:
        await self._enter("start_prefect")
        return (self._flows.info or PrefectInfo("auto")).replace(state="starting")

    async def stop_prefect(self, by: str) -> PrefectInfo:
        await self._enter("stop_prefect")
        return (self._flows.info or PrefectInfo("auto")).replace(state="off")

    async def check_prefect(self) -> list[Finding]:
        await self._enter("check_prefect")
        return self._flows.findings

    async def deployments(self) -> list[Deployment]:
        await self._enter("deployments")
        return self._flows.deployments

    async def create_deployment(self, entrypoint: str, name: str, by: str, **options: Any) -> Deployment:
        await self._enter("create_deployment", entrypoint, name)
        return self._flows.deployments[0]

    async def deployment(self, deployment: str) -> Deployment:
        await self._enter("deployment", deployment)
        found = [item for item in self._flows.deployments if deployment in (item.id, item.title)]
        if not found:
            raise MahavishnuError(ErrorCode.RUN_UNKNOWN, f"There is no deployment {deployment}.")
        return found[0]

    async def deployment_versions(self, deployment_id: str) -> list[dict[str, Any]]:
        await self._enter("deployment_versions", deployment_id)
        return [
            {"version": "2", "at": NOW - 3600, "by": "ana", "entrypoint": "etl.py:etl", "current": True},
            {"version": "1", "at": NOW - 90_000, "by": "bob", "entrypoint": "etl.py:etl", "current": False},
        ]

    async def change_deployment(self, deployment: Deployment, by: str, **changes: Any) -> Deployment:
        await self._enter("change_deployment", deployment.id, deployment.seen, changes)
        return deployment.replace(**changes)

    async def delete_deployment(self, deployment: Deployment, by: str) -> None:
        await self._enter("delete_deployment", deployment.id, deployment.seen)

    async def run_deployment(self, deployment_id: str, by: str, **wanted: Any) -> Run:
        await self._enter("run_deployment", deployment_id, wanted)
        return flow_run(99, "vast-oriole", "queued", 0)

    async def again(self, run_id: str, by: str, **wanted: Any) -> Run:
        await self._enter("again", run_id, wanted)
        return flow_run(98, "bold-wasp", "queued", 0)

    async def states(self, run_id: str) -> list[StateChange]:
        await self._enter("states", run_id)
        return self._flows.states.get(run_id, [])

    async def artifacts(self, run_id: str) -> list[Artifact]:
        await self._enter("artifacts", run_id)
        return self._flows.artifacts.get(run_id, [])

    async def metrics(self, run_id: str) -> RunMetrics:
        await self._enter("metrics", run_id)
        return self._flows.metrics.get(run_id) or RunMetrics(0, {}, 0.0, 0.0, None, 0, 0)

    async def delete_run(self, run_id: str, by: str, version: int) -> None:
        await self._enter("delete_run", run_id, version)

    async def troubles(self) -> list[Trouble]:
        await self._enter("troubles")
        return self._flows.troubles

    async def bulk(self, act: str, runs: Iterable[tuple[str, int]], by: str) -> list[BulkResult]:
        runs = list(runs)
        await self._enter("bulk", act, runs)
        return [self.bulk_refuse.get(run_id) or BulkResult(run_id, True) for run_id, _ in runs]

    async def preview_schedule(
        self, rule: ScheduleRule, *, count: int = 5, deployment_id: str = "", start: float | None = None
    ) -> SchedulePreview:
        await self._enter("preview_schedule", rule, count, deployment_id)
        if rule.cron == "99 * * * *":
            raise MahavishnuError(
                "MHV-404", "The cron 99 * * * * makes no sense: minute 99.", "Minutes are 0 to 59."
            )
        return dataclasses.replace(self.preview, dates=self.preview.dates[:count])

    async def create_schedule(self, rule: ScheduleRule, by: str, **wanted: Any) -> Schedule:
        await self._enter("create_schedule", rule, wanted)
        return Schedule("new", "nightly-etl/prod", rule.text, NOW + 3600)

    async def change_schedule(self, schedule: Schedule, by: str, **wanted: Any) -> Schedule:
        given = {name: value for name, value in wanted.items() if value is not None}
        await self._enter("change_schedule", schedule.id, schedule.seen, given)
        return schedule.replace(active=wanted.get("active", schedule.active))

    async def delete_schedule(self, schedule: Schedule, by: str) -> None:
        await self._enter("delete_schedule", schedule.id, schedule.seen)

    async def run_schedule(self, schedule_id: str, by: str, request_id: str) -> Run:
        await self._enter("run_schedule", schedule_id)
        return flow_run(97, "calm-boa", "queued", 0)

    async def skip_backlog(self, schedule_id: str, by: str, count: int) -> list[BulkResult]:
        await self._enter("skip_backlog", schedule_id, count)
        return [BulkResult(f"late-{n}", True) for n in range(count)]

    async def change_pool(self, name: str, by: str, **wanted: Any) -> Pool:
        given = {key: value for key, value in wanted.items() if value is not None}
        await self._enter("change_pool", name, given)
        return next(pool for pool in self.world.pools if pool.name == name)

    async def choose_pool(self, deployment_id: str = "", selector: str = "") -> PoolChoice:
        await self._enter("choose_pool", deployment_id, selector)
        return PoolChoice("k8s-prod", selector=selector, reason="3 of 50 slots, the others are fuller")

    async def limits(self) -> list[ConcurrencyLimit]:
        await self._enter("limits")
        return self._flows.limits


def flow_run(number: int, name: str, status: str, ago: float, **more: Any) -> Run:
    """A flow run of `nightly-etl/prod` unless something else is said."""
    started = None if status in ("scheduled", "queued") else NOW - ago
    fields: dict[str, Any] = {
        "id": f"0f0f0f0f-0000-4000-8000-{number:012}",
        "name": name,
        "thread_id": "",
        "workflow_id": "flow-etl",
        "workflow": "nightly-etl",
        "status": status,
        "created_at": NOW - ago,
        "started_at": started,
        "engine": "prefect",
        "deployment": "prod",
        "deployment_id": "dep-etl",
        "pool": "k8s-prod",
    }
    return Run(**{**fields, **more})
