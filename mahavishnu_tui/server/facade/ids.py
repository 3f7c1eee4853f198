"""Their ids and ours: assistants are workflows, runs and threads are runs and threads."""

from __future__ import annotations

import sqlite3
import uuid

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Workflow
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.facade.refusals import unprocessable
from mahavishnu_tui.server.store import workflows

_NAMESPACE = uuid.UUID("6a0d4c5e-6b1f-5f0a-9d3c-6d6168617669")


def assistant_id(workflow_id: str) -> str:
    """The assistant that stands for a workflow: always the same one."""
    return str(uuid.uuid5(_NAMESPACE, workflow_id))


def every_workflow(conn: sqlite3.Connection) -> list[Workflow]:
    """All workflows that can be offered, in the order in which they came."""
    known = (Workflow.from_json(codec.loads(raw.data)) for raw in workflows.every(conn))
    # What is on other servers is offered by those.
    return [workflow for workflow in known if not workflow.server]


def find_assistant(conn: sqlite3.Connection, wanted: str) -> Workflow:
    """The workflow of an assistant id, or of a graph's name (or our own id of it)."""
    known = every_workflow(conn)
    for workflow in known:
        if wanted.lower() == assistant_id(workflow.id) or wanted == workflow.id:
            return workflow
    named = [workflow for workflow in known if workflow.name == wanted]
    if len(named) == 1:
        return named[0]
    shown = clean_line(wanted, 80)
    if named:
        ids = ", ".join(assistant_id(workflow.id) for workflow in named)
        raise unprocessable(
            f"Several workflows are named {shown!r}.", f"Name one by its assistant id: {ids}."
        )
    if _uuid(wanted):
        raise _unknown(wanted)
    names = ", ".join(sorted({workflow.name for workflow in known})[:20]) or "none yet"
    raise unprocessable(
        f"There is no assistant {shown!r}.",
        f"Give an assistant's UUID, or the name of a registered workflow: {names}.",
    )


def run_uuid(run_id: str) -> str:
    """A run's id as their clients expect it."""
    found = _uuid(run_id)
    return str(found) if found else run_id


def our_run(run_id: str) -> str:
    """The run's id as ours; 422 when it cannot be one."""
    found = _uuid(run_id)
    if found is None:
        raise unprocessable("Invalid run ID: must be a UUID.")
    return found.hex


def is_uuid(given: str, what: str) -> str:
    """The id itself; 422 when it is no UUID."""
    found = _uuid(given)
    if found is None:
        raise unprocessable(f"Invalid {what} ID: must be a UUID.")
    return str(found)


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except (ValueError, AttributeError):
        return None


def _unknown(wanted: str) -> MahavishnuError:
    return MahavishnuError(
        ErrorCode.WORKFLOW_UNKNOWN,
        f"There is no assistant {clean_line(wanted, 80)!r}.",
        "Register its workflow first: `mahavishnu langgraph execute --workflow-file FILE`.",
    )
