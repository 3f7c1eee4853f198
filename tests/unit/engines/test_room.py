"""The early word on threads that take much room, on a real checkpoint file."""

from __future__ import annotations

import asyncio
import sqlite3
from pathlib import Path

from mahavishnu_tui.engines.langgraph.room import EVERY, RoomWatch
from mahavishnu_tui.engines.langgraph.savers import open_saver


def store(path: Path, count: int) -> None:
    """`count` checkpoints of thread t1, each of 1,000 bytes."""
    with sqlite3.connect(path) as conn:
        conn.executemany(
            "INSERT INTO checkpoints(thread_id, checkpoint_ns, checkpoint_id, type, checkpoint, metadata)"
            " VALUES('t1', '', ?, 'json', zeroblob(1000), '')",
            [(f"c{number:04}",) for number in range(count)],
        )


async def watched(path: Path, warn_bytes: int, stored: int) -> list[str]:
    """What was told of a run that stored so many checkpoints."""
    told: list[str] = []
    async with open_saver(path):
        store(path, stored)
        watch = RoomWatch(path, "t1", warn_bytes, told.append)
        for _ in range(stored):
            watch.stored()
        await watch.close()
    return told


async def test_a_large_thread_is_told_of_once_and_a_small_one_never(tmp_path: Path) -> None:
    told = await watched(tmp_path / "large.db", 10_000, 2 * EVERY)
    assert len(told) == 1
    assert f"in {2 * EVERY} checkpoints" in told[0]
    assert await watched(tmp_path / "small.db", 10_000_000, 2 * EVERY) == []
    assert await watched(tmp_path / "off.db", 0, 2 * EVERY) == []
    assert await watched(tmp_path / "few.db", 10, EVERY - 1) == []


async def test_a_file_that_cannot_be_read_or_a_cancel_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "broken.db").write_bytes(b"no database at all" * 100)
    told: list[str] = []
    watch = RoomWatch(tmp_path / "broken.db", "t1", 1, told.append)
    for _ in range(EVERY):
        watch.stored()
    closing = asyncio.create_task(watch.close())
    await asyncio.sleep(0)
    closing.cancel()
    await closing
    assert told == []
