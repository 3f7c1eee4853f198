"""What a run says."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models.said import LEVELS
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.body import bad, query_number
from mahavishnu_tui.server.routes.runs import find_run
from mahavishnu_tui.server.runlogs import Wanted, read

_MOST_LINES = 20_000


async def said(request: Request) -> Response:
    """`GET /v1/runs/{id}/logs`."""
    core: Core = request.app.state.core
    given = request.query_params
    least = given.get("level", "debug")
    if least not in LEVELS:
        raise bad(f"There is no level {least!r}.", f"There are {', '.join(LEVELS)}.")
    wanted = Wanted(
        after=query_number(request, "after", 0, 2**53) if "after" in given else None,
        limit=max(1, query_number(request, "limit", 1000, _MOST_LINES)),
        visit=query_number(request, "visit", 0, 2**53) if "visit" in given else None,
        least=least,
        text=given.get("grep", ""),
    )
    run = await find_run(request)
    if core.prefect.owns(run):
        return json_response((await (await core.prefect.reach()).log_page(run, wanted)).to_json())
    return json_response(await asyncio.to_thread(read, core.options.run_logs, run.id, wanted))


ROUTES = [Route("/v1/runs/{run}/logs", said)]
