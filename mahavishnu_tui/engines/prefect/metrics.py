"""What a flow run took, as far as anybody measures it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from mahavishnu_tui.engines.prefect.presence import Usage
from mahavishnu_tui.models.prefect import RunMetrics

NOT_MEASURED = "Memory and CPU: Prefect does not measure them; we do while the process runs on this host."


def measure(
    tasks: Iterable[Mapping[str, Any]], *, seconds: float, attempts: int, used: Usage | None
) -> RunMetrics:
    """The metrics of a run.

    Args:
        tasks: its task runs, as Prefect gives them.
        seconds: how long it has been at work.
        attempts: how often it was begun; 0 when not yet.
        used: what its process takes, where that can be seen.
    """
    by_state: dict[str, int] = {}
    task_seconds, ended, retries = 0.0, 0, max(0, attempts - 1)
    for task in tasks:
        state = str(task.get("state_name") or "Pending")
        by_state[state] = by_state.get(state, 0) + 1
        retries += max(0, int(task.get("run_count") or 0) - 1)
        if task.get("end_time") and state != "Cached":
            task_seconds += float(task.get("total_run_time") or 0.0)
            ended += 1
    return RunMetrics(
        tasks=sum(by_state.values()),
        by_state=by_state,
        seconds=seconds,
        task_seconds=task_seconds,
        average_task_seconds=task_seconds / ended if ended else None,
        retries=retries,
        cache_hits=by_state.get("Cached", 0),
        peak_memory_mb=used.peak_memory_mb if used else None,
        cpu_percent=used.cpu_percent if used else None,
        note="" if used else NOT_MEASURED,
    )
