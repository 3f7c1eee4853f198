"""The path a run took, as the drawing needs it: how each node is lit and which edges were taken. Pure."""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.cells import cell_len

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.status import Mark, age, duration, visit_mark

if TYPE_CHECKING:
    from mahavishnu_tui.models import NodeVisit
    from mahavishnu_tui.widgets.drawing.model import Edge

WAITING = frozenset({"running", "interrupted"})
"""Outcomes whose time goes on."""


@dataclasses.dataclass(frozen=True, slots=True)
class Light:
    """How one node is lit, by all of its visits."""

    outcome: str
    """Of the newest visit; `running` as long as any branch of its step runs."""
    since: float
    """When that began; for a question, when it was asked."""
    ended_at: float | None = None
    visits: int = 1
    attempt: int = 1
    done: int = 0
    branches: int = 0
    """Send branches of the newest step, 0 when there are none."""
    inside: str = ""
    """For a subgraph, the node at work in it."""
    progress: str = ""
    """How far the node at work says it is."""

    @property
    def mark(self) -> Mark:
        """Glyph, word and tone."""
        return visit_mark(self.outcome)

    def time(self, now: float) -> str:
        """How long it took, or has been going on."""
        if self.outcome in WAITING or self.ended_at is None:
            return age(now - self.since)
        return duration(self.ended_at - self.since)

    def text(self, room: int, now: float, *, ascii_only: bool = False, glyph: bool = True) -> str:
        """The state in at most `room` cells, fit for a terminal, the most telling parts first."""
        time = self.time(now)
        sign = self.mark.sign(ascii_only) if glyph else ""
        counts = " ".join(self._counts(ascii_only))
        word = clean_line(self.inside or self.mark.word, 24)
        full = [sign, word, time, counts]
        short = [sign, time, counts]
        forms = [full, short, [sign, counts or time], [sign, time], [sign]]
        if not glyph:
            forms = [full, [word, time], [word], [time]]
        elif self.outcome in ("success", "cached") and room < 20:
            forms = forms[1:]
        for form in forms:
            text = " ".join(part for part in form if part)
            if cell_len(text) <= room:
                return text
        return ""

    def _counts(self, ascii_only: bool) -> list[str]:
        times, again = ("x", "~") if ascii_only else ("×", "↻")
        counts = []
        if self.branches:
            counts.append(f"{self.done}/{self.branches}")
        if self.progress:
            counts.append(clean_line(self.progress, 16))
        if self.visits > 1:
            counts.append(f"{times}{self.visits}")
        if self.attempt > 1:
            counts.append(f"{again}{self.attempt}")
        return counts


