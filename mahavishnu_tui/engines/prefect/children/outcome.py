"""How a flow run ended, as the server has it."""

from __future__ import annotations

import json
import time
from typing import Any
from uuid import UUID

from .reply import CONNECTION, TIMEOUT, Refusal
from .speaking import speaking

PATIENCE = 900.0
ASK_AGAIN = 5.0
"""Seconds: how long a server is waited for, and between two tries."""
MOST_RESULT = 65536
"""Bytes of a result that is told; a larger one is left out, and that is said."""


def ended(run_id: str, state: Any) -> dict[str, Any]:
    """`{"flow_run_id", "name", "state": {type, name, message}, "result"?, "result_note"?}`.

    A server that is away is waited for: nobody else can say what became of the run.

    Args:
        run_id: the flow run.
        state: what the engine returned, with the result in it; None when it was stopped.
    """
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return _told(run_id, state)
        except Refusal as refusal:
            if refusal.code not in (CONNECTION, TIMEOUT) or time.monotonic() > end:
                raise
        time.sleep(ASK_AGAIN)


def _told(run_id: str, state: Any) -> dict[str, Any]:
    from prefect.client.orchestration import get_client

    with speaking("tell how the run ended"), get_client(sync_client=True) as client:
        run = client.read_flow_run(UUID(run_id))
        now: Any = run.state
        if not (now.is_final() or now.is_paused()):
            now = _crash(client, run)
    told: dict[str, Any] = {
        "flow_run_id": run_id,
        "name": run.name,
        "state": {"type": now.type.value, "name": now.name, "message": now.message or ""},
    }
    if state is not None and now.is_completed():
        told |= plain_result(state)
    return told


def _crash(client: Any, run: Any) -> Any:
    """Nobody else can end a run whose process is about to end."""
    from prefect.states import Cancelled, Crashed

    state: Any
    if run.state.is_cancelling():
        state = Cancelled(message="The flow's process ended while it was being cancelled.")
    else:
        state = Crashed(message="The flow's process ended before the flow did.")
    client.set_flow_run_state(run.id, state, force=True)
    return state


def plain_result(state: Any) -> dict[str, Any]:
    """The result as JSON, or why it is not told."""
    try:
        text = json.dumps(state.result(raise_on_failure=False))
    except (TypeError, ValueError):
        return {"result_note": "The result is no JSON value."}
    except Exception as error:  # it was not kept, or cannot be read back
        return {"result_note": f"The result is not at hand ({type(error).__name__})."}
    if len(text) > MOST_RESULT:
        return {"result_note": f"The result is larger than {MOST_RESULT // 1024} KiB."}
    return {"result": json.loads(text)}
