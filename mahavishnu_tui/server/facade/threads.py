"""Threads: made, found, described, and what is stored in them."""

from __future__ import annotations

import functools
import sqlite3
import uuid
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import ErrorCode, NodeVisit, Workflow
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.facade import wire
from mahavishnu_tui.server.facade.ids import is_uuid
from mahavishnu_tui.server.facade.paging import MOST, Page, whole
from mahavishnu_tui.server.facade.refusals import conflict, missing, not_offered, unprocessable
from mahavishnu_tui.server.facade.watching import history as read_history
from mahavishnu_tui.server.routes.body import Body
from mahavishnu_tui.server.store import Tx, agent, approvals, runs, visits, workflows

_SORTS = ("thread_id", "status", "created_at", "updated_at", "state_updated_at")


async def create(request: Request) -> Response:
    """`POST /threads`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    given = body.text("thread_id", "")
    thread_id = is_uuid(given, "thread") if given else str(uuid.uuid4())
    metadata, if_exists = body.mapping("metadata", {}), body.text("if_exists", "raise")
    if body.has("graph_id"):
        metadata = {"graph_id": body.text("graph_id"), **metadata}
    if if_exists not in ("raise", "do_nothing"):
        raise unprocessable("`if_exists` must be raise or do_nothing.")
    for name in ("supersteps", "ttl"):
        if body.has(name):
            raise not_offered(f"`{name}` of threads")

    def change(tx: Tx) -> dict[str, Any]:
        if agent.get(tx.conn, thread_id) is None:
            agent.create(tx, thread_id, metadata)
        elif if_exists == "raise":
            raise conflict(ErrorCode.THREAD_BUSY, f"Thread with ID {thread_id} already exists.")
        return _shown(tx.conn, require(tx.conn, thread_id))

    return json_response(await core.store.write(change))


async def search(request: Request) -> Response:
    """`POST /threads/search`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    page = Page.of(body, _SORTS, "created_at")
    query = _query(body, page)
    if body.has("extract"):
        raise not_offered("`extract` in searches", "Use `select`, as in `values.messages`.")

    def look(conn: sqlite3.Connection) -> tuple[list[dict[str, Any]], int]:
        found = [_shown(conn, thread) for thread in agent.search(conn, query)]
        return found, agent.count(conn, query)

    found, total = await core.store.read(look)
    return page.answer([wire.select(item, page.select) for item in found], total)


async def count(request: Request) -> Response:
    """`POST /threads/count`."""
    core: Core = request.app.state.core
    query = _query(await Body.of(request))
    return json_response(await core.store.read(functools.partial(agent.count, query=query)))


def _query(body: Body, page: Page | None = None) -> agent.ThreadQuery:
    status = body.text("status", "")
    if status not in ("", *get_args(agent.ThreadStatus)):
        raise unprocessable(f"`status` must be one of {', '.join(get_args(agent.ThreadStatus))}.")
    query = agent.ThreadQuery(
        status, body.mapping("metadata", {}), body.mapping("values", {}), body.words("ids")
    )
    if page is None:
        return query
    return agent.ThreadQuery(
        query.status,
        query.metadata,
        query.values,
        query.ids,
        page.limit,
        page.offset,
        page.sort_by,
        page.ascending,
    )


async def show(request: Request) -> Response:
    """`GET /threads/{id}`."""
    core: Core = request.app.state.core

    def look(conn: sqlite3.Connection) -> dict[str, Any]:
        return _shown(conn, require(conn, request.path_params["thread"]))

    return json_response(await core.store.read(look))


