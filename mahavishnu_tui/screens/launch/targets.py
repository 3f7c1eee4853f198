"""What can be started, launched or scheduled: workflows and deployments in one list."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Final

from textual.message import Message

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models import Run, Workflow
from mahavishnu_tui.models.deployment import Deployment
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.fetched import Fetched
from mahavishnu_tui.screens.rows import ENGINES
from mahavishnu_tui.screens.session import Session, follow
from mahavishnu_tui.widgets.form import MISSING, Missing
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

LISTED = 6
"""Targets in sight at once; the rest of the screen is the input's."""


COLUMNS: Final = (
    Column("name", "WORKFLOW", 24, min_width=10, flex=1),
    Column("what", "WHAT IT IS", 30, min_width=8, flex=2, priority=1),
)
MIXED_COLUMNS: Final = (
    Column("name", "WORKFLOW OR DEPLOYMENT", 24, min_width=22, flex=1),
    Column("engine", "ENG", 3),
    COLUMNS[1],
)
"""Those of workflows and deployments."""


@dataclasses.dataclass(frozen=True)
class Target:
    """A workflow or a deployment."""

    id: str
    name: str
    engine: str
    words: str
    schema: dict[str, Any] | None
    start: Json | Missing = MISSING
    """What the input begins with, where that is not what the schema says."""
    error: str = ""
    """Why it cannot be started, in one sentence."""
    workflow: Workflow | None = None
    deployment: Deployment | None = None
    again: Run | None = None
    """The run like which another one is started, where it is not a deployment's."""


def of_workflow(workflow: Workflow) -> Target:
    """A LangGraph workflow."""
    error = f"{workflow.error.get('code')} {workflow.error.get('message')}" if workflow.error else ""
    words = workflow.description or workflow.spec
    if workflow.error:
        words = f"does not load: {workflow.error.get('message', '')}"
    return Target(
        workflow.id,
        workflow.name,
        workflow.engine,
        words,
        workflow.input_schema,
        error=error,
        workflow=workflow,
    )


def of_deployment(deployment: Deployment) -> Target:
    """A deployment of a flow."""
    about = deployment.description.strip().partition("\n")[0]
    words = about or f"{deployment.entrypoint} on {deployment.pool or 'its own process'}"
    paused = "paused · " if deployment.paused else ""
    return Target(
        deployment.id,
        deployment.title,
        "prefect",
        f"{paused}{words}",
        {name: part for name, part in (deployment.schema or {}).items() if name != "title"} or None,
        start=_start(deployment),
        deployment=deployment,
    )


def of_run(run: Run, deployment: Deployment | None) -> Target:
    """What a flow run is a run of: its deployment, else the run itself once more."""
    if deployment is not None:
        return of_deployment(deployment)
    return Target(run.id, run.workflow, run.engine, f"once more like {run.name}", None, again=run)


def _start(deployment: Deployment) -> Json | Missing:
    """Its defaults over those of its schema; only what the schema says where it has none of its own."""
    if not deployment.parameters:
        return MISSING
    properties = (deployment.schema or {}).get("properties")
    named = properties if isinstance(properties, dict) else {}
    defaults = {
        name: part["default"] for name, part in named.items() if isinstance(part, dict) and "default" in part
    }
    return {**defaults, **deployment.parameters}


class TargetTable(VirtualTable):
    """The list; it follows the session, and asks for deployments where Prefect is wanted."""

    class Filled(Message):
        """There may be another target under the cursor."""

    def __init__(self, session: Session, begin_with: str = "") -> None:
        super().__init__(COLUMNS, ascii_only=session.ascii, id="launch-list")
        self._session = session
        self._begin_with = begin_with
        self._targets: dict[str, Target] = {}
        self._extra: Target | None = None
        self._deployments: Fetched[Deployment] = Fetched(self, session, _ask, self._fill)

    def on_mount(self) -> None:
        """Fill it, and keep it filled."""
        follow(self._session.changes, self, self._changed)
        self._fill()
        if self._wants_deployments():
            self._deployments.want()

    def _wants_deployments(self) -> bool:
        info = self._session.mirror.prefect
        return info is not None and info.mode != "off"

    def _changed(self, changes: frozenset[Change]) -> None:
        anew = EVERYTHING in changes or ("catalog", "deployments") in changes
        if anew and self._wants_deployments():
            self._deployments.want()
        if EVERYTHING in changes or any(kind == "workflow" for kind, _ in changes):
            self._fill()

    def add(self, target: Target) -> None:
        """List one more, and put the cursor on it."""
        self._extra, self._begin_with = target, target.id
        self._fill()

    @property
    def current(self) -> Target | None:
        """The target under the cursor."""
        return self._targets.get(self.cursor_key)

    @property
    def asked_in_vain(self) -> str:
        """Why there are no deployments, in one sentence; empty when there are, or nobody wants any."""
        return "" if self._deployments.error is None else str(self._deployments.error)

    def _fill(self) -> None:
        workflows = [of_workflow(item) for item in self._session.mirror.workflows.values()]
        deployments = [of_deployment(item) for item in self._deployments.items]
        extra = [self._extra] if self._extra is not None else []
        self._targets = {item.id: item for item in (*extra, *workflows, *deployments)}
        found = sorted(self._targets.values(), key=lambda item: (bool(item.error), item.name, item.id))
        self.set_placeholder("empty", self._empty())
        mixed = any(item.engine == "prefect" for item in found)
        self.set_columns(MIXED_COLUMNS if mixed else COLUMNS)
        self.set_rows(_row(item, mixed) for item in found)
        self.styles.height = min(len(found) or 4, LISTED) + 1
        if self._begin_with and self.move_to(self._begin_with):
            self._begin_with = ""
        self.post_message(self.Filled())

    def _empty(self) -> str:
        workflows = "No workflow is known: `mahavishnu langgraph execute --workflow-file F.py` registers one."
        if not self._wants_deployments():
            return workflows
        if not self._deployments.known:
            return self.asked_in_vain or "asking Prefect for deployments …"
        return f"{workflows}\nNo deployment either: `mahavishnu prefect deployment create` makes one."


def _row(target: Target, mixed: bool) -> Row:
    engine = (Cell(ENGINES.get(target.engine, ""), "muted"),) if mixed else ()
    return Row(
        target.id,
        (
            clean_line(target.name, 80),
            *engine,
            Cell(clean_line(target.words, 200), "error" if target.error else "muted"),
        ),
    )


async def _ask(client: ServerClient) -> list[Deployment]:
    return await client.deployments()
