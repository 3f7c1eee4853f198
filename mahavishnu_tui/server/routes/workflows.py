"""Workflows: list, register."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.server import loading
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.body import Body
from mahavishnu_tui.server.store import workflows


async def list_workflows(request: Request) -> Response:
    """`GET /v1/workflows`."""
    core: Core = request.app.state.core
    return json_response(await core.store.read(workflows.every))


async def register(request: Request) -> Response:
    """`POST /v1/workflows`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    workflow = await loading.register(core, loading.read_request(await Body.of(request)))
    return json_response(workflow.to_json())


ROUTES = [
    Route("/v1/workflows", list_workflows, methods=["GET"]),
    Route("/v1/workflows", register, methods=["POST"]),
]
