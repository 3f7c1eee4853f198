"""Order within columns with few crossings, and rows that keep lines straight."""

from __future__ import annotations

import math
from bisect import bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

from mahavishnu_tui.widgets.drawing.layers import Item, Layers, Link, neighbours

SWEEPS = 6
ROUNDS = 3
FEW_ITEMS = 150
"""Up to so many, neighbours are swapped one by one, which costs more."""


def order(found: Layers) -> None:
    """Sort every column by the barycentre of its neighbours; keeps the best order seen.

    Where nothing is won the declared order stays, so that unfolding a subgraph moves little.
    """
    declared = [list(column) for column in found.columns]
    if not _crossings(found):
        return
    fewest = _sweep(found)
    swept = [list(column) for column in found.columns]
    if not fewest:
        return
    _restore(found, declared)
    if _transpose(found) >= fewest:
        _restore(found, swept)
        _transpose(found)


def _sweep(found: Layers) -> int:
    """Order columns by barycentres, to and fro; leaves the best order and returns its crossings."""
    left, right = neighbours(found)
    anchors = _anchors(found)
    best = [list(column) for column in found.columns]
    fewest = _crossings(found)
    for sweep in range(SWEEPS):
        forward = sweep % 2 == 0
        for column in found.columns if forward else reversed(found.columns):
            _sort(column, left if forward else right, anchors)
        count = _crossings(found)
        if count < fewest:
            fewest, best = count, [list(column) for column in found.columns]
        if not fewest:
            break
    _restore(found, best)
    return fewest


def _restore(found: Layers, columns: list[list[Item]]) -> None:
    for column, items in zip(found.columns, columns, strict=True):
        column[:] = items
        _number(column)


def _anchors(found: Layers) -> dict[int, Item]:
    """Per return waypoint (by `id`) the node in its own column that it starts from or ends at."""
    anchors = {}
    for gap in found.gaps:
        for link in gap:
            if link.bent:
                waypoint, node = link.source, link.target
                if waypoint.kind == "node":
                    waypoint, node = node, waypoint
                anchors[id(waypoint)] = node
    return anchors


def _sort(column: list[Item], near: dict[int, list[Item]], anchors: dict[int, Item]) -> None:
    weights: dict[int, float] = {}
    for item in column:
        places = [other.position for other in near.get(id(item), ())]
        weights[id(item)] = sum(places) / len(places) if places else float(item.position)
    for item in column:
        # A return line runs under the node it belongs to, not over it.
        anchor = anchors.get(id(item))
        if anchor is not None and weights[id(item)] <= weights[id(anchor)]:
            weights[id(item)] = weights[id(anchor)] + 0.25
    column.sort(key=lambda item: weights[id(item)])
    _number(column)


def _number(column: list[Item]) -> None:
    for position, item in enumerate(column):
        item.position = position


def _crossings(found: Layers) -> int:
    """How many pairs of lines cross, over all gaps."""
    return sum(_gap_crossings(gap) for gap in found.gaps)


def _gap_crossings(gap: list[Link]) -> int:
    """How many pairs of lines cross in one gap."""
    pairs = []
    bends = []
    for link in gap:
        low, high = sorted((link.source, link.target), key=lambda item: item.rank)
        if link.bent:
            bends.append((low.rank, *sorted((low.position, high.position))))
        else:
            pairs.append((low, high))
    count = 0
    seen: list[int] = []
    for _, position in sorted((low.position, high.position) for low, high in pairs):
        count += len(seen) - bisect_right(seen, position)
        insort(seen, position)
    for rank, top, bottom in bends:
        # A line that turns round crosses what comes out between its ends.
        for low, high in pairs:
            item = low if low.rank == rank else high
            count += top < item.position < bottom
    return count


def _transpose(found: Layers) -> int:
    """Swap neighbours in a column where that leaves fewer crossings; how many are left."""
    better = found.items <= FEW_ITEMS
    for _ in range(ROUNDS):
        if not better:
            break
        better = False
        for rank, column in enumerate(found.columns):
            around = found.gaps[rank : rank + 2]
            for place in range(len(column) - 1):
                better |= _swap_if_better(column, place, around)
    return _crossings(found)


