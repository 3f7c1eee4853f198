"""Two runs beside each other: what only one did, where they part, how they end, how long they take. Pure."""

from __future__ import annotations

import dataclasses
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Final, Literal

from mahavishnu_tui.models import NodeVisit, Run
from mahavishnu_tui.models.graph import path_title
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.timeline import Timeline
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.table import Cell, Column, Row

MUCH: Final = 1.5
"""How many times as long a node takes before that is a difference."""
LITTLE: Final = 0.1
"""Seconds below which no difference in time counts."""

Kind = Literal["only here", "only there", "ended", "visits", "slower", "faster", ""]
_ORDER: Final[tuple[Kind, ...]] = ("only here", "only there", "ended", "visits", "slower", "faster", "")
COLUMNS: Final = (
    Column("node", "NODE", 22, min_width=12, flex=1),
    Column("what", "DIFFERENCE", 22, min_width=18),
    Column("here", "THIS RUN", 17, min_width=13),
    Column("there", "THE OTHER", 17, min_width=13),
    Column("delta", "DELTA", 8, align="right", priority=2),
    Column("ratio", "TIME", 7, align="right", priority=1),
)


@dataclasses.dataclass(frozen=True)
class Side:
    """What one run did at one node."""

    visits: int
    worked: float
    """Seconds, of all visits."""
    outcome: str
    """Of the newest visit."""

    def text(self, ascii_only: bool) -> str:
        """`✔ 2.1s ×2`."""
        times = f" {'x' if ascii_only else '×'}{self.visits}" if self.visits > 1 else ""
        return f"{status.visit_mark(self.outcome).sign(ascii_only)} {status.duration(self.worked)}{times}"


