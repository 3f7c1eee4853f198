"""Notifications: what was told to whom, how the targets are, a test."""

from __future__ import annotations

import functools

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.body import Body, query_number
from mahavishnu_tui.server.store import notifications

_MOST = 5000


async def list_notifications(request: Request) -> Response:
    """`GET /v1/notifications`, newest first."""
    core: Core = request.app.state.core
    limit = query_number(request, "limit", 500, _MOST)
    found = await core.store.read(functools.partial(notifications.newest, limit=limit))
    return json_response([item.to_json() for item in found])


async def setup(request: Request) -> Response:
    """`GET /v1/notifications/setup`: targets and rules that are in force."""
    core: Core = request.app.state.core
    return json_response(core.notifier.setup())


async def test(request: Request) -> Response:
    """`POST /v1/notifications/test`: sends one now, and says how that went."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    result = await core.notifier.test(body.text("target"), body.person())
    return json_response(result.to_json())


ROUTES = [
    Route("/v1/notifications", list_notifications),
    Route("/v1/notifications/setup", setup),
    Route("/v1/notifications/test", test, methods=["POST"]),
]
