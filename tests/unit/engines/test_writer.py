from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from mahavishnu_tui.engines.langgraph.writer import Job, Writer


def table(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE IF NOT EXISTS t (n INTEGER PRIMARY KEY)")


@pytest.fixture
async def writer(tmp_path: Path) -> AsyncIterator[Writer]:
    opened = Writer(tmp_path / "t.db", 0.2, table)
    await opened.open()
    yield opened
    await opened.close()


def insert(number: int) -> Job:
    return lambda connection: connection.execute("INSERT INTO t VALUES (?)", (number,)).rowcount


def rows(tmp_path: Path) -> list[int]:
    with sqlite3.connect(tmp_path / "t.db") as database:
        return [row[0] for row in database.execute("SELECT n FROM t ORDER BY rowid")]


async def test_what_is_returned_is_committed(writer: Writer, tmp_path: Path) -> None:
    assert await writer.write(insert(1)) == 1
    assert rows(tmp_path) == [1]


async def test_many_at_once_keep_their_order(writer: Writer, tmp_path: Path) -> None:
    await asyncio.gather(*(writer.write(insert(number)) for number in range(500)))
    assert rows(tmp_path) == list(range(500))


async def test_one_that_fails_takes_no_other_with_it(writer: Writer, tmp_path: Path) -> None:
    await writer.write(insert(3))

    def odd(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO t VALUES (99)")
        raise ValueError("after its insert")

    results = await asyncio.gather(
        *(writer.write(job) for job in (insert(1), insert(3), odd, insert(2))), return_exceptions=True
    )
    assert [type(result) for result in results] == [int, sqlite3.IntegrityError, ValueError, int]
    assert sorted(rows(tmp_path)) == [1, 2, 3]


async def test_a_lock_fails_all_that_wait_and_passes(writer: Writer, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "t.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        results = await asyncio.gather(
            *(writer.write(insert(number)) for number in (1, 2)), return_exceptions=True
        )
        assert all(isinstance(result, sqlite3.OperationalError) for result in results)
        other.execute("ROLLBACK")
    assert await writer.write(insert(1)) == 1


async def test_a_cancelled_wait_disturbs_nobody(writer: Writer, tmp_path: Path) -> None:
    waiting = asyncio.create_task(writer.write(insert(1)))
    await asyncio.sleep(0)
    waiting.cancel()
    assert await writer.write(insert(2)) == 1
    assert waiting.cancelled()
    assert set(rows(tmp_path)) >= {2}
