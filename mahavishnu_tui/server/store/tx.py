"""One transaction: what a change may touch, and the events it leaves behind."""

from __future__ import annotations

import dataclasses
import sqlite3
from typing import Any

from mahavishnu_tui.models.event import EventKind
from mahavishnu_tui.server import codec


@dataclasses.dataclass(frozen=True)
class Line:
    """An event as it goes to clients: encoded once, for all of them."""

    seq: int
    data: bytes
    kind: str = ""
    """Of the event; empty where nobody asks for it."""


class Tx:
    """Handed to every change; the store begins, commits and rolls back around it.

    Attributes:
        conn: the writer's connection.
        now: time of the change, the same for all that one change writes.
        lines: the events so far; they reach clients after the commit and not without it.
    """

    def __init__(self, conn: sqlite3.Connection, now: float) -> None:
        self.conn = conn
        self.now = now
        self.lines: list[Line] = []

    def emit(self, kind: EventKind, key: str, data: dict[str, Any]) -> None:
        """Log that the record `key` now is `data`."""
        body = codec.dumps(data)
        cursor = self.conn.execute(
            "INSERT INTO events(at, kind, key, data) VALUES(?, ?, ?, ?)", (self.now, kind, key, body.decode())
        )
        seq = cursor.lastrowid or 0
        self.lines.append(Line(seq, event_line(seq, self.now, kind, key, body), kind))


def event_line(seq: int, at: float, kind: str, key: str, body: bytes | str) -> bytes:
    """One line of the stream."""
    record = {"type": "event", "seq": seq, "at": at, "kind": kind, "key": key, "data": codec.Raw(body)}
    return codec.dumps(record) + b"\n"