class PathState:
    """All visits of one run, and what they say about nodes and edges."""

    def __init__(self, visits: Iterable[NodeVisit] = ()) -> None:
        self._visits: dict[int, NodeVisit] = {}
        self._by_path: dict[str, dict[int, NodeVisit]] = defaultdict(dict)
        self._lights: dict[str, Light] = {}
        for visit in visits:
            self._store(visit)
        for path in self._by_path:
            self._lights[path] = self._light(path)

    def __len__(self) -> int:
        return len(self._visits)

    def update(self, visit: NodeVisit) -> set[str]:
        """Apply one visit; the paths of the nodes that are lit differently now."""
        if self._visits.get(visit.number) == visit:
            return set()
        self._store(visit)
        changed = set()
        parts = visit.path.split("/")
        for length in range(1, len(parts) + 1):
            path = "/".join(parts[:length])
            if path in self._by_path and (light := self._light(path)) != self._lights.get(path):
                self._lights[path] = light
                changed.add(path)
        return changed

    def light(self, path: str) -> Light | None:
        """How a node is lit; None when it was not visited."""
        return self._lights.get(path)

    def going(self) -> list[Light]:
        """The lights whose time goes on."""
        return [light for light in self._lights.values() if light.outcome in WAITING]

    def focus(self) -> str:
        """The node to look at: the innermost one that began last and goes on, else the last visited."""
        for wanted in ("running", "interrupted", ""):
            found = [v for v in self._visits.values() if not wanted or v.outcome == wanted]
            if found:
                return max(found, key=lambda visit: visit.number).path
        return ""

    def taken(self, edges: Iterable[Edge], starts: frozenset[str], ends: frozenset[str]) -> set[Edge]:
        """Which of these edges the run took.

        A node that ends in step n leads to those that begin in step n+1. `starts` and `ends` are the
        paths of the start and end nodes, that no visit has.
        """
        steps = {path: {visit.step for visit in visits.values()} for path, visits in self._by_path.items()}
        spans: dict[str, tuple[int, int]] = {}
        for visit in self._visits.values():
            low, high = spans.get(visit.namespace, (visit.step, visit.step))
            spans[visit.namespace] = (min(low, visit.step), max(high, visit.step))
        edges = list(edges)
        leaving: dict[str, int] = defaultdict(int)
        for source, _ in edges:
            leaving[source] += 1
        return {
            (source, target)
            for source, target in edges
            if self._took(source, target, steps, spans, starts, ends, leaving[source] == 1)
        }

    def hot(self, taken: Iterable[Edge], starts: frozenset[str]) -> set[Edge]:
        """Of the taken edges those by which a run came to where it is now."""
        found = set()
        for source, target in taken:
            light = self._lights.get(target)
            if light is None or light.outcome != "running":
                continue
            visits = self._by_path[target]
            step = visits[max(visits)].step
            before = {visit.step for visit in self._by_path.get(source, {}).values()}
            inner = target.rpartition("/")[0]
            if step - 1 in before or ((source in starts or source == inner) and light.visits == 1):
                found.add((source, target))
        return found

    def _took(
        self,
        source: str,
        target: str,
        steps: dict[str, set[int]],
        spans: dict[str, tuple[int, int]],
        starts: frozenset[str],
        ends: frozenset[str],
        only: bool,
    ) -> bool:
        if source in ends:
            # The exit of an unfolded subgraph speaks for the subgraph.
            source = source.rpartition("/")[0]
        if target in ends:
            return self._reached_end(source, target, steps, spans, only)
        if target not in steps:
            return False
        inner, _, _ = target.rpartition("/")
        if source in starts or source == inner:
            return spans[inner][0] in steps[target] if inner in spans else False
        if source not in steps:
            return False
        if any(step + 1 in steps[target] for step in steps[source]):
            return True
        name = source.rpartition("/")[2]
        return any(
            name in trigger[5:].split(":")[0].split("+")
            for visit in self._by_path[target].values()
            for trigger in visit.triggers
            if trigger.startswith("join:")
        )

    def _reached_end(
        self,
        source: str,
        target: str,
        steps: dict[str, set[int]],
        spans: dict[str, tuple[int, int]],
        only: bool,
    ) -> bool:
        scope = target.rpartition("/")[0]
        light = self.light(source)
        if light is None or light.outcome not in ("success", "cached"):
            return False
        owner = self.light(scope) if scope else None
        if owner is not None and owner.outcome in WAITING:
            return False
        return only or (scope in spans and spans[scope][1] in steps.get(source, ()))

    def _store(self, visit: NodeVisit) -> None:
        self._visits[visit.number] = visit
        self._by_path[visit.path][visit.number] = visit

    def _light(self, path: str) -> Light:
        visits = self._by_path[path]
        newest = visits[max(visits)]
        # Calls of one task of a flow belong together, whenever each of them began.
        step = [v for v in visits.values() if v.branch and (v.step == newest.step or _is_call(v))]
        latest: dict[str, NodeVisit] = {}
        for visit in sorted(step, key=lambda visit: visit.number):
            latest[visit.task_id] = visit
        shown = newest
        for outcome in ("running", "interrupted", "error", "lost"):
            worst = [visit for visit in latest.values() if visit.outcome == outcome]
            if worst:
                shown = worst[-1]
                break
        branches = len(latest) if len(latest) > 1 else 0
        began = min(v.started_at for v in latest.values()) if branches else shown.started_at
        asked = shown.outcome == "interrupted" and shown.ended_at is not None
        # An attempt that has failed while its task goes on waits for the next one.
        backing_off = shown.outcome == "running" and shown.ended_at is not None
        return Light(
            "retried" if backing_off else shown.outcome,
            shown.ended_at if asked and shown.ended_at is not None else began,
            self._ended(shown, latest),
            len({_time(v) for v in visits.values()}),
            shown.attempt,
            sum(v.outcome in ("success", "cached") for v in latest.values()) if branches else 0,
            branches,
            self._inside(path) if shown.outcome == "running" else "",
            shown.progress if shown.outcome == "running" and not branches else "",
        )

    def _ended(self, shown: NodeVisit, latest: dict[str, NodeVisit]) -> float | None:
        ends = [v.ended_at for v in latest.values() if v.ended_at is not None]
        return max(ends) if ends and shown.ended_at is not None else shown.ended_at

    def _inside(self, path: str) -> str:
        """The name of the node at work within a subgraph."""
        prefix = f"{path}/"
        found = [
            (max(visits), inner)
            for inner, visits in self._by_path.items()
            if inner.startswith(prefix) and visits[max(visits)].outcome == "running"
        ]
        return max(found)[1].rsplit("/", 1)[-1] if found else ""


def _is_call(visit: NodeVisit) -> bool:
    """Whether it is one of several calls of a task by its flow."""
    return visit.branch.startswith("map:")


def _time(visit: NodeVisit) -> str:
    """What all visits of one time through a node have in common."""
    if not visit.branch:
        return visit.task_id
    return "map" if _is_call(visit) else str(visit.step)
