"""Sizes in words, and when the room that a thread takes deserves a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mahavishnu_tui.models.checkpoint import ThreadSize

FORESEEN = 1000
"""Steps for which a growing thread's size is foretold."""
_EARLY = 10
"""Checkpoints from which growth says something."""


def size_text(count: float) -> str:
    """Bytes in binary steps: `312 B`, `3.1 KB`, `46 MB`; never negative."""
    value = float(max(0, count))
    for unit in ("B", "KB", "MB", "GB"):
        if value < 1000:
            return f"{value:.0f} {unit}" if unit == "B" or value >= 9.95 else f"{value:.1f} {unit}"
        value /= 1024
    return f"{value:.1f} TB"


def advice(warning: str) -> str:
    """What a `size_warning` says beyond the numbers that stand beside it."""
    return warning.partition(": ")[2]


def size_warning(size: ThreadSize, warn_bytes: int) -> str:
    """One sentence; empty as long as a thread is small and will stay so.

    Every checkpoint holds the whole state: a state that grows with each step makes its thread grow with the
    square of the steps.

    Args:
        size: the thread.
        warn_bytes: from here on it counts as large; 0: never.
    """
    if not warn_bytes:
        return ""
    if size.bytes >= warn_bytes:
        room = f"{size_text(size.bytes)} in {size.checkpoints:,} checkpoints"
        return f"{room}: prune it, or keep less in the state."
    later = size.bytes + FORESEEN * size.latest + size.growth * FORESEEN * FORESEEN // 2
    grows = size.checkpoints >= _EARLY and size.growth * size.checkpoints > size.latest // 2
    if grows and size.bytes * 20 >= warn_bytes and later >= 10 * warn_bytes:
        return (
            f"each step adds {size_text(size.growth)} to the state, and each checkpoint stores all of it:"
            f" {FORESEEN:,} more steps would take {size_text(later)}."
        )
    return ""