async def update(request: Request) -> Response:
    """`PATCH /threads/{id}`: its metadata."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    metadata = body.mapping("metadata", {})

    def change(tx: Tx) -> dict[str, Any]:
        agent.merge(tx, require(tx.conn, request.path_params["thread"]), metadata)
        return _shown(tx.conn, require(tx.conn, request.path_params["thread"]))

    return json_response(await core.store.write(change))


async def delete(request: Request) -> Response:
    """`DELETE /threads/{id}`: one that nothing has run on; what ran stays in the record."""
    core: Core = request.app.state.core

    def change(tx: Tx) -> None:
        thread = require(tx.conn, request.path_params["thread"])
        if thread.newest is not None:
            raise not_offered(
                "deletion of threads on which something has run",
                "Runs, answers and checkpoints are a record; prune checkpoints where they grow too many.",
            )
        agent.forget(tx, thread.id)

    await core.store.write(change)
    return Response(status_code=204)


async def state(request: Request) -> Response:
    """`GET /threads/{id}/state[/{checkpoint}]`."""
    wanted = request.path_params.get("checkpoint", "")
    nested = request.query_params.get("subgraphs", "false").lower() in ("true", "1")
    return await _state(request, wanted, nested, request.query_params.getlist("select"))


async def state_at(request: Request) -> Response:
    """`POST /threads/{id}/state/checkpoint`."""
    body = await Body.of(request)
    checkpoint = Body(body.mapping("checkpoint"))
    if checkpoint.text("checkpoint_ns", ""):
        raise not_offered("the state of a subgraph by its namespace", "Ask for the state with `subgraphs`.")
    wanted = checkpoint.text("checkpoint_id", "")
    return await _state(request, wanted, body.flag("subgraphs", False), body.words("select"))


async def _state(request: Request, wanted: str, nested: bool, fields: list[str]) -> Response:
    core: Core = request.app.state.core
    thread, workflow = await _located(request)
    found: list[Any] = []
    if workflow is not None:
        query: dict[str, Any] = {"checkpoint_id": wanted} if wanted else {"live": True}
        found = (await read_history(core, workflow, thread.id, subgraphs=nested, **query))["states"]
    shown = wire.state(thread.id, found[0]) if found else wire.no_state(thread.id, wanted)
    return json_response(wire.select(shown, fields))


async def history(request: Request) -> Response:
    """`POST` or `GET /threads/{id}/history`."""
    core: Core = request.app.state.core
    body = await Body.of(request) if request.method == "POST" else Body(_history_query(request))
    limit = whole(body, "limit", 10, MOST)
    before = body.any("before") if body.has("before") else ""
    if isinstance(before, dict):
        before = Body({**before, **before.get("configurable", {})}).text("checkpoint_id", "")
    if not isinstance(before, str):
        raise unprocessable("`before` must be a checkpoint or its id.")
    if body.has("checkpoint") and Body(body.mapping("checkpoint")).text("checkpoint_ns", ""):
        raise not_offered("the history of a subgraph")
    thread, workflow = await _located(request)
    if workflow is None or limit == 0:
        return json_response([])
    metadata = body.mapping("metadata", {})
    found: list[Any] = []
    more = True
    while more and len(found) < limit:
        reply = await read_history(
            core, workflow, thread.id, limit=limit - len(found), before=before, metadata=metadata
        )
        found += reply["states"]
        more = bool(reply["more"] and reply["states"])
        before = found[-1]["id"] if found else ""
    fields = body.words("select")
    return json_response([wire.select(wire.state(thread.id, item), fields) for item in found])


def _history_query(request: Request) -> dict[str, Any]:
    query = request.query_params
    limit = query.get("limit", "10")
    if not (limit.isascii() and limit.isdigit()):
        raise unprocessable("`limit` must be a whole number.")
    return {"limit": int(limit), "before": query.get("before"), "select": query.getlist("select")}


async def refuse(request: Request) -> Response:
    """What their API can do with threads and ours cannot."""
    raise not_offered(f"`{request.method} {clean_line(request.url.path.rpartition('/')[2], 40)}` of threads")


def require(conn: sqlite3.Connection, thread_id: str) -> agent.Thread:
    """The thread with this id; 422 when it cannot be one, 404."""
    thread = agent.get(conn, thread_id)
    if thread is None:
        thread = agent.get(conn, is_uuid(thread_id, "thread"))
    if thread is None:
        raise missing(f"Thread with ID {thread_id} not found.")
    return thread


async def _located(request: Request) -> tuple[agent.Thread, Workflow | None]:
    """A thread, and the workflow whose graph can read it; None when nothing has run on it."""
    core: Core = request.app.state.core

    def look(conn: sqlite3.Connection) -> tuple[agent.Thread, Workflow | None]:
        thread = require(conn, request.path_params["thread"])
        newest = thread.newest
        return thread, workflows.require(conn, newest.workflow_id) if newest else None

    return await core.store.read(look)


def _shown(conn: sqlite3.Connection, thread: agent.Thread) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    holder = runs.unfinished_on(conn, thread.id) if thread.status == "interrupted" else None
    if holder is not None:
        made = [
            NodeVisit.from_json(codec.loads(raw.data))
            for raw in visits.after(conn, holder.id, max(0, holder.visits - 1000), 1000)
        ]
        asked = wire.interrupts(approvals.of_run(conn, holder.id), made)
    return wire.thread(thread, asked)


ROUTES = [
    Route("/threads", create, methods=["POST"]),
    Route("/threads/search", search, methods=["POST"]),
    Route("/threads/count", count, methods=["POST"]),
    Route("/threads/{thread}", show, methods=["GET"]),
    Route("/threads/{thread}", update, methods=["PATCH"]),
    Route("/threads/{thread}", delete, methods=["DELETE"]),
    Route("/threads/{thread}/copy", refuse, methods=["POST"]),
    Route("/threads/{thread}/commands", refuse, methods=["POST"]),
    Route("/threads/{thread}/stream/events", refuse, methods=["POST"]),
    Route("/threads/{thread}/state", state, methods=["GET"]),
    Route("/threads/{thread}/state/checkpoint", state_at, methods=["POST"]),
    Route("/threads/{thread}/state/{checkpoint}", state, methods=["GET"]),
    Route("/threads/{thread}/history", history, methods=["GET", "POST"]),
]
