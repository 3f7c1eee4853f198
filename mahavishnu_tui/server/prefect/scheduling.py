"""Schedules: looked at before they are made, made, changed, run now, and what they have left undone."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from typing import Any

from mahavishnu_tui.engines.prefect.api import PrefectApi
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.engines.prefect.schedules.occurrences import conflicts
from mahavishnu_tui.engines.prefect.schedules.preview import DateHelper
from mahavishnu_tui.engines.prefect.schedules.rules import check_rule, scheduled_state, to_prefect
from mahavishnu_tui.models import Deployment, ErrorCode, MahavishnuError, Run, Schedule, ScheduleRule
from mahavishnu_tui.models.prefect import BulkResult
from mahavishnu_tui.models.schedule import SchedulePreview
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.prefect import records
from mahavishnu_tui.server.prefect.acts import Acts
from mahavishnu_tui.server.prefect.catalog import Catalog
from mahavishnu_tui.server.prefect.deploying import check_parameters
from mahavishnu_tui.server.prefect.mirror import Mirror
from mahavishnu_tui.server.prefect.views import Views
from mahavishnu_tui.server.store import Store, acts, flow_runs
from mahavishnu_tui.server.together import together

log = logging.getLogger(__name__)

_MOST_DATES = 200


@dataclasses.dataclass(frozen=True)
class ScheduleOrder:
    """A schedule that somebody wants."""

    rule: ScheduleRule
    deployment_id: str
    parameters: dict[str, Any]
    slug: str = ""
    active: bool = True
    force: bool = False
    """Although it collides with another one."""


class Scheduling:
    """What is done to schedules. Raises MHV-404 for rules that make no sense, and what Prefect says.

    Args:
        api: the server.
        store: has the runs that schedules have made.
        catalog: knows the schedules.
        views: the same as records.
        mirror: takes in what they make.
        run_acts: what is done to those.
        dates: reckons as the server does, or nearly.
    """

    def __init__(
        self,
        api: PrefectApi,
        store: Store,
        catalog: Catalog,
        views: Views,
        mirror: Mirror,
        run_acts: Acts,
        dates: DateHelper,
    ) -> None:
        self._api = api
        self._store = store
        self._catalog = catalog
        self._views = views
        self._mirror = mirror
        self._acts = run_acts
        self._dates = dates

    async def preview(
        self, rule: ScheduleRule, count: int, start: float | None, deployment_id: str
    ) -> SchedulePreview:
        """When a rule would start runs, and with what it would collide."""
        check_rule(rule, self._api.clock())
        found = await self._dates.preview(rule, min(count, _MOST_DATES), start)
        if not deployment_id or rule.kind == "once":
            return found
        return found.replace(conflicts=await self._conflicts(self._views.deployment(deployment_id), rule))

    async def create(self, order: ScheduleOrder, by: str) -> Schedule:
        """Have runs of a deployment started by a rule.

        Raises:
            MahavishnuError: MHV-404, with `conflicts` where it collides; MHV-429 bad parameters.
        """
        check_rule(order.rule, self._api.clock())
        deployment = self._views.deployment(order.deployment_id)
        check_parameters(deployment, order.parameters)
        if order.rule.kind == "once":
            if not order.active:
                raise MahavishnuError(
                    ErrorCode.PREFECT_SCHEDULE_INVALID,
                    "A single run cannot be made paused: it has no schedule.",
                    "Make it without, and cancel it if it is not to start.",
                )
            return await self._once(deployment, order, by)
        found = [] if order.force else await self._conflicts(deployment, order.rule)
        if found:
            raise MahavishnuError(
                ErrorCode.PREFECT_SCHEDULE_INVALID,
                found[0],
                "Change the rule, or force it (--force).",
                conflicts=found,
            )
        body: dict[str, Any] = {
            "schedule": to_prefect(order.rule),
            "active": order.active,
            "parameters": order.parameters,
        }
        if order.slug:
            await self._refuse_slug(deployment, order.slug)
            body["slug"] = order.slug
        (made, *_) = await self._api.schedules.create(deployment.id, [body])
        await self._note(deployment.id, "start", by, schedule=str(made["id"]), rule=order.rule.text)
        return await self._after(deployment.id, f"{deployment.id}.{made['id']}")

    async def change(self, schedule_id: str, seen: str, changes: Mapping[str, Any], by: str) -> Schedule:
        """Change what is given and leave the rest; raises MHV-101 when it is not as `seen`."""
        found = await self._as_seen(schedule_id, seen)
        rule: ScheduleRule | None = changes.get("rule")
        if rule is not None:
            check_rule(rule, self._api.clock())
        if changes.get("parameters") is not None:
            check_parameters(self._views.deployment(found.deployment_id), changes["parameters"])
        if not found.schedule_id:
            return await self._move_once(found, rule, by)
        given = changes.get("parameters")
        await self._api.schedules.change(
            found.deployment_id,
            found.schedule_id,
            schedule=to_prefect(rule) if rule is not None else None,
            active=changes.get("active"),
            parameters=found.parameters if given is None else given,
        )
        await self._note(
            found.deployment_id, "change", by, schedule=found.schedule_id, fields=sorted(changes)
        )
        return await self._after(found.deployment_id, found.id, makes=changes.get("active") is not False)

    async def delete(self, schedule_id: str, seen: str, by: str) -> None:
        """Take a schedule away, with the runs that it has made and that have not begun."""
        found = await self._as_seen(schedule_id, seen)
        if not found.schedule_id:
            await self._acts.do(found.id.rpartition(".")[2], "skip", by, None)
            return
        await self._api.schedules.delete(found.deployment_id, found.schedule_id)
        await self._note(found.deployment_id, "delete", by, schedule=found.schedule_id, rule=found.rule)
        await self._read_anew(found.deployment_id)

    async def run(self, schedule_id: str, request_id: str, by: str) -> Run:
        """Start one run now, with the schedule's parameters."""
        found = await self._schedule(schedule_id)
        if not found.schedule_id:
            raise MahavishnuError(
                ErrorCode.RUN_STATE,
                "This is one run, not a schedule.",
                "Change its time, or run its deployment.",
            )
        told = await self._api.deployments.create_run(
            found.deployment_id,
            idempotency_key=request_id,
            parameters=found.parameters,
            state={"type": "SCHEDULED"},
        )
        return await self._acts.started(told, by, schedule=found.schedule_id)

    async def make_runs(self, schedule_id: str, by: str) -> Schedule:
        """Have the runs made at once that nobody at Prefect makes; it makes them up to some way ahead."""
        found = await self._schedule(schedule_id)
        await self._note(found.deployment_id, "change", by, schedule=found.schedule_id, runs="made")
        return await self._after(found.deployment_id, found.id)

    async def skip(self, schedule_id: str, count: int, by: str) -> list[BulkResult]:
        """Delete the late runs that a schedule has made, as many as were shown (MHV-101)."""
        found = await self._schedule(schedule_id)
        late = (await self._store.read(flow_runs.late_of_schedules)).get(found.schedule_id, [])
        if len(late) != count:
            raise MahavishnuError(
                ErrorCode.RUN_STATE,
                f"{len(late)} runs are late now, not {count}.",
                "Nothing was done; look again.",
                count=len(late),
            )
        results = []
        for run in late:
            try:
                await self._acts.do(run.id, "skip", by, run.version)
                results.append(BulkResult(run.id, True, run.name))
            except MahavishnuError as error:
                results.append(BulkResult(run.id, False, error.message, error.to_json()))
        return results

    async def close(self) -> None:
        """End the helper process."""
        await self._dates.close()

    async def _once(self, deployment: Deployment, order: ScheduleOrder, by: str) -> Schedule:
        key = f"once {deployment.id} {order.rule.at} {order.slug}"
        told = await self._api.deployments.create_run(
            deployment.id,
            idempotency_key=key,
            parameters=order.parameters,
            name=order.slug or None,
            state=scheduled_state(order.rule.at or 0.0),
        )
        run = await self._acts.started(told, by, at=order.rule.at)
        # By now it may have begun, and is then in no list of what is to come.
        return records.once(deployment, run.replace(due_at=order.rule.at))

    async def _move_once(self, found: Schedule, rule: ScheduleRule | None, by: str) -> Schedule:
        if rule is None or rule.kind != "once" or rule.at is None:
            raise MahavishnuError(
                ErrorCode.PREFECT_SCHEDULE_INVALID,
                "Only the time of a single run can be changed.",
                "Give `at`.",
            )
        run_id = found.id.rpartition(".")[2]
        await self._api.flow_runs.set_state(run_id, scheduled_state(rule.at), force=True)
        await self._store.write(lambda tx: acts.record(tx, run_id, "change", by, at=rule.at))
        await self._mirror.refresh([run_id])
        return await self._schedule(found.id)

    async def _conflicts(self, deployment: Deployment, rule: ScheduleRule) -> list[str]:
        others = [
            (item.slug or item.rule, ScheduleRule.from_json(item.spec))
            for item in await self._store.read(self._views.schedules)
            if item.deployment_id == deployment.id and item.schedule_id and item.active
        ]
        return [clean_line(line, 300) for line in conflicts(rule, others, self._api.clock())]

    async def _refuse_slug(self, deployment: Deployment, slug: str) -> None:
        """Prefect names a slug that is taken no better than as a constraint of its database."""
        for item in await self._store.read(self._views.schedules):
            if item.deployment_id == deployment.id and item.slug == slug:
                raise MahavishnuError(
                    ErrorCode.PREFECT_SCHEDULE_INVALID,
                    f"{deployment.title} has a schedule {clean_line(slug, 100)!r} already: {item.rule}.",
                    "Give another slug, or change that one.",
                )

    async def _as_seen(self, schedule_id: str, seen: str) -> Schedule:
        deployment_id = (await self._schedule(schedule_id)).deployment_id
        try:
            await self._catalog.refresh_deployment(deployment_id)
        except PrefectError as error:
            if error.kind != "missing":
                raise
        found = await self._schedule(schedule_id)
        if found.seen != seen:
            raise MahavishnuError(
                ErrorCode.RUN_STATE,
                f"The schedule {found.rule} of {found.name} has changed since you looked.",
                "Nothing was done; look again.",
            )
        return found

    async def _schedule(self, schedule_id: str) -> Schedule:
        for item in await self._store.read(self._views.schedules):
            if schedule_id == item.id:
                return item
        raise MahavishnuError(
            ErrorCode.PREFECT_SCHEDULE_INVALID,
            f"There is no schedule {clean_line(schedule_id, 100)}.",
            "`mahavishnu prefect schedule list` shows those there are.",
        )

    async def _after(self, deployment_id: str, schedule_id: str, *, makes: bool = True) -> Schedule:
        """The schedule as it is now, with the runs that it has made by now.

        Args:
            deployment_id: what it starts.
            schedule_id: the schedule.
            makes: whether it may have runs to make.
        """
        if makes:
            await self._api.deployments.schedule_now(deployment_id)
        await self._read_anew(deployment_id)
        return await self._schedule(schedule_id)

    async def _read_anew(self, deployment_id: str) -> None:
        """See what its schedules are now, and what they have made."""
        async with together() as group:
            group.create_task(self._catalog.refresh_deployment(deployment_id))
            group.create_task(self._mirror.coming(deployment_id))

    async def _note(self, deployment_id: str, what: Any, by: str, **details: Any) -> None:
        await self._store.write(lambda tx: acts.record(tx, deployment_id, what, by, **details))
