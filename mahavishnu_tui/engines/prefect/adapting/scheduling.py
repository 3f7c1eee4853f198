"""Schedules of deployments."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mahavishnu_tui.engines.prefect.adapting.part import Part, check_parameters
from mahavishnu_tui.engines.prefect.schedules import (
    check_rule,
    conflicts,
    from_prefect,
    refusal,
    to_prefect,
)
from mahavishnu_tui.models import ScheduleRule
from mahavishnu_tui.models.schedule import SchedulePreview
from mahavishnu_tui.models.text import clean_line


class ScheduleMethods(Part):
    """Everything about schedules; `once` is a run at a moment: see `trigger_flow_run`."""

    async def create_schedule(
        self,
        deployment: str,
        rule: ScheduleRule,
        *,
        parameters: Mapping[str, Any] | None = None,
        active: bool = True,
        slug: str = "",
        force: bool = False,
    ) -> str:
        """Add a schedule and give its id.

        Args:
            deployment: `flow/deployment`, or its id.
            rule: when runs start.
            parameters: of its runs, over the deployment's own; they must make a whole set.
            active: whether it starts runs at once.
            slug: a name of its own, for people; unique within the deployment.
            force: also when another schedule starts runs at the same times.

        Raises:
            AdapterError: MHV-404 a rule that cannot be used or that collides, MHV-429 parameters.
        """
        check_rule(rule)
        found = await self.get_deployment(deployment)
        check_parameters(found, parameters or {})
        if not force:
            others = await self.api.schedules.of(found["id"])
            _check_conflicts(rule, [other for other in others if other.get("active") is not False])
        new: dict[str, Any] = {
            "schedule": to_prefect(rule),
            "active": active,
            "parameters": dict(parameters or {}),
        }
        if slug:
            new["slug"] = slug
        [made] = await self.api.schedules.create(found["id"], [new])
        return str(made["id"])

    async def list_schedules(self, deployment: str) -> list[dict[str, Any]]:
        """Its schedules as Prefect has them."""
        return await self.api.schedules.of((await self.get_deployment(deployment))["id"])

    async def change_schedule(
        self,
        deployment: str,
        schedule_id: str,
        *,
        rule: ScheduleRule | None = None,
        active: bool | None = None,
        parameters: Mapping[str, Any] | None = None,
        force: bool = False,
    ) -> None:
        """Change what is given and keep the rest, its parameters among it.

        Raises:
            AdapterError: as for `create_schedule`.
        """
        found = await self.get_deployment(deployment)
        if rule is not None:
            check_rule(rule)
            others = await self.api.schedules.of(found["id"])
            active_ones = [
                other for other in others if other["id"] != schedule_id and other.get("active") is not False
            ]
            if not force:
                _check_conflicts(rule, active_ones)
        if parameters is not None:
            check_parameters(found, parameters)
        await self.api.schedules.change(
            found["id"],
            schedule_id,
            schedule=None if rule is None else to_prefect(rule),
            active=active,
            parameters=parameters,
        )

    async def pause_schedule(self, deployment: str, schedule_id: str) -> None:
        """Let one schedule rest."""
        await self.change_schedule(deployment, schedule_id, active=False)

    async def resume_schedule(self, deployment: str, schedule_id: str) -> None:
        """Let one schedule go on."""
        await self.change_schedule(deployment, schedule_id, active=True)

    async def set_deployment_schedule(
        self, deployment: str, rule: ScheduleRule, parameters: Mapping[str, Any] | None = None
    ) -> str:
        """Have this one schedule and no other: the new one is added before the old ones are removed."""
        others = await self.list_schedules(deployment)
        made = await self.create_schedule(deployment, rule, parameters=parameters, force=True)
        for other in others:
            await self.delete_schedule(deployment, other["id"])
        return made

    async def delete_schedule(self, deployment: str, schedule_id: str) -> None:
        """Remove one schedule, with the runs that it has made and that have not begun."""
        found = await self.get_deployment(deployment)
        await self.api.schedules.delete(found["id"], schedule_id)

    async def preview_schedule(
        self, rule: ScheduleRule, count: int = 10, start: float | None = None, deployment: str = ""
    ) -> SchedulePreview:
        """The next dates of a rule, and what it would collide with in a deployment.

        Raises:
            AdapterError: MHV-404 a rule that cannot be used.
        """
        check_rule(rule, start)
        preview = await self._dates.preview(rule, count, start)
        if not deployment:
            return preview
        others = await self.list_schedules(deployment)
        return preview.replace(conflicts=conflicts(rule, _named(others), start))


def _named(schedules: list[dict[str, Any]]) -> list[tuple[str, ScheduleRule]]:
    return [
        (clean_line(item.get("slug") or f"schedule {item['id'][:8]}", 60), from_prefect(item["schedule"]))
        for item in schedules
    ]


def _check_conflicts(rule: ScheduleRule, others: list[dict[str, Any]]) -> None:
    found = conflicts(rule, _named(others))
    if found:
        error = refusal(rule.kind, found[0], "Choose other times, or force it.")
        error.details["conflicts"] = found
        raise error
