"""The wait between two looks at another server."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable

_LOOK_SECONDS = 1.0
"""Between two looks at how long the wait is to be: it becomes shorter once somebody looks."""


async def rest(wake: asyncio.Event, pause: Callable[[], float], began: float) -> None:
    """Wait until something wakes, or for `pause` seconds, which is asked again and again, from `began` on."""
    while not wake.is_set():
        left = began + pause() - time.monotonic()
        if left <= 0:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(min(left, _LOOK_SECONDS)):
                await wake.wait()
