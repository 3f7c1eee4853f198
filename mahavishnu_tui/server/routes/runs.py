"""Runs: list, start, look at, cancel, pause, resume."""

from __future__ import annotations

import dataclasses
import functools
import sqlite3
import time
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.rules import check_priority, check_rules
from mahavishnu_tui.models.run import RunStatus
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.dispatcher import CancelPlan
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.asking import ask_host
from mahavishnu_tui.server.routes.body import Body, bad, query_choices, query_number, query_time
from mahavishnu_tui.server.routes.workflows import read_order
from mahavishnu_tui.server.store import approvals, runs, visits, workflows
from mahavishnu_tui.server.store.queue import queue_order
from mahavishnu_tui.server.transitions import acts
from mahavishnu_tui.server.transitions.start import StartOrder, start_run

_MOST_RUNS = 5000
_MOST_VISITS = 50_000


async def list_runs(request: Request) -> Response:
    """`GET /v1/runs`."""
    core: Core = request.app.state.core
    statuses = query_choices(request, "status", get_args(RunStatus))
    found = await core.store.read(
        functools.partial(
            runs.search,
            statuses=statuses,
            workflow=request.query_params.get("workflow", ""),
            thread=request.query_params.get("thread", ""),
            before=query_time(request, "before"),
            limit=query_number(request, "limit", 200, _MOST_RUNS),
        )
    )
    return json_response(found)


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
    found = await core.store.read(functools.partial(_run, request))
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
    run = await core.store.read(functools.partial(_run, request))
    if core.remote.owns(run):
        await core.remote.read_path(run)
    return json_response(
        await core.store.read(lambda conn: visits.after(conn, _run(request, conn).id, after, limit))
    )


async def graph(request: Request) -> Response:
    """`GET /v1/runs/{id}/graph`."""
    core: Core = request.app.state.core

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
    gently = how == "boundary"
    run = await core.store.read(functools.partial(_run, request))
    if core.remote.owns(run):
        return json_response((await core.remote.cancel(run, body.person(), version)).to_json())
    run = await core.store.write(
        functools.partial(acts.cancel, run_id=_id(request), by=body.person(), version=version, gently=gently)
    )
    if run.status == "running":
        await (core.dispatcher.pause(run) if gently else core.dispatcher.cancel(run))
        run = await core.store.read(functools.partial(_run, request))
    core.dispatcher.wake()
    return json_response(run.to_json())


async def cancel_plan(request: Request) -> Response:
    """`GET /v1/runs/{id}/cancel`: what a cancel would end, before it is asked for."""
    core: Core = request.app.state.core
    run = await core.store.read(functools.partial(_run, request))
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
    run = await core.store.read(functools.partial(_run, request))
    if core.remote.owns(run):
        return json_response((await core.remote.pause(run)).to_json())
    run = await core.store.write(functools.partial(acts.pause, run_id=_id(request), by=body.person()))
    if run.status == "running":
        await core.dispatcher.pause(run)
        run = await core.store.read(functools.partial(_run, request))
    return json_response(run.to_json())


async def resume(request: Request) -> Response:
    """`POST /v1/runs/{id}/resume`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    checkpoint_id = body.text("checkpoint_id", "")
    run = await core.store.read(functools.partial(_run, request))
    if core.remote.owns(run):
        return json_response((await core.remote.resume(run, body.person(), checkpoint_id)).to_json())
    if checkpoint_id:
        # A checkpoint that is not there must be refused before the run is anything but what it was.
        await ask_host(request, "state", checkpoint_id=checkpoint_id)
    limit = read_config(body).get("recursion_limit", 0)
    run = await core.store.write(
        functools.partial(
            acts.resume,
            run_id=_id(request),
            by=body.person(),
            checkpoint_id=checkpoint_id,
            recursion_limit=limit,
        )
    )
    core.dispatcher.wake()
    return json_response(run.to_json())


def read_config(body: Body) -> dict[str, Any]:
    """The `config` of a run; MHV-010 when a rule in it makes no sense."""
    config = body.mapping("config", {})
    check_rules(config)
    return config


def _id(request: Request) -> str:
    return str(request.path_params["run"])


def _run(request: Request, conn: sqlite3.Connection) -> Run:
    return runs.require(conn, _id(request)).run


ROUTES = [
    Route("/v1/runs", list_runs, methods=["GET"]),
    Route("/v1/runs", start, methods=["POST"]),
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
