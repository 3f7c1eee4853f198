"""What can be found in a run, as one text per run, written where the run is; and looking through all of them.

A line per place: a letter for its field, a blank, the text. A scan of 20,000 such texts takes some 50 ms and
finds any part of any word; an index of trigrams would be three times as large as what it indexes.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.search import SearchField, SearchHit, SearchWord, find_place
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store.letters import within
from mahavishnu_tui.server.store.tx import Tx

SECONDS: Final = 0.2
"""How long one look through the texts may take; what is left is looked at with the next page."""
_CHUNK = 2000
"""Texts between two looks at the clock."""
_LETTERS: Final[dict[str, SearchField]] = {
    "r": "run",
    "i": "id",
    "t": "tag",
    "w": "workflow",
    "e": "error",
    "d": "error",
    "n": "node",
    "q": "question",
    "a": "answer",
    "p": "input",
}
_LONGEST: Final = {
    "e": 1000,
    "d": 2000,
    "n": 1000,
    "q": 500,
    "a": 500,
    "p": 2000,
    "t": 500,
    "w": 400,
    "i": 300,
    "r": 200,
}
_MOST_OF_A_KIND = 20
_HEADING = "Traceback (most recent call last):"
_AT_WORK = frozenset({"queued", "running"})


def note_run(tx: Tx, run: Run) -> None:
    """A run that is not Prefect's was written; of one at work only the nodes that it comes to are added."""
    if run.status not in _AT_WORK:
        renew(tx, run)
        return
    lines = _lines(tx.conn, run.created_at, run.id)
    if not lines:
        renew(tx, run)
        return
    known = next((line[2:] for line in lines if line[:1] == "n"), "")
    nodes = dict.fromkeys(filter(None, [*known.split(", "), *run.where]))
    if ", ".join(nodes) != known:
        rest = [line for line in lines if line[:1] != "n"]
        _put(tx, run, [*rest, _line("n", ", ".join(nodes))])


def renew(tx: Tx, run: Run) -> None:
    """Write the text of a run anew, from all that is known of it."""
    conn = tx.conn
    given = conn.execute("SELECT input FROM runs WHERE id = ?", (run.id,)).fetchone()
    nodes = conn.execute(
        "SELECT DISTINCT json_extract(doc, '$.namespace'), json_extract(doc, '$.node') FROM"
        " (SELECT doc FROM visits WHERE run_id = ? LIMIT 2000)",
        (run.id,),
    )
    paths = ["/".join(filter(None, path)) for path in nodes]
    _put(tx, run, [*_own(run), *_asked(conn, run.id), _line("n", ", ".join(paths)), _value("p", given)])


def note_flow_run(tx: Tx, run: Run, given: Json, known_at: float | None) -> None:
    """A flow run was written.

    Args:
        tx: the change.
        run: as it is now.
        given: its parameters, where Prefect has just told them; None: as they were.
        known_at: its `created_at` before this change; None when it is new.
    """
    before = _lines(tx.conn, known_at, run.id) if known_at is not None else []
    if known_at is not None and known_at != run.created_at:
        forget(tx, known_at, run.id)
    if run.twin or run.status == "scheduled":
        forget(tx, run.created_at, run.id)
        return
    kept = {line[:1]: line for line in before if line[:1] in "np"}
    tasks = dict.fromkeys([*kept.get("n", "")[2:].split(", "), *run.where])
    parameters = kept.get("p", "") if given is None else _line("p", codec.dumps(given).decode())
    told = _asked(tx.conn, run.id) if run.waiting or run.status == "interrupted" else _of(before, "qa")
    lines = [*_own(run), *told, _line("n", ", ".join(filter(None, tasks))), parameters]
    if list(filter(None, lines)) != before:
        _put(tx, run, lines)


def note_answer(tx: Tx, run: Run) -> None:
    """A question of a run was answered, and the run may go on at once."""
    lines = [line for line in _lines(tx.conn, run.created_at, run.id) if line[:1] not in "qa"]
    if lines:
        _put(tx, run, [*lines, *_asked(tx.conn, run.id)])


def forget(tx: Tx, at: float, run_id: str) -> None:
    """The run is not to be found any more."""
    tx.conn.execute("DELETE FROM texts WHERE at = ? AND run_id = ?", (at, run_id))


def fill(tx: Tx, before: float | None, limit: int) -> float | None:
    """Give runs a text that an older server has written; where to go on, None when that was all."""
    rows = tx.conn.execute(
        "SELECT doc, created_at FROM runs WHERE ?1 IS NULL OR created_at < ?1"
        " ORDER BY created_at DESC LIMIT ?2",
        (before, limit),
    ).fetchall()
    for doc, at in rows:
        run = Run.from_json(codec.loads(doc))
        if not _has(tx.conn, at, run.id):
            renew(tx, run)
    if len(rows) == limit:
        return float(rows[-1][1])
    tx.conn.execute("INSERT OR REPLACE INTO meta VALUES('texts', 'whole')")
    return None


def is_whole(conn: sqlite3.Connection) -> bool:
    """Whether every run has its text."""
    return conn.execute("SELECT 1 FROM meta WHERE key = 'texts'").fetchone() is not None


# -- looking


