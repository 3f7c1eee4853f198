"""Assistants: the registered workflows, to be read."""

from __future__ import annotations

import sqlite3
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import GraphShape, Workflow
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.facade import wire
from mahavishnu_tui.server.facade.ids import every_workflow, find_assistant
from mahavishnu_tui.server.facade.paging import Page
from mahavishnu_tui.server.facade.refusals import not_offered, unprocessable
from mahavishnu_tui.server.routes.body import Body
from mahavishnu_tui.server.store import workflows

_DEEPEST = 20
_SORTS = ("assistant_id", "graph_id", "name", "created_at", "updated_at")


async def search(request: Request) -> Response:
    """`POST /assistants/search`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    page = Page.of(body, _SORTS, "created_at")
    found = _matching(await core.store.read(every_workflow), body)
    shown = [wire.assistant(workflow) for workflow in found]
    shown.sort(key=lambda item: (item[page.sort_by], item["assistant_id"]), reverse=not page.ascending)
    part = shown[page.offset : page.offset + page.limit]
    return page.answer([wire.select(item, page.select) for item in part], len(shown))


async def count(request: Request) -> Response:
    """`POST /assistants/count`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    return json_response(len(_matching(await core.store.read(every_workflow), body)))


def _matching(known: list[Workflow], body: Body) -> list[Workflow]:
    graph_id, name = body.text("graph_id", ""), body.text("name", "")
    metadata = body.mapping("metadata", {})
    return [
        workflow
        for workflow in known
        if graph_id in ("", workflow.name)
        and name.lower() in workflow.name.lower()
        and metadata.items() <= wire.assistant(workflow)["metadata"].items()
    ]


async def show(request: Request) -> Response:
    """`GET /assistants/{id}`."""
    return json_response(wire.assistant(await _workflow(request)))


async def graph(request: Request) -> Response:
    """`GET /assistants/{id}/graph?xray=`: subgraphs are unfolded when asked."""
    given = request.query_params.get("xray", "false").lower()
    if given not in ("true", "false") and not (given.isascii() and given.isdigit()):
        raise unprocessable("`xray` must be true, false or a number of levels.")
    depth = {"true": _DEEPEST, "false": 0}.get(given)
    shape = await _shape(request)
    return json_response(wire.drawing(shape, min(int(given), _DEEPEST) if depth is None else depth))


async def schemas(request: Request) -> Response:
    """`GET /assistants/{id}/schemas`."""
    workflow = await _workflow(request)
    return json_response(_schema(workflow))


async def subgraphs(request: Request) -> Response:
    """`GET /assistants/{id}/subgraphs[/{namespace}]`: their names; their schemas are not known."""
    workflow, wanted = await _workflow(request), request.path_params.get("namespace", "")
    recurse = request.query_params.get("recurse", "false").lower() == "true"
    nothing = {key: None for key in _schema(workflow) if key != "graph_id"}
    names = _names(await _shape(request), "", bool(recurse or wanted))
    return json_response(
        {name: {"graph_id": name.rpartition("|")[2], **nothing} for name in names if wanted in ("", name)}
    )


def _names(shape: GraphShape, prefix: str, deep: bool) -> list[str]:
    found: list[str] = []
    for name, inner in shape.subgraphs.items():
        found.append(f"{prefix}{name}")
        if deep:
            found += _names(inner, f"{prefix}{name}|", deep)
    return found


def _schema(workflow: Workflow) -> dict[str, Any]:
    return {
        "graph_id": workflow.name,
        "input_schema": workflow.input_schema,
        "output_schema": None,
        "state_schema": workflow.input_schema,
        "config_schema": None,
        "context_schema": None,
    }


async def versions(request: Request) -> Response:
    """`POST /assistants/{id}/versions`: there is one, the code as it is."""
    shown = wire.assistant(await _workflow(request))
    del shown["updated_at"]
    return json_response([shown])


async def refuse(request: Request) -> Response:
    """Assistants are made by registering workflows."""
    raise not_offered(
        "assistants beside its workflows",
        "Register a workflow: `mahavishnu langgraph execute --workflow-file FILE`.",
    )


async def _workflow(request: Request) -> Workflow:
    core: Core = request.app.state.core

    def look(conn: sqlite3.Connection) -> Workflow:
        return find_assistant(conn, request.path_params["assistant"])

    return await core.store.read(look)


async def _shape(request: Request) -> GraphShape:
    core: Core = request.app.state.core

    def look(conn: sqlite3.Connection) -> GraphShape:
        return workflows.drawing(conn, find_assistant(conn, request.path_params["assistant"]))

    return await core.store.read(look)


ROUTES = [
    Route("/assistants", refuse, methods=["POST"]),
    Route("/assistants/search", search, methods=["POST"]),
    Route("/assistants/count", count, methods=["POST"]),
    Route("/assistants/{assistant}", show, methods=["GET"]),
    Route("/assistants/{assistant}", refuse, methods=["PATCH", "DELETE"]),
    Route("/assistants/{assistant}/graph", graph),
    Route("/assistants/{assistant}/schemas", schemas),
    Route("/assistants/{assistant}/subgraphs", subgraphs),
    Route("/assistants/{assistant}/subgraphs/{namespace}", subgraphs),
    Route("/assistants/{assistant}/versions", versions, methods=["POST"]),
    Route("/assistants/{assistant}/latest", refuse, methods=["POST"]),
]
