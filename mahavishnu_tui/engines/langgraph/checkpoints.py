"""Lists checkpoints by SQL of our own, and shows the state in one.

LangGraph's own listing decodes every value of every checkpoint, importing whatever types the file names;
here blobs are unpacked without importing anything, on a read-only connection in a thread.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import ormsgpack

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.langgraph import marks
from mahavishnu_tui.engines.langgraph.failures import storage_error
from mahavishnu_tui.engines.langgraph.jsonable import to_json
from mahavishnu_tui.engines.langgraph.route import BRANCH
from mahavishnu_tui.engines.langgraph.savers import LeasedSaver
from mahavishnu_tui.engines.langgraph.shape import AnyGraph
from mahavishnu_tui.engines.langgraph.thread import LABEL_KEY, live_snapshot
from mahavishnu_tui.models import Checkpoint, ErrorCode, StateView
from mahavishnu_tui.models.lineage import branches

STATE_BYTES = 2 * 1024 * 1024
"""Budget of a state shown whole."""
_GREGORIAN = -12_219_292_800.0
"""The epoch of time-based UUIDs, 1582-10-15, in seconds of ours."""
_INTERNAL = ("branch:", "join:", "__")

_LIST = """
SELECT c.checkpoint_id, c.parent_checkpoint_id, length(c.checkpoint), c.type, c.checkpoint, c.metadata,
       p.type, p.checkpoint,
       (SELECT count(*) FROM writes w WHERE w.thread_id = c.thread_id AND w.checkpoint_ns = '' AND
        w.checkpoint_id = c.checkpoint_id AND w.channel = '__interrupt__')
FROM checkpoints c LEFT JOIN checkpoints p
  ON p.thread_id = c.thread_id AND p.checkpoint_ns = '' AND p.checkpoint_id = c.parent_checkpoint_id
WHERE c.thread_id = ? AND c.checkpoint_ns = '' AND (? = '' OR c.checkpoint_id < ?)
ORDER BY c.checkpoint_id DESC LIMIT ?
"""
_LINKS = """
SELECT checkpoint_id, parent_checkpoint_id FROM checkpoints WHERE thread_id = ? AND checkpoint_ns = ''
ORDER BY checkpoint_id
"""
T = TypeVar("T")


def read_file(path: Path, look: Callable[[sqlite3.Connection], T], absent: T) -> T:
    """What `look` finds on a read-only connection (blocking: call it in a thread).

    Args:
        path: the checkpoint file.
        look: reads.
        absent: returned where there is no file, or none of its tables yet.

    Raises:
        AdapterError: MHV-430, 004 when the file cannot be read.
    """
    if not path.exists():
        return absent
    try:
        with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=10)) as connection:
            return look(connection)
    except sqlite3.Error as error:
        if "no such table" in str(error):
            return absent
        raise storage_error(error, path) from error


def list_checkpoints(path: Path, thread_id: str, limit: int = 100, before: str = "") -> list[Checkpoint]:
    """The checkpoints of a thread's root graph, newest first (blocking: call it in a thread).

    Raises:
        AdapterError: MHV-430, 004 when the file cannot be read.
    """

    def look(connection: sqlite3.Connection) -> list[Checkpoint]:
        links = connection.execute(_LINKS, (thread_id,)).fetchall()
        belongs, latest = branches(links), links[-1][0] if links else ""
        given = marks.of_thread(connection, thread_id)
        pinned = marks.is_pinned(given)
        rows = connection.execute(_LIST, (thread_id, before, before, max(1, limit)))
        found: list[Checkpoint] = []
        for row in rows:
            item = _checkpoint(thread_id, row, latest)
            mine = [mark for mark in given if mark.checkpoint_id == item.id]
            found.append(
                item.replace(
                    branch=belongs.get(item.id, ""),
                    pinned=pinned,
                    tags=[mark.name for mark in mine],
                    note="; ".join(mark.note for mark in mine if mark.note),
                )
            )
        return found

    return read_file(path, look, [])


def _checkpoint(thread_id: str, row: tuple[Any, ...], latest: str) -> Checkpoint:
    checkpoint_id, parent_id, size, kind, blob, metadata, parent_kind, parent_blob, interrupts = row
    content = unpack(kind, blob)
    about = read_metadata(metadata)
    step = about.get("step")
    return Checkpoint(
        id=checkpoint_id,
        thread_id=thread_id,
        created_at=created_at(checkpoint_id),
        step=step if isinstance(step, int) else -1,
        source=str(about.get("source", "")),
        parent_id=parent_id,
        next=_next(content),
        size=int(size or 0),
        interrupts=int(interrupts),
        changed=_changed(content, unpack(parent_kind, parent_blob)),
        latest=checkpoint_id == latest,
        label=str(about.get(LABEL_KEY, "")),
    )


def read_metadata(blob: bytes | str | None) -> dict[str, Any]:
    """The metadata beside a checkpoint; empty where a foreign program has left something else."""
    try:
        found = json.loads(blob) if blob else {}
    except (ValueError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


def unpack(kind: str | None, blob: bytes | None) -> dict[str, Any]:
    """Decode a checkpoint without importing the types that it names; what cannot be decoded is empty."""
    if kind != "msgpack" or not blob:
        return {}
    try:
        content = ormsgpack.unpackb(blob, ext_hook=_extension, option=ormsgpack.OPT_NON_STR_KEYS)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def _extension(code: int, data: bytes) -> Any:
    try:
        return ormsgpack.unpackb(data, ext_hook=_extension, option=ormsgpack.OPT_NON_STR_KEYS)
    except ValueError:
        return None


def created_at(checkpoint_id: str) -> float:
    """Seconds since the epoch, read from the UUIDv6 that names a checkpoint; 0.0 for other ids."""
    try:
        fields = UUID(checkpoint_id)
    except ValueError:
        return 0.0
    number = fields.int
    ticks = ((number >> 96) << 28) | (((number >> 80) & 0xFFFF) << 12) | ((number >> 64) & 0x0FFF)
    return ticks / 1e7 + _GREGORIAN


def _next(content: dict[str, Any]) -> list[str]:
    """The nodes that the checkpoint's own channels trigger."""
    values = content.get("channel_values") or {}
    names = [channel[len(BRANCH) :] for channel in values if channel.startswith(BRANCH)]
    for channel, seen in values.items():
        if channel.startswith("join:"):
            sources, _, target = channel[len("join:") :].rpartition(":")
            names += [target] if set(sources.split("+")) == _names(seen) else []
    for send in values.get("__pregel_tasks") or ():
        arguments = send[2] if isinstance(send, (list, tuple)) and len(send) > 2 else ()
        names += [str(arguments[0])] if isinstance(arguments, (list, tuple)) and arguments else []
    return names or (["__start__"] if "__start__" in values else [])


