"""What two states on a LangGraph server differ in, and changes of a state there.

Its API makes an edit and says nothing before: a preview holds the values as they are sent, and says so.
"""

from __future__ import annotations

import asyncio
from typing import Any

from mahavishnu_tui.models import ErrorCode, MahavishnuError, Run
from mahavishnu_tui.models.checkpoint import EditPreview
from mahavishnu_tui.models.diff import summarise
from mahavishnu_tui.models.edit import COPY, StateEdit
from mahavishnu_tui.models.graph import END
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.server.remote import reading
from mahavishnu_tui.server.remote.api import Api, status_of

_UNSEEN = (
    "The reducers are those of its server, which does not say beforehand what they make of these values:"
    " a key that adds grows by them."
)

_UNKNOWN_NEXT = "what its server finds to be next"


async def compared(api: Api, run: Run, fields: dict[str, Any]) -> dict[str, Json]:
    """`{"before", "after", "diff"}` as a host answers `diff`.

    Raises:
        MahavishnuError: MHV-107 no such checkpoint, MHV-450, MHV-451.
    """
    after_id, new, parent = await _values(api, run, run.thread_id, str(fields["after"]))
    wanted, thread = str(fields["before"]), str(fields.get("before_thread") or run.thread_id)
    if wanted == "parent":
        wanted, thread = parent, run.thread_id
    before_id, old, _ = await _values(api, run, thread, wanted) if wanted else ("", {}, "")
    found = await asyncio.to_thread(summarise, old, new, False)
    return {"before": before_id, "after": after_id, "diff": found.to_json()}


async def preview(api: Api, run: Run, order: StateEdit) -> EditPreview:
    """What can be said of an edit before that server makes it.

    Raises:
        MahavishnuError: MHV-107, MHV-121 the thread has gone on, MHV-122 the values are no object.
    """
    head = await _state(api, run, run.thread_id, "latest")
    latest = reading.checkpoint_id(head)
    if order.seen and order.seen != latest:
        raise MahavishnuError(
            ErrorCode.CHECKPOINT_MOVED,
            f"The thread of run {run.name} has gone on since you looked.",
            "Nothing was changed; look again.",
            latest=latest,
        )
    if order.as_node != COPY and not isinstance(order.values, dict):
        raise MahavishnuError(
            ErrorCode.EDIT_INVALID, "The values must be a JSON object of state keys.", "Give keys and values."
        )
    base = await _state(api, run, run.thread_id, order.checkpoint_id) if order.checkpoint_id else head
    old = reading.mapping(base.get("values"))
    new = {**old, **(order.values or {})} if order.as_node != COPY else old
    before = reading.mapping(head.get("values")) if order.as_node == COPY else old
    diff = await asyncio.to_thread(summarise, before, new, False)
    return EditPreview(
        checkpoint_id=reading.checkpoint_id(base),
        latest_id=latest,
        as_node=order.as_node,
        diff=diff.to_json(),
        next=_next(base, order),
        drops=[question.node for question in reading.questions(head)],
        warnings=[] if order.as_node == COPY else [_UNSEEN],
    )


def _next(base: dict[str, Any], order: StateEdit) -> list[str]:
    """The nodes that would run next, where that is known beforehand."""
    if order.as_node == COPY:
        return reading.texts(base.get("next"))
    return [] if order.as_node == END else [_UNKNOWN_NEXT]


async def edit(api: Api, run: Run, order: StateEdit) -> str:
    """Have that server make an edit, once, and return the id of its checkpoint.

    Raises:
        MahavishnuError: like `preview`; MHV-451 that server refuses it.
    """
    await preview(api, run, order)
    body: dict[str, Any] = {"values": order.values}
    if order.as_node:
        body["as_node"] = order.as_node
    if order.checkpoint_id:
        body["checkpoint"] = {"checkpoint_id": order.checkpoint_id, "checkpoint_ns": ""}
    made = await api.update_state(run.thread_id, body)
    return str(reading.mapping(made.get("checkpoint")).get("checkpoint_id") or "")


async def _values(api: Api, run: Run, thread_id: str, wanted: str) -> tuple[str, Json, str]:
    """Id, values and parent's id of a checkpoint."""
    state = await _state(api, run, thread_id, wanted)
    return reading.checkpoint_id(state), state.get("values"), reading.parent_id(state)


async def _state(api: Api, run: Run, thread_id: str, wanted: str) -> dict[str, Any]:
    try:
        state = await api.state(thread_id, "" if wanted == "latest" else wanted)
    except MahavishnuError as error:
        if status_of(error) != 404:
            raise
        state = {}
    if not isinstance(state.get("metadata"), dict):
        raise no_checkpoint(run, wanted)
    return state


def no_checkpoint(run: Run, wanted: str) -> MahavishnuError:
    """MHV-107."""
    return MahavishnuError(
        ErrorCode.CHECKPOINT_UNKNOWN,
        f"Run {run.name} has no checkpoint {wanted!r} on its server.",
        f"`mahavishnu langgraph checkpoints list {run.name}` shows those there are.",
    )
