"""The outbox: what is to be told to whom, kept until it is told."""

from __future__ import annotations

import dataclasses
import secrets
import sqlite3
from collections.abc import Sequence
from typing import Any, Final

from mahavishnu_tui.models.notifying import NoticeKind, Occurrence, Wish
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store.tx import Tx

MOST_TRIES: Final = 12
"""Of one notification; then it is given up."""
WINDOW: Final = 60.0
KEPT_SECONDS: Final = 30 * 86400.0
"""What was told is remembered for so long."""
_CUT_OFF: Final = "the server ended while it was being sent"

Identity = tuple[NoticeKind, int, str]
"""Kind, number and target: with the need, what is told once."""


@dataclasses.dataclass(frozen=True)
class Row:
    """One row, as planning and sending see it."""

    seq: int
    target: str
    occurrence: Occurrence
    state: str
    due_at: float
    repeat: int
    attempts: int
    told_at: float | None
    """When it was sent, or last tried."""
    doubt: bool = False
    """It may have gone out before: a server ended while it was being sent."""
    gone: str = ""

    @property
    def identity(self) -> Identity:
        """What is told once."""
        return (self.occurrence.kind, self.occurrence.number, self.target)


@dataclasses.dataclass(frozen=True)
class Message:
    """What goes out as one: a row, or several as a digest."""

    id: str
    rows: tuple[Row, ...]


# -- planning


def open_rows(conn: sqlite3.Connection, need: str) -> list[Row]:
    """What was planned of a need that is still there, repetitions last."""
    return _rows(conn, "need = ? AND over = 0 ORDER BY repeat", need)


def planned_needs(conn: sqlite3.Connection) -> list[str]:
    """The needs of which something waits."""
    found = conn.execute(
        "SELECT DISTINCT need FROM notifications WHERE over = 0 AND state = 'waiting' AND kind != 'recovered'"
    )
    return [str(need) for (need,) in found]


def closing_rows(conn: sqlite3.Connection) -> list[Row]:
    """What was told of needs that are gone, and nobody has looked at yet."""
    return _rows(conn, "over = 1 ORDER BY seq")


def is_closing(conn: sqlite3.Connection) -> bool:
    """Whether there is any of that."""
    return conn.execute("SELECT 1 FROM notifications WHERE over = 1 LIMIT 1").fetchone() is not None


def put(tx: Tx, occurrence: Occurrence, wish: Wish, due_at: float, now: float, repeat: int = 0) -> None:
    """Plan it; what is planned already stays as it is."""
    tx.conn.execute(
        "INSERT OR IGNORE INTO"
        " notifications(need, kind, number, repeat, target, state, due_at, created_at, doc)"
        " VALUES(?, ?, ?, ?, ?, 'waiting', ?, ?, ?)",
        (
            occurrence.need,
            occurrence.kind,
            occurrence.number,
            repeat,
            wish.target,
            due_at,
            now,
            codec.dumps(occurrence.to_json()).decode(),
        ),
    )


def move(tx: Tx, row: Row, occurrence: Occurrence, due_at: float) -> None:
    """What waits and was never tried is as its need is now."""
    if (row.occurrence, row.due_at) != (occurrence, due_at):
        tx.conn.execute(
            "UPDATE notifications SET due_at = ?, doc = ? WHERE seq = ?",
            (due_at, codec.dumps(occurrence.to_json()).decode(), row.seq),
        )


def cancel(tx: Tx, row: Row, why: str) -> None:
    """It is not told."""
    tx.conn.execute("UPDATE notifications SET state = 'cancelled', error = ? WHERE seq = ?", (why, row.seq))


def close(tx: Tx, row: Row) -> None:
    """Nothing is left to do about it."""
    tx.conn.execute("UPDATE notifications SET over = 2 WHERE seq = ?", (row.seq,))


def end(tx: Tx, need: str, why: str) -> None:
    """A need is gone: what waits is cancelled, in the transaction in which the need goes."""
    tx.conn.execute(
        "UPDATE notifications SET error = ?, state = 'cancelled'"
        " WHERE need = ? AND over = 0 AND state = 'waiting'",
        (why, need),
    )
    changed = tx.conn.execute(
        "UPDATE notifications SET over = 1, gone = ? WHERE need = ? AND over = 0", (why, need)
    ).rowcount
    if changed:
        tell(tx)


def drop_strangers(tx: Tx, targets: Sequence[str]) -> None:
    """What waits for targets that the settings have no longer is not told."""
    tx.conn.execute(
        "UPDATE notifications SET state = 'cancelled', error = 'the settings have no such target any more'"
        " WHERE state = 'waiting' AND target NOT IN (SELECT value FROM json_each(?))",
        (codec.dumps(list(targets)).decode(),),
    )


# -- sending


def due_rows(conn: sqlite3.Connection, target: str, now: float) -> list[Row]:
    """What would go out now, the oldest first."""
    return _rows(conn, "target = ? AND state = 'waiting' AND due_at <= ? ORDER BY due_at, seq", target, now)


