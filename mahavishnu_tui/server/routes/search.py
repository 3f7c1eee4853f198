"""Searching every run of every engine."""

from __future__ import annotations

import asyncio
import functools

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.search import parse_search
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.body import bad, query_number
from mahavishnu_tui.server.store import texts

_MOST = 500
_AT_PREFECT_SECONDS = 8.0


async def search(request: Request) -> Response:
    """`GET /v1/search?text=&cursor=&limit=50`."""
    core: Core = request.app.state.core
    words = parse_search(request.query_params.get("text", ""))
    cursor = request.query_params.get("cursor", "")
    limit = query_number(request, "limit", 50, _MOST)
    if cursor and not _is_cursor(cursor):
        raise bad("The parameter 'cursor' is none that this server gave.")
    look = functools.partial(texts.search, words=words, cursor=cursor, limit=max(1, limit))
    return json_response(await core.store.search(look))


async def search_prefect(request: Request) -> Response:
    """`GET /v1/search/prefect?text=`: runs at Prefect that the mirror does not have, by name, id or tag."""
    core: Core = request.app.state.core
    text = request.query_params.get("text", "").strip()
    parse_search(text)
    limit = query_number(request, "limit", 50, 200)
    try:
        async with asyncio.timeout(_AT_PREFECT_SECONDS):
            found = await core.prefect.find(text, limit)
    except TimeoutError:
        raise MahavishnuError(
            ErrorCode.PREFECT_TIMEOUT,
            f"Prefect did not find anything within {_AT_PREFECT_SECONDS:g} s.",
            "Look for a longer part of the name.",
        ) from None
    return json_response([run.to_json() for run in found])


def _is_cursor(text: str) -> bool:
    at, _, run_id = text.partition(" ")
    try:
        return bool(run_id) and len(text) < 300 and float(at) == float(at)
    except ValueError:
        return False


ROUTES = [
    Route("/v1/search", search),
    Route("/v1/search/prefect", search_prefect),
]
