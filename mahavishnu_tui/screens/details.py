"""What is known of a run, as an operator reads it; `y` shows the record itself."""

from __future__ import annotations

from typing import Final

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.run_search import where
from mahavishnu_tui.screens.times import MIXED, Times
from mahavishnu_tui.widgets.status import duration, run_mark

_TIMES: Final = ("created_at", "due_at", "queued_at", "started_at", "ended_at")
_SAID_ELSEWHERE: Final = frozenset({"status", "where", "progress"})
_KEPT: Final = frozenset({"step", "lease", "recoveries", "note"})
"""Shown also when there is nothing in them: their emptiness says something."""
_OF_GRAPHS: Final = frozenset({"step", "lease", "recoveries", "priority"})
"""What flow runs do not have."""


def details(run: Run, times: Times = MIXED, usual: str = "") -> dict[str, Json]:
    """State, place and times in words first; then every field that has a value."""
    found: dict[str, Json] = {"state": f"{run_mark(run.status, run.state).word} ({run.status})"}
    if where(run):
        found["where"] = where(run)
    for name in _TIMES:
        at = getattr(run, name)
        if at:
            found[name.removesuffix("_at")] = times.whole(at)
    if run.started_at and run.ended_at:
        found["took"] = duration(run.ended_at - run.started_at)
    if usual:
        found["compared"] = usual
    flow = run.engine == "prefect"
    rest = {
        name: value
        for name, value in run.to_json().items()
        if name not in _SAID_ELSEWHERE
        and name not in _TIMES
        and not (flow and name in _OF_GRAPHS)
        and (name in _KEPT or value not in (None, "", [], {}, False, 0))
    }
    return found | rest
