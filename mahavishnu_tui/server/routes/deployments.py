"""Deployments: list, make, change, run; and flows that are run from a file."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.body import Body, bad


async def list_deployments(request: Request) -> Response:
    """`GET /v1/deployments`."""
    core: Core = request.app.state.core
    await core.prefect.listed()
    return json_response([deployment.to_json() for deployment in core.prefect.deployments()])


async def show(request: Request) -> Response:
    """`GET /v1/deployments/{id}`; `{id}` may be `flow/name`."""
    core: Core = request.app.state.core
    return json_response((await core.prefect.reach()).views.deployment(_id(request)).to_json())


async def versions(request: Request) -> Response:
    """`GET /v1/deployments/{id}/versions`."""
    core: Core = request.app.state.core
    return json_response(await (await core.prefect.reach()).views.versions(_id(request)))


async def create(request: Request) -> Response:
    """`POST /v1/deployments`: registers a flow in a child process and deploys it."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    order: dict[str, Any] = {"entrypoint": _entrypoint(body), "name": body.text("name"), **_traits(body)}
    for name in ("root", "interpreter", "version"):
        if body.has(name):
            order[name] = body.text(name)
    if body.has("enforce_schema"):
        order["enforce_schema"] = body.flag("enforce_schema", True)
    _check_project(order)
    link = await core.prefect.reach(start=True)
    return json_response((await link.deploying.register(order, body.person())).to_json(), 201)


async def change(request: Request) -> Response:
    """`POST /v1/deployments/{id}`: changes what is given."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    link = await core.prefect.reach()
    changed = await link.deploying.change(_id(request), body.text("seen"), _traits(body), body.person())
    return json_response(changed.to_json())


async def delete(request: Request) -> Response:
    """`POST /v1/deployments/{id}/delete`."""
    core: Core = request.app.state.core
    body = await Body.of(request)
    await (await core.prefect.reach()).deploying.delete(_id(request), body.text("seen"), body.person())
    return json_response({})


async def run(request: Request) -> Response:
    """`POST /v1/deployments/{id}/run`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    order: dict[str, Any] = {
        "request_id": _request_id(body),
        "parameters": body.mapping("parameters", {}),
        "tags": body.words("tags"),
        "job_variables": body.mapping("job_variables", {}),
    }
    order |= {name: body.text(name) for name in ("name", "pool", "queue", "selector") if body.has(name)}
    if body.has("at"):
        order["at"] = body.number("at", 0)
    link = await core.prefect.reach()
    return json_response((await link.deploying.run(_id(request), order, body.person())).to_json(), 201)


async def run_flow(request: Request) -> Response:
    """`POST /v1/flows/run`: runs a flow from a file in a child process."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    order: dict[str, Any] = {
        "entrypoint": _entrypoint(body),
        "request_id": _request_id(body),
        "parameters": body.mapping("parameters", {}),
        "tags": body.words("tags"),
    }
    order |= {
        name: body.text(name) for name in ("root", "interpreter", "name", "task_runner") if body.has(name)
    }
    _check_project(order)
    link = await core.prefect.reach(start=True)
    return json_response((await link.local_flows.run(order, body.person())).to_json(), 201)


def _id(request: Request) -> str:
    return str(request.path_params["deployment"])


def _entrypoint(body: Body) -> str:
    entrypoint = body.text("entrypoint")
    if not entrypoint or "\0" in entrypoint:
        raise bad("The field 'entrypoint' must name a flow.", "`/abs/file.py:flow` or `package.module:flow`.")
    return entrypoint


def _check_project(order: dict[str, Any]) -> None:
    for name in ("root", "interpreter"):
        value = order.get(name)
        if value and (not value.startswith("/") or "\0" in value):
            raise bad(f"The field {name!r} must be an absolute path.")


def _request_id(body: Body) -> str:
    request_id = body.text("request_id")
    if not request_id or len(request_id) > 200:
        raise bad("The field 'request_id' must be a text of 1 to 200 characters.")
    return clean_line(request_id)


def _traits(body: Body) -> dict[str, Any]:
    """What of a deployment can be set and changed, as far as it is given."""
    found: dict[str, Any] = {
        name: body.text(name) for name in ("description", "pool", "queue") if body.has(name)
    }
    found |= {name: body.mapping(name) for name in ("parameters", "job_variables") if body.has(name)}
    if body.has("paused"):
        found["paused"] = body.flag("paused", False)
    if body.has("limit"):
        found["limit"] = int(body.number("limit", 0))
    if body.sent("tags") and body.has("tags"):
        found["tags"] = body.words("tags")
    return found


ROUTES = [
    Route("/v1/deployments", list_deployments, methods=["GET"]),
    Route("/v1/deployments", create, methods=["POST"]),
    Route("/v1/deployments/{deployment}/versions", versions, methods=["GET"]),
    Route("/v1/deployments/{deployment}/delete", delete, methods=["POST"]),
    Route("/v1/deployments/{deployment}/run", run, methods=["POST"]),
    Route("/v1/deployments/{deployment:path}", show, methods=["GET"]),
    Route("/v1/deployments/{deployment}", change, methods=["POST"]),
    Route("/v1/flows/run", run_flow, methods=["POST"]),
]
