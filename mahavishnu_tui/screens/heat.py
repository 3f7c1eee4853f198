"""The heat line of a run: how the last runs like it went and how long they took. Pure."""

from __future__ import annotations

import statistics
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from mahavishnu_tui.models import Run
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
_MANY: Final = 50
"""Runs that a median is taken of, the newest."""

Beats = tuple[str, ...]
"""Oldest first: a status, or for a success how high its bar is, `0` to `7`."""


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
    beats: list[str] = []
    for run in runs:
        if run.status == "success":
            beats.append(str(bisect_right(steps, _took(run)) if median else 3))
        elif run.status != "scheduled":
            beats.append(run.status)
        found[run.id] = tuple(beats[-length:])
    return found


def heat_cell(beats: Beats, ascii_only: bool) -> Cell:
    """The line: a bar per success, as high as it took long; any other outcome is a sign."""
    signs: list[str] = []
    tones: list[Tone] = []
    for beat in beats:
        if beat.isdigit():
            signs.append(status.DONE.ascii if ascii_only else _BARS[int(beat)])
            tones.append("success")
        else:
            mark = status.run_mark(beat)
            signs.append(mark.ascii if ascii_only else _SINGLE.get(beat, mark.glyph))
            tones.append(mark.tone)
    failed = float(beats.count("error"))
    return Cell("".join(signs), "muted", failed, tuple(tones))


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