def _swap_if_better(column: list[Item], place: int, around: list[list[Link]]) -> bool:
    before = sum(map(_gap_crossings, around))
    if not before:
        return False
    column[place], column[place + 1] = column[place + 1], column[place]
    _number(column)
    if sum(map(_gap_crossings, around)) < before:
        return True
    column[place], column[place + 1] = column[place + 1], column[place]
    _number(column)
    return False


def place(found: Layers) -> None:
    """Give every item its row: sources centred on their branches, chains straight, nothing overlapping."""
    left, right = neighbours(found)
    anchors = _anchors(found)
    rows: dict[int, float] = {}
    for column in found.columns:
        here = 0.0
        for above, item in zip([None, *column], column, strict=False):
            here += _apart(above, item) if above else 0
            rows[id(item)] = here
    sweeps = 8 if found.items < 1000 else 3
    for sweep in range(sweeps):
        forward = sweep % 2 == 0
        near = left if forward else right
        for column in found.columns if forward else reversed(found.columns):
            _settle(column, near, anchors, rows)
    _snap(found, rows)
    for sweep in range(4):
        if sweep % 2:
            for column in found.columns:
                _straighten(column, left, right)
        else:
            for column in reversed(found.columns):
                _straighten(column, right, left)
    top = min((item.y for column in found.columns for item in column), default=0)
    for column in found.columns:
        for item in column:
            item.y -= top


def _apart(above: Item, below: Item) -> int:
    """Rows from the first row of one item to the first of the next under it."""
    return above.height + (1 if above.kind == "node" and below.kind == "node" else 0)


def _settle(
    column: Sequence[Item], near: dict[int, list[Item]], anchors: dict[int, Item], rows: dict[int, float]
) -> None:
    """Move a column's items as near to their neighbours as their order allows (least squares)."""
    blocks: list[tuple[float, float, int]] = []
    """Sum of wishes, weight and length of runs that touch; wishes are relative to the run's offset."""
    offsets = [0.0]
    for above, item in pairwise(column):
        offsets.append(offsets[-1] + _apart(above, item))
    for item, offset in zip(column, offsets, strict=True):
        wish, weight = _wish(item, near, anchors, rows)
        blocks.append(((wish - offset) * weight, weight, 1))
        while len(blocks) > 1 and _mean(blocks[-2]) > _mean(blocks[-1]) - 1e-9:
            last, previous = blocks.pop(), blocks.pop()
            blocks.append((last[0] + previous[0], last[1] + previous[1], last[2] + previous[2]))
    index = 0
    for block in blocks:
        for _ in range(block[2]):
            rows[id(column[index])] = round(_mean(block) + offsets[index], 6)
            index += 1


def _mean(block: tuple[float, float, int]) -> float:
    return block[0] / block[1]


def _wish(
    item: Item, near: dict[int, list[Item]], anchors: dict[int, Item], rows: dict[int, float]
) -> tuple[float, float]:
    """Where an item wants to be, and how much."""
    others = near.get(id(item), ())
    anchor = anchors.get(id(item))
    if others:
        places = sorted(rows[id(other)] for other in others)
        middle = len(places) // 2
        median = places[middle] if len(places) % 2 else (places[middle - 1] + places[middle]) / 2
        straight = item.kind != "node" and others[0].kind == item.kind
        return median, 4.0 if straight else 1.0
    if anchor is not None:
        return rows[id(anchor)] + anchor.height, 0.5
    return rows[id(item)], 0.1


def _snap(found: Layers, rows: dict[int, float]) -> None:
    """Whole rows; equal wishes become equal rows."""
    for column in found.columns:
        free = -math.inf
        for above, item in zip([None, *column], column, strict=False):
            if above is not None:
                free = above.y + _apart(above, item)
            item.y = int(max(free, math.floor(rows[id(item)] + 0.5)))


def _straighten(column: Sequence[Item], near: dict[int, list[Item]], back: dict[int, list[Item]]) -> None:
    """Move the items of a chain level with the one before, where there is room.

    Args:
        column: the items to be moved.
        near: what they are to be level with, by `id`.
        back: the same seen from the other side.
    """
    for index, item in enumerate(column):
        others = near.get(id(item), ())
        if len(others) != 1 or len(back.get(id(others[0]), ())) != 1:
            continue
        low = -math.inf if index == 0 else column[index - 1].y + _apart(column[index - 1], item)
        high = math.inf if index + 1 == len(column) else column[index + 1].y - _apart(item, column[index + 1])
        item.y = int(min(max(others[0].y, low), high))
