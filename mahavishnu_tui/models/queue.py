"""Whose turn it is. Pure: the server decides with it, and the dashboard shows places with it."""

from __future__ import annotations

import dataclasses
import heapq
import itertools
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

from mahavishnu_tui.models.run import Run

PRIORITIES = ("low", "normal", "high", "urgent")
"""From the one that waits longest to the one that goes first."""
AGE_SECONDS = 300.0
"""After each five minutes of waiting a run counts as one level higher, up to `urgent`."""


@dataclasses.dataclass(frozen=True)
class Waiting:
    """A queued run, as far as its turn depends on it."""

    run_id: str
    workflow_id: str
    priority: str
    queued_at: float
    displaced: bool = False
    """It was at work and lost its host: it goes first."""

    @classmethod
    def of(cls, run: Run) -> Waiting:
        """The queued run's place in the order."""
        return cls(run.id, run.workflow_id, run.priority, run.queued_at or run.created_at, run.displaced)

    def level(self, now: float) -> int:
        """Its priority as a number, with what waiting has added."""
        base = PRIORITIES.index(self.priority) if self.priority in PRIORITIES else 1
        return min(len(PRIORITIES) - 1, base + int(max(0.0, now - self.queued_at) // AGE_SECONDS))


def take_turns(
    waiting: Iterable[Waiting], busy: Mapping[str, int], now: float, limit: int | None = None
) -> list[str]:
    """The ids of queued runs in the order in which they get a slot.

    Displaced runs first, then the higher level; within a level the workflow with the fewest runs at work,
    then the run that was queued first. Since every run reaches the highest level in time, and no workflow is
    passed over there by one that has more at work, none starves.

    Args:
        waiting: the queue.
        busy: how many runs of a workflow are at work now, by workflow id.
        now: seconds since the epoch.
        limit: how many are wanted; None: all.
    """
    groups: dict[tuple[bool, int, str], list[Waiting]] = defaultdict(list)
    for item in waiting:
        groups[(not item.displaced, -item.level(now), item.workflow_id)].append(item)
    taken = dict(busy)
    heap: list[tuple[Any, ...]] = []
    lines = {}
    for key, group in groups.items():
        group.sort(key=lambda item: (item.queued_at, item.run_id))
        lines[key] = iter(group)
        _offer(heap, key, next(lines[key]), taken)
    order: list[str] = []
    while heap and (limit is None or len(order) < limit):
        first, level, share, _, _, item = heapq.heappop(heap)
        key = (first, level, item.workflow_id)
        if share != taken.get(item.workflow_id, 0):
            _offer(heap, key, item, taken)  # others of its workflow got their turn meanwhile
            continue
        order.append(item.run_id)
        taken[item.workflow_id] = taken.get(item.workflow_id, 0) + 1
        for following in itertools.islice(lines[key], 1):
            _offer(heap, key, following, taken)
    return order


def places(runs: Iterable[Run], now: float) -> dict[str, int]:
    """The place in the queue, from 1, of every queued one of these runs."""
    known = [run for run in runs if run.engine == "langgraph"]  # other engines have queues of their own
    busy: dict[str, int] = defaultdict(int)
    for run in known:
        if run.status == "running":
            busy[run.workflow_id] += 1
    order = take_turns((Waiting.of(run) for run in known if run.status == "queued"), busy, now)
    return {run_id: place for place, run_id in enumerate(order, 1)}


def ordinal(number: int) -> str:
    """`1st`, `2nd`, `3rd`, `11th`."""
    ending = {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th") if number % 100 not in (11, 12, 13) else "th"
    return f"{number}{ending}"


def _offer(
    heap: list[tuple[Any, ...]], key: tuple[bool, int, str], item: Waiting, taken: Mapping[str, int]
) -> None:
    share = taken.get(item.workflow_id, 0)
    heapq.heappush(heap, (key[0], key[1], share, item.queued_at, item.run_id, item))
