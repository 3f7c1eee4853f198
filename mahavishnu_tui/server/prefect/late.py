"""Task runs that events have told of before Prefect has written them down."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mahavishnu_tui.engines.prefect.states import moment
from mahavishnu_tui.server.prefect.mapping import mapping

FIRST_SECONDS = 0.25
"""Until it is read again; twice as long each time."""
MOST_READINGS = 6
_KEPT_RUNS = 256
_SAME_MOMENT = 0.001


@dataclasses.dataclass
class _Told:
    """The newest that was told of the tasks of one run: they are written down in their order."""

    task_run_id: str
    at: float
    again: Callable[[str], None]
    readings: int = 0
    timer: asyncio.TimerHandle | None = None


class LateTasks:
    """Has the task runs of a flow run read again where they were read too early.

    Prefect's server sends an event on at once and writes the task run down from that same event, up to 5 s
    later (its task run recorder, `flush_interval`). A run that waits sends no other event that would tell.
    """

    def __init__(self) -> None:
        self._told: OrderedDict[str, _Told] = OrderedDict()

    def tell(self, run_id: str, task_run_id: str, at: float, again: Callable[[str], None]) -> None:
        """A task run has got a state.

        Args:
            run_id: its flow run.
            task_run_id: the task run.
            at: when, by Prefect's clock.
            again: called with the flow run's id when its task runs are to be read again.
        """
        self._forget(run_id)
        self._told[run_id] = _Told(task_run_id, at, again)
        while len(self._told) > _KEPT_RUNS:
            self._forget(next(iter(self._told)))

    def read(self, run_id: str, task_runs: Iterable[Mapping[str, Any]]) -> None:
        """The task runs of a flow run have been read: these."""
        told = self._told.get(run_id)
        if told is None or told.timer is not None:
            return
        found = next((item for item in task_runs if item.get("id") == told.task_run_id), {})
        state_at = moment(mapping(found.get("state")).get("timestamp")) or 0.0
        if state_at >= told.at - _SAME_MOMENT or told.readings >= MOST_READINGS:
            self._forget(run_id)
            return
        wait = FIRST_SECONDS * 2**told.readings
        told.readings += 1
        told.timer = asyncio.get_running_loop().call_later(wait, self._again, run_id)

    def close(self) -> None:
        """Nothing is read again."""
        for run_id in list(self._told):
            self._forget(run_id)

    def _again(self, run_id: str) -> None:
        told = self._told[run_id]
        told.timer = None
        told.again(run_id)

    def _forget(self, run_id: str) -> None:
        told = self._told.pop(run_id, None)
        if told is not None and told.timer is not None:
            told.timer.cancel()
