"""Runs: started, waited for, streamed, joined, cancelled; with a thread or without one."""

from __future__ import annotations

import dataclasses
import functools
import sqlite3
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.facade import streams, wire
from mahavishnu_tui.server.facade.ids import our_run, run_uuid
from mahavishnu_tui.server.facade.orders import RunOrder, order_of, read_modes, read_order
from mahavishnu_tui.server.facade.refusals import conflict, missing, not_offered, unprocessable
from mahavishnu_tui.server.facade.starting import Begun, begin
from mahavishnu_tui.server.facade.telling import LAST, MODES, Cursor
from mahavishnu_tui.server.facade.threads import require as require_thread
from mahavishnu_tui.server.facade.watching import history, last_said
from mahavishnu_tui.server.routes.body import LARGEST, Body, query_number
from mahavishnu_tui.server.store import Tx, agent, runs, workflows

_MOST = 1000
_BATCH = 100


async def create(request: Request) -> Response:
    """`POST [/threads/{id}]/runs`."""
    begun = await _begin(request, await read_order(request))
    shown = json_response(wire.run(begun.run, begun.given))
    shown.headers["content-location"] = _place(begun.run)
    return shown


async def create_batch(request: Request) -> Response:
    """`POST /runs/batch`: all of them, or none."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    orders = [order_of(body) for body in await _bodies(request)]

    def change(tx: Tx) -> list[Begun]:
        return [begin(tx, order, None) for order in orders]

    begun = await core.store.write(change)
    core.dispatcher.wake()
    return json_response([wire.run(one.run, one.given) for one in begun])


async def _bodies(request: Request) -> list[Body]:
    raw = await request.body()
    if len(raw) > LARGEST:
        raise unprocessable("The request is too large.")
    try:
        given = codec.loads(raw)
    except ValueError:
        raise unprocessable("Invalid JSON in request body.") from None
    if not isinstance(given, list) or not all(isinstance(item, dict) for item in given):
        raise unprocessable("A batch must be a list of objects.")
    if len(given) > _BATCH:
        raise unprocessable(f"A batch has at most {_BATCH} runs.")
    return [Body(item) for item in given]


async def wait(request: Request) -> Response:
    """`POST [/threads/{id}]/runs/wait`."""
    core: Core = request.app.state.core
    order = await read_order(request)
    begun = await _begin(request, order)
    body = streams.outcome(core, begun.run.id, cancels=order.cancel_on_disconnect)
    return _long(body, "application/json", begun.run, "join")


async def stream(request: Request) -> Response:
    """`POST [/threads/{id}]/runs/stream`."""
    core: Core = request.app.state.core
    order = await read_order(request)
    line = await _said_on(core, request.path_params.get("thread", "")) if "custom" in order.modes else {}
    begun = await _begin(request, order)
    since = dataclasses.replace(begun.since, line=line.get(begun.run.id, 0))
    told = streams.story(
        core, begun.run.id, order.modes, since, opening=True, cancels=order.cancel_on_disconnect
    )
    return _long(told, "text/event-stream", begun.run, "stream")


async def _said_on(core: Core, thread_id: str) -> dict[str, int]:
    """How much the run that may go on has said so far: a stream that starts now does not tell it again."""

    def look(conn: sqlite3.Connection) -> Run | None:
        thread = agent.get(conn, thread_id) if thread_id else None
        return runs.unfinished_on(conn, thread_id) or (thread.newest if thread else None)

    run = await core.store.read(look)
    return {run.id: await last_said(core, run.id)} if run else {}


async def list_runs(request: Request) -> Response:
    """`GET /threads/{id}/runs`."""
    core: Core = request.app.state.core
    query = request.query_params
    wanted = query.get("status", "")
    if wanted and wanted not in wire.RUN_STATUSES:
        raise unprocessable(f"`status` must be one of {', '.join(wire.RUN_STATUSES)}.")
    limit = query_number(request, "limit", 10, _MOST)
    offset = query_number(request, "offset", 0, 2**53)

    def look(conn: sqlite3.Connection) -> list[dict[str, Any]]:
        thread = require_thread(conn, request.path_params["thread"])
        statuses = wire.RUN_STATUSES.get(wanted, [])
        if wanted and not statuses:
            return []
        found = agent.runs_of(conn, thread.id, statuses, limit, offset)
        return [wire.run(run, agent.given_with(conn, run.id)) for run in found]

    found = await core.store.read(look)
    return json_response([wire.select(item, query.getlist("select")) for item in found])


async def show(request: Request) -> Response:
    """`GET /threads/{id}/runs/{run}`."""
    core: Core = request.app.state.core

    def look(conn: sqlite3.Connection) -> dict[str, Any]:
        run = _run(request, conn)
        return wire.run(run, agent.given_with(conn, run.id))

    return json_response(await core.store.read(look))


async def join(request: Request) -> Response:
    """`GET /threads/{id}/runs/{run}/join`."""
    core: Core = request.app.state.core
    run = await core.store.read(functools.partial(_run, request))
    cancels = _flag(request, "cancel_on_disconnect")
    return _long(streams.outcome(core, run.id, cancels=cancels), "application/json", run, "join")


async def join_stream(request: Request) -> Response:
    """`GET /threads/{id}/runs/{run}/stream`: from now on, or after `Last-Event-ID`."""
    core: Core = request.app.state.core
    named = [
        word for given in request.query_params.getlist("stream_mode") for word in given.split(",") if word
    ]
    modes = read_modes(named) if named else frozenset(MODES) - {"messages"}
    last = request.headers.get("last-event-id")
    run = await core.store.read(functools.partial(_run, request))

    def latest(conn: sqlite3.Connection) -> Cursor:
        work = runs.require(conn, run.id).work
        return Cursor(work.stored, LAST if run.status in FINISHED else 0) if work.stored else Cursor()

    if last is not None:
        since = Cursor.read(last)
    else:
        line = await last_said(core, run.id) if "custom" in modes else 0
        since = dataclasses.replace(await core.store.read(latest), line=line)
    cancels = _flag(request, "cancel_on_disconnect")
    told = streams.story(core, run.id, modes, since, opening=False, cancels=cancels)
    return _long(told, "text/event-stream", run, "stream")


async def cancel(request: Request) -> Response:
    """`POST /threads/{id}/runs/{run}/cancel`."""
    core: Core = request.app.state.core
    _check_action(request)
    run = await core.store.read(functools.partial(_run, request))
    if run.status in FINISHED:
        raise missing(
            f"Run {run.name} is no longer to be cancelled: it is {run.status}.", ErrorCode.RUN_STATE
        )
    await streams.cancel(core, run.id)
    if not _flag(request, "wait"):
        return json_response({}, 202)
    return _long(_rested(core, run.id), "application/json", run, "join")


async def _rested(core: Core, run_id: str) -> AsyncIterator[bytes]:
    async for part in streams.outcome(core, run_id):
        yield b"{}" if part.strip() else part


async def cancel_many(request: Request) -> Response:
    """`POST /runs/cancel`: runs by id, or those in a state."""
    core: Core = request.app.state.core
    _check_action(request)
    body = await Body.of(request)
    status = body.text("status", "")
    states = {"pending": ["queued"], "running": ["running"], "all": ["queued", "running"]}
    if (status and status not in states) or not (status or body.has("run_ids")):
        raise unprocessable("Give `run_ids`, or a `status` of pending, running or all.")
    named = [our_run(run_id) for run_id in body.words("run_ids")]
    thread_id = body.text("thread_id", "")

    def look(conn: sqlite3.Connection) -> list[Run]:
        rows = runs.with_status(conn, states[status]) if status else []
        found = [row.run for row in rows] + [row.run for key in named if (row := runs.get(conn, key))]
        found = [run for run in found if not core.prefect.owns(run)]
        return [run for run in found if thread_id in ("", run.thread_id) and run.status not in FINISHED]

    found = await core.store.read(look)
    if not found:
        raise missing("No matching runs to cancel.")
    for run in found:
        try:
            await streams.cancel(core, run.id)
        except MahavishnuError as error:
            if error.code is not ErrorCode.RUN_STATE:  # it has just ended by itself
                raise
    return Response(status_code=204)


async def refuse_delete(request: Request) -> Response:
    """Runs are a record."""
    raise not_offered("deletion of runs", "Cancel it; what it did and who answered stays on record.")


def _check_action(request: Request) -> None:
    if request.query_params.get("action", "interrupt") != "interrupt":
        raise unprocessable(
            "Only `action=interrupt` is offered: the checkpoints of a cancelled run are kept.",
            "Start from an earlier checkpoint to undo what it did.",
        )


async def _begin(request: Request, order: RunOrder) -> Begun:
    core: Core = request.app.state.core
    core.refuse_when_draining()
    thread_id = request.path_params.get("thread")
    if thread_id is not None and order.checkpoint_id:
        await _check_checkpoint(core, thread_id, order.checkpoint_id)
    begun = await core.store.write(functools.partial(begin, order=order, thread_id=thread_id))
    core.dispatcher.wake()
    return begun


async def _check_checkpoint(core: Core, thread_id: str, checkpoint_id: str) -> None:
    """A checkpoint that is not there must be refused before the run is anything but what it was."""

    def look(conn: sqlite3.Connection) -> Run:
        newest = require_thread(conn, thread_id).newest
        if newest is None:
            raise conflict(ErrorCode.CHECKPOINT_UNKNOWN, "Nothing has run on this thread yet.")
        return newest

    run = await core.store.read(look)
    workflow = await core.store.read(lambda conn: workflows.require(conn, run.workflow_id))
    reply = await history(core, workflow, run.thread_id, checkpoint_id=checkpoint_id)
    if not reply["states"]:
        raise missing(f"The thread has no checkpoint {checkpoint_id}.", ErrorCode.CHECKPOINT_UNKNOWN)


def _run(request: Request, conn: sqlite3.Connection) -> Run:
    row = runs.get(conn, our_run(request.path_params["run"]))
    if row is None or row.run.thread_id != require_thread(conn, request.path_params["thread"]).id:
        raise missing(f"Run with ID {request.path_params['run']} not found.")
    return row.run


def _long(parts: AsyncIterator[bytes], kind: str, run: Run, again: str) -> Response:
    """An answer that takes its time; `location` is where a client comes back to after a break."""
    place = _place(run)
    headers = {"content-location": place, "location": f"{place}/{again}", "cache-control": "no-store"}
    return StreamingResponse(parts, media_type=kind, headers=headers)


def _place(run: Run) -> str:
    return f"/threads/{run.thread_id}/runs/{run_uuid(run.id)}"


def _flag(request: Request, name: str) -> bool:
    return request.query_params.get(name, "false").lower() in ("true", "1")


ROUTES = [
    Route("/runs", create, methods=["POST"]),
    Route("/runs/batch", create_batch, methods=["POST"]),
    Route("/runs/wait", wait, methods=["POST"]),
    Route("/runs/stream", stream, methods=["POST"]),
    Route("/runs/cancel", cancel_many, methods=["POST"]),
    Route("/threads/{thread}/runs", list_runs, methods=["GET"]),
    Route("/threads/{thread}/runs", create, methods=["POST"]),
    Route("/threads/{thread}/runs/wait", wait, methods=["POST"]),
    Route("/threads/{thread}/runs/stream", stream, methods=["POST"]),
    Route("/threads/{thread}/runs/{run}", show, methods=["GET"]),
    Route("/threads/{thread}/runs/{run}", refuse_delete, methods=["DELETE"]),
    Route("/threads/{thread}/runs/{run}/join", join),
    Route("/threads/{thread}/runs/{run}/stream", join_stream),
    Route("/threads/{thread}/runs/{run}/cancel", cancel, methods=["POST"]),
]
