"""The server itself, its hosts and logs."""

from __future__ import annotations

import asyncio
import re

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.logs import tail
from mahavishnu_tui.server.routes.body import Body, bad, query_number

_HOST_ID = re.compile(r"[0-9a-f]{1,64}(-[0-9]{1,4})?")
_MOST_LINES = 20_000


async def show(request: Request) -> Response:
    """`GET /v1/server`."""
    core: Core = request.app.state.core
    info = await core.store.read(core.info)
    return json_response(info.to_json())


async def stop(request: Request) -> Response:
    """`POST /v1/server/stop`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    if not body.flag("drain", True):
        core.hurry()
    core.drain_seconds = body.number("timeout", core.options.drain_seconds)
    core.stopping.set()
    return json_response({}, 202)


async def hosts(request: Request) -> Response:
    """`GET /v1/hosts`."""
    core: Core = request.app.state.core
    return json_response([record.to_json() for record in core.supervisor.records()])


async def drain_host(request: Request) -> Response:
    """`POST /v1/hosts/{id}/drain` and `/restart`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    limit = body.number("limit", 0) if body.has("limit") else None
    host_id = request.path_params["host"]
    act = core.mover.restart if request.url.path.endswith("/restart") else core.mover.drain
    record = await act(host_id, body.person(), limit)
    return json_response(record.to_json())


async def servers(request: Request) -> Response:
    """`GET /v1/servers`: other people's LangGraph servers; whoever asks wants a lost one tried again now."""
    core: Core = request.app.state.core
    core.remote.wake()
    return json_response([record.to_json() for record in core.remote.records()])


async def logs(request: Request) -> Response:
    """`GET /v1/logs`."""
    core: Core = request.app.state.core
    source = request.query_params.get("source", "server")
    lines = query_number(request, "lines", 500, _MOST_LINES)
    kind, _, host_id = source.partition(":")
    own = {
        "server": core.options.log,
        "prefect": core.options.prefect_log,
        "prefect-worker": core.options.prefect_worker_log,
        "prefect-flows": core.options.prefect_flows_log,
    }
    if source in own:
        path = own[source]
    elif kind == "host" and _HOST_ID.fullmatch(host_id):
        path = core.options.host_log(host_id)
    else:
        raise bad(f"There is no log {source!r}.", f"There are {', '.join(own)} and `host:<id>`.")
    found = await asyncio.to_thread(tail, path, lines)
    return json_response({"lines": found.lines, "path": str(path), "end": found.end})


ROUTES = [
    Route("/v1/server", show),
    Route("/v1/server/stop", stop, methods=["POST"]),
    Route("/v1/hosts", hosts),
    Route("/v1/hosts/{host}/drain", drain_host, methods=["POST"]),
    Route("/v1/hosts/{host}/restart", drain_host, methods=["POST"]),
    Route("/v1/servers", servers),
    Route("/v1/logs", logs),
]
