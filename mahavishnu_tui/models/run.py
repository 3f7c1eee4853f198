"""A run of a workflow, and the visits to nodes that make up its path."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from mahavishnu_tui.models.record import Record

RunStatus = Literal[
    "scheduled", "queued", "running", "interrupted", "paused", "success", "error", "cancelled"
]
"""`scheduled` begins at `due_at`, which has not come; `interrupted` waits for a human; `paused` was drained
at a step boundary by an operator."""

FINISHED: frozenset[str] = frozenset({"success", "error", "cancelled"})
ACTIVE: frozenset[str] = frozenset({"queued", "running"})

STALE = "STALE"
"""How the note of a run begins whose LangGraph server cannot be reached: what is shown of it is old."""

VisitOutcome = Literal[
    "running", "success", "error", "retried", "interrupted", "withdrawn", "cancelled", "cached", "lost"
]
"""`retried`: this attempt failed and another one followed. `lost`: its host died under it. `withdrawn`: it
asked, and the run went on or ended without an answer."""


@dataclasses.dataclass(frozen=True, slots=True)
class Run(Record):
    """One execution of a workflow on a thread. Times are seconds since the epoch (UTC)."""

    id: str
    name: str
    """Two or three words for people, unique among runs: `amber-otter`."""
    thread_id: str
    workflow_id: str
    workflow: str
    status: RunStatus
    created_at: float
    engine: str = "langgraph"
    version: int = 1
    """Grows with every change of status, dispatch or question, not with mere progress; a write names
    the version its operator saw."""
    started_at: float | None = None
    ended_at: float | None = None
    where: list[str] = dataclasses.field(default_factory=list)
    """The nodes at work or waiting now, as `node` or `subgraph/node`."""
    progress: dict[str, str] = dataclasses.field(default_factory=dict)
    """Of those nodes that say how far they are: `40/200` or `40 %`."""
    step: int = -1
    visits: int = 0
    lease: int = 0
    """The fencing token of the last dispatch; 0 when never dispatched."""
    recoveries: int = 0
    """How often the run was taken up again after its host or the server died."""
    waiting: int = 0
    """Questions of this run that nobody has answered yet."""
    note: str = ""
    """One sentence on what is special now: `host died; recovering`, `queued behind …`."""
    room: str = ""
    """What is to be said of the room that its checkpoints take, in one sentence; empty while it is little."""
    error: dict[str, Any] | None = None
    """`{code, message, hint, node, detail}`; `detail` holds the traceback."""
    trace: dict[str, Any] | None = None
    """Where LangSmith has its trace: `{id, project, url}`, the url once it is known. None: not traced."""
    host_id: str | None = None
    priority: str = "normal"
    """`low`, `normal`, `high` or `urgent`: whose turn it is, see `models/queue.py`."""
    queued_at: float = 0.0
    """When it last entered the queue by somebody's wish; 0 in records of older servers."""
    displaced: bool = False
    """It was at work and lost its host: it goes before all that has not begun."""
    awaits: str = ""
    """`disk`: paused because the disk is full; it goes on by itself when the disk takes writes again."""
    created_by: str = ""
    tags: list[str] = dataclasses.field(default_factory=list)
    state: str = ""
    """What its engine itself calls its state, where that says more: `Late`, `Crashed`, `Suspended` …"""
    due_at: float | None = None
    """When a scheduled run is to begin; None for runs that nobody scheduled."""
    deployment: str = ""
    """Name of the deployment of `workflow` that it is a run of; empty without one."""
    deployment_id: str = ""
    pool: str = ""
    """The work pool that it waits for or runs in."""
    attempts: int = 0
    """How often its engine began it, where the engine counts that."""
    twin: str = ""
    """Id of the run of the other engine that is the same piece of work: a scheduled workflow and the flow run
    that started it. Such a pair is shown once."""


TWIN_TAG = "prefect:"
"""How a run's tag begins that names the flow run which started it."""


def twin_of(tags: list[str]) -> str:
    """The flow run that the tags of a run of ours name; empty when none does."""
    return next((tag.removeprefix(TWIN_TAG) for tag in tags if tag.startswith(TWIN_TAG)), "")


@dataclasses.dataclass(frozen=True, slots=True)
class NodeVisit(Record):
    """One attempt at one task: a row of the path record."""

    run_id: str
    number: int
    """1, 2, 3 … within the run, in the order in which visits began."""
    node: str
    task_id: str
    """LangGraph's task id: the same for every attempt, and after a recovery."""
    step: int
    started_at: float
    outcome: VisitOutcome = "running"
    attempt: int = 1
    namespace: str = ""
    """Path of enclosing subgraph nodes, `outer/inner`; empty at the root."""
    branch: str = ""
    """`""` for an ordinary task, `send:0`, `send:1` … for Send branches of one step, `map:0` …
    for the runs of a task that a flow called several times."""
    ended_at: float | None = None
    error: str | None = None
    lease: int = 0
    """The dispatch during which it happened."""
    triggers: list[str] = dataclasses.field(default_factory=list)
    parent: int = 0
    """The number of the visit to the subgraph node that it happened in; 0 at the root."""
    argument: str = ""
    """What a Send branch was given, in a few words."""
    handles: int = 0
    """For an error handler, the number of the visit whose failure it took over; 0 for other nodes."""
    progress: str = ""
    """How far it says it is: `40/200` or `40 %`."""
    label: str = ""
    """The name of this very visit, where it has one beside its node's: a task run's."""
    state: str = ""
    """What its engine itself calls its state, where that says more."""

    @property
    def which(self) -> str:
        """Which of several branches it is: what that was given, else its number; empty where there is one."""
        return (self.argument or self.branch.removeprefix("send:")) if self.branch else ""

    @property
    def path(self) -> str:
        """`namespace/node`, the key of the node in an unfolded graph."""
        return f"{self.namespace}/{self.node}" if self.namespace else self.node
