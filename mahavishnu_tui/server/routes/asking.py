"""What only an engine host can read or do, asked of a host of the run's project."""

from __future__ import annotations

import functools
import sqlite3
from typing import Any

from starlette.requests import Request

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Project, Run, Workflow
from mahavishnu_tui.models.act import Deed
from mahavishnu_tui.server.core import Core
from mahavishnu_tui.server.store import acts, flow_runs, runs, workflows


def run_and_workflow(conn: sqlite3.Connection, run_id: str) -> tuple[Run, Workflow]:
    """A run, by id or name, and its workflow; raises MHV-100, and MHV-452 for a flow run."""
    run = runs.require(conn, run_id).run
    if run.engine == flow_runs.ENGINE:
        raise no_flow_run(run, "checkpoints")
    return run, workflows.require(conn, run.workflow_id)


def no_flow_run(run: Run, what: str) -> MahavishnuError:
    """MHV-452: flow runs have no such thing."""
    return MahavishnuError(
        ErrorCode.REMOTE_NOT_OFFERED, f"Run {run.name} has no {what}: it is a flow run.", run_id=run.id
    )


async def find(request: Request, run_id: str = "") -> tuple[Run, Workflow]:
    """The run that the path of a request names, or another one."""
    core: Core = request.app.state.core
    wanted = run_id or str(request.path_params["run"])
    return await core.store.read(functools.partial(run_and_workflow, run_id=wanted))


async def note_act(request: Request, what: Deed, by: str, **details: Any) -> None:
    """Write into the audit of the run that the path names what was done to its checkpoints."""
    core: Core = request.app.state.core
    run, _ = await find(request)
    await core.store.write(lambda tx: acts.record(tx, run.id, what, by, **details))


async def ask_host(request: Request, op: str, **fields: Any) -> Any:
    """A request about the thread of the run that the path names."""
    core: Core = request.app.state.core
    core.refuse_when_draining()
    run, workflow = await find(request)
    if core.remote.owns(run):
        return await core.remote.ask(run, op, **fields)
    project = Project.from_json(workflow.project)
    _, reply = await core.supervisor.ask(project, op, thread_id=run.thread_id, spec=workflow.spec, **fields)
    return reply