def search(
    conn: sqlite3.Connection, words: Sequence[SearchWord], cursor: str, limit: int, seconds: float = SECONDS
) -> dict[str, Any]:
    """A `FoundPage` as JSON.

    Args:
        conn: the database.
        words: all of them have to be in a run.
        cursor: where the page before ended; empty for the first page, which also counts.
        limit: runs on a page.
        seconds: how long it may look.
    """
    end = time.monotonic() + seconds
    hits: list[dict[str, Any]] = []
    total, place, last, ended = 0, cursor, "", False
    for at, run_id, text in _scan(conn, words, cursor, end):
        if text is None:  # the end of a chunk: so far was looked
            place, ended = f"{at!r} {run_id}", not run_id
            continue
        found = find_place([*_places(text)], words)
        if found is None:
            continue
        total += 1
        if len(hits) < limit:
            run = _run(conn, run_id)
            if run is not None:
                hits.append(SearchHit(run, *found).to_json())
                last = f"{at!r} {run_id}"
        elif cursor:
            break  # only the first page counts what comes after it
    more = last if len(hits) == limit and total > limit else "" if ended else place
    return {
        "hits": hits,
        "cursor": more,
        "total": total,
        "exact": ended,
        "whole": is_whole(conn),
    }


def _scan(
    conn: sqlite3.Connection, words: Sequence[SearchWord], cursor: str, end: float
) -> Iterator[tuple[float, str, str | None]]:
    """Texts with all words, newest first; after each chunk its end, after the last `(0.0, "", None)`."""
    at, _, run_id = cursor.partition(" ")
    upper: tuple[float, str] = (float(at), run_id) if cursor else (9e18, "")
    wanted = " AND ".join(within("text", word.text) for word in words)
    # The clauses are constants of this module; what was asked for is bound.
    statement = (
        "SELECT at, run_id, text FROM texts WHERE (at, run_id) < (?, ?) AND (at, run_id) >= (?, ?)"  # noqa: S608 # nosec B608
        f" AND {wanted} ORDER BY at DESC, run_id DESC"
    )
    while True:
        found = conn.execute(
            "SELECT at, run_id FROM texts WHERE (at, run_id) < (?, ?) ORDER BY at DESC, run_id DESC"
            " LIMIT 1 OFFSET ?",
            (*upper, _CHUNK - 1),
        ).fetchone()
        lower: tuple[float, str] = found or (-9e18, "")
        yield from conn.execute(statement, (*upper, *lower, *(word.text for word in words)))
        if not found:
            yield 0.0, "", None
            return
        yield found[0], found[1], None
        if time.monotonic() > end:
            return
        upper = lower


def _run(conn: sqlite3.Connection, run_id: str) -> Run | None:
    row = (
        conn.execute("SELECT doc FROM runs WHERE id = ?", (run_id,)).fetchone()
        or conn.execute("SELECT doc FROM flow_runs WHERE id = ?", (run_id,)).fetchone()
    )
    return Run.from_json(codec.loads(row[0])) if row else None


def _places(text: str) -> Iterator[tuple[SearchField, str]]:
    for line in text.split("\n"):
        if line[:1] in _LETTERS:
            yield _LETTERS[line[:1]], line[2:]


# -- texts


def _own(run: Run) -> Iterator[str]:
    yield _line("r", run.name)
    yield _line("i", " ".join(filter(None, (run.id, run.thread_id, run.twin))))
    yield _line("w", " ".join(dict.fromkeys(filter(None, (run.workflow, run.deployment, run.pool)))))
    yield _line("t", " ".join(run.tags))
    error = run.error or {}
    if error:
        told = (error.get("code"), error.get("node"), error.get("message"))
        yield _line("e", " ".join(str(item) for item in told if item))
        yield _line("d", str(error.get("detail") or "").removeprefix(_HEADING).lstrip())


def _asked(conn: sqlite3.Connection, run_id: str) -> Iterator[str]:
    """The newest questions of a run, and their answers."""
    rows = conn.execute(
        "SELECT json_extract(doc, '$.node'), json_extract(doc, '$.value') FROM approvals"
        " WHERE run_id = ? ORDER BY asked_at DESC LIMIT ?",
        (run_id, _MOST_OF_A_KIND),
    )
    for node, value in rows.fetchall():
        yield _line("q", f"{node}: {value}")
    rows = conn.execute(
        "SELECT json_extract(doc, '$.by'), json_extract(doc, '$.answer'), json_extract(doc, '$.comment')"
        " FROM ledger WHERE run_id = ? ORDER BY seq DESC LIMIT ?",
        (run_id, _MOST_OF_A_KIND),
    )
    for by, answer, comment in rows.fetchall():
        yield _line("a", f"{by}: {answer} {comment or ''}".rstrip())


def _of(lines: Iterable[str], letters: str) -> list[str]:
    return [line for line in lines if line[:1] in letters]


def _value(letter: str, row: Any) -> str:
    return _line(letter, row[0]) if row and row[0] not in ("{}", "null") else ""


def _line(letter: str, text: str) -> str:
    """One place; empty when there is nothing to be found."""
    cut = clean_line(text[: 4 * _LONGEST[letter]], _LONGEST[letter])
    return f"{letter} {cut}" if cut.strip() else ""


def _put(tx: Tx, run: Run, lines: Iterable[str]) -> None:
    text = "\n".join(filter(None, lines))
    tx.conn.execute("INSERT OR REPLACE INTO texts VALUES(?, ?, ?)", (run.created_at, run.id, text))


def _has(conn: sqlite3.Connection, at: float, run_id: str) -> bool:
    return (
        conn.execute("SELECT 1 FROM texts WHERE at = ? AND run_id = ?", (at, run_id)).fetchone() is not None
    )


def _lines(conn: sqlite3.Connection, at: float, run_id: str) -> list[str]:
    found = conn.execute("SELECT text FROM texts WHERE at = ? AND run_id = ?", (at, run_id)).fetchone()
    return str(found[0]).split("\n") if found else []
