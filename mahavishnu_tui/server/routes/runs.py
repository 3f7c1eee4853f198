"""Runs: list, start, look at, cancel, pause, resume."""

from __future__ import annotations

import dataclasses
import functools
import sqlite3
import time
import uuid
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.filtering import Filter, parse_filter
from mahavishnu_tui.models.rules import check_priority, check_rules
from mahavishnu_tui.models.run import RunStatus
from mahavishnu_tui.models.run_search import RUN_ATTRIBUTES
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.dispatcher import CancelPlan
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.acting import cancel_run, pause_run, resume_run
from mahavishnu_tui.server.routes.asking import ask_host, no_flow_run
from mahavishnu_tui.server.routes.body import Body, bad, query_choices, query_number, query_time
from mahavishnu_tui.server.routes.workflows import read_order
from mahavishnu_tui.server.store import approvals, every_run, runs, visits, workflows
from mahavishnu_tui.server.store.every_run import RunQuery
from mahavishnu_tui.server.store.queue import queue_order
from mahavishnu_tui.server.transitions import acts
from mahavishnu_tui.server.transitions.start import StartOrder, start_run

_MOST_RUNS = 5000
_MOST_VISITS = 50_000
_LONGEST_FILTER = 1000


async def list_runs(request: Request) -> Response:
    """`GET /v1/runs`."""
    core: Core = request.app.state.core
    query = RunQuery(
        statuses=tuple(query_choices(request, "status", get_args(RunStatus))),
        workflow=request.query_params.get("workflow", ""),
        thread=request.query_params.get("thread", ""),
        engine=request.query_params.get("engine", ""),
        before=query_time(request, "before"),
        filter=_filter(request),
    )
    limit = query_number(request, "limit", 200, _MOST_RUNS)
    found = await core.store.read(functools.partial(every_run.search, query=query, limit=limit))
    # Behind the end of the mirror Prefect itself has more; a run may be both there and in a page of ours.
    older = await core.prefect.older(query, limit - len(found))
    if older:
        known = {codec.loads(item.data)["id"] for item in found}
        found += [run.to_json() for run in older if run.id not in known]
    return json_response(found)


async def count(request: Request) -> Response:
    """`GET /v1/runs/count`."""
    core: Core = request.app.state.core
    query = RunQuery(filter=_filter(request))
    return json_response(await core.store.read(functools.partial(every_run.count, query=query)))


async def start(request: Request) -> Response:
    """`POST /v1/runs`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    if body.has("workflow_id"):
        workflow_id = body.text("workflow_id")
    else:
        workflow_id = (await core.loader.register(read_order(body))).id
    order = StartOrder(
        workflow_id=workflow_id,
        given=body.any("input"),
        by=body.person(),
        thread_id=body.text("thread_id", ""),
        request_id=body.text("request_id", "") or None,
        tags=body.words("tags"),
        config=read_config(body),
        priority=check_priority(body.text("priority")) if body.has("priority") else "",
    )
    run = await core.store.write(functools.partial(start_run, order=order, rules=core.options.rules))
    core.dispatcher.wake()
    return json_response(run.to_json(), 201)


async def show(request: Request) -> Response:
    """`GET /v1/runs/{id}`."""
    core: Core = request.app.state.core
    found = await find_run(request)
    if core.prefect.owns(found):
        return json_response(await core.prefect.whole(found))
    if core.remote.owns(found):
        await core.remote.read_path(found)

    def look(conn: sqlite3.Connection) -> dict[str, Any]:
        run = _run(request, conn)
        stored = runs.payload(conn, run.id)
        return {
            "run": run.to_json(),
            "input": stored["input"],
            "values": stored["values"],
            "values_truncated": stored["values_truncated"],
            "approvals": [approval.to_json() for approval in approvals.of_run(conn, run.id)],
            "execution_path": visits.path(conn, run.id),
            "config": stored["config"],
            "again": visits.unfinished(conn, run.id),
        }

    return json_response(await core.store.read(look))


async def path(request: Request) -> Response:
    """`GET /v1/runs/{id}/visits`."""
    core: Core = request.app.state.core
    after = query_number(request, "after", 0, 2**53)
    limit = query_number(request, "limit", _MOST_VISITS, _MOST_VISITS)
    run = await find_run(request)
    if core.prefect.owns(run):
        told = await (await core.prefect.reach()).details.visits(run)
        later = [visit.to_json() for visit in told if visit.number > after]
        return json_response(later[:limit])
    if core.remote.owns(run):
        await core.remote.read_path(run)
    return json_response(
        await core.store.read(lambda conn: visits.after(conn, _run(request, conn).id, after, limit))
    )


async def graph(request: Request) -> Response:
    """`GET /v1/runs/{id}/graph`."""
    core: Core = request.app.state.core
    run = await find_run(request)
    if core.prefect.owns(run):
        return json_response((await (await core.prefect.reach()).details.graph(run)).to_json())

    def look(conn: sqlite3.Connection) -> dict[str, Any]:
        workflow = workflows.require(conn, _run(request, conn).workflow_id)
        return workflows.drawing(conn, workflow).to_json()

    return json_response(await core.store.read(look))


async def cancel(request: Request) -> Response:
    """`POST /v1/runs/{id}/cancel`; answers when the run has ended, or after some seconds."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    version = int(body.number("version", 0)) if body.has("version") else None
    how = body.text("how", "now")
    if how not in ("now", "boundary"):
        raise bad(f"There is no cancel {how[:40]!r}.", "There are `now` and `boundary`.")
    run = await find_run(request)
    changed = await cancel_run(core, run, body.person(), version, gently=how == "boundary")
    return json_response(changed.to_json())


