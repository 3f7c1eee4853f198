"""Watching one's own flow run: a cancel that anybody asks of the server ends the flow here.

Prefect leaves that to a worker or runner in another process; a run that was started here has none.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from typing import Any
from uuid import UUID

from .reply import Channel

EVERY = 1.0
"""Seconds between two looks."""
FORCED_LOOKS = 10
"""So many looks after it became cancelled, a flow that is still at work was not the one to say so."""


@contextlib.contextmanager
def watched(run_id: str, channel: Channel) -> Iterator[None]:
    """Say `{"ev": "state", "type", "name", "message"}` with each change; on CANCELLING, end the flow."""
    over = threading.Event()
    thread = threading.Thread(target=_watch, args=(run_id, channel, over), name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(EVERY)


def _watch(run_id: str, channel: Channel, over: threading.Event) -> None:
    from prefect.client.orchestration import get_client

    last, cancelled = None, 0
    with get_client(sync_client=True) as client:
        while not over.wait(EVERY):
            state: Any = None
            with contextlib.suppress(Exception):  # the server is away or restarts: the flow goes on
                state = client.read_flow_run(UUID(run_id)).state
            if state is None:
                continue
            if state.id != last:
                last = state.id
                said = {"type": state.type.value, "name": state.name, "message": state.message or ""}
                channel.say({"ev": "state", **said})
            cancelled = cancelled + 1 if state.is_cancelled() else 0
            if (state.is_cancelling() or cancelled >= FORCED_LOOKS) and not over.is_set():
                _cancel()
                return


def _cancel() -> None:
    """End the flow as Prefect's own runner would: by SIGTERM, with the intent known beforehand.

    Without the intent the engine reports a crash.
    """
    with contextlib.suppress(Exception):
        from prefect._internal import control_listener

        intend: Any = control_listener._set_intent
        intend("cancel")
    os.kill(os.getpid(), signal.SIGTERM)
