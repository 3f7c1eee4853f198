"""Checkpoints: list, read, compare, search, mark, edit."""

from __future__ import annotations

import functools
import time
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import MahavishnuError, Project
from mahavishnu_tui.models.act import Deed
from mahavishnu_tui.models.edit import StateEdit
from mahavishnu_tui.models.run import ACTIVE
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.routes.asking import ask_host, find, note_act
from mahavishnu_tui.server.routes.body import Body, bad, query_number
from mahavishnu_tui.server.store import runs
from mahavishnu_tui.server.transitions.edits import EditRequest, check_editable, edit

_MOST_CHECKPOINTS = 1000
_MOST_MATCHES = 200
_LOOK_SECONDS = 1.0
_EDIT_SECONDS = 20.0
"""How long an answer waits for an edit to be made; afterwards it is still made."""


async def list_checkpoints(request: Request) -> Response:
    """`GET /v1/runs/{id}/checkpoints`."""
    limit = query_number(request, "limit", 100, _MOST_CHECKPOINTS)
    before = request.query_params.get("before") or None
    return json_response(await ask_host(request, "checkpoints", limit=limit, before=before))


async def state(request: Request) -> Response:
    """`GET /v1/runs/{id}/checkpoints/{cid}`."""
    wanted = request.path_params["checkpoint"]
    fields = {} if wanted == "latest" else {"checkpoint_id": wanted}
    return json_response(await ask_host(request, "state", **fields))


async def diff(request: Request) -> Response:
    """`GET /v1/runs/{id}/checkpoints/{a}/diff/{b}?run=`: `a` may be `parent`, or of another run."""
    fields: dict[str, Any] = {
        "before": request.path_params["before"],
        "after": request.path_params["after"],
    }
    other_id = request.query_params.get("run", "")
    if other_id:
        run, workflow = await find(request)
        other, other_workflow = await find(request, other_id)
        if Project.from_json(workflow.project).id != Project.from_json(other_workflow.project).id:
            raise bad(
                f"Runs {run.name} and {other.name} belong to different projects.",
                "Checkpoints can be compared within one project.",
            )
        fields |= {"before_spec": other_workflow.spec, "before_thread": other.thread_id}
    return json_response(await ask_host(request, "diff", **fields))


async def search(request: Request) -> Response:
    """`GET /v1/runs/{id}/search?text=&where=&before=&limit=`."""
    query = {name: request.query_params.get(name, "") for name in ("text", "where", "before")}
    if not (query["text"] or query["where"]):
        raise bad("A search needs a text, or a path.", "Give `text` or `where`.")
    limit = max(1, query_number(request, "limit", 50, _MOST_MATCHES))
    return json_response(await ask_host(request, "search", limit=limit, **query))


async def edit_state(request: Request) -> Response:
    """`POST /v1/runs/{id}/edit`: with `dry`, an `EditPreview`; else the run, once the edit is made."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    body = await Body.of(request)
    order: dict[str, Any] = {
        name: body.text(name, "") for name in ("as_node", "checkpoint_id", "seen", "label")
    }
    order["values"] = body.any("values") if body.has("values") else None
    run, _ = await find(request)
    dry = body.flag("dry", False)
    if not dry:
        # Looked at again in the change below; but a host should not be asked in vain.
        check_editable(await core.store.read(functools.partial(runs.require, run_id=run.id)))
    preview = await ask_host(request, "edit_preview", edit=order)
    if dry:
        return json_response(preview)
    version = int(body.number("version", 0)) if body.has("version") else None
    if core.remote.owns(run):
        seen = StateEdit.from_json({**order, "seen": order["seen"] or preview["latest_id"]})
        return json_response(await core.remote.edit(run, seen, body.person()))
    asked = EditRequest({**order, "seen": order["seen"] or preview["latest_id"]}, body.person(), version)
    queued = await core.store.write(functools.partial(edit, run_id=run.id, request=asked))
    core.dispatcher.wake()
    return json_response(await edit_made(core, queued.id, queued.version))


async def edit_made(core: Core, run_id: str, version: int) -> dict[str, Any]:
    """The run after its edit; raises what its host said against it."""
    until, done = time.monotonic() + _EDIT_SECONDS, False
    while True:
        left = until - time.monotonic()
        await core.dispatcher.rested(run_id, min(max(left, 0.0), _LOOK_SECONDS))
        row = await core.store.read(functools.partial(runs.require, run_id=run_id))
        made = row.work.edit
        done = row.work.intent == f"{run_id}/{version}" and "error" in made
        if done or row.run.status not in ACTIVE or left <= 0:
            break
    if done and made["error"]:
        raise MahavishnuError.from_json(made["error"])
    checkpoint_id = made.get("checkpoint_id") if done else None
    return {"run": row.run.to_json(), "checkpoint_id": checkpoint_id, "done": done}


async def pin(request: Request) -> Response:
    """`POST /v1/runs/{id}/pin`."""
    body = await Body.of(request)
    fields = {"pinned": body.flag("pinned", True), "by": body.person(), "note": body.text("note", "")}
    reply = await ask_host(request, "pin", **fields)
    deed: Deed = "pin" if fields["pinned"] else "unpin"
    await note_act(request, deed, str(fields["by"]), note=fields["note"])
    return json_response(reply)


async def tag(request: Request) -> Response:
    """`POST /v1/runs/{id}/checkpoints/{cid}/tag`."""
    body = await Body.of(request)
    fields: dict[str, Any] = {
        "checkpoint_id": request.path_params["checkpoint"],
        "name": body.text("name"),
        "remove": body.flag("remove", False),
        "by": body.person(),
        "note": body.text("note", ""),
    }
    reply = await ask_host(request, "tag", **fields)
    deed: Deed = "untag" if fields["remove"] else "tag"
    told = {name: fields[name] for name in ("checkpoint_id", "name", "note")}
    await note_act(request, deed, fields["by"], **told)
    return json_response(reply)


ROUTES = [
    Route("/v1/runs/{run}/checkpoints", list_checkpoints),
    Route("/v1/runs/{run}/checkpoints/{checkpoint}", state),
    Route("/v1/runs/{run}/checkpoints/{before}/diff/{after}", diff),
    Route("/v1/runs/{run}/checkpoints/{checkpoint}/tag", tag, methods=["POST"]),
    Route("/v1/runs/{run}/search", search),
    Route("/v1/runs/{run}/edit", edit_state, methods=["POST"]),
    Route("/v1/runs/{run}/pin", pin, methods=["POST"]),
]
