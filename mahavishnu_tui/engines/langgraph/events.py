"""Custom stream events (`get_stream_writer()`): taken down with the visit that wrote them.

Not by the stream mode `custom`: its parts name the graph and not the node, so that parallel nodes could not
be told apart, and each costs a turn of the loop. A runtime given from outside is merged with the run's own;
there the writer is wrapped, and it is called where the node's context is.
"""

from __future__ import annotations

import asyncio
import dataclasses
import json
import math
import time
from collections.abc import Callable
from typing import Any

from langgraph.runtime import Runtime

from mahavishnu_tui.engines.langgraph.jsonable import to_json
from mahavishnu_tui.engines.langgraph.voices import Voices
from mahavishnu_tui.models.said import MAX_TEXT

RUNTIME_KEY = "__pregel_runtime"
"""Where LangGraph looks for a runtime given from outside the run."""
PROGRESS_EVERY = 0.5
"""Seconds between two reports of how far a visit is."""

Progress = Callable[[int, str], None]
"""Called on the event loop with a visit's number and how far it is."""


class Events:
    """Takes down what a dispatch's nodes write to the custom stream; any thread may call it.

    Args:
        voices: know who writes.
        progress: told how far visits are.
    """

    def __init__(self, voices: Voices, progress: Progress) -> None:
        self._voices = voices
        self._progress = progress
        self._loop = asyncio.get_running_loop()
        self._reported: dict[int, float] = {}

    def runtime(self) -> Runtime[Any]:
        """What to put under `RUNTIME_KEY` of the config."""
        return _Heard(heard=self._take)

    def _take(self, value: Any) -> None:
        speaker = self._voices.speaker()
        if speaker is None:
            return
        plain, _ = to_json(value, MAX_TEXT)
        text = plain if isinstance(plain, str) else json.dumps(plain, ensure_ascii=False, default=str)
        speaker.log.say(speaker.visit, "custom", [text])
        how_far = progress_of(plain)
        now = time.monotonic()
        if how_far and now - self._reported.get(speaker.visit, -math.inf) >= PROGRESS_EVERY:
            self._reported[speaker.visit] = now
            self._loop.call_soon_threadsafe(self._progress, speaker.visit, how_far)


@dataclasses.dataclass(frozen=True)
class _Heard(Runtime[Any]):  # type: ignore[misc]  # Runtime is frozen, which its decorator hides
    """A runtime whose writer is heard, in this graph and in those below it."""

    heard: Callable[[Any], None] | None = None

    def merge(self, other: Runtime[Any]) -> Runtime[Any]:
        """The run's own runtime, with the writer wrapped."""
        merged = super().merge(other)
        write, heard = merged.stream_writer, self.heard

        def stream_writer(value: Any) -> None:
            write(value)
            if heard is not None:
                heard(value)

        return merged.override(stream_writer=stream_writer)


def progress_of(event: Any) -> str:
    """`40/200` for `{"done": 40, "total": 200}`, `40 %` for `{"progress": 0.4}`; empty for anything else."""
    if not isinstance(event, dict):
        return ""
    done, total, share = (_number(event.get(name)) for name in ("done", "total", "progress"))
    if done is not None and total and done <= total:
        return f"{_short(done)}/{_short(total)}"
    return f"{share:.0%}".replace("%", " %") if share is not None and share <= 1 else ""


def _number(value: Any) -> float | None:
    """A number that is not negative."""
    usable = isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
    return value if usable else None


def _short(number: float) -> str:
    return str(number) if isinstance(number, int) and number < 10**9 else f"{number:.4g}"
