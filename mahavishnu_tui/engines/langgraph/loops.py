"""Finds the loop in which a run goes round, from its visits."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from mahavishnu_tui.models import NodeVisit

LONGEST = 100
"""Steps of the longest loop that is looked for."""
_LOOKED_AT = 5000


@dataclasses.dataclass(frozen=True)
class Loop:
    """Steps that came again and again until the end."""

    steps: list[str]
    """The nodes of each step, in order; nodes that ran side by side are joined by ` + `."""
    times: int

    def __str__(self) -> str:
        """`a → b → a ×12`."""
        return f"{' → '.join([*self.steps, self.steps[0]])} ×{self.times}"


def find_loop(visits: Sequence[NodeVisit]) -> Loop | None:
    """The shortest loop that the visits end with; None when they end with none.

    The level of the graph with the most visits counts: a loop may be inside a subgraph.
    """
    recent = [visit for visit in visits[-_LOOKED_AT:] if visit.attempt == 1]
    levels = Counter(visit.namespace for visit in recent)
    if not levels:
        return None
    level = levels.most_common(1)[0][0]
    inside = (visit for visit in recent if visit.namespace == level)
    steps = [
        " + ".join(sorted({visit.path for visit in group}))
        for _, group in groupby(inside, key=lambda visit: visit.step)
    ]
    return shortest_loop(steps)


def shortest_loop(steps: Sequence[str]) -> Loop | None:
    """The shortest sequence that repeats at the end at least twice, and how often."""
    for length in range(1, min(LONGEST, len(steps) // 2) + 1):
        unlike = next(
            (back for back in range(len(steps) - length) if steps[-1 - back] != steps[-1 - back - length]),
            len(steps) - length,
        )
        times = unlike // length + 1
        if times >= 2:
            return Loop(list(steps[len(steps) - length :]), times)
    return None
