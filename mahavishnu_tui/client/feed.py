"""The change stream that never ends: connects, resumes after a break, and says how it stands."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import math
import random
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol

from mahavishnu_tui.client.mirror import Change, Mirror
from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

if TYPE_CHECKING:
    from collections.abc import Iterable

FIRST_DELAY = 0.2
LONGEST_DELAY = 5.0
LONGEST_START_DELAY = 60.0
"""Seconds between attempts to start a server that keeps failing to start."""
STOPPED_DELAY = 10.0
"""Seconds before a server is started that was stopped in order: whoever stopped it may be about to."""
STEADY = 1.0
"""Seconds a connection must have lasted for the next attempt to be the first again."""

Starter = Callable[[], Awaitable[object]]
FeedState = Literal["connecting", "live", "lost"]
"""`connecting`: never connected so far. `lost`: what the mirror holds is as of `Feed.heard_at`."""


@dataclasses.dataclass(frozen=True)
class Update:
    """How the connection stands, and what changed in the mirror since the last update."""

    state: FeedState
    changes: frozenset[Change] = frozenset()
    error: MahavishnuError | None = None
    """Why it is not live."""
    attempt: int = 0
    """Failed attempts in a row."""
    retry_in: float = 0.0
    """Seconds until the next attempt."""
    starting: bool = False
    """A server is being started now."""


class Streamer(Protocol):
    """The part of `ServerClient` that a feed needs."""

    def stream_chunks(self, after: int, epoch: str) -> AsyncIterator[list[dict[str, Any]]]:
        """The change stream; the first list is empty."""
        ...


class Feed:
    """Applies the server's stream to a mirror, for ever. Iterating it never raises.

    Args:
        client: where the stream comes from.
        mirror: what it is applied to, between two updates.
        start_server: called when nobody answers; raises MahavishnuError when it cannot help.
    """

    def __init__(
        self,
        client: Streamer,
        mirror: Mirror,
        *,
        start_server: Starter | None = None,
    ) -> None:
        self.heard_at: float | None = None
        """`time.time()` of the last sign of life, beats included; None before the first."""
        self._client = client
        self._mirror = mirror
        self._start_server = start_server
        self._retry = asyncio.Event()
        self._failed_starts = 0
        self._start_after = 0.0

    def retry_now(self) -> None:
        """Cut the present wait short, and start a server if there is none."""
        self._start_after = 0.0
        self._retry.set()

    def __aiter__(self) -> AsyncGenerator[Update, None]:
        return self._updates()

    async def _updates(self) -> AsyncGenerator[Update, None]:
        state: FeedState = "lost" if self._mirror.epoch else "connecting"
        attempt = 0
        yield Update(state)
        while True:
            error: MahavishnuError | None = None
            live_since = math.inf
            try:
                # Closed at once, not when the garbage collector gets to it.
                async with contextlib.aclosing(self._session()) as session:
                    async for changes in session:
                        state, live_since = "live", min(live_since, time.monotonic())
                        yield Update(state, changes)
            except MahavishnuError as problem:
                error = problem
            except (KeyError, TypeError, ValueError) as problem:
                error = _misunderstood(problem)
            if state == "live":
                state = "lost"
                self._respect_stop()
            attempt = 1 if time.monotonic() - live_since >= STEADY else attempt + 1
            error = error or MahavishnuError(
                ErrorCode.SERVER_UNREACHABLE, "The server closed the connection.", ""
            )
            starter = self._starter(error)
            if starter is not None:
                yield Update(state, error=error, attempt=attempt, starting=True)
                error = await self._start(starter) or error
                if self._failed_starts == 0 and attempt == 1:
                    continue
            delay = backoff(attempt)
            yield Update(state, error=error, attempt=attempt, retry_in=delay)
            await self._wait(delay)

    async def _session(self) -> AsyncGenerator[frozenset[Change], None]:
        """One connection: what changed, chunk by chunk; beats alone are not worth a word."""
        stream: Any = self._client.stream_chunks(self._mirror.seq, self._mirror.epoch)
        told = False
        async with contextlib.aclosing(stream):
            async for lines in stream:
                self.heard_at = time.time()
                changes = self._apply(lines)
                # With data in the mirror, being accepted is news; without, the snapshot is.
                if changes or (not told and self._mirror.epoch):
                    told = True
                    yield changes

    def _apply(self, lines: Iterable[dict[str, Any]]) -> frozenset[Change]:
        changes: set[Change] = set()
        for line in lines:
            changes |= self._mirror.apply(line)
        return frozenset(changes)

    def _starter(self, error: MahavishnuError) -> Starter | None:
        """What starts a server, if nobody is there and it is time for it."""
        absent = error.code is ErrorCode.SERVER_UNREACHABLE
        return self._start_server if absent and time.monotonic() >= self._start_after else None

    def _respect_stop(self) -> None:
        """Leave some time to who stopped the server in order."""
        server = self._mirror.server
        if server is not None and server.state == "draining":
            self._start_after = time.monotonic() + STOPPED_DELAY

    async def _start(self, starter: Starter) -> MahavishnuError | None:
        """Start a server; why it failed, or None."""
        try:
            await starter()
        except MahavishnuError as error:
            self._failed_starts += 1
            pause = min(LONGEST_START_DELAY, 2.0**self._failed_starts)
            self._start_after = time.monotonic() + pause
            return error
        self._failed_starts = 0
        return None

    async def _wait(self, delay: float) -> None:
        self._retry.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._retry.wait(), delay)


def backoff(attempt: int) -> float:
    """Seconds before attempt `attempt` + 1: doubling from 0.2 to 5, with jitter down to half."""
    longest = min(LONGEST_DELAY, FIRST_DELAY * 2.0 ** min(attempt - 1, 16))
    # It spreads load and guards nothing.
    return longest * random.uniform(0.5, 1.0)  # noqa: S311 # nosec B311


def _misunderstood(problem: Exception) -> MahavishnuError:
    return MahavishnuError(
        ErrorCode.INTERNAL,
        f"The server sent a line that cannot be understood ({type(problem).__name__}: {problem}).",
        "Server and dashboard may be of different versions: `mahavishnu server stop`, then open it again.",
    )