@dataclasses.dataclass(frozen=True)
class NodeDifference:
    """One node in both runs."""

    path: str
    here: Side | None
    there: Side | None

    @property
    def ratio(self) -> float | None:
        """How many times as long it took here; None where only one run came to it, or took no time."""
        if self.here is None or self.there is None or self.there.worked <= 0:
            return None
        return self.here.worked / self.there.worked

    @property
    def kind(self) -> Kind:
        """The difference that matters most; empty when there is none."""
        if self.there is None:
            return "only here"
        if self.here is None:
            return "only there"
        if self.here.outcome != self.there.outcome:
            return "ended"
        if self.here.visits != self.there.visits:
            return "visits"
        if abs(self.here.worked - self.there.worked) < LITTLE:
            return ""
        if self.here.worked > MUCH * self.there.worked:
            return "slower"
        return "faster" if self.there.worked > MUCH * self.here.worked else ""

    def said(self) -> str:
        """The difference in words."""
        if self.here is None or self.there is None or not self.kind:
            return self.kind or "the same"
        if self.kind == "ended":
            words = [status.visit_mark(side.outcome).word for side in (self.here, self.there)]
            return f"{words[0]}, not {words[1]}"
        if self.kind == "visits":
            more = self.here.visits - self.there.visits
            return f"{abs(more)} {'more' if more > 0 else 'fewer'} visit{'s' if abs(more) > 1 else ''}"
        return self.kind


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A run and another one of, as a rule, the same workflow."""

    here: Run
    there: Run
    nodes: tuple[NodeDifference, ...]
    """The differences first, those that matter most on top."""
    lines: tuple[str, ...]
    """What is to be said of the runs as wholes."""

    @property
    def differing(self) -> int:
        """At how many nodes they differ."""
        return sum(bool(node.kind) for node in self.nodes)


def compare(
    here: Run, visits: Sequence[NodeVisit], there: Run, others: Sequence[NodeVisit], now: float
) -> Comparison:
    """Compare two runs, each by its path."""
    one, two = Timeline.of(visits, here, now), Timeline.of(others, there, now)
    sides, other_sides = _sides(one), _sides(two)
    paths = dict.fromkeys([*sides, *other_sides])
    nodes = [NodeDifference(path, sides.get(path), other_sides.get(path)) for path in paths]
    place = {path: index for index, path in enumerate(paths)}
    nodes.sort(key=lambda node: (_ORDER.index(node.kind), -_lost(node), place[node.path]))
    # Task runs of a flow have no steps: which of them begins first is chance.
    parting = "" if "prefect" in (here.engine, there.engine) else _parting(visits, others)
    lines = (_whole("this run ", here, one), _whole("the other", there, two), parting)
    return Comparison(here, there, tuple(nodes), tuple(line for line in lines if line))


def comparison_rows(found: Comparison, ascii_only: bool) -> list[Row]:
    """One row per node, keyed by its path."""
    return [_row(node, ascii_only) for node in found.nodes]


def _row(node: NodeDifference, ascii_only: bool) -> Row:
    ratio = node.ratio
    times = "x" if ascii_only else "×"
    worse = node.kind in ("only here", "ended", "visits", "slower")
    what = Cell(node.said(), "" if not node.kind else "warning" if worse else "accent")
    here, there = (
        Cell(side.text(ascii_only), status.visit_mark(side.outcome).tone) if side else Cell("-", "muted")
        for side in (node.here, node.there)
    )
    shown = "" if ratio is None else f"{times}{ratio:.1f}" if ratio < 100 else f"{times}{ratio:.0f}"
    return Row(node.path, (clean_line(path_title(node.path), 80), what, here, there, _delta(node), shown))


def _delta(node: NodeDifference) -> str:
    """How much longer it took here; empty where only one run came to it, or too little to count."""
    if node.here is None or node.there is None or _lost(node) < LITTLE:
        return ""
    return f"{'+' if node.here.worked > node.there.worked else '-'}{status.duration(_lost(node))}"


def _sides(line: Timeline) -> dict[str, Side]:
    found: dict[str, list[NodeVisit]] = defaultdict(list)
    for visit in line.visits:
        found[visit.path].append(visit)
    return {
        path: Side(
            len({visit.task_id for visit in visits}),
            sum(line.times[visit.number].worked for visit in visits),
            visits[-1].outcome if visits[-1].outcome != "cached" else "success",
        )
        for path, visits in found.items()
    }


def _lost(node: NodeDifference) -> float:
    """How much time the difference makes; nodes of only one run stay in the order of its path."""
    return abs(node.here.worked - node.there.worked) if node.here and node.there else 0.0


def _whole(name: str, run: Run, line: Timeline) -> str:
    mark = status.run_mark(run.status)
    visits = f"{len(line.visits):,} visit{'' if len(line.visits) == 1 else 's'}"
    return f"{name}  {clean_line(run.name, 40)}: {mark.word}, {line.said()}, {visits}"


def _parting(visits: Sequence[NodeVisit], others: Sequence[NodeVisit]) -> str:
    """Where their ways parted: the first step at which they came to other nodes."""
    one, two = _by_step(visits), _by_step(others)
    for index in range(max(len(one), len(two))):
        here = one[index] if index < len(one) else Counter()
        there = two[index] if index < len(two) else Counter()
        if here != there:
            return f"they part at step {index + 1}: {_names(here)} here, {_names(there)} there"
    return "both went the same way" if one else ""


def _by_step(visits: Sequence[NodeVisit]) -> list[Counter[str]]:
    """The nodes of the root graph, step by step; what ran side by side has no order."""
    steps: dict[int, dict[str, str]] = defaultdict(dict)
    for visit in visits:
        if not visit.namespace:
            steps[visit.step][visit.task_id] = visit.node
    return [Counter(steps[step].values()) for step in sorted(steps)]


def _names(nodes: Counter[str]) -> str:
    names = [path_title(name) + (f" ×{count}" if count > 1 else "") for name, count in sorted(nodes.items())]
    if not names:
        return "nothing more"
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return clean_line(", ".join(names[:3]), 60) + more
