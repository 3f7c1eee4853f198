"""Finds a text in the states of a thread, newest checkpoint first, a bounded stretch at a time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ormsgpack

from mahavishnu_tui.engines.langgraph.checkpoints import created_at, read_file, read_metadata
from mahavishnu_tui.models.checkpoint import Match, SearchPage
from mahavishnu_tui.models.diff import path_text
from mahavishnu_tui.models.text import clean_line

MOST_CHECKPOINTS = 500
MOST_SECONDS = 2.0
MOST_PLACES = 8
"""Places that are listed per checkpoint."""
_EXCERPT = 160
_DEEPEST = 40
_SCAN = """
SELECT checkpoint_id, type, checkpoint, metadata FROM checkpoints
WHERE thread_id = ? AND checkpoint_ns = '' AND (? = '' OR checkpoint_id < ?) ORDER BY checkpoint_id DESC
"""


def search(
    path: Path, thread_id: str, text: str, where: str = "", before: str = "", limit: int = 50
) -> SearchPage:
    """The checkpoints whose state has `text`, in any case of letters (blocking: call it in a thread).

    Args:
        path: the checkpoint file.
        thread_id: whose checkpoints.
        text: looked for in keys and values; empty: any value.
        where: only in places whose path contains this.
        before: go on below this checkpoint.
        limit: matches per page.

    Raises:
        AdapterError: MHV-430, 004 when the file cannot be read.
    """
    wanted, place = text.casefold(), where.casefold()

    def look(connection: sqlite3.Connection) -> SearchPage:
        until = time.monotonic() + MOST_SECONDS
        found: list[dict[str, Any]] = []
        scanned, last = 0, ""
        for checkpoint_id, kind, blob, metadata in connection.execute(_SCAN, (thread_id, before, before)):
            full = len(found) >= limit or scanned >= MOST_CHECKPOINTS or time.monotonic() > until
            if scanned and full:
                return SearchPage(found, scanned, last)
            scanned, last = scanned + 1, checkpoint_id
            places = list(_places(values(kind, blob), wanted, place, ()))
            if places:
                step = read_metadata(metadata).get("step")
                match = Match(
                    checkpoint_id,
                    step if isinstance(step, int) else -1,
                    created_at(checkpoint_id),
                    [list(item) for item in places[:MOST_PLACES]],
                    max(0, len(places) - MOST_PLACES),
                )
                found.append(match.to_json())
        return SearchPage(found, scanned, "")

    return read_file(path, look, SearchPage([]))


def values(kind: str | None, blob: bytes | None) -> dict[str, Any]:
    """The state keys in a stored checkpoint, as plain data; empty where it cannot be read."""
    if kind != "msgpack" or not blob:
        return {}
    try:
        content = ormsgpack.unpackb(blob, ext_hook=_plain, option=ormsgpack.OPT_NON_STR_KEYS)
    except ValueError:
        return {}
    found = content.get("channel_values") if isinstance(content, dict) else None
    if not isinstance(found, dict):
        return {}
    internal = ("branch:", "join:", "__")
    return {str(key): value for key, value in found.items() if not str(key).startswith(internal)}


def _plain(code: int, data: bytes) -> Any:
    """The contents of a packed object, `(module, name, contents, …)`, without importing its type."""
    try:
        packed = ormsgpack.unpackb(data, ext_hook=_plain, option=ormsgpack.OPT_NON_STR_KEYS)
    except ValueError:
        return None
    return packed[2] if isinstance(packed, (list, tuple)) and len(packed) > 2 else packed


def _places(value: Any, wanted: str, place: str, path: tuple[str | int, ...]) -> Iterator[tuple[str, str]]:
    """Where the text is: path, and an excerpt around it."""
    if len(path) > _DEEPEST:
        return
    if isinstance(value, dict):
        for key, item in value.items():
            here = (*path, str(key))
            if wanted and wanted in str(key).casefold() and place in path_text(here).casefold():
                yield path_text(here), "(the key)"
            yield from _places(item, wanted, place, here)
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _places(item, wanted, place, (*path, index))
    else:
        text = str(value)
        at = text.casefold().find(wanted)
        if at >= 0 and (not place or place in path_text(path).casefold()):
            yield clean_line(path_text(path), 200), _excerpt(text, at)


def _excerpt(text: str, at: int) -> str:
    start = max(0, at - _EXCERPT // 4)
    return clean_line(("…" if start else "") + text[start : start + _EXCERPT], _EXCERPT)
