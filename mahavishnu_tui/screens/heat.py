"""The heat line of a run: how the last runs like it went and how long they took. Pure."""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final, get_args

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.run import RunStatus
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.rows import Cell
from mahavishnu_tui.widgets.status import Tone

LENGTH: Final = 20
"""Runs that are remembered per line; the column shows as many as there is room for."""
_BARS: Final = "▁▂▃▄▅▆▇█"
_RATIOS: Final = (0.3, 0.45, 0.7, 1.45, 2.0, 3.0, 4.5)
"""Where one bar gives way to the next, as parts of the median: five times as long as usual sticks out."""
_SINGLE: Final = {"interrupted": "◇", "paused": "‖"}
"""Signs of one cell for states whose own takes two."""
_MARKS: Final = {outcome: status.run_mark(outcome) for outcome in get_args(RunStatus)}
_SIGNS: Final = {outcome: _SINGLE.get(outcome, mark.glyph) for outcome, mark in _MARKS.items()}
_ASCII: Final = str.maketrans(
    {sign: _MARKS[outcome].ascii for outcome, sign in _SIGNS.items()}
    | {status.UNKNOWN.glyph: status.UNKNOWN.ascii}
    | dict.fromkeys(_BARS, status.DONE.ascii)
)
_TONES: Final[dict[str, Tone]] = (
    {sign: _MARKS[outcome].tone for outcome, sign in _SIGNS.items()}
    | {mark.ascii: mark.tone for mark in _MARKS.values()}
    | dict.fromkeys(_BARS, status.DONE.tone)
)
_MANY: Final = 50
"""Runs that a median is taken of, the newest."""

Beats = str
"""A sign for each run, oldest first: a bar for a success, as high as it took long, else its outcome's."""


class HeatLines:
    """The histories of runs; of families in which nothing has changed they are kept."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[list[Run], dict[str, Beats]]] = {}

    def of(self, runs: Iterable[Run]) -> dict[str, Beats]:
        """For each run the last ones like it, up to itself: of its deployment, else of its workflow."""
        alike: dict[str, list[Run]] = defaultdict(list)
        for run in runs:
            alike[run.deployment_id or run.workflow_id].append(run)
        known, self._known = self._known, {}
        found: dict[str, Beats] = {}
        for key, family in alike.items():
            before = known.get(key)
            lines = before[1] if before is not None and before[0] == family else histories(family)
            self._known[key] = (family, lines)
            found.update(lines)
        return found


def histories(family: Iterable[Run], length: int = LENGTH) -> dict[str, Beats]:
    """For each of these runs the last `length` ones up to itself. What is only scheduled is no history."""
    runs = sorted(family, key=lambda run: (run.created_at, run.id))
    median = _median(runs)
    steps = [median * ratio for ratio in _RATIOS]
    found: dict[str, Beats] = {}
    beats = ""
    for run in runs:
        if run.status == "success":
            beats += _BARS[bisect_right(steps, _took(run)) if median else 3]
        elif run.status != "scheduled":
            beats += _SIGNS.get(run.status, status.UNKNOWN.glyph)
        beats = found[run.id] = beats[-length:]
    return found


def heat_cell(beats: Beats, ascii_only: bool) -> Cell:
    """The line, sorted by how many failed."""
    text = beats.translate(_ASCII) if ascii_only else beats
    return Cell(text, "muted", float(beats.count(status.FAILED.glyph)), tone_of)


def tone_of(sign: str) -> Tone:
    """The tone of one sign of a line."""
    return _TONES.get(sign, status.UNKNOWN.tone)


def usual(run: Run, runs: Iterable[Run], now: float) -> str:
    """`median 12s of 9 runs, this one 40s (3.3x)`; empty where there is nothing to compare it with."""
    key = run.deployment_id or run.workflow_id
    others = [item for item in runs if (item.deployment_id or item.workflow_id) == key and item.id != run.id]
    others.sort(key=lambda item: item.created_at)
    took = _took(run) if run.ended_at is not None else now - (run.started_at or now)
    median = _median(others)
    if not median or took <= 0:
        return ""
    count = min(_MANY, sum(item.status == "success" for item in others))
    of = f"{count} runs" if count > 1 else "one run"
    so_far = "" if run.ended_at is not None else " so far"
    said = f"this one {status.duration(took)}{so_far} ({took / median:.1f}x)"
    return f"median {status.duration(median)} of {of}, {said}"


def _took(run: Run) -> float:
    began = run.started_at or run.created_at
    return (run.ended_at or began) - began


def _median(family: Sequence[Run]) -> float:
    done = [_took(run) for run in family if run.status == "success"][-_MANY:]
    return statistics.median(done) if done else 0.0