async def cancel_plan(request: Request) -> Response:
    """`GET /v1/runs/{id}/cancel`: what a cancel would end, before it is asked for."""
    core: Core = request.app.state.core
    run = await find_run(request)
    if core.prefect.owns(run):
        return json_response(dataclasses.asdict(CancelPlan()))
    plan = await core.dispatcher.cancel_ends(run) if run.status == "running" else CancelPlan()
    return json_response(dataclasses.asdict(plan))


async def again(request: Request) -> Response:
    """`POST /v1/runs/{id}/again`: a new run of the same workflow, with the same input or another one."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)

    def look(conn: sqlite3.Connection) -> tuple[Run, dict[str, Any]]:
        run = _run(request, conn)
        return run, runs.payload(conn, run.id)

    run = await find_run(request)
    if core.prefect.owns(run):
        given = body.mapping("input") if body.sent("input") else None
        request_id = body.text("request_id", "") or str(uuid.uuid4())
        link = await core.prefect.reach()
        made = await link.local_flows.again(run, body.person(), request_id, given)
        return json_response(made.to_json(), 201)
    like, stored = await core.store.read(look)
    order = StartOrder(
        workflow_id=like.workflow_id,
        given=body.any("input") if body.sent("input") else stored["input"],
        by=body.person(),
        thread_id=body.text("thread_id", ""),
        request_id=body.text("request_id", "") or None,
        tags=like.tags,
        config={**stored["config"], **read_config(body)},
        priority=check_priority(body.text("priority")) if body.has("priority") else like.priority,
    )
    run = await core.store.write(functools.partial(start_run, order=order, rules=core.options.rules))
    core.dispatcher.wake()
    return json_response(run.to_json(), 201)


async def prioritise(request: Request) -> Response:
    """`POST /v1/runs/{id}/priority`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    wanted = check_priority(body.text("priority"))
    own = await find_run(request)
    if core.prefect.owns(own):
        raise no_flow_run(own, "priority")
    run = await core.store.write(
        functools.partial(acts.set_priority, run_id=_id(request), priority=wanted, by=body.person())
    )
    core.dispatcher.wake()
    return json_response(run.to_json())


async def list_queue(request: Request) -> Response:
    """`GET /v1/queue`: queued runs in the order in which they get a slot."""
    core: Core = request.app.state.core
    found = await core.store.read(functools.partial(queue_order, now=time.time()))
    return json_response([run.to_json() for run in found])


async def pause(request: Request) -> Response:
    """`POST /v1/runs/{id}/pause`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    return json_response((await pause_run(core, await find_run(request), body.person())).to_json())


async def resume(request: Request) -> Response:
    """`POST /v1/runs/{id}/resume`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    checkpoint_id = body.text("checkpoint_id", "")
    limit = read_config(body).get("recursion_limit", 0)
    run = await find_run(request)
    if checkpoint_id and not (core.prefect.owns(run) or core.remote.owns(run)):
        # A checkpoint that is not there must be refused before the run is anything but what it was.
        await ask_host(request, "state", checkpoint_id=checkpoint_id)
    changed = await resume_run(core, run, body.person(), checkpoint_id=checkpoint_id, recursion_limit=limit)
    return json_response(changed.to_json())


def _filter(request: Request) -> Filter:
    """What the query looks for; MHV-010 when that makes no sense."""
    text = request.query_params.get("search", "")
    if len(text) > _LONGEST_FILTER:
        raise bad(f"The filter is longer than {_LONGEST_FILTER} characters.")
    return parse_filter(text, RUN_ATTRIBUTES)


def read_config(body: Body) -> dict[str, Any]:
    """The `config` of a run; MHV-010 when a rule in it makes no sense."""
    config = body.mapping("config", {})
    check_rules(config)
    return config


async def find_run(request: Request) -> Run:
    """The run that the path names, by id or name; an older flow run is fetched. Raises MHV-100."""
    core: Core = request.app.state.core
    try:
        return await core.store.read(functools.partial(_run, request))
    except MahavishnuError as error:
        if error.code is not ErrorCode.RUN_UNKNOWN:
            raise
        return await core.prefect.fetch(_id(request), error)


def _id(request: Request) -> str:
    return str(request.path_params["run"])


def _run(request: Request, conn: sqlite3.Connection) -> Run:
    return runs.require(conn, _id(request)).run


ROUTES = [
    Route("/v1/runs", list_runs, methods=["GET"]),
    Route("/v1/runs", start, methods=["POST"]),
    Route("/v1/runs/count", count),
    Route("/v1/runs/{run}", show),
    Route("/v1/runs/{run}/visits", path),
    Route("/v1/runs/{run}/graph", graph),
    Route("/v1/queue", list_queue),
    Route("/v1/runs/{run}/cancel", cancel_plan, methods=["GET"]),
    Route("/v1/runs/{run}/cancel", cancel, methods=["POST"]),
    Route("/v1/runs/{run}/again", again, methods=["POST"]),
    Route("/v1/runs/{run}/priority", prioritise, methods=["POST"]),
    Route("/v1/runs/{run}/pause", pause, methods=["POST"]),
    Route("/v1/runs/{run}/resume", resume, methods=["POST"]),
]
