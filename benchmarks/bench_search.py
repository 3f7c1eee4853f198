"""Search everywhere: 20,000 runs looked through, beside SQLite's own full text index over the same texts."""

from __future__ import annotations

import functools
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from figures import Section, below, report

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.search import parse_search
from mahavishnu_tui.server.store import Store, Tx, texts
from mahavishnu_tui.server.store.flow_runs import save

RUNS = 20_000
REPEATS = 15
WORDS = ("nowhere to be found", "order-19990", "timeout", "run-7 oslo")
BUDGET_MS = 300.0


def fill(tx: Tx) -> None:
    """Runs as they are: a name, an id, tags, 600 characters of parameters, every tenth with an error."""
    for number in range(RUNS):
        error = (
            {"code": "MHV-403", "message": f"httpx.ReadTimeout: shard {number % 97}"}
            if not number % 10
            else None
        )
        run = Run(
            id=f"{number:08x}-0000-4000-8000-000000000000",
            name=f"run-{number}",
            thread_id="",
            workflow_id="f",
            workflow=f"flow-{number % 40}",
            status="error" if error else "success",
            created_at=1_000_000.0 + number,
            engine="prefect",
            error=error,
            tags=["nightly", "oslo" if number % 3 else "bergen"],
        )
        lines = [{"order": f"order-{number}", "sku": f"sku-{line}", "price": line * 7} for line in range(12)]
        save(tx, run, "s", given={"lines": lines}, tell=False)


def median_ms(work: Callable[[], object]) -> float:
    """The median of some repetitions, in milliseconds."""
    took = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        took.append(time.perf_counter() - began)
    return 1000 * statistics.median(took)


async def ours(store: Store) -> dict[str, float]:
    """Milliseconds per text looked for."""
    found = {}
    for word in WORDS:
        took = []
        for _ in range(REPEATS):
            began = time.perf_counter()
            await store.search(functools.partial(_look, word))
            took.append(1000 * (time.perf_counter() - began))
        found[word] = statistics.median(took)
    return found


def _look(word: str, conn: sqlite3.Connection) -> object:
    return texts.search(conn, parse_search(word), "", 50)


def indexed(path: Path) -> tuple[dict[str, float], float]:
    """The same through an index of trigrams: milliseconds, and its MB."""
    conn = sqlite3.connect(path)
    before = path.stat().st_size
    conn.execute("CREATE VIRTUAL TABLE trigrams USING fts5(text, tokenize='trigram')")
    conn.execute("INSERT INTO trigrams(rowid, text) SELECT row_number() OVER (), text FROM texts")
    conn.commit()
    conn.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    found = {}
    for word in WORDS:
        match = " AND ".join(f'"{part.text}"' for part in parse_search(word))
        found[word] = median_ms(functools.partial(_match, conn, match))
    conn.close()
    return found, (path.stat().st_size - before) / 2**20


def _match(conn: sqlite3.Connection, match: str) -> list[object]:
    return conn.execute("SELECT rowid FROM trigrams WHERE trigrams MATCH ?", (match,)).fetchall()


async def measure() -> list[Section]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "engine.db"
        store = await Store.open(path, lambda lines: None)
        await store.write(fill)
        mine = await ours(store)
        await store.close()
        theirs, size = indexed(path)
    figures = [
        below(f"{word!r}", took, "ms", BUDGET_MS, f"{theirs[word]:.1f} ms FTS5 trigrams")
        for word, took in mine.items()
    ]
    note = f"Ours scans the texts and has no index: trigrams take {size:.0f} MB more. Median of {REPEATS}."
    return [Section(f"8 Search everywhere, {RUNS:,} runs", figures, note)]


if __name__ == "__main__":
    report(measure)
