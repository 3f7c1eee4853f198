"""What differs between two checkpoints, of one thread or of two."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

from mahavishnu_tui.engines.base import AdapterError
from mahavishnu_tui.engines.langgraph.jsonable import to_json
from mahavishnu_tui.engines.langgraph.savers import LeasedSaver
from mahavishnu_tui.engines.langgraph.shape import AnyGraph
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.models.diff import StateDiff, summarise

_WHOLE = 64 * 1024 * 1024
"""Budget of a state that is compared: what is cut off would look like a change."""
PARENT = "parent"
LATEST = "latest"


@dataclasses.dataclass(frozen=True)
class Side:
    """One of the two: a checkpoint of a thread, with the graph that reads it."""

    graph: AnyGraph
    thread_id: str
    checkpoint_id: str
    """Its id, or `latest`."""


async def compare(saver: LeasedSaver, before: Side, after: Side) -> dict[str, Any]:
    """`{"before": id, "after": id, "diff": StateDiff}`; a side before the first checkpoint is empty.

    Args:
        saver: the file of both.
        before: the older one; its checkpoint may be `parent`, which means that of `after`.
        after: the newer one.

    Raises:
        AdapterError: MHV-107.
    """
    after_id, new, parent = await _values(saver, after)
    if before.checkpoint_id == PARENT:
        before = dataclasses.replace(before, thread_id=after.thread_id, checkpoint_id=parent)
    before_id, old, _ = await _values(saver, before) if before.checkpoint_id else ("", {}, "")
    found = await asyncio.to_thread(_compared, old, new)
    return {"before": before_id, "after": after_id, "diff": found.to_json()}


def _compared(old: Any, new: Any) -> StateDiff:
    one, one_cut = to_json(old, _WHOLE)
    other, other_cut = to_json(new, _WHOLE)
    return summarise(one, other, one_cut or other_cut)


async def _values(saver: LeasedSaver, side: Side) -> tuple[str, Any, str]:
    """Id, values and parent's id of a checkpoint as it was recorded."""
    place: dict[str, Any] = {"thread_id": side.thread_id, "checkpoint_ns": ""}
    if side.checkpoint_id != LATEST:
        place["checkpoint_id"] = side.checkpoint_id
    stored = await saver.aget_tuple({"configurable": place})
    if stored is None:
        raise AdapterError(
            ErrorCode.CHECKPOINT_UNKNOWN,
            f"Thread {side.thread_id} has no checkpoint {side.checkpoint_id}.",
            "List the checkpoints of the run; it may have been pruned.",
        )
    snapshot = await side.graph.aget_state(stored.config)
    parent = ((stored.parent_config or {}).get("configurable") or {}).get("checkpoint_id")
    return str(stored.checkpoint["id"]), snapshot.values, str(parent or "")
