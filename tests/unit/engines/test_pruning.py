"""Whatever is asked for, pruning never touches what is protected."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
import tempfile
import time
import uuid
from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mahavishnu_tui.engines.langgraph import marks
from mahavishnu_tui.engines.langgraph.pruning import Candidate, Policy, prune
from mahavishnu_tui.engines.langgraph.savers import open_saver

THREADS = ("a", "b", "c")


def checkpoint_id(at: float, number: int) -> str:
    """A UUIDv6 of that time."""
    ticks = int((at + 12_219_292_800) * 1e7) + number
    high, mid, low = ticks >> 28, (ticks >> 12) & 0xFFFF, ticks & 0x0FFF
    return str(uuid.UUID(int=(high << 96) | (mid << 80) | (0x6000 | low) << 64 | (0x8000 << 48)))


Rows = list[tuple[str, str, str]]


def fill(connection: sqlite3.Connection, ages: dict[str, list[int]]) -> Rows:
    """A line of checkpoints per thread, each with a subgraph's one; thread, namespace, id."""
    rows: Rows = []
    for thread, days in ages.items():
        parent = None
        for number, age in enumerate(sorted(days, reverse=True)):
            found = checkpoint_id(time.time() - age * 86400, number)
            nested = checkpoint_id(time.time() - age * 86400, number + 5000)
            for scope, item, above, parents in (
                ("", found, parent, {}),
                (f"sub:{number}", nested, None, {"": found}),
            ):
                connection.execute(
                    "INSERT INTO checkpoints VALUES (?, ?, ?, ?, 'msgpack', ?, ?)",
                    (thread, scope, item, above, b"x" * 10, json.dumps({"parents": parents}).encode()),
                )
                rows.append((thread, scope, item))
            parent = found
    return rows


@settings(max_examples=30, deadline=None)
@given(
    ages=st.fixed_dictionaries({name: st.lists(st.integers(0, 30), max_size=6) for name in THREADS}),
    pinned=st.sets(st.sampled_from(THREADS)),
    at_work=st.sets(st.sampled_from(THREADS)),
    tagged=st.sets(st.integers(0, 17)),
    keep_last=st.integers(0, 4),
    days=st.integers(0, 30),
    data=st.data(),
)
def test_what_is_protected_stays(
    ages: dict[str, list[int]],
    pinned: set[str],
    at_work: set[str],
    tagged: set[int],
    keep_last: int,
    days: int,
    data: Any,
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "c.db"
        candidates = [Candidate(name, 5, ended=True) for name in THREADS]
        chosen = data.draw(st.lists(st.sampled_from(candidates), unique=True))

        async def play() -> tuple[Rows, Any, Any]:
            async with open_saver(path) as saver:
                with contextlib.closing(sqlite3.connect(path)) as connection, connection:
                    before = fill(connection, ages)
                    roots = [row for row in before if not row[1]]
                    for thread in pinned:
                        marks.pin(connection, thread, True, "ana")
                    for number in tagged & set(range(len(roots))):
                        assert marks.tag(connection, roots[number][0], roots[number][2], "kept", "ana")
                    for thread in at_work:
                        connection.execute("INSERT INTO mahavishnu_leases VALUES (?, 6, 'h')", (thread,))
                policy = Policy(keep_last, days * 86400.0)
                plan = await prune(saver, chosen, policy)
                done = await prune(saver, chosen, policy, dry=False, expect=plan.checkpoints)
                return before, plan, done

        before, plan, done = asyncio.run(play())
        with contextlib.closing(sqlite3.connect(path)) as connection:
            after = set(connection.execute("SELECT thread_id, checkpoint_ns, checkpoint_id FROM checkpoints"))
            links = dict(
                connection.execute(
                    "SELECT checkpoint_id, parent_checkpoint_id FROM checkpoints WHERE checkpoint_ns = ''"
                )
            )
    assert plan.checkpoints == done.checkpoints == len(before) - len(after)
    roots = [row for row in before if not row[1]]
    names = {candidate.thread_id for candidate in chosen} - pinned - at_work
    safe = {row for row in before if row[0] not in names}
    safe |= {roots[number] for number in tagged if number < len(roots)}
    for name in names:
        mine = sorted(row for row in roots if row[0] == name)
        safe |= set(mine[len(mine) - max(1, keep_last) :])
        young = sum(age < days for age in ages[name])
        safe |= set(mine[len(mine) - young :]) if young else set()
    assert safe <= after
    # every one that stays, and has one above it, is linked to it
    for name in THREADS:
        line = sorted(item for thread, scope, item in after if thread == name and not scope)
        assert [links[item] for item in line] == [None, *line[:-1]][: len(line)]
    # a subgraph's checkpoint stays with the one that it belongs to
    numbers = {row: int(row[1].split(":")[1]) for row in before if row[1]}
    for row, number in numbers.items():
        root = sorted(item for item in roots if item[0] == row[0])[number]
        assert (row in after) == (root in after)
