"""Questions that graphs put to humans, and the ledger of who answered what."""

from __future__ import annotations

import dataclasses
from typing import Any, Literal

from mahavishnu_tui.models.asking import QuestionKind, actions
from mahavishnu_tui.models.claim import Claimable
from mahavishnu_tui.models.record import Json, Record

ApprovalStatus = Literal["pending", "answered", "applied", "superseded"]
"""`answered`: the ledger has the answer and the graph not yet. `superseded`: the run went on,
ended or was cancelled without it."""


@dataclasses.dataclass(frozen=True)
class Question(Record):
    """What a graph asks, as its host read it from the *stored* checkpoint."""

    interrupt_id: str
    node: str
    namespace: str
    value: Json
    hash: str
    """SHA-256 of the canonical JSON of (interrupt id, node path, value, schema)."""
    kind: QuestionKind = "value"
    schema: dict[str, Any] | None = None
    checkpoint_id: str = ""
    truncated: bool = False
    """`value` was too large to be told in full; the hash covers all of it."""
    asked_at: float | None = None
    """When, where the engine tells that."""
    expires_at: float | None = None
    """When the engine itself gives up waiting."""


@dataclasses.dataclass(frozen=True)
class Approval(Claimable, Record):
    """A question in the inbox."""

    id: str
    """`<run id>.<interrupt id>`."""
    run_id: str
    run_name: str
    workflow: str
    thread_id: str
    interrupt_id: str
    node: str
    namespace: str
    value: Json
    hash: str
    asked_at: float
    kind: QuestionKind = "value"
    schema: dict[str, Any] | None = None
    checkpoint_id: str = ""
    truncated: bool = False
    """`value` was too large to be told in full; the hash covers all of it."""
    status: ApprovalStatus = "pending"
    answer: Json = None
    answered_by: str = ""
    answered_at: float | None = None
    comment: str = ""
    ledger: int = 0
    """Sequence number of the ledger entry; 0 while nobody answered."""
    deadline: float | None = None
    on_timeout: str = ""
    """What happens at the deadline: `fail`, `default` or `escalate`; `engine`: it is the engine's own, and we
    do nothing; empty without one."""
    default: Json = None
    """The answer that is given at the deadline when `on_timeout` is `default`."""
    timeout: float = 0.0
    """Seconds that were allowed; each escalation doubles them."""
    escalated: int = 0
    """How many deadlines have passed without an answer."""
    claimed_by: str = ""
    """Who is on it; see `holder`."""
    claim_until: float | None = None

    @property
    def title(self) -> str:
        """One line that says what is asked."""
        asked = actions(self.kind, self.value, self.schema)
        if not asked:
            return summarise_question(self.value)
        return asked[0].call + (f" and {len(asked) - 1} more" if len(asked) > 1 else "")

    def holder(self, now: float) -> str:
        """Who has claimed it and not let it lapse; nobody is on a question that is no longer open."""
        return super().holder(now) if self.status == "pending" else ""

    @property
    def due(self) -> float | None:
        """When the server has to look at it next: its deadline, or the end of its claim."""
        deadline = None if self.on_timeout == "engine" else self.deadline
        times = [at for at in (deadline, self.claim_until) if at is not None]
        return min(times, default=None) if self.status == "pending" else None


@dataclasses.dataclass(frozen=True)
class LedgerEntry(Record):
    """One answer, for ever: who said what to which question, and when."""

    seq: int
    approval_id: str
    run_id: str
    run_name: str
    interrupt_id: str
    node: str
    question: Json
    question_hash: str
    answer: Json
    by: str
    at: float
    checkpoint_id: str = ""
    comment: str = ""
    applied_at: float | None = None
    """When the graph was seen to have gone on with this answer; None until then."""
    not_applied: str = ""
    """Why the graph will never get this answer, in one sentence; empty otherwise."""
    workflow: str = ""
    namespace: str = ""
    thread_id: str = ""
    asked_at: float | None = None
    sent_at: float | None = None
    """When a dispatch first carried it to a host."""
    lease: int = 0
    """Lease of the last dispatch that carried it."""
    checkpoint_after: str = ""
    """The first checkpoint that was stored after the graph had taken it."""
    then: list[str] = dataclasses.field(default_factory=list)
    """The nodes that ran next, from the path record; filled in when it is read."""

    @property
    def path(self) -> str:
        """The node that asked, as `node` or `subgraph/node`."""
        return f"{self.namespace}/{self.node}" if self.namespace else self.node


def summarise_question(value: Json) -> str:
    """The most telling line of any interrupt value, for lists."""
    if isinstance(value, str):
        lines = value.strip().splitlines()
        # A heading of Markdown is a line like any other here.
        return (lines[0].lstrip("#").strip() or lines[0]) if lines else "(an empty question)"
    if isinstance(value, list) and value:
        return summarise_question(value[0])
    if isinstance(value, dict):
        for key in ("question", "prompt", "message", "title", "description", "action_request"):
            if value.get(key):
                return summarise_question(value[key])
        if "action" in value:
            return f"{value['action']} {value.get('args', '')}".strip()
        if value.get("action_requests"):
            return summarise_question(value["action_requests"])
        if "name" in value:
            return f"{value['name']} {value.get('args', '')}".strip()
        return ", ".join(f"{key}: {item}" for key, item in list(value.items())[:3])
    return str(value)
