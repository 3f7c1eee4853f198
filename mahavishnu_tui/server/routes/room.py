"""The room that checkpoints take, and getting it back."""

from __future__ import annotations

import functools
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.pruning import prune_threads
from mahavishnu_tui.server.routes.asking import ask_host, find, note_act
from mahavishnu_tui.server.routes.body import Body, bad
from mahavishnu_tui.server.store import threads

_DELETE_SECONDS = 120.0
_DAY = 86400.0


async def size(request: Request) -> Response:
    """`GET /v1/runs/{id}/size`: a `ThreadSize`."""
    core: Core = request.app.state.core
    run, _ = await find(request)
    found = (await ask_host(request, "sizes"))["threads"]
    empty: dict[str, Any] = {"thread_id": run.thread_id}
    mine = next((item for item in found if item["thread_id"] == run.thread_id), empty)
    names = await core.store.read(threads.names)
    return json_response({**mine, "runs": names.get(run.thread_id, [])})


async def sizes(request: Request) -> Response:
    """`GET /v1/sizes`: every project's file and the threads in it, largest first."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    names = await core.store.read(threads.names)
    found: list[dict[str, Any]] = []
    for project in await core.store.read(threads.projects):
        if not core.options.checkpoints(project.id).exists():
            continue
        _, reply = await core.supervisor.ask(project, "sizes")
        for item in reply["threads"]:
            item["runs"] = names.get(item["thread_id"], [])
        path = str(core.options.checkpoints(project.id))
        found.append({"project": project.root, "path": path, **reply})
    return json_response(found)


async def prune(request: Request) -> Response:
    """`POST /v1/prune` and `POST /v1/runs/{id}/prune`: a `PrunePlan`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    policy = {
        "keep_last": max(1, int(body.number("keep_last", 1))),
        "older_than": body.number("older_than_days", 0.0) * _DAY,
    }
    dry = body.flag("dry", True)
    expect = int(body.number("expect", 0)) if body.has("expect") else None
    if not dry and expect is None:
        raise bad("Pruning needs `expect`: the number of checkpoints that you were shown.", "Ask dry first.")
    if "run" in request.path_params:
        run_id = str(request.path_params["run"])
        wanted = [await core.store.read(functools.partial(threads.ended_of, run_id=run_id))]
    else:
        workflow = body.text("workflow", "")
        wanted = await core.store.read(functools.partial(threads.ended, workflow=workflow))
    plan = await prune_threads(
        core.store, core.supervisor, wanted, policy, by=body.person(), dry=dry, expect=expect
    )
    return json_response(plan)


async def delete(request: Request) -> Response:
    """`POST /v1/runs/{id}/delete_checkpoints`: all that is stored of an ended thread."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    by = (await Body.of(request)).person()
    run_id = str(request.path_params["run"])
    thread = await core.store.read(functools.partial(threads.ended_of, run_id=run_id))
    _, reply = await core.supervisor.ask(
        thread.project, "delete_thread", timeout=_DELETE_SECONDS, **thread.candidate
    )
    await core.store.write(functools.partial(threads.freed, thread_ids=[thread.thread_id]))
    await note_act(request, "delete", by, checkpoints=reply["checkpoints"])
    return json_response(reply)


ROUTES = [
    Route("/v1/runs/{run}/size", size),
    Route("/v1/sizes", sizes),
    Route("/v1/prune", prune, methods=["POST"]),
    Route("/v1/runs/{run}/prune", prune, methods=["POST"]),
    Route("/v1/runs/{run}/delete_checkpoints", delete, methods=["POST"]),
]
