"""Prefect's nine states, and what they are among ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal, get_args

from mahavishnu_tui.models.run import RunStatus, VisitOutcome

StateType = Literal[
    "SCHEDULED",
    "PENDING",
    "RUNNING",
    "PAUSED",
    "CANCELLING",
    "CANCELLED",
    "COMPLETED",
    "FAILED",
    "CRASHED",
]

STATE_TYPES: tuple[StateType, ...] = get_args(StateType)
TERMINAL: frozenset[StateType] = frozenset({"CANCELLED", "COMPLETED", "FAILED", "CRASHED"})
UNFINISHED: tuple[StateType, ...] = tuple(kind for kind in STATE_TYPES if kind not in TERMINAL)

_RUN: dict[str, RunStatus] = {
    "SCHEDULED": "queued",
    "PENDING": "queued",
    "RUNNING": "running",
    "PAUSED": "paused",
    "CANCELLING": "running",
    "CANCELLED": "cancelled",
    "COMPLETED": "success",
    "FAILED": "error",
    "CRASHED": "error",
}
_VISIT: dict[str, VisitOutcome] = {
    "SCHEDULED": "running",
    "PENDING": "running",
    "RUNNING": "running",
    "PAUSED": "interrupted",
    "CANCELLING": "running",
    "CANCELLED": "cancelled",
    "COMPLETED": "success",
    "FAILED": "error",
    "CRASHED": "lost",
}


def run_status(state_type: str | None, waits_for_input: bool = False, *, is_due: bool = True) -> RunStatus:
    """What a flow run in this state is among our runs; one that has no state yet is queued.

    Args:
        state_type: Prefect's type of state. One that we do not know counts as running.
        waits_for_input: whether a paused run asks a human for something.
        is_due: whether the time of a scheduled run has come.
    """
    if state_type == "SCHEDULED" and not is_due:
        return "scheduled"
    if state_type is None:
        return "queued"
    if state_type == "PAUSED" and waits_for_input:
        return "interrupted"
    return _RUN.get(state_type, "running")


def visit_outcome(state_type: str | None, state_name: str | None = None) -> VisitOutcome:
    """What a task run in this state is among our visits."""
    if state_name == "Cached":
        return "cached"
    return _VISIT.get(state_type or "PENDING", "running")


def keyset(state: Mapping[str, Any] | None) -> dict[str, str]:
    """Where a paused run keeps its question: `schema`, `description`, `response`; empty when it asks none."""
    details = (state or {}).get("state_details")
    found = details.get("run_input_keyset") if isinstance(details, Mapping) else None
    return {str(k): str(v) for k, v in found.items()} if isinstance(found, Mapping) else {}


def moment(text: object) -> float | None:
    """Seconds since the epoch of one of Prefect's times; None when there is none. A bare one is UTC."""
    if not isinstance(text, str) or not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def iso(seconds: float) -> str:
    """A moment as Prefect's API takes it."""
    return datetime.fromtimestamp(seconds, UTC).isoformat()


Verdict = Literal["ACCEPT", "REJECT", "ABORT", "WAIT"]
_VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


@dataclasses.dataclass(frozen=True)
class Orchestrated:
    """What became of a wish for another state; the answer's body says it, its status code does not."""

    run_id: str
    status: Verdict
    done: bool
    """The run is where it was to be: accepted, or there already by the server's own doing."""
    reason: str
    """Why not, in the server's words; empty when it was done."""
    state: dict[str, Any]
    """The state the run is in now, as far as the server said."""
    wait: float = 0.0
    """Seconds after which to ask again, for WAIT."""

    @classmethod
    def read(cls, run_id: str, wanted: str, answer: Mapping[str, Any]) -> Orchestrated:
        """Read Prefect's answer to a wish for a state of type `wanted`.

        A scheduled run that is to be CANCELLING is refused, with CANCELLED as the state that it gets instead:
        that is what was wanted.
        """
        status: Verdict = next((known for known in _VERDICTS if known == answer.get("status")), "ABORT")
        raw = answer.get("state")
        state = dict(raw) if isinstance(raw, Mapping) else {}
        about = answer.get("details")
        details = about if isinstance(about, Mapping) else {}
        instead = {"CANCELLING": {"CANCELLED", "CANCELLING"}}.get(wanted, {wanted})
        done = status == "ACCEPT" or (status == "REJECT" and state.get("type") in instead)
        wait = details.get("delay_seconds")
        return cls(
            run_id=run_id,
            status=status,
            done=done,
            reason="" if done else str(details.get("reason") or f"Prefect answered {status}."),
            state=state,
            wait=float(wait) if isinstance(wait, (int, float)) else 0.0,
        )
