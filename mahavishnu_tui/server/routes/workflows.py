"""Workflows: list, register."""

from __future__ import annotations

import functools

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import Project
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.loading import RegisterOrder
from mahavishnu_tui.server.routes.body import Body, bad, query_number
from mahavishnu_tui.server.store import runs, workflows


async def list_workflows(request: Request) -> Response:
    """`GET /v1/workflows`."""
    core: Core = request.app.state.core
    return json_response(await core.store.read(workflows.every))


async def register(request: Request) -> Response:
    """`POST /v1/workflows`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    workflow = await core.loader.register(read_order(await Body.of(request)))
    return json_response(workflow.to_json())


async def validate(request: Request) -> Response:
    """`POST /v1/workflows/{id}/validate`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    found = await core.loader.validate(request.path_params["id"])
    return json_response([finding.to_json() for finding in found])


async def inputs(request: Request) -> Response:
    """`GET /v1/workflows/{id}/inputs`."""
    core: Core = request.app.state.core
    limit = query_number(request, "limit", 20, 200)
    workflow_id = request.path_params["id"]
    return json_response(
        await core.store.read(functools.partial(runs.inputs_of, workflow_id=workflow_id, limit=limit))
    )


def read_order(body: Body) -> RegisterOrder:
    """The fields of `POST /v1/workflows`; raises MHV-010."""
    given = Body(body.mapping("project"))
    project = Project(given.text("root"), given.text("interpreter"), given.text("env_file", ""))
    for name, value in (("root", project.root), ("interpreter", project.interpreter)):
        if not value.startswith("/") or "\0" in value:
            raise bad(f"The project's {name!r} must be an absolute path.")
    spec = body.text("spec")
    if not spec or "\0" in spec:
        raise bad("The field 'spec' must name a graph.", "`/abs/file.py:name` or `package.module:name`.")
    return RegisterOrder(spec, project, clean_line(body.text("name", ""), 80), body.flag("refresh", False))


ROUTES = [
    Route("/v1/workflows", list_workflows, methods=["GET"]),
    Route("/v1/workflows", register, methods=["POST"]),
    Route("/v1/workflows/{id}/validate", validate, methods=["POST"]),
    Route("/v1/workflows/{id}/inputs", inputs, methods=["GET"]),
]
