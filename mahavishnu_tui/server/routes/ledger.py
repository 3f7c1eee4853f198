"""The ledger of answers, and the audit of a run."""

from __future__ import annotations

import sqlite3
from typing import Any, cast

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.ledger_filter import Applied, LedgerFilter
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.export import Format, export
from mahavishnu_tui.server.routes.body import bad, query_choices, query_number, query_time
from mahavishnu_tui.server.store import acts, ledger, ledger_search, runs

_MOST = 5000
_MEDIA = {"jsonl": "application/x-ndjson", "csv": "text/csv; charset=utf-8"}


async def list_ledger(request: Request) -> Response:
    """`GET /v1/ledger`, newest first."""
    core: Core = request.app.state.core
    limit = query_number(request, "limit", 200, _MOST)
    query = _query(request)

    def look(conn: sqlite3.Connection) -> list[dict[str, Any]]:
        return [entry.to_json() for entry in ledger_search.search(conn, _of_run(request, conn, query), limit)]

    return json_response(await core.store.read(look))


async def show(request: Request) -> Response:
    """`GET /v1/ledger/{seq}`: one answer, with what became of it."""
    core: Core = request.app.state.core
    seq = int(request.path_params["seq"])

    def look(conn: sqlite3.Connection) -> dict[str, Any]:
        entry = ledger.get(conn, seq) if seq < 2**63 else None
        if entry is None:
            raise MahavishnuError(
                ErrorCode.APPROVAL_UNKNOWN,
                f"The ledger has no entry {seq}.",
                "`mahavishnu ledger list` shows them.",
            )
        return ledger_search.proven(conn, entry).to_json()

    return json_response(await core.store.read(look))


async def export_ledger(request: Request) -> Response:
    """`GET /v1/ledger/export?format=jsonl|csv`, oldest first, with the same filters; streamed."""
    core: Core = request.app.state.core
    form = (query_choices(request, "format", ("jsonl", "csv")) or ["jsonl"])[0]
    query = await core.store.read(lambda conn: _of_run(request, conn, _query(request)))
    return StreamingResponse(export(core.store, query, cast(Format, form)), media_type=_MEDIA[form])


async def list_acts(request: Request) -> Response:
    """`GET /v1/runs/{id}/acts`: who did what to a run, in order."""
    core: Core = request.app.state.core
    after = query_number(request, "after", 0, 2**53)
    limit = query_number(request, "limit", _MOST, _MOST)

    def look(conn: sqlite3.Connection) -> list[dict[str, Any]]:
        run = runs.require(conn, str(request.path_params["run"])).run
        return [act.to_json() for act in acts.of_run(conn, run.id, after, limit)]

    return json_response(await core.store.read(look))


def _query(request: Request) -> LedgerFilter:
    given = request.query_params
    applied = query_choices(request, "applied", ("yes", "no"))
    if len(given.get("text", "")) > 1000:
        raise bad("The text to look for is longer than 1000 characters.")
    return LedgerFilter(
        text=given.get("text", ""),
        by=given.get("by", ""),
        workflow=given.get("workflow", ""),
        node=given.get("node", ""),
        since=query_time(request, "from"),
        until=query_time(request, "to"),
        applied=cast(Applied, applied[0] if applied else ""),
        before=query_number(request, "before", 0, 2**53) or None,
    )


def _of_run(request: Request, conn: sqlite3.Connection, query: LedgerFilter) -> LedgerFilter:
    """With the id of the run that is named by id or name; raises MHV-100."""
    given = request.query_params.get("run", "")
    return query.replace(run=runs.require(conn, given).run.id) if given else query


ROUTES = [
    Route("/v1/ledger", list_ledger),
    Route("/v1/ledger/export", export_ledger),
    Route("/v1/ledger/{seq:int}", show),
    Route("/v1/runs/{run}/acts", list_acts),
]
