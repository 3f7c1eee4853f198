"""The heartbeat: a thread, so that it goes on while user code blocks the event loop."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

INTERVAL = 1.0
"""Seconds between beats."""
BLOCKED = 0.5
"""Seconds of lag from which on the culprit is looked for."""


class Heart:
    """Says every second that the process lives, and how late its event loop is."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        work: Callable[[], dict[str, Any]],
        send: Callable[[dict[str, Any]], None],
        each: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._work = work
        self._send = send
        self._each = each
        self._loop_thread = threading.get_ident()
        self._asked = 0.0
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to beat; call it in the thread of the event loop."""
        threading.Thread(target=self._beat, name="beat", daemon=True).start()

    def stop(self) -> None:
        """Beat no more."""
        self._stopped.set()

    def _beat(self) -> None:
        while not self._stopped.wait(INTERVAL):
            now = time.monotonic()
            lag = now - self._asked if self._asked else 0.0
            if not self._asked:
                self._asked = now
                try:
                    self._loop.call_soon_threadsafe(self._answer)
                except RuntimeError:  # the loop is closed: the process is about to end
                    return
            where = blocked_at(self._loop_thread) if lag > BLOCKED else ""
            with contextlib.suppress(Exception):  # whatever happens in it, the heart goes on
                self._each()
            self._send({"ev": "beat", "lag": round(lag, 3), "rss": rss(), "where": where, **self._work()})

    def _answer(self) -> None:
        self._asked = 0.0


def blocked_at(thread: int) -> str:
    """`node of run at file:line`: what the given thread is doing, read from its stack.

    LangGraph's frames hold the config of the node that they run; the innermost one names the culprit.
    """
    frame = sys._current_frames().get(thread)
    place = _place(frame)
    while frame is not None:
        config = frame.f_locals.get("config")
        metadata = config.get("metadata") if isinstance(config, dict) else None
        if isinstance(metadata, dict) and "langgraph_node" in metadata:
            run = metadata.get("mahavishnu_run", "")
            return f"{metadata['langgraph_node']} of run {run} at {place}"
        frame = frame.f_back
    return place


def _place(frame: FrameType | None) -> str:
    return f"{frame.f_code.co_filename}:{frame.f_lineno}" if frame is not None else ""


def rss() -> int:
    """Resident bytes of this process; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as statm:
            pages = int(statm.read().split()[1])
    except (OSError, ValueError, IndexError):
        return _peak()
    import resource

    return pages * resource.getpagesize()


def _peak() -> int:
    try:
        import resource
    except ImportError:
        return 0
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return used if sys.platform == "darwin" else used * 1024