def _names(seen: Any) -> set[str]:
    """The members of a packed set of names."""
    if isinstance(seen, (list, tuple)) and len(seen) > 2 and isinstance(seen[2], (list, tuple)):
        seen = seen[2]  # (module, type, members)
    return {str(name) for name in seen} if isinstance(seen, (list, tuple, set)) else set()


def _changed(content: dict[str, Any], parent: dict[str, Any]) -> list[str]:
    versions = content.get("channel_versions") or {}
    before = parent.get("channel_versions") or {}
    return sorted(
        name
        for name, version in versions.items()
        if not name.startswith(_INTERNAL) and before.get(name) != version
    )


async def read_state(
    graph: AnyGraph, saver: LeasedSaver, listed: list[Checkpoint], thread_id: str, checkpoint_id: str = ""
) -> StateView:
    """The values and tasks of a checkpoint, the live state when none is named.

    Raises:
        AdapterError: MHV-107 when there is no such checkpoint.
    """
    config: Any = {"configurable": {"thread_id": thread_id, "checkpoint_ns": ""}}
    if checkpoint_id:
        config["configurable"]["checkpoint_id"] = checkpoint_id
        stored = await saver.aget_tuple(config)
        snapshot = await graph.aget_state(config) if stored is not None else None
    else:
        snapshot = await live_snapshot(graph, saver, thread_id)
    if snapshot is None:
        raise AdapterError(
            ErrorCode.CHECKPOINT_UNKNOWN,
            f"Thread {thread_id} has no checkpoint {checkpoint_id}."
            if checkpoint_id
            else f"Thread {thread_id} has no checkpoint yet.",
            "List the checkpoints of the run.",
        )
    found = str(snapshot.config["configurable"].get("checkpoint_id", ""))
    entry = next((item for item in listed if item.id == found), None)
    values, truncated = to_json(snapshot.values, STATE_BYTES)
    tasks = [
        {
            "id": task.id,
            "name": task.name,
            "error": to_json(task.error)[0],
            "interrupts": [{"id": item.id, "value": to_json(item.value)[0]} for item in task.interrupts],
            "result": to_json(task.result)[0],
        }
        for task in snapshot.tasks
    ]
    about = entry.to_json() if entry else {"id": found, "thread_id": thread_id}
    return StateView(checkpoint=about, values=values, tasks=tasks, truncated=truncated)
