"""What needs an operator: list, seen, claim, release."""

from __future__ import annotations

import functools
import logging
import sqlite3
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.need import KINDS, order_needs
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.body import Body, bad, query_choices
from mahavishnu_tui.server.store import needs
from mahavishnu_tui.server.transitions import needing

log = logging.getLogger(__name__)

MOST = 10_000
"""Keys that one call marks as seen."""


async def list_needs(request: Request) -> Response:
    """`GET /v1/needs?kind=`, what is most urgent first."""
    core: Core = request.app.state.core
    kinds = query_choices(request, "kind", KINDS) or list(KINDS)

    def look(conn: sqlite3.Connection) -> list[dict[str, Any]]:
        return [need.to_json() for need in order_needs(needs.of_kinds(conn, kinds).values())]

    return json_response(await core.store.read(look))


async def see(request: Request) -> Response:
    """`POST /v1/needs/seen`: a result for each of the keys, in their order."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    keys, by = body.words("keys"), body.person()
    if not keys:
        raise bad("The field 'keys' names nothing.")
    if len(keys) > MOST:
        raise bad(f"More than {MOST} keys in one call.", "Name them in several.")
    results: list[dict[str, Any]] = []
    for key in keys:
        try:
            await core.store.write(functools.partial(needing.see, key=key, by=by))
            results.append({"key": key, "ok": True})
        except MahavishnuError as error:
            results.append({"key": key, "ok": False, "error": error.to_json()})
    done = sum(result["ok"] for result in results)
    log.info("%s has seen %d of %d", by, done, len(keys))
    return json_response({"seen": done, "results": results})


async def claim(request: Request) -> Response:
    """`POST /v1/needs/claim`."""
    return await _claimed(request, needing.claim)


async def release(request: Request) -> Response:
    """`POST /v1/needs/release`."""
    return await _claimed(request, needing.release)


async def _claimed(request: Request, change: Any) -> Response:
    core: Core = request.app.state.core
    body = await Body.of(request)
    need = await core.store.write(
        functools.partial(change, key=body.text("key"), by=body.person(), holder=body.text("holder", ""))
    )
    return json_response(need.to_json())


ROUTES = [
    Route("/v1/needs", list_needs),
    Route("/v1/needs/seen", see, methods=["POST"]),
    Route("/v1/needs/claim", claim, methods=["POST"]),
    Route("/v1/needs/release", release, methods=["POST"]),
]
