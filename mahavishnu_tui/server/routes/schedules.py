"""Schedules: list, preview, make, change, run now, skip what is late."""

from __future__ import annotations

import functools
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.schedule import ScheduleKind, ScheduleRule
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.body import Body
from mahavishnu_tui.server.store import workflows

_MOST_DATES = 200
_LONGEST_RULE = 6500


async def list_schedules(request: Request) -> Response:
    """`GET /v1/schedules`."""
    core: Core = request.app.state.core
    await core.prefect.listed()
    found = await core.store.read(core.prefect.schedules)
    return json_response([schedule.to_json() for schedule in found])


async def preview(request: Request) -> Response:
    """`POST /v1/schedules/preview`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    count = min(int(body.number("count", 5)), _MOST_DATES)
    start = float(body.number("start", 0)) if body.has("start") else None
    link = await core.prefect.reach()
    found = await link.scheduling.preview(read_rule(body), count, start, body.text("deployment_id", ""))
    return json_response(found.to_json())


async def create(request: Request) -> Response:
    """`POST /v1/schedules`."""
    from mahavishnu_tui.server.prefect.scheduling import ScheduleOrder

    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    rule = read_rule(body)
    link = await core.prefect.reach(start=True)
    if body.has("workflow_id"):
        find = functools.partial(workflows.require, wanted=body.text("workflow_id"))
        deployed = await link.deploying.workflow(await core.store.read(find), body.person())
        deployment_id = deployed.id
    else:
        deployment_id = body.text("deployment_id")
    order = ScheduleOrder(
        rule=rule,
        deployment_id=deployment_id,
        parameters=body.mapping("parameters", {}),
        slug=clean_line(body.text("slug", ""), 100),
        active=body.flag("active", True),
        force=body.flag("force", False),
    )
    return json_response((await link.scheduling.create(order, body.person())).to_json(), 201)


async def change(request: Request) -> Response:
    """`POST /v1/schedules/{id}`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    changes: dict[str, Any] = {}
    if body.has("rule"):
        changes["rule"] = read_rule(body)
    if body.has("parameters"):
        changes["parameters"] = body.mapping("parameters")
    if body.has("active"):
        changes["active"] = body.flag("active", True)
    link = await core.prefect.reach()
    changed = await link.scheduling.change(_id(request), body.text("seen"), changes, body.person())
    return json_response(changed.to_json())


async def delete(request: Request) -> Response:
    """`POST /v1/schedules/{id}/delete`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    await (await core.prefect.reach()).scheduling.delete(_id(request), body.text("seen"), body.person())
    return json_response({})


async def run(request: Request) -> Response:
    """`POST /v1/schedules/{id}/run`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    link = await core.prefect.reach()
    made = await link.scheduling.run(_id(request), body.text("request_id"), body.person())
    return json_response(made.to_json(), 201)


async def make(request: Request) -> Response:
    """`POST /v1/schedules/{id}/make`: has Prefect make its next runs."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    link = await core.prefect.reach()
    made = await link.scheduling.make_runs(_id(request), body.person())
    await link.silent.look()
    return json_response(made.to_json())


async def skip(request: Request) -> Response:
    """`POST /v1/schedules/{id}/skip`: deletes the late runs that it has made."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    link = await core.prefect.reach()
    results = await link.scheduling.skip(_id(request), int(body.number("count", -1)), body.person())
    return json_response({"results": [result.to_json() for result in results]})


def read_rule(body: Body) -> ScheduleRule:
    """The field `rule`; raises MHV-010 without one, MHV-404 for one that is none."""
    given = Body(body.mapping("rule"))
    kind = given.text("kind", "")
    if kind not in get_args(ScheduleKind):
        raise MahavishnuError(
            ErrorCode.PREFECT_SCHEDULE_INVALID,
            f"kind: {clean_line(kind, 40)!r} is no kind of schedule.",
            "cron, interval, rrule or once.",
            field="kind",
        )
    texts = {name: given.text(name, "") for name in ("cron", "anchor", "rrule")}
    if any(len(text) > _LONGEST_RULE for text in texts.values()):
        raise MahavishnuError(
            ErrorCode.PREFECT_SCHEDULE_INVALID, f"The rule is longer than {_LONGEST_RULE} characters."
        )
    return ScheduleRule(
        kind=kind,  # type: ignore[arg-type]
        day_or=given.flag("day_or", True),
        interval=float(given.number("interval", 0.0)),
        timezone=given.text("timezone", "") or "UTC",
        at=float(given.number("at", 0.0)) if given.has("at") else None,
        **texts,
    )


def _id(request: Request) -> str:
    return str(request.path_params["schedule"])


ROUTES = [
    Route("/v1/schedules", list_schedules, methods=["GET"]),
    Route("/v1/schedules", create, methods=["POST"]),
    Route("/v1/schedules/preview", preview, methods=["POST"]),
    Route("/v1/schedules/{schedule}", change, methods=["POST"]),
    Route("/v1/schedules/{schedule}/delete", delete, methods=["POST"]),
    Route("/v1/schedules/{schedule}/run", run, methods=["POST"]),
    Route("/v1/schedules/{schedule}/make", make, methods=["POST"]),
    Route("/v1/schedules/{schedule}/skip", skip, methods=["POST"]),
]
