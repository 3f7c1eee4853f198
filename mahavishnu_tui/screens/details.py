"""What is known of a run, as an operator reads it; `y` shows the record itself."""

from __future__ import annotations

from typing import Final

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.screens.audit_rows import whole_moment
from mahavishnu_tui.screens.rows import where
from mahavishnu_tui.widgets.status import duration, run_mark

_TIMES: Final = ("created_at", "queued_at", "started_at", "ended_at")
_SAID_ELSEWHERE: Final = frozenset({"status", "where", "progress"})
_KEPT: Final = frozenset({"step", "lease", "recoveries", "note"})
"""Shown also when there is nothing in them: their emptiness says something."""


def details(run: Run) -> dict[str, Json]:
    """State, place and times in words first; then every field that has a value."""
    found: dict[str, Json] = {"state": f"{run_mark(run.status).word} ({run.status})"}
    if where(run):
        found["where"] = where(run)
    for name in _TIMES:
        at = getattr(run, name)
        if at:
            found[name.removesuffix("_at")] = whole_moment(at)
    if run.started_at and run.ended_at:
        found["took"] = duration(run.ended_at - run.started_at)
    rest = {
        name: value
        for name, value in run.to_json().items()
        if name not in _SAID_ELSEWHERE
        and name not in _TIMES
        and (name in _KEPT or value not in (None, "", [], {}, False, 0))
    }
    return found | rest
