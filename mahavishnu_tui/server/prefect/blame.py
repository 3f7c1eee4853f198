"""Where failed flow runs have failed: Prefect says of a run only that it has."""

from __future__ import annotations

import contextlib
import functools
import math
import time
from collections.abc import Iterable, Mapping
from typing import Any

from mahavishnu_tui.engines.prefect.api import PAGE, PrefectApi, Select
from mahavishnu_tui.engines.prefect.errors import PrefectError
from mahavishnu_tui.models import Run
from mahavishnu_tui.server.prefect import taking
from mahavishnu_tui.server.prefect.visits import node_of
from mahavishnu_tui.server.store import Store

THE_FLOW = "(flow)"
"""It failed in no task: in the body of the flow."""
_WAITS = (0.3, 0.6, 1.2, 2.4, 4.8)
"""Seconds until the next look. Prefect keeps a task run some moments after the flow run's end."""
_RECENT = 30.0
_MOST_TASKS = 3
_ENDED_BADLY = ("FAILED", "CRASHED")


class Blame:
    """Looks for the tasks of runs that have failed.

    Args:
        api: knows their task runs.
        store: gets what was found.
    """

    def __init__(self, api: PrefectApi, store: Store) -> None:
        self._api = api
        self._store = store
        self._looks: dict[str, int] = {}
        """How often they were looked for, by run."""
        self._crashed = set[str]()
        self._at = math.inf

    @property
    def wait(self) -> float:
        """Seconds until the next look; infinite where nothing is looked for."""
        return max(0.0, self._at - time.monotonic()) if self._looks else math.inf

    def note(self, runs: Iterable[Run]) -> None:
        """These have changed."""
        now = self._api.clock()
        for run in runs:
            if run.status == "error" and run.error and not run.error.get("node"):
                recent = now - (run.ended_at or 0.0) < _RECENT
                self._looks[run.id] = 0 if recent else len(_WAITS)
                self._at = time.monotonic()
                if run.state == "Crashed":
                    self._crashed.add(run.id)

    async def look(self) -> None:
        """Look, where it is time to. Nothing depends on it: what Prefect does not tell stays unsaid."""
        if self.wait > 0:
            return
        ids, found = list(self._looks)[:PAGE], None
        with contextlib.suppress(PrefectError):
            found = await self._places(ids)
        places = {run_id: ", ".join(names) for run_id, names in (found or {}).items() if names}
        for run_id in ids:
            self._looks[run_id] += 1
            if self._looks[run_id] > len(_WAITS) or run_id in places:
                del self._looks[run_id]
                self._crashed.discard(run_id)
                if found is not None:
                    places.setdefault(run_id, THE_FLOW)
        # Before the write, which a full disk may refuse: else the next look would be due at once, for ever.
        least = min(self._looks.values(), default=0)
        self._at = time.monotonic() + (_WAITS[least - 1] if least else 0.0)
        await self._store.write(functools.partial(taking.take_blame, places=places))

    async def _places(self, ids: list[str]) -> Mapping[str, list[str]]:
        """The tasks that ended badly, the last first; of a crash also those that were at work then."""
        states = {"state": {"type": {"any_": [*_ENDED_BADLY, "RUNNING"]}}}
        select = Select(flow_runs={"id": {"any_": ids}}, task_runs=states)
        found: dict[str, list[str]] = {}
        for told in await self._api.task_runs.filter(select, sort="END_TIME_DESC"):
            run_id = str(told.get("flow_run_id"))
            names = found.setdefault(run_id, [])
            if self._counts(run_id, told) and node_of(told) not in names and len(names) < _MOST_TASKS:
                names.append(node_of(told))
        return found

    def _counts(self, run_id: str, told: Mapping[str, Any]) -> bool:
        return told.get("state_type") in _ENDED_BADLY or run_id in self._crashed
