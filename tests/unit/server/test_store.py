import asyncio
import sqlite3
import threading
from pathlib import Path

import pytest

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.server.store import Store, Tx, events, faults, schema
from mahavishnu_tui.server.store import store as store_module
from mahavishnu_tui.server.store.tx import Line
from tests.unit.server.conftest import Desk, opened


def note(tx: Tx, text: str = "x") -> int:
    tx.emit("server", "server", {"text": text})
    return len(tx.lines)


async def test_many_writes_share_commits_and_each_is_done_when_it_returns(desk: Desk) -> None:
    commits: list[int] = []
    await desk.act(
        lambda tx: tx.conn.set_trace_callback(lambda sql: commits.append(1) if sql == "COMMIT" else None)
    )
    before = await desk.last_seq()
    await asyncio.gather(*(desk.act(note, str(number)) for number in range(1000)))
    assert await desk.last_seq() == before + 1000
    assert len(commits) < 200
    await desk.act(lambda tx: tx.conn.set_trace_callback(None))


async def test_events_are_published_in_order_and_only_after_the_commit(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    seen: list[tuple[int, int]] = []

    def publish(lines: list[Line]) -> None:
        with sqlite3.connect(path) as other:
            committed = other.execute("SELECT max(seq) FROM events").fetchone()[0]
        seen.extend((line.seq, committed) for line in lines)

    store = await Store.open(path, publish)
    await asyncio.gather(*(store.write(note) for _ in range(50)))
    await store.close()
    assert [seq for seq, _ in seen] == list(range(1, 51))
    assert all(committed >= seq for seq, committed in seen)


async def test_a_change_that_fails_takes_nothing_with_it(desk: Desk) -> None:
    def wrong(tx: Tx) -> None:
        note(tx)
        raise KeyError("mine alone")

    results = await asyncio.gather(desk.act(note), desk.act(wrong), desk.act(note), return_exceptions=True)
    assert isinstance(results[1], KeyError)
    assert await desk.last_seq() == 2
    assert [line.seq for line in desk.published] == [1, 2]


async def test_a_full_disk_refuses_writes_keeps_reads_and_loses_nothing(desk: Desk) -> None:
    run = await desk.start()
    pages = await desk.act(lambda tx: tx.conn.execute("PRAGMA page_count").fetchone()[0])
    await desk.act(lambda tx: tx.conn.execute(f"PRAGMA max_page_count = {pages + 2}").fetchall())
    before = await desk.last_seq()
    refused = None
    for _ in range(1000):
        try:
            await desk.act(note, "y" * 3000)
            before += 1
        except MahavishnuError as error:
            refused = error
            break
    assert refused is not None
    assert refused.code is ErrorCode.DISK_FULL
    assert "engine.db" in refused.message
    assert await desk.run(run.id) == run
    assert await desk.last_seq() == before
    await desk.act(lambda tx: tx.conn.execute("PRAGMA max_page_count = 100000").fetchall())
    await desk.act(note, "y" * 3000)
    assert await desk.last_seq() == before + 1
    assert [line.seq for line in desk.published] == list(range(1, before + 2))


async def test_a_lock_of_another_program_is_said_and_nothing_is_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.05)
    async with opened(tmp_path / "engine.db") as desk:
        await desk.act(note)
        holder = sqlite3.connect(tmp_path / "engine.db", isolation_level=None)
        holder.execute("BEGIN IMMEDIATE")
        with pytest.raises(MahavishnuError) as refused:
            await desk.act(note)
        assert refused.value.code is ErrorCode.DATABASE_LOCKED
        assert await desk.last_seq() == 1
        holder.execute("ROLLBACK")
        holder.close()
        await desk.act(note)
        assert await desk.last_seq() == 2


@pytest.mark.parametrize("damage", ["garbage", "middle"])
async def test_a_damaged_file_is_named_and_left_as_it_is(tmp_path: Path, damage: str) -> None:
    path = tmp_path / "engine.db"
    async with opened(path) as desk:
        for _ in range(200):
            await desk.act(note, "z" * 500)
    whole = bytearray(path.read_bytes())
    if damage == "garbage":
        whole[:100] = b"not a database" * 7 + b"xx"
    else:
        whole[8192 : len(whole) - 4096] = b"\xa5" * (len(whole) - 12288)
    path.write_bytes(bytes(whole))
    with pytest.raises(MahavishnuError) as refused:
        await Store.open(path, lambda _: None)
    assert refused.value.code is ErrorCode.DATABASE_CORRUPT
    assert str(path) in refused.value.message
    assert "aside" in refused.value.hint
    assert path.read_bytes() == bytes(whole)


async def test_a_file_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    async with opened(path):
        pass
    with sqlite3.connect(path) as conn:
        conn.execute(f"PRAGMA user_version = {len(schema.MIGRATIONS) + 1}")
    conn.close()
    with pytest.raises(MahavishnuError) as refused:
        await Store.open(path, lambda _: None)
    assert "newer" in refused.value.message


async def test_a_closed_store_says_so_and_leaves_no_thread(tmp_path: Path) -> None:
    async with opened(tmp_path / "engine.db") as desk:
        await desk.act(note)
    for call in (desk.act(note), desk.last_seq()):
        with pytest.raises(MahavishnuError) as refused:
            await call
        assert refused.value.code is ErrorCode.SERVER_UNREACHABLE
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("engine-db")]


async def test_what_is_queued_at_the_close_is_still_written(tmp_path: Path) -> None:
    async with opened(tmp_path / "engine.db") as desk:
        writes = [asyncio.ensure_future(desk.act(note)) for _ in range(500)]
        await asyncio.sleep(0)
    await asyncio.gather(*writes)
    async with opened(tmp_path / "engine.db") as desk:
        assert await desk.last_seq() == 500


async def test_trimming_keeps_the_newest_and_forgets_no_number(desk: Desk) -> None:
    for _ in range(20):
        await desk.act(note)
    assert await desk.act(events.trim, 5) == 15
    assert await desk.last_seq() == 20
    assert await desk.store.read(lambda conn: events.is_kept(conn, 15))
    assert not await desk.store.read(lambda conn: events.is_kept(conn, 14))
    assert not await desk.store.read(lambda conn: events.is_kept(conn, 21))
    await desk.act(events.trim, 0)
    assert await desk.store.read(lambda conn: events.is_kept(conn, 20))
    await desk.act(note)
    assert await desk.last_seq() == 21


def test_every_kind_of_fault_has_its_sentence(tmp_path: Path) -> None:
    path = tmp_path / "engine.db"
    for code, expected in (
        (sqlite3.SQLITE_BUSY, ErrorCode.DATABASE_LOCKED),
        (sqlite3.SQLITE_CORRUPT, ErrorCode.DATABASE_CORRUPT),
        (sqlite3.SQLITE_READONLY, ErrorCode.DATABASE_LOCKED),
        (sqlite3.SQLITE_IOERR, ErrorCode.DISK_FULL),
        (sqlite3.SQLITE_CONSTRAINT, ErrorCode.INTERNAL),
    ):
        error = sqlite3.OperationalError("told")
        error.sqlite_errorcode = code
        assert faults.storage_error(error, path).code is expected
        assert faults.is_storage_fault(error) == (expected is not ErrorCode.INTERNAL)
    assert faults.is_storage_fault(sqlite3.DatabaseError("file is not a database"))
    assert not faults.is_storage_fault(KeyError("x"))
