"""Our table beside Textual's DataTable and a bare list of lines: CPU until it is painted, and bytes.

Budgets: ours within 1.5x of the bare list, which has no cursor, marks, keys or clean text; nothing is written
where nothing changed.
"""

from __future__ import annotations

import asyncio
import dataclasses
import functools
import gc
import random
import statistics
import time
import tracemalloc
from collections.abc import Callable, Sequence

from figures import Figure, Section, amount, plain, report
from tables import Counting, Floor, Holder, Line, Ours, SparingHolder, Theirs, lines

SIZE = (200, 50)
TIMES = 15
SLOW_TIMES = 5
MOST = 1.5
TRIFLE = 0.5
"""Milliseconds; what costs no more than these above the floor is no matter, whatever the ratio."""
DATA_TABLE_MEMORY = 10_000
PAINTING = (
    "It paints the whole view. Our lines have some 14 pieces, each in its own style, the bare list's one."
)
WHY = {
    "page down": PAINTING,
    "sort": f"{PAINTING} Values are sorted by what they mean (durations, sizes), not by their letters.",
    "clear and refill": f"{PAINTING} The view is painted twice: once without rows, with the reason why.",
    "fill": PAINTING,
    "100 rows change anywhere": "A row of ours is a tuple of cells that may be tuples: to compare it with"
    " what was there reads three times as many places of memory, few of them in the CPU's cache.",
}


@dataclasses.dataclass
class Cost:
    """Milliseconds and bytes; medians."""

    ms: float
    size: float


Costs = dict[str, Cost]


async def measured(holder: Holder, count: int) -> Costs:
    """What everything costs one table."""
    table = holder.table
    raw = lines(count)
    rows = [table.made(line) for line in raw]
    chance = random.Random(3)
    slow = 1 if isinstance(table, Theirs) else SLOW_TIMES
    async with holder.run_test(headless=False, size=SIZE) as pilot:
        await pilot.pause()

        async def once(act: Callable[[], None]) -> Cost:
            gc.collect()
            before, begun = Counting.written, time.process_time()
            act()
            await painted(holder)
            return Cost(1000 * (time.process_time() - begun), Counting.written - before)

        async def often(acts: Sequence[Callable[[], None]]) -> Cost:
            costs = [await once(act) for act in acts]
            return Cost(statistics.median(c.ms for c in costs), statistics.median(c.size for c in costs))

        def changes(places: Sequence[int]) -> Callable[[], None]:
            changed = {place: table.made(_aged(raw[place], chance)) for place in places}
            return lambda: table.change(changed)

        def again() -> None:
            table.clear()
            table.fill(rows)

        found = {"fill": await once(lambda: table.fill(rows))}
        anywhere = [changes(sorted(chance.sample(range(60, count), 100))) for _ in range(TIMES)]
        found["100 rows change anywhere"] = await often(anywhere)
        found["1 visible cell changes"] = await often([changes([7]) for _ in range(TIMES)])
        same = [{place: table.made(raw[place]) for place in range(10, 45)} for _ in range(TIMES)]
        table.change(same[0])
        await painted(holder)
        found["35 visible rows, same values"] = await often(
            [functools.partial(table.change, rows) for rows in same]
        )
        found["page down"] = await often([table.page] * TIMES)
        found["clear and refill"] = await often([again] * slow)
        # The last one: from then on ours keeps whatever comes in that order, the others do not.
        found["sort"] = await often([functools.partial(table.sort, bool(turn % 2)) for turn in range(TIMES)])
    return found


async def painted(holder: Holder) -> None:
    """Until everything asked for is painted; what is waited costs no CPU."""
    await asyncio.sleep(0.02)
    while holder._running and (holder.screen._dirty_widgets or holder.screen._layout_required):
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.02)


async def memory(holder: Holder, count: int) -> float:
    """MiB that a table takes beside its rows."""
    rows = [holder.table.made(line) for line in lines(count)]
    async with holder.run_test(headless=False, size=SIZE) as pilot:
        await pilot.pause()
        gc.collect()
        tracemalloc.start()
        try:
            holder.table.fill(rows)
            await painted(holder)
            gc.collect()
            return tracemalloc.get_traced_memory()[0] / 2**20
        finally:
            tracemalloc.stop()


def _aged(row: Line, chance: random.Random) -> Line:
    return (*row[:4], f"{chance.randrange(1, 59)}s", *row[5:])


def compared(count: int) -> Section:
    """One number of rows."""
    ours = asyncio.run(measured(SparingHolder(Ours()), count))
    floor = asyncio.run(measured(Holder(Floor()), count))
    theirs = asyncio.run(measured(Holder(Theirs()), count))
    figures = [_row(what, ours[what], floor[what], theirs[what]) for what in ours]
    held = asyncio.run(memory(SparingHolder(Ours()), count))
    figures.append(plain("memory beside the rows themselves", held, "MiB", _memory_of_peers(count)))
    note = f"CPU until it is painted, and bytes to the terminal; medians, {SIZE[0]}x{SIZE[1]}."
    return Section(f"2 Tables with {count:,} rows", figures, note)


def _memory_of_peers(count: int) -> str:
    bare = f"{asyncio.run(memory(Holder(Floor()), count)):.1f} MiB {Floor.name}"
    if count > DATA_TABLE_MEMORY:  # it takes minutes under the eyes of tracemalloc
        return bare
    return f"{asyncio.run(memory(Holder(Theirs()), count)):.1f} MiB DataTable; {bare}"


def _row(what: str, ours: Cost, floor: Cost, theirs: Cost) -> Figure:
    ratio = ours.ms / floor.ms
    return Figure(
        what,
        _shown(ours),
        f"{_shown(floor)} {Floor.name}; {_shown(theirs)} DataTable",
        f"{ratio:.2f}",
        f"<= {MOST:g}x or +{TRIFLE:g} ms",
        ratio <= MOST or ours.ms - floor.ms <= TRIFLE,
        WHY.get(what, ""),
    )


def _shown(cost: Cost) -> str:
    return f"{amount(cost.ms, 'ms')}, {cost.size:,.0f} B"


def measure() -> list[Section]:
    return [compared(10_000), compared(100_000)]


if __name__ == "__main__":
    report(measure)
