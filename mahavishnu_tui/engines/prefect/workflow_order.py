"""A LangGraph workflow as a deployment of Prefect: what is asked of the child that registers it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mahavishnu_tui.models import Workflow

FLOW_FILE = Path(__file__).parent / "children" / "workflow_flow.py"
WORKFLOW_LABEL = "mahavishnu.workflow"
"""A label of the deployment: the name of its workflow."""


def workflow_order(
    workflow: Workflow,
    socket: str,
    *,
    pool: str,
    given: Any = None,
    queue: str = "",
    schedules: Sequence[Mapping[str, Any]] | None = None,
    config: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The request for `ask_child(code, "register", …)`, with `FLOW_FILE.parent` as the code's root.

    Args:
        workflow: one of ours, or an assistant of a LangGraph server that ours watches.
        socket: where our server listens.
        pool: a work pool whose workers are on this machine.
        given: the input of its runs.
        queue: of that pool.
        schedules: as `register` takes them; without any, an existing deployment keeps its own.
        config: rules for its runs.
    """
    ours = workflow.engine == "langgraph"
    parameters = {
        "workflow": workflow.name if ours else workflow.id,
        "input": given,
        "spec": workflow.spec if ours else "",
        "project": workflow.project if ours else None,
        "socket": socket,
        **({"config": dict(config)} if config else {}),
    }
    return {
        "entrypoint": f"{FLOW_FILE.name}:run_workflow",
        "name": deployment_name(workflow),
        "description": workflow.description or f"Runs the LangGraph workflow {workflow.name}.",
        "pool": pool,
        "queue": queue or None,
        "parameters": parameters,
        "labels": {WORKFLOW_LABEL: workflow.name},
        "schedules": list(schedules) if schedules is not None else None,
    }


def deployment_name(workflow: Workflow) -> str:
    """What its deployment is called: Prefect allows no `/ % & < >` in names."""
    return "".join("-" if character in "/%&<>" else character for character in workflow.name)
