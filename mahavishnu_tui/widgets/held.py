"""`HeldRows`: the rows of a table by key, in the order given and in the order shown. Knows no Textual."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from itertools import chain, compress, count, repeat

from mahavishnu_tui.widgets.rows import Cell, Row, is_blank, sort_value


class HeldRows:
    """Rows with different keys.

    A change of some of them costs what those cost, as long as it moves none: positions are looked up, not
    searched, and rows that are the very ones held before are passed over without a comparison.
    """

    def __init__(self) -> None:
        self._given: list[Row] = []
        self._places: dict[str, int] = {}
        """Positions in `_given`."""
        self._by: tuple[int, bool] | None = None
        self.shown: list[Row] = []
        """Without an order of its own this is `_given`."""
        self._index: dict[str, int] | None = self._places
        """Positions in `shown`; None until they are wanted."""

    def __contains__(self, key: str) -> bool:
        return key in self._places

    def position(self, key: str) -> int | None:
        """Where the row of that key is shown; None when it is not."""
        place = self._places.get(key)
        if place is None or self.shown is self._given:
            return place
        if self._index is None:
            # One search is quicker than an index, which the next change of rows may want.
            return next(compress(count(), map(operator.is_, self.shown, repeat(self._given[place]))))
        return self._index[key]

    def put(self, rows: Iterable[Row]) -> list[int] | None:
        """Hold these rows instead; of equal keys the last counts.

        Returns:
            the positions at which another row is shown, or None where positions themselves changed.
        """
        given = list(rows)
        if len(given) == len(self._given):
            others = compress(range(len(given)), map(operator.is_not, given, self._given))
            changed = [(at, given[at]) for at in others if given[at] != self._given[at]]
            if all(row.key == self._given[at].key for at, row in changed):
                return self._replace(changed)
        places = _places(given)
        if len(places) != len(given):
            given = list({row.key: row for row in given}.values())
            places = _places(given)
        self._given, self._places = given, places
        self._arrange()
        return None

    def update(self, rows: Iterable[Row]) -> list[int] | None:
        """Exchange rows for others of their keys; those of other keys are passed over. As `put`."""
        last = {row.key: row for row in rows}
        known = ((self._places.get(key), row) for key, row in last.items())
        return self._replace([(at, row) for at, row in known if at is not None and row != self._given[at]])

    def sort(self, at: int | None, reverse: bool = False) -> None:
        """Show them in the order of a column; with None as they were given."""
        self._by = None if at is None else (at, reverse)
        self._arrange()

    def _replace(self, changed: Sequence[tuple[int, Row]]) -> list[int] | None:
        moved = self._by is not None and any(
            sort_value(row, self._by[0]) != sort_value(self._given[at], self._by[0]) for at, row in changed
        )
        for at, row in changed:
            self._given[at] = row
        if moved:
            self._arrange()
            return None
        if self.shown is self._given:
            return [at for at, _ in changed]
        if self._index is None:
            self._index = _places(self.shown)
        positions = [self._index[row.key] for _, row in changed]
        for position, (_, row) in zip(positions, changed, strict=True):
            self.shown[position] = row
        return positions

    def _arrange(self) -> None:
        if self._by is None:
            self.shown, self._index = self._given, self._places
        else:
            self.shown, self._index = _sorted(self._given, *self._by), None


def _places(rows: Iterable[Row]) -> dict[str, int]:
    return {row.key: place for place, row in enumerate(rows)}


def _sorted(rows: Iterable[Row], at: int, reverse: bool) -> list[Row]:
    """In the order of a column; those that are equal in it stay in the order given, also in reverse,
    and those with nothing in it come last.

    Columns hold the same few texts many times: rows are dealt into a heap for each, and the heaps sorted.
    """
    heaps: dict[tuple[int, float, str], list[Row]] = {}
    of: dict[Cell | str, list[Row]] = {}
    for row in rows:
        cell = row.cells[at] if at < len(row.cells) else ""
        heap = of.get(cell)
        if heap is None:
            heap = of[cell] = heaps.setdefault(sort_value(row, at), [])
        heap.append(row)
    order = sorted(heaps, reverse=reverse)
    order.sort(key=is_blank)
    return list(chain.from_iterable(heaps[key] for key in order))
