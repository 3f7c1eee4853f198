"""Threads speak for the node that started them.

Python gives a new thread an empty context. A pool's threads outlive whoever made them start, so they take the
voice of each call that they carry out, not of their starter.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from mahavishnu_tui.engines.langgraph.voices import Voice, inherited, voice

NOT_THEIRS = ("concurrent.futures", "langsmith")
"""Threads of these modules work for whoever comes."""


def inherit_voices() -> None:
    """From now on, threads and pool calls of this process take the voice of who starts them along."""
    start, submit = threading.Thread.start, ThreadPoolExecutor.submit

    def speaking_start(thread: threading.Thread) -> None:
        speaker = voice()
        home = str(getattr(getattr(thread, "_target", None), "__module__", ""))
        if speaker is not None and not home.startswith(NOT_THEIRS):
            _give(thread, speaker)
        start(thread)

    def speaking_submit(
        pool: ThreadPoolExecutor, fn: Callable[..., Any], /, *args: Any, **kwargs: Any
    ) -> Any:
        speaker = voice()
        if speaker is None:
            return submit(pool, fn, *args, **kwargs)
        found: Future[Any] = submit(pool, _call, speaker, fn, args, kwargs)
        return found

    threading.Thread.start = speaking_start  # type: ignore[method-assign, assignment]
    ThreadPoolExecutor.submit = speaking_submit  # type: ignore[method-assign, assignment]


def _give(thread: threading.Thread, speaker: Voice) -> None:
    run = thread.run

    def speaking_run() -> None:
        inherited.set(speaker)
        del thread.__dict__["run"]
        run()

    thread.__dict__["run"] = speaking_run


def _call(speaker: Voice, fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    token = inherited.set(speaker)
    try:
        return fn(*args, **kwargs)
    finally:
        inherited.reset(token)
