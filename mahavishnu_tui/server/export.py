"""The ledger as a file: JSON Lines, or CSV that no spreadsheet takes for formulas."""

from __future__ import annotations

import csv
import datetime
import functools
import io
from collections.abc import AsyncIterator, Callable
from typing import Any, Final, Literal

from mahavishnu_tui.models import LedgerEntry
from mahavishnu_tui.models.ledger_filter import LedgerFilter
from mahavishnu_tui.server import codec
from mahavishnu_tui.server.store import Store
from mahavishnu_tui.server.store.ledger_search import last_seq, page

Format = Literal["jsonl", "csv"]
PAGE = 500

COLUMNS: Final = (
    "seq", "at", "by", "run_name", "run_id", "workflow", "thread_id", "node", "question", "answer", "comment",
    "question_hash", "approval_id", "interrupt_id", "checkpoint_id", "asked_at", "sent_at", "lease",
    "applied_at", "checkpoint_after", "then", "not_applied",
)  # fmt: skip
_TIMES: Final = frozenset({"at", "asked_at", "sent_at", "applied_at"})


async def export(store: Store, query: LedgerFilter, form: Format) -> AsyncIterator[bytes]:
    """The entries that there are now, oldest first, page by page: memory does not grow with the ledger."""
    end = await store.read(last_seq) + 1
    end = end if query.before is None else min(end, query.before)
    encode: Callable[[LedgerEntry], bytes] = _json_line if form == "jsonl" else _csv_line
    if form == "csv":
        yield _row(COLUMNS)
    at = query.after
    while True:
        wanted = query.replace(after=at, before=end)
        entries = await store.read(functools.partial(page, query=wanted, limit=PAGE))
        if not entries:
            return
        at = entries[-1].seq
        yield b"".join(map(encode, entries))


def _json_line(entry: LedgerEntry) -> bytes:
    return codec.dumps(entry.to_json()) + b"\n"


def _csv_line(entry: LedgerEntry) -> bytes:
    record = {**entry.to_json(), "node": entry.path}
    return _row([_cell(name, record[name]) for name in COLUMNS])


def _cell(name: str, value: Any) -> str:
    if value is None:
        return ""
    if name in _TIMES:
        return datetime.datetime.fromtimestamp(value, datetime.UTC).isoformat(timespec="milliseconds")
    if name == "then":
        return ", ".join(value)
    return value if isinstance(value, str) else codec.dumps(value).decode()


def _row(cells: Any) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow([as_text(cell) for cell in cells])
    return text.getvalue().encode()


def as_text(cell: str) -> str:
    """A cell that spreadsheets show and never compute: what could begin a formula gets a quote before it."""
    cell = cell.replace("\0", "")
    return f"'{cell}" if cell[:1] in ("=", "+", "-", "@", "\t", "\r", "\n") else cell
