"""Questions and answers."""

from __future__ import annotations

import functools
import logging
import sqlite3
from typing import Any, get_args

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models.approval import ApprovalStatus
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.body import Body, bad, query_choices, query_number
from mahavishnu_tui.server.store import approvals, runs
from mahavishnu_tui.server.transitions import questions

log = logging.getLogger(__name__)

_MOST = 5000
_LONGEST_COMMENT = 10_000


async def list_approvals(request: Request) -> Response:
    """`GET /v1/approvals`; without a `status`, or with an empty one, all of them."""
    core: Core = request.app.state.core
    statuses = query_choices(request, "status", get_args(ApprovalStatus))
    limit = query_number(request, "limit", _MOST, _MOST)

    def look(conn: sqlite3.Connection) -> list[Any]:
        return approvals.search(conn, statuses=statuses, run_id=_run_id(request, conn), limit=limit)

    return json_response(await core.store.read(look))


async def answer(request: Request) -> Response:
    """`POST /v1/approvals/{id}/answer`; the ledger entry is on disk before the answer goes out."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    entry = await core.store.write(
        functools.partial(
            questions.answer,
            approval_id=request.path_params["approval"],
            seen=body.text("hash"),
            value=body.any("value"),
            by=body.person(),
            comment=read_comment(body),
        )
    )
    log.info("ledger #%d: %s answered %s of run %s", entry.seq, entry.by, entry.node, entry.run_name)
    core.dispatcher.wake()
    return json_response(entry.to_json())


def read_comment(body: Body) -> str:
    """Why somebody answered as they did; raises MHV-010 where it is too long."""
    comment = body.text("comment", "")
    if len(comment) > _LONGEST_COMMENT:
        raise bad(f"The comment is longer than {_LONGEST_COMMENT} characters.")
    return comment


def _run_id(request: Request, conn: sqlite3.Connection) -> str:
    """The id of the run that the query names; empty for all runs."""
    given = request.query_params.get("run", "")
    return runs.require(conn, given).run.id if given else ""


ROUTES = [
    Route("/v1/approvals", list_approvals),
    Route("/v1/approvals/{approval}/answer", answer, methods=["POST"]),
]
