"""Writing what must be written, however long the disk says no."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import TypeVar

from mahavishnu_tui.models import ErrorCode, MahavishnuError

log = logging.getLogger(__name__)

T = TypeVar("T")
OnFault = Callable[[MahavishnuError | None], None]

STORAGE = frozenset({ErrorCode.DISK_FULL, ErrorCode.DATABASE_LOCKED, ErrorCode.DATABASE_CORRUPT})
_FIRST_WAIT = 0.1
_LONGEST_WAIT = 5.0


def is_disk_fault(error: Exception) -> bool:
    """Whether the disk or the file is at fault, so that the same write may succeed later."""
    return isinstance(error, MahavishnuError) and error.code in STORAGE


async def insist(write: Callable[[], Awaitable[T]], on_fault: OnFault) -> T:
    """Do a write, again and again while the disk or the file is at fault; other errors are raised.

    Args:
        write: makes a new attempt.
        on_fault: told the fault at each failure, and None once it is over.
    """
    wait = _FIRST_WAIT
    while True:
        try:
            result = await write()
        except MahavishnuError as fault:
            if not is_disk_fault(fault):
                raise
            if wait == _FIRST_WAIT:
                log.warning("writes wait for the disk: %s", fault)
            on_fault(fault)
            await asyncio.sleep(wait)
            wait = min(wait * 2, _LONGEST_WAIT)
        else:
            if wait > _FIRST_WAIT:
                on_fault(None)
                log.info("the disk takes writes again")
            return result
