"""Changes of a thread's state: they go the way of an operator's edit, previewed, leased and done once."""

from __future__ import annotations

import functools
import sqlite3
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from mahavishnu_tui.models import ErrorCode, Project, Run, Workflow
from mahavishnu_tui.models.edit import COPY
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.errors import json_response
from mahavishnu_tui.server.facade.orders import BY
from mahavishnu_tui.server.facade.refusals import RefusalError, conflict, not_offered
from mahavishnu_tui.server.facade.threads import require
from mahavishnu_tui.server.routes.body import Body
from mahavishnu_tui.server.routes.checkpoints import edit_made
from mahavishnu_tui.server.store import runs, workflows
from mahavishnu_tui.server.transitions.edits import EditRequest, check_editable, edit


async def update_state(request: Request) -> Response:
    """`POST /threads/{id}/state`."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    order = _order(await Body.of(request))
    run, workflow = await core.store.read(functools.partial(_editable, request))
    if workflow.server:
        raise not_offered(f"changes of state on LangGraph server {workflow.server}")
    _, preview = await core.supervisor.ask(
        Project.from_json(workflow.project),
        "edit_preview",
        thread_id=run.thread_id,
        spec=workflow.spec,
        edit=order,
    )
    asked = EditRequest({**order, "seen": preview["latest_id"]}, BY, run.version)
    queued = await core.store.write(functools.partial(edit, run_id=run.id, request=asked))
    core.dispatcher.wake()
    done = await edit_made(core, queued.id, queued.version)
    if not done["done"]:
        raise RefusalError(
            504,
            ErrorCode.TIMEOUT,
            "The state is still being changed.",
            "Look at the thread's state in a moment; the change is made once.",
        )
    place = {"thread_id": run.thread_id, "checkpoint_ns": "", "checkpoint_id": done["checkpoint_id"]}
    return json_response({"checkpoint": place, "configurable": place, "checkpoint_id": done["checkpoint_id"]})


def _order(body: Body) -> dict[str, Any]:
    checkpoint = Body(body.mapping("checkpoint", {}))
    if checkpoint.text("checkpoint_ns", ""):
        raise not_offered("changes of a subgraph's state")
    values = body.any("values") if body.has("values") else None
    as_node = body.text("as_node", "")
    return {
        "values": values,
        "as_node": COPY if values is None and not as_node else as_node,
        "checkpoint_id": body.text("checkpoint_id", "") or checkpoint.text("checkpoint_id", ""),
        "label": "",
        "seen": "",
    }


def _editable(request: Request, conn: sqlite3.Connection) -> tuple[Run, Workflow]:
    thread = require(conn, request.path_params["thread"])
    run = runs.unfinished_on(conn, thread.id) or thread.newest
    if run is None:
        raise conflict(
            ErrorCode.RUN_STATE, "Nothing has run on this thread yet.", "Give the state as `input` of a run."
        )
    check_editable(runs.require(conn, run.id))
    return run, workflows.require(conn, run.workflow_id)


ROUTES = [Route("/threads/{thread}/state", update_state, methods=["POST"])]
