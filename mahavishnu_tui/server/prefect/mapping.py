"""From Prefect's JSON to our records. Pure; what is not as its API says is left out."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from mahavishnu_tui.engines.prefect.states import TERMINAL, keyset, moment, run_status
from mahavishnu_tui.models import ErrorCode, Question, Run
from mahavishnu_tui.models.prefect import StateChange
from mahavishnu_tui.models.run import RunStatus
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store.flow_runs import ENGINE

LONGEST_NAME = 200
_LONGEST_NOTE = 400
_MOST_TAGS = 100
_AUTOMATIC = re.compile(r"(\w+)AutomaticRunInput")


@dataclasses.dataclass(frozen=True)
class Names:
    """What flow runs tell of by id alone."""

    flows: Mapping[str, str]
    deployments: Mapping[str, str]


@dataclasses.dataclass(frozen=True)
class Seen:
    """A flow run as Prefect has just told it."""

    run: Run
    state_id: str
    schedule_id: str
    """The schedule that made it; empty: none did."""
    keyset: dict[str, str]
    """Where its question is kept; empty when it asks none."""
    updated: float = 0.0
    """When it had changed last, by Prefect's clock."""
    since: float | None = None
    """When its state began."""
    expires: float | None = None
    """When Prefect gives up waiting for an answer."""
    parameters: dict[str, Any] | None = None
    """What it was given."""


def mapping(value: Any) -> dict[str, Any]:
    """A JSON object; an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def text(value: Any, limit: int = LONGEST_NAME) -> str:
    """One clean line; empty for anything but text."""
    return clean_line(value, limit) if isinstance(value, str) else ""


def seen(told: dict[str, Any], names: Names, now: float) -> Seen:
    """What a flow run is, as Prefect tells it.

    Args:
        told: an object with an `id`.
        names: of flows and deployments.
        now: by Prefect's clock.
    """
    state = mapping(told.get("state"))
    kind = str(told.get("state_type") or state.get("type") or "") or None
    asks = keyset(state) if kind == "PAUSED" else {}
    due = _due(told, state, kind)
    status: RunStatus = run_status(kind, waits_for_input=bool(asks))
    if kind == "SCHEDULED" and due is not None and due > now:
        status = "scheduled"
    flow, deployment = str(told.get("flow_id") or ""), str(told.get("deployment_id") or "")
    created = moment(told.get("created")) or now
    ended = moment(told.get("end_time")) if kind in TERMINAL else None
    run = Run(
        id=str(told["id"]),
        name=text(told.get("name")) or str(told["id"])[:8],
        thread_id="",
        workflow_id=flow,
        workflow=text(names.flows.get(flow)) or "(flow not known)",
        status=status,
        # Scheduled runs are made days ahead: in a list by age they belong to where they begin.
        created_at=created if status == "scheduled" else max(created, _planned(told) or created),
        engine=ENGINE,
        started_at=moment(told.get("start_time")),
        ended_at=ended or (moment(state.get("timestamp")) if kind in TERMINAL else None),
        note=_note(kind, state),
        error=_error(kind, state),
        created_by=_by(told),
        tags=[text(tag) for tag in _items(told.get("tags"))[:_MOST_TAGS] if isinstance(tag, str)],
        state=text(told.get("state_name") or state.get("name"), 60),
        due_at=due,
        deployment=text(names.deployments.get(deployment)) or deployment,
        deployment_id=deployment,
        pool=text(told.get("work_pool_name")),
        attempts=_count(told.get("run_count")),
    )
    by = mapping(told.get("created_by"))
    schedule = text(by.get("id"), 60) if by.get("type") == "SCHEDULE" else ""
    return Seen(
        run,
        str(told.get("state_id") or state.get("id") or ""),
        schedule,
        asks,
        moment(told.get("updated")) or 0.0,
        *waits(state),
        parameters=mapping(told.get("parameters")) or None,
    )


def waits(state: Mapping[str, Any]) -> tuple[float | None, float | None]:
    """When a state began, and when Prefect gives up waiting for an answer in it."""
    details = mapping(state.get("state_details"))
    return moment(state.get("timestamp")), moment(details.get("pause_timeout"))


def question(
    run_id: str,
    keys: Mapping[str, str],
    schema: Any,
    description: Any,
    since: float | None = None,
    expires: float | None = None,
) -> Question:
    """What a paused run asks, with a hash over all that its operator is shown."""
    schema = schema if isinstance(schema, dict) else None
    said = description.strip() if isinstance(description, str) else ""
    title = text((schema or {}).get("title"), 80)
    if found := _AUTOMATIC.fullmatch(title):
        title = f"A value ({found[1]})"  # of `wait_for_input=str` and its like
    proof = codec.dumps([run_id, dict(keys), schema, said])
    return Question(
        interrupt_id=key_of(keys),
        node="(flow)",
        namespace="",
        value=said or f"{title or 'Input'} is asked for before the run goes on.",
        hash=hashlib.sha256(proof).hexdigest(),
        schema=schema,
        asked_at=since,
        expires_at=expires,
    )


def key_of(keys: Mapping[str, str]) -> str:
    """What names one question of a run."""
    return text(keys.get("schema", "")).removesuffix("-schema").replace("/", "_") or "input"


def state_change(told: dict[str, Any]) -> StateChange:
    """One state of a flow run's history."""
    return StateChange(
        at=moment(told.get("timestamp")) or 0.0,
        type=text(told.get("type"), 40),
        name=text(told.get("name"), 60),
        message=text(told.get("message"), 2000),
    )


def _due(told: dict[str, Any], state: dict[str, Any], kind: str | None) -> float | None:
    if kind == "SCHEDULED":
        at = moment(mapping(state.get("state_details")).get("scheduled_time"))
        return at or moment(told.get("next_scheduled_start_time")) or _planned(told)
    return _planned(told) if told.get("auto_scheduled") is True else None


def _planned(told: dict[str, Any]) -> float | None:
    return moment(told.get("expected_start_time"))


def _note(kind: str | None, state: dict[str, Any]) -> str:
    message = text(state.get("message"), _LONGEST_NOTE)
    if kind == "PAUSED" and mapping(state.get("state_details")).get("pause_reschedule") is True:
        waits = "until it is answered" if keyset(state) else "its process ends at the next task"
        return message or f"suspended: {waits}"
    if kind == "CANCELLING":
        return message or "cancelling"
    if kind in ("FAILED", "CRASHED") or state.get("name") == "Scheduled":
        return ""
    return message


def _error(kind: str | None, state: dict[str, Any]) -> dict[str, Any] | None:
    if kind not in ("FAILED", "CRASHED"):
        return None
    said = text(state.get("message"), 2000)
    word = "crashed" if kind == "CRASHED" else "failed"
    return {
        "code": ErrorCode.PREFECT_RUN_FAILED.value,
        "message": said or f"The flow run {word}; Prefect does not say why.",
        "hint": "Its log and its tasks say where; retry keeps its id.",
        "node": "",
    }


def _by(told: dict[str, Any]) -> str:
    by = mapping(told.get("created_by"))
    return text(by.get("display_value"), 80) or text(by.get("type"), 40).lower()


def _count(value: Any) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else 0


def _items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
