"""What the adapter gives: a flow run, its tasks and its log, in the terms of the field."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Mapping
from typing import Any

from mahavishnu_tui.engines.prefect.states import TERMINAL, moment, run_status
from mahavishnu_tui.models.record import Record
from mahavishnu_tui.models.run import RunStatus


@dataclasses.dataclass(frozen=True)
class FlowRunStatus(Record):
    """A flow run as it is now. Times are seconds since the epoch (UTC)."""

    run_id: str
    name: str
    flow_id: str
    flow_name: str
    """Empty in lists."""
    state: str
    """One of Prefect's nine types."""
    state_name: str
    status: RunStatus
    """What that is among our own runs."""
    state_id: str = ""
    """Changes with every change of state; acts name it as `seen`."""
    deployment_id: str = ""
    start_time: float | None = None
    end_time: float | None = None
    expected_start_time: float | None = None
    duration_seconds: float = 0.0
    estimated_run_time: float = 0.0
    task_count: int | None = None
    """Task runs; None in lists, like the next two."""
    completed_tasks: int | None = None
    failed_tasks: int | None = None
    error_message: str = ""
    """What Prefect says of a run that failed, crashed or was refused."""
    parameters: dict[str, Any] = dataclasses.field(default_factory=dict)
    tags: list[str] = dataclasses.field(default_factory=list)
    run_count: int = 0
    work_pool: str = ""
    work_queue: str = ""

    @property
    def ended(self) -> bool:
        """Whether nothing more comes of it by itself."""
        return self.state in TERMINAL

    @classmethod
    def read(cls, run: Mapping[str, Any], now: float, **more: Any) -> FlowRunStatus:
        """Read Prefect's JSON; `now` is by its clock, `more` are fields that it does not have."""
        state = run.get("state") or {}
        kind = str(run.get("state_type") or "SCHEDULED")
        expected = moment(run.get("expected_start_time"))
        asks = bool((state.get("state_details") or {}).get("run_input_keyset"))
        due = expected is None or expected <= now
        return cls(
            run_id=str(run["id"]),
            name=str(run.get("name") or ""),
            flow_id=str(run.get("flow_id") or ""),
            flow_name=str(more.pop("flow_name", "")),
            state=kind,
            state_name=str(run.get("state_name") or ""),
            status=run_status(run.get("state_type"), asks, is_due=due),
            state_id=str(run.get("state_id") or ""),
            deployment_id=str(run.get("deployment_id") or ""),
            start_time=moment(run.get("start_time")),
            end_time=moment(run.get("end_time")),
            expected_start_time=expected,
            # Of one that is at work, the estimate has the time until now.
            duration_seconds=_seconds(run.get("total_run_time")) or _seconds(run.get("estimated_run_time")),
            estimated_run_time=_seconds(run.get("estimated_run_time")),
            error_message=str(state.get("message") or "") if kind in ("FAILED", "CRASHED") else "",
            parameters=dict(run.get("parameters") or {}),
            tags=[str(tag) for tag in run.get("tags") or []],
            run_count=int(run.get("run_count") or 0),
            work_pool=str(run.get("work_pool_name") or ""),
            work_queue=str(run.get("work_queue_name") or ""),
            **more,
        )


@dataclasses.dataclass(frozen=True)
class TaskRunStatus(Record):
    """A task run as it is now."""

    id: str
    name: str
    state: str
    state_name: str
    start_time: float | None = None
    end_time: float | None = None
    duration_seconds: float = 0.0
    run_count: int = 0

    @classmethod
    def read(cls, task: Mapping[str, Any]) -> TaskRunStatus:
        """Read Prefect's JSON."""
        return cls(
            id=str(task["id"]),
            name=str(task.get("name") or ""),
            state=str(task.get("state_type") or "PENDING"),
            state_name=str(task.get("state_name") or ""),
            start_time=moment(task.get("start_time")),
            end_time=moment(task.get("end_time")),
            duration_seconds=_seconds(task.get("total_run_time")),
            run_count=int(task.get("run_count") or 0),
        )


@dataclasses.dataclass(frozen=True)
class LogEntry(Record):
    """A line of a run's log."""

    id: str
    timestamp: float
    level: str
    """`DEBUG`, `INFO`, `WARNING` …"""
    message: str
    """As it was said: whoever shows it cleans it."""
    logger: str = ""
    flow_run_id: str = ""
    task_run_id: str = ""

    @classmethod
    def read(cls, line: Mapping[str, Any]) -> LogEntry:
        """Read Prefect's JSON."""
        level = line.get("level")
        return cls(
            id=str(line["id"]),
            timestamp=moment(line.get("timestamp")) or 0.0,
            level=logging.getLevelName(level if isinstance(level, int) else logging.INFO),
            message=str(line.get("message") or ""),
            logger=str(line.get("name") or ""),
            flow_run_id=str(line.get("flow_run_id") or ""),
            task_run_id=str(line.get("task_run_id") or ""),
        )


def _seconds(value: object) -> float:
    return float(value) if isinstance(value, (int, float)) else 0.0