def take(tx: Tx, target: str, now: float, per_minute: int, digest: bool) -> list[Message]:
    """What may go out now, marked as being sent: committed before it is, so that nothing is lost.

    What is over the rate waits, and goes out as one message where that is wanted.
    """
    rows = due_rows(tx.conn, target, now)
    room = per_minute - _lately(tx.conn, target, now)
    if room <= 0 or not rows:
        return []
    if len(rows) <= room or not digest:
        parts = [[row] for row in rows[:room]]
    else:
        parts = [*([row] for row in rows[: room - 1]), rows[room - 1 :]]
    messages = [Message(secrets.token_hex(6), tuple(part)) for part in parts]
    for message in messages:
        for row in message.rows:
            tx.conn.execute(
                "UPDATE notifications SET state = 'sending', message = ?, tried_at = ?,"
                " attempts = attempts + 1 WHERE seq = ?",
                (message.id, now, row.seq),
            )
    tell(tx)
    return messages


def sent(tx: Tx, message: str, now: float) -> list[str]:
    """It has gone out; the needs that it was about."""
    rows = tx.conn.execute(
        "UPDATE notifications SET state = 'sent', sent_at = ?, error = '' WHERE message = ?"
        " AND state = 'sending' RETURNING need",
        (now, message),
    ).fetchall()
    tell(tx)
    return [str(need) for (need,) in rows]


def failed(tx: Tx, message: str, why: str) -> None:
    """It has not: it is tried again, unless that was often enough or its need is gone."""
    tx.conn.execute(
        "UPDATE notifications SET error = ?, message = '', state = CASE"
        " WHEN over != 0 THEN 'cancelled' WHEN attempts >= ? THEN 'failed' ELSE 'waiting' END"
        " WHERE message = ? AND state = 'sending'",
        (why, MOST_TRIES, message),
    )
    tell(tx)


def put_back(tx: Tx, message: str = "") -> int:
    """What was being sent when a server ended (or this message alone) is sent again; how many rows."""
    count = tx.conn.execute(
        "UPDATE notifications SET error = ?1, message = '', doubt = 1,"
        " state = CASE over WHEN 0 THEN 'waiting' ELSE 'cancelled' END"
        " WHERE state = 'sending' AND (?2 = '' OR message = ?2)",
        (_CUT_OFF, message),
    ).rowcount
    return int(count)


def release(tx: Tx, message: str) -> None:
    """It was taken, and not tried after all."""
    tx.conn.execute(
        "UPDATE notifications SET message = '', tried_at = NULL, attempts = attempts - 1,"
        " state = CASE over WHEN 0 THEN 'waiting' ELSE 'cancelled' END"
        " WHERE message = ? AND state = 'sending'",
        (message,),
    )


def next_turn(conn: sqlite3.Connection, target: str, now: float, per_minute: int) -> float | None:
    """When something may go out next; None while nothing waits."""
    due = conn.execute(
        "SELECT min(due_at) FROM notifications WHERE target = ? AND state = 'waiting'", (target,)
    ).fetchone()[0]
    if due is None:
        return None
    if _lately(conn, target, now) < per_minute:
        return float(due)
    oldest = conn.execute(
        "SELECT tried_at FROM notifications WHERE target = ? AND tried_at > ? AND message != ''"
        " GROUP BY message ORDER BY tried_at DESC LIMIT 1 OFFSET ?",
        (target, now - WINDOW, per_minute - 1),
    ).fetchone()
    return max(float(due), float(oldest[0]) + WINDOW) if oldest else float(due)


def waits(conn: sqlite3.Connection) -> bool:
    """Whether anything is still to be told."""
    found = conn.execute("SELECT 1 FROM notifications WHERE state IN ('waiting', 'sending') LIMIT 1")
    return found.fetchone() is not None


def trim(tx: Tx, now: float) -> int:
    """Forget what was told long ago of needs that are gone; how many rows."""
    gone = tx.conn.execute(
        "DELETE FROM notifications WHERE created_at < ? AND state NOT IN ('waiting', 'sending')"
        " AND (over != 0 OR kind = 'recovered')",
        (now - KEPT_SECONDS,),
    ).rowcount
    return int(gone)


def tell(tx: Tx) -> None:
    """Have the clients ask again."""
    tx.emit("catalog", "notifications", {"what": "notifications"})


def _lately(conn: sqlite3.Connection, target: str, now: float) -> int:
    """How many messages were tried in the last minute."""
    found = conn.execute(
        "SELECT count(DISTINCT message) FROM notifications"
        " WHERE target = ? AND tried_at > ? AND message != ''",
        (target, now - WINDOW),
    )
    return int(found.fetchone()[0])


def _rows(conn: sqlite3.Connection, where: str, *values: Any) -> list[Row]:
    rows = conn.execute(
        "SELECT seq, target, state, due_at, repeat, attempts, coalesce(sent_at, tried_at), doubt, gone, doc"  # noqa: S608  # nosec B608
        f" FROM notifications WHERE {where}",
        values,
    )
    return [_row(*row) for row in rows]


def _row(
    seq: int,
    target: str,
    state: str,
    due_at: float,
    repeat: int,
    attempts: int,
    told_at: float | None,
    doubt: int,
    gone: str,
    doc: str,
) -> Row:
    occurrence = Occurrence.from_json(codec.loads(doc))
    return Row(seq, target, occurrence, state, due_at, repeat, attempts, told_at, bool(doubt), gone)
