"""Pools: list, make, change, choose."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.body import Body, bad


async def list_pools(request: Request) -> Response:
    """`GET /v1/pools`, this server's own first."""
    core: Core = request.app.state.core
    found = await core.store.read(
        lambda conn: [core.pool(conn), *core.remote.pools(conn), *core.prefect.pools(conn)]
    )
    return json_response([pool.to_json() for pool in found])


async def create(request: Request) -> Response:
    """`POST /v1/pools`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    name, limit = body.text("name"), int(body.number("limit", 0))
    if not name or len(name) > 200 or any(sign in name for sign in "/%&<>") or not name.isprintable():
        raise bad("The field 'name' must be a name without / % & < and >.")
    link = await core.prefect.reach(start=True)
    made = await link.pooling.create(name, body.text("kind", "process"), limit, body.person())
    return json_response(made.to_json())


async def change(request: Request) -> Response:
    """`POST /v1/pools/{name}`: pauses, resumes or resizes a pool, or a queue of it."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    changes: dict[str, Any] = {}
    if body.has("paused"):
        changes["paused"] = body.flag("paused", False)
    if body.has("limit"):
        changes["limit"] = int(body.number("limit", 0))
    if not changes:
        raise bad("There is nothing to change.", "Give `paused` or `limit`.")
    queue = body.text("queue", "") or None
    link = await core.prefect.reach()
    name = str(request.path_params["pool"])
    changed = await link.pooling.change(name, body.text("seen"), changes, queue, body.person())
    return json_response(changed.to_json())


async def choice(request: Request) -> Response:
    """`GET /v1/pools/choice`: which pool a launch would go to, and why."""
    core: Core = request.app.state.core
    given = request.query_params
    link = await core.prefect.reach()
    found = await link.pooling.choose(given.get("deployment", ""), given.get("selector", ""))
    return json_response(found.to_json())


async def limits(request: Request) -> Response:
    """`GET /v1/limits`."""
    core: Core = request.app.state.core
    await core.prefect.listed()
    return json_response([limit.to_json() for limit in await core.prefect.limits()])


ROUTES = [
    Route("/v1/pools", list_pools, methods=["GET"]),
    Route("/v1/pools", create, methods=["POST"]),
    Route("/v1/pools/choice", choice, methods=["GET"]),
    Route("/v1/pools/{pool}", change, methods=["POST"]),
    Route("/v1/limits", limits),
]
