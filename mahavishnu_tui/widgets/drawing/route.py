"""Wires in the gaps between columns: what shares a wire, and on which track each runs.

A *wire* is a fan-out (one source, its targets) or a join (sources that lead nowhere else, one
target). It has one upright stroke on a track of its gap; where unrelated wires meet the same row from
both sides, their tracks are ordered so that their strokes never touch.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from heapq import heappop, heappush

from mahavishnu_tui.widgets.drawing.layers import Item, Layers, Link

MOST_INSERTS = 40
"""Rows added to part wires that cannot be ordered; drawings that need more are a tangle anyway."""


@dataclasses.dataclass(slots=True, eq=False)
class Wire:
    """Links drawn with one upright stroke in the gap left of column `gap`."""

    gap: int
    links: list[Link]
    track: int = 0

    left: list[Item] = dataclasses.field(default_factory=list)
    """The items it touches in the column at the left of the gap."""
    right: list[Item] = dataclasses.field(default_factory=list)

    def find_items(self) -> None:
        """Fill `left` and `right` from the links."""
        found = {id(item): item for link in self.links for item in (link.source, link.target)}
        self.left = [item for item in found.values() if item.rank == self.gap - 1]
        self.right = [item for item in found.values() if item.rank == self.gap]

    @property
    def rows(self) -> tuple[int, int]:
        """First and last row of the upright stroke."""
        rows = [item.y for item in (*self.left, *self.right)]
        return min(rows), max(rows)

    @property
    def level(self) -> bool:
        """A straight line without an upright stroke."""
        low, high = self.rows
        return low == high


@dataclasses.dataclass(slots=True)
class RoutedGap:
    """The wires of one gap and how many tracks they take."""

    wires: list[Wire]
    tracks: int


def route(found: Layers) -> list[RoutedGap]:
    """Wires for every gap. May move items down to part lines that would seem to join."""
    inserts = 0
    every = [_wires(gap, links) for gap, links in enumerate(found.gaps)]
    while True:
        routed: list[RoutedGap] = []
        for gap, wires in enumerate(every):
            tangled = _assign(wires, ordered=inserts < MOST_INSERTS)
            if tangled is not None:
                _insert_row(found, gap, tangled)
                inserts += 1
                break
            tracks = max((wire.track for wire in wires if not wire.level), default=-1) + 1
            routed.append(RoutedGap(wires, tracks))
        else:
            return routed


def _wires(gap: int, links: list[Link]) -> list[Wire]:
    leaving: dict[int, int] = defaultdict(int)
    for link in links:
        leaving[id(link.source)] += 1
    wires: dict[tuple[str, int], Wire] = {}
    for link in links:
        key = ("join", id(link.target)) if leaving[id(link.source)] == 1 else ("fan", id(link.source))
        wires.setdefault(key, Wire(gap, [])).links.append(link)
    for wire in wires.values():
        wire.find_items()
    return list(wires.values())


def _assign(wires: list[Wire], ordered: bool) -> int | None:
    """Give every wire a track; or the row at which wires block each other in a circle.

    Args:
        wires: those of one gap.
        ordered: False to give up on order and only keep upright strokes apart.
    """
    upright = [wire for wire in wires if not wire.level]
    after = _constraints(wires) if ordered else {}
    blocked: dict[int, int] = defaultdict(int)
    for followers in after.values():
        for follower, _ in followers:
            blocked[id(follower)] += 1
    queue: list[tuple[tuple[int, int], int, Wire]] = []
    for index, wire in enumerate(upright):
        if not blocked[id(wire)]:
            heappush(queue, (_preference(wire), index, wire))
    least: dict[int, int] = defaultdict(int)
    taken: list[list[tuple[int, int]]] = []
    done: set[int] = set()
    count = len(upright)
    while queue:
        wire = heappop(queue)[2]
        done.add(id(wire))
        wire.track = _free_track(taken, wire.rows, least[id(wire)])
        for follower, _ in after.get(id(wire), ()):
            least[id(follower)] = max(least[id(follower)], wire.track + 1)
            blocked[id(follower)] -= 1
            if not blocked[id(follower)]:
                count += 1
                heappush(queue, (_preference(follower), count, follower))
    rows = [
        row
        for wire in upright
        if id(wire) not in done
        for follower, row in after.get(id(wire), ())
        if id(follower) not in done
    ]
    return min(rows, default=None)


def _constraints(wires: list[Wire]) -> dict[int, list[tuple[Wire, int]]]:
    """Per wire (by `id`) those that must run right of it, and the row that demands it."""
    from_left: dict[int, list[Wire]] = defaultdict(list)
    from_right: dict[int, list[Wire]] = defaultdict(list)
    for wire in wires:
        if wire.level:
            continue
        for item in wire.left:
            from_left[item.y].append(wire)
        for item in wire.right:
            from_right[item.y].append(wire)
    after: dict[int, list[tuple[Wire, int]]] = defaultdict(list)
    for row, firsts in from_left.items():
        for first in firsts:
            for second in from_right.get(row, ()):
                if first is not second:
                    after[id(first)].append((second, row))
    return after


def _preference(wire: Wire) -> tuple[int, int]:
    """Small ones run further left: of lines that go down the lower ones, of those that go up the upper."""
    source, target = wire.links[0].source, wire.links[0].target
    if wire.links[-1].target is target:
        target = wire.links[-1].target
    down = sum(link.target.y - link.source.y for link in wire.links)
    return (0, -source.y) if down >= 0 else (0, source.y)


def _free_track(taken: list[list[tuple[int, int]]], rows: tuple[int, int], least: int) -> int:
    """The first track from `least` on whose wires do not touch these rows; marks it taken."""
    track = least
    while True:
        while len(taken) <= track:
            taken.append([])
        if all(high < rows[0] or low > rows[1] for low, high in taken[track]):
            taken[track].append(rows)
            return track
        track += 1


def _insert_row(found: Layers, gap: int, row: int) -> None:
    """Add a row under `row`; what stands in `row` right of the gap moves into it."""
    for column in found.columns:
        for item in column:
            if item.y > row or (item.y == row and item.rank >= gap):
                item.y += 1
