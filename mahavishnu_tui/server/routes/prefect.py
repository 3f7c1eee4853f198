"""Prefect itself."""

from __future__ import annotations

import logging

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.body import Body

log = logging.getLogger(__name__)


async def show(request: Request) -> Response:
    """`GET /v1/prefect`; whoever asks wants a lost one tried again now."""
    core: Core = request.app.state.core
    if core.prefect.info.state == "lost":
        core.prefect.look()
    return json_response(core.prefect.info.to_json())


async def start(request: Request) -> Response:
    """`POST /v1/prefect/start`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    await core.prefect.start_embedded()
    log.info("the embedded Prefect was started by %s", body.person())
    return json_response(core.prefect.info.to_json(), 202)


async def stop(request: Request) -> Response:
    """`POST /v1/prefect/stop`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    await core.prefect.stop_embedded()
    log.info("the embedded Prefect was stopped by %s", body.person())
    return json_response(core.prefect.info.to_json(), 202)


async def check(request: Request) -> Response:
    """`POST /v1/prefect/check`: the self-test."""
    core: Core = request.app.state.core
    return json_response([finding.to_json() for finding in await core.prefect.check()])


ROUTES = [
    Route("/v1/prefect", show),
    Route("/v1/prefect/start", start, methods=["POST"]),
    Route("/v1/prefect/stop", stop, methods=["POST"]),
    Route("/v1/prefect/check", check, methods=["POST"]),
]
