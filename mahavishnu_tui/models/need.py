"""What needs an operator: one record for every client, the strip and the notifier. Pure."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable
from typing import Final, Literal, get_args

from mahavishnu_tui.models.approval import Approval
from mahavishnu_tui.models.claim import Claimable
from mahavishnu_tui.models.record import Record
from mahavishnu_tui.models.run import Run
from mahavishnu_tui.models.text import clean_line

NeedKind = Literal[
    "approval", "paused", "failure", "late", "schedule", "stuck", "pool", "host", "prefect", "server", "disk"
]
"""`approval`: a question. `paused`: a flow has paused itself until somebody resumes it. `failure`: a run
that failed and that nobody has seen. `late`: runs of a deployment that do not start. `schedule`: one that
makes no runs although its time has passed. `stuck`: a flow run that will not come right by itself. `pool`:
work waits and no worker takes it. `host`: an engine host that cannot be started. `prefect`, `server`:
Prefect, or somebody's LangGraph server, is away. `disk`: it is full."""

KINDS: Final[tuple[NeedKind, ...]] = get_args(NeedKind)
"""In the order in which they are listed."""
SEEABLE: Final = frozenset({"failure", "host"})
"""What an operator can put aside by having seen it; everything else is needed until it is cured."""
_LONGEST = 300


@dataclasses.dataclass(frozen=True)
class Need(Claimable, Record):
    """One thing that waits for an operator."""

    key: str
    """`<kind>:<id>`: the same for as long as it is needed."""
    kind: NeedKind
    what: str
    """One line: the question, the error, what is wrong."""
    where: str
    """The name of the run, deployment, pool, project or server."""
    since: float
    run_id: str = ""
    workflow: str = ""
    engine: str = ""
    due: float | None = None
    """The deadline of a question."""
    escalated: int = 0
    count: int = 1
    """How many runs are late, stuck behind a pool or stopped by the disk; 0 where none was made."""
    deployment_id: str = ""
    pool: str = ""
    claimed_by: str = ""
    """Who is on it; see `holder`."""
    claim_until: float | None = None
    gone: str = ""
    """Why it is needed no more, in a few words; empty while it is."""


def order_needs(needs: Iterable[Need]) -> list[Need]:
    """Questions first: escalated, then by deadline, then the oldest; then the others, newest first."""
    return sorted(needs, key=_place)


def _place(need: Need) -> tuple[int, bool, float, float, str]:
    age = need.since if need.kind == "approval" else -need.since
    rank = KINDS.index(need.kind) if need.kind in KINDS else len(KINDS)
    return (rank, not need.escalated, math.inf if need.due is None else need.due, age, need.key)


def approval_key(approval_id: str) -> str:
    """The key of a question's need."""
    return f"approval:{approval_id}"


def failure_key(run_id: str) -> str:
    """The key of a failed run's need."""
    return f"failure:{run_id}"


def need_of_question(approval: Approval, engine: str = "") -> Need:
    """The need of a question that is pending."""
    return Need(
        key=approval_key(approval.id),
        kind="approval",
        what=clean_line(approval.title, _LONGEST),
        where=approval.run_name,
        since=approval.asked_at,
        run_id=approval.run_id,
        workflow=approval.workflow,
        engine=engine,
        due=approval.deadline,
        escalated=approval.escalated,
        claimed_by=approval.claimed_by,
        claim_until=approval.claim_until,
    )


def pause_key(run_id: str) -> str:
    """The key of the need of a flow run that has paused itself."""
    return f"paused:{run_id}"


def need_of_pause(run: Run, since: float) -> Need:
    """The need of a flow run that has paused itself, and asks for nothing but to go on."""
    said = clean_line(run.note, _LONGEST)
    what = said or "Its flow has paused itself until somebody resumes it."
    return _of_run(run, pause_key(run.id), "paused", what, since)


def need_of_failure(run: Run, ended_at: float) -> Need:
    """The need of a run that has failed."""
    error = run.error or {}
    node = clean_line(error.get("node") or "", 60)
    said = clean_line(error.get("message") or run.note or "It failed without saying why.", _LONGEST)
    what = f"{node}: {said}" if node and not node.startswith("(") and node not in said else said
    return _of_run(run, failure_key(run.id), "failure", what, ended_at)


def _of_run(run: Run, key: str, kind: NeedKind, what: str, since: float) -> Need:
    return Need(
        key=key,
        kind=kind,
        what=what,
        where=run.name,
        since=since,
        run_id=run.id,
        workflow=run.workflow,
        engine=run.engine,
        deployment_id=run.deployment_id,
        pool=run.pool,
    )
