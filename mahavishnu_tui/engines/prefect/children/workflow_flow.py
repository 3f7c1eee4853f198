"""The Prefect flow that runs a LangGraph workflow: on our server, else in a process of its own.

Prefect's worker loads this file by its path, in an interpreter that need not have our package. The flow run
and the run that it starts name each other: `mahavishnu-run:<id>` tags the one, `prefect:<id>` the other.
"""

from __future__ import annotations

import contextlib
import importlib.util
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from prefect import flow, get_client, get_run_logger
from prefect.artifacts import create_markdown_artifact
from prefect.runtime import flow_run
from prefect.states import Cancelled, Failed

if TYPE_CHECKING:
    from . import workflow_alone, workflow_server
else:

    def _beside(name: str) -> Any:
        """A file of this folder, under a name that no project has."""
        full = f"mahavishnu_prefect_{name}"
        if full not in sys.modules:
            spec = importlib.util.spec_from_file_location(full, Path(__file__).with_name(f"{name}.py"))
            sys.modules[full] = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(sys.modules[full])
        return sys.modules[full]

    workflow_alone, workflow_server = _beside("workflow_alone"), _beside("workflow_server")

RUN_TAG = "mahavishnu-run:"
WHERE = "mahavishnu.where"
"""A label of the flow run: `server` or `alone`. A retry goes where the first attempt went."""
FINISHED = ("success", "error", "cancelled")
LOOK_EVERY = 1.0
MOST_VALUES = 1_000_000


@flow(name="mahavishnu-workflow", validate_parameters=False)
def run_workflow(
    workflow: str,
    input: Any = None,  # noqa: A002 - as the form names it
    spec: str = "",
    project: dict[str, str] | None = None,
    socket: str = "",
    config: dict[str, Any] | None = None,
    thread_id: str = "",
    patience_seconds: float = 600,
) -> Any:
    """Run a LangGraph workflow.

    Args:
        workflow: its id on the server, or its name.
        input: what it starts with.
        spec: its graph, `/abs/file.py:name` or `package.module:name`.
        project: `root`, `interpreter` and `env_file` of its code.
        socket: where the server listens.
        config: rules for this run.
        thread_id: the thread to go on with; by default a new one.
        patience_seconds: how long a server that is gone is waited for.
    """
    order = {
        **({"spec": spec, "project": project, "name": workflow} if spec else {"workflow_id": workflow}),
        **({"config": config} if config else {}),
        **({"thread_id": thread_id} if thread_id else {}),
        "input": input,
        "request_id": str(flow_run.id),
        "tags": [f"prefect:{flow_run.id}"],
        "by": f"prefect:{flow_run.name}",
    }
    server = workflow_server.WorkflowServer(socket)
    if _where(server) == "server":
        return _on_server(server, order, patience_seconds)
    get_run_logger().warning("No server answers at %s: the workflow runs in a process of its own.", socket)
    if not spec:
        return Failed(
            message="No server answers, and the deployment does not say where the workflow's code is."
        )
    return workflow_alone.run(str(flow_run.id), spec, project or {}, order)


@run_workflow.on_cancellation
def cancel_run(flow: Any, flow_run: Any, state: Any) -> None:
    """Pass a cancel on; called by whoever ends the flow's process, which may be gone by then."""
    server = workflow_server.WorkflowServer(str(flow_run.parameters.get("socket") or ""))
    with contextlib.suppress(workflow_server.RefusedError, OSError):  # it has ended, or nobody is there
        for run in server.tagged(f"prefect:{flow_run.id}", str(flow_run.id)):
            server.cancel(run["id"], f"prefect:{flow_run.name}")


def _where(server: workflow_server.WorkflowServer) -> str:
    """Decided once for all attempts, and written down before anything is started."""
    with get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(flow_run.id))
        known = (run.labels or {}).get(WHERE)
        if known:
            return str(known)
        chosen = "server" if server.answers() else "alone"
        client.update_flow_run_labels(run.id, {WHERE: chosen})
    return chosen


def _on_server(server: workflow_server.WorkflowServer, order: dict[str, Any], patience_seconds: float) -> Any:
    log = get_run_logger()
    patience = _Patience(patience_seconds)
    run = patience.call(server.start, order)
    _name_each_other(run)
    if run["status"] in ("error", "cancelled"):  # this is a retry
        log.info("Run %s goes on from where it stopped.", run["name"])
        run = patience.call(server.resume, run["id"], order["by"])
    log.info("Run %s of %s on the server at %s", run["name"], run["workflow"], server.path)
    told = ""
    while run["status"] not in FINISHED:
        told = patience.call(_tell, server, run, told)
        time.sleep(LOOK_EVERY)
        run = patience.call(server.look, run)
    detail = patience.call(server.detail, run["id"])
    return _outcome(detail)


def _name_each_other(run: dict[str, Any]) -> None:
    with get_client(sync_client=True) as client:
        mine = client.read_flow_run(UUID(flow_run.id))
        tag = f"{RUN_TAG}{run['id']}"
        if tag not in mine.tags:
            client.update_flow_run(mine.id, tags=[*mine.tags, tag])
        client.update_flow_run_labels(mine.id, {"mahavishnu.run": run["id"]})


def _tell(server: workflow_server.WorkflowServer, run: dict[str, Any], told: str) -> str:
    """Log what has changed; what waits for a person gets an artifact too."""
    now = f"{run['status']} {run.get('waiting', 0)} {run.get('note', '')}"
    if now == told:
        return told
    log = get_run_logger()
    if run["status"] == "interrupted":
        questions = [each for each in server.detail(run["id"])["approvals"] if each["status"] == "pending"]
        listed = "\n".join(f"- {each['node']}: {str(each['value'])[:300]}" for each in questions)
        log.info("Run %s waits for approval:\n%s", run["name"], listed)
        answer = f"Answer in the dashboard's inbox, or with `mahavishnu langgraph approve {run['name']}`."
        create_markdown_artifact(
            key="waits-for-approval",
            markdown=f"# {run['workflow']} waits for approval\n\n{listed}\n\n{answer}",
        )
    else:
        log.info("Run %s is %s. %s", run["name"], run["status"], run.get("note") or "")
    return now


def _outcome(detail: dict[str, Any]) -> Any:
    run = detail["run"]
    if run["status"] == "cancelled":
        return Cancelled(message=f"Run {run['name']} was cancelled on the server.")
    if run["status"] == "error":
        error = run.get("error") or {}
        return Failed(message=f"{error.get('code', '')} {error.get('message', 'The run failed.')}".strip())
    values = detail.get("values")
    if detail.get("values_truncated") or len(str(values)) > MOST_VALUES:
        get_run_logger().info("The values of %s are on the server only: they are large.", run["name"])
        return None
    return values


class _Patience:
    """Waits for a server that restarts; a run that has begun there goes on by itself.

    Args:
        seconds: how long it may be away at a stretch.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def call(self, ask: Callable[..., Any], *given: Any) -> Any:
        """What `ask` gives, once the server answers."""
        end = time.monotonic() + self._seconds
        pause = LOOK_EVERY
        while True:
            try:
                return ask(*given)
            except workflow_server.RefusedError as error:
                if error.status != 503 or time.monotonic() > end:
                    raise
            except OSError as error:
                if time.monotonic() > end:
                    raise TimeoutError(f"The server was away for {self._seconds:g} s: {error}") from error
            if pause == LOOK_EVERY:
                get_run_logger().warning("The server does not answer; its runs go on when it is back.")
            time.sleep(pause)
            pause = min(2 * pause, 15.0)
