"""Pruning of threads: what our own prune does, for the threads that a client names."""

from __future__ import annotations

import functools
import sqlite3

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.facade.orders import BY
from mahavishnu_tui.server.facade.refusals import not_offered
from mahavishnu_tui.server.facade.threads import require
from mahavishnu_tui.server.pruning import prune_threads
from mahavishnu_tui.server.routes.body import Body
from mahavishnu_tui.server.store import threads
from mahavishnu_tui.server.store.threads import EndedThread

_LATEST = {"keep_last": 1, "older_than": 0.0}


async def prune(request: Request) -> Response:
    """`POST /threads/prune` with `keep_latest`: the latest checkpoint of each stays, and what has a name."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    if body.text("strategy", "delete") != "keep_latest":
        raise not_offered(
            "pruning that deletes threads", "Use the strategy `keep_latest`: runs and answers are a record."
        )
    wanted = await core.store.read(functools.partial(_ended, thread_ids=body.words("thread_ids")))
    plan = await prune_threads(core.store, core.supervisor, wanted, _LATEST, by=BY, dry=False)
    return json_response({"pruned_count": plan["threads"]})


def _ended(conn: sqlite3.Connection, thread_ids: list[str]) -> list[EndedThread]:
    """The threads on which something has run; MHV-123 when one has a run that has not ended."""
    found = [require(conn, thread_id) for thread_id in thread_ids]
    return [threads.ended_of(conn, run_id=item.newest.id) for item in found if item.newest is not None]


ROUTES = [Route("/threads/prune", prune, methods=["POST"])]
