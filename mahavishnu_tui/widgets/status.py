"""States as glyph + word + tone, and times and sizes as short text. Pure: no Textual here.

A *tone* is the name of a colour role; `tones.py` maps it to theme variables. The word is always
shown beside the glyph, so that nothing is said by colour alone.
"""

from __future__ import annotations

import dataclasses
from typing import Final, Literal

Tone = Literal["", "running", "success", "error", "warning", "muted", "accent", "bold"]


@dataclasses.dataclass(frozen=True)
class Mark:
    """How one state looks."""

    glyph: str
    ascii: str
    word: str
    tone: Tone

    def label(self, ascii_only: bool = False) -> str:
        """Glyph and word: `▶ running`."""
        return f"{self.sign(ascii_only)} {self.word}"

    def sign(self, ascii_only: bool = False) -> str:
        """The glyph alone, one cell wide in the ASCII set and one or two otherwise."""
        return self.ascii if ascii_only else self.glyph


RUNNING: Final = Mark("▶", ">", "running", "running")
DONE: Final = Mark("✔", "+", "done", "success")
FAILED: Final = Mark("✘", "x", "failed", "error")
WAITING: Final = Mark("✋", "?", "waiting", "warning")
PAUSED: Final = Mark("⏸", "=", "paused", "warning")
QUEUED: Final = Mark("◌", ".", "queued", "muted")
CANCELLED: Final = Mark("⊘", "-", "cancelled", "muted")
LOST: Final = Mark("⚠", "!", "lost", "error")
RETRIED: Final = Mark("↻", "~", "retried", "warning")
CACHED: Final = Mark("✔", "+", "cached", "success")
UNKNOWN: Final = Mark("·", "'", "unknown", "muted")

_RUNS: Final[dict[str, Mark]] = {
    "queued": QUEUED,
    "running": RUNNING,
    "interrupted": WAITING,
    "paused": PAUSED,
    "success": DONE,
    "error": FAILED,
    "cancelled": CANCELLED,
}
_VISITS: Final[dict[str, Mark]] = {
    "running": RUNNING,
    "success": DONE,
    "error": FAILED,
    "retried": RETRIED,
    "interrupted": WAITING,
    "cancelled": CANCELLED,
    "cached": CACHED,
    "lost": LOST,
}
_APPROVALS: Final[dict[str, Mark]] = {
    "pending": WAITING,
    "answered": Mark("▷", ">", "answered", "accent"),
    "applied": Mark("✔", "+", "applied", "success"),
    "superseded": Mark("⊘", "-", "superseded", "muted"),
}
_HEALTH: Final[dict[str, Mark]] = {
    "starting": Mark("◌", ".", "starting", "muted"),
    "ready": Mark("●", "*", "ready", "success"),
    "healthy": Mark("●", "*", "healthy", "success"),
    "blocked": Mark("⚠", "!", "blocked", "warning"),
    "degraded": Mark("⚠", "!", "degraded", "warning"),
    "draining": Mark("⏸", "=", "draining", "warning"),
    "lost": LOST,
    "failed": FAILED,
    "unhealthy": Mark("✘", "x", "unhealthy", "error"),
    "stopped": Mark("⊘", "-", "stopped", "muted"),
}


def run_mark(status: str) -> Mark:
    """The look of a `RunStatus`; an unknown one is shown as it is named."""
    return _RUNS.get(status) or dataclasses.replace(UNKNOWN, word=status)


def visit_mark(outcome: str) -> Mark:
    """The look of a `VisitOutcome`."""
    return _VISITS.get(outcome) or dataclasses.replace(UNKNOWN, word=outcome)


def approval_mark(status: str) -> Mark:
    """The look of an `ApprovalStatus`."""
    return _APPROVALS.get(status) or dataclasses.replace(UNKNOWN, word=status)


def health_mark(state: str) -> Mark:
    """The look of a `HostState`, a pool's status or the server's state."""
    return _HEALTH.get(state) or dataclasses.replace(UNKNOWN, word=state)


def age(seconds: float) -> str:
    """How long ago or for how long, in one step: `12s`, `4m`, `2h`, `3d`; never negative."""
    whole = _whole(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m"
    if whole < 48 * 3600:
        return f"{whole // 3600}h"
    return f"{whole // 86400}d"


def duration(seconds: float) -> str:
    """How long something took that has ended: `40ms`, `2.1s`, `42s`, `4m12s`, `2h05m`, `3d04h`."""
    if not seconds > 0:
        return "0ms"
    if seconds < 0.9995:
        return f"{max(1, round(seconds * 1000))}ms"
    if seconds < 9.95:
        return f"{seconds:.1f}s"
    whole = round(min(seconds, 1e12))
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02d}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02d}h"


def next_step(seconds: float) -> float:
    """Seconds until `age(seconds)` reads differently: what a timer has to wait, and no less."""
    if not seconds > 0:
        return 1.0
    unit = 1 if seconds < 60 else 60 if seconds < 3600 else 3600 if seconds < 48 * 3600 else 86400
    return max(0.05, unit - seconds % unit)


def _whole(seconds: float) -> int:
    """Whole seconds, zero for what is negative or not a number, bounded for what is infinite."""
    return int(min(seconds, 1e12)) if seconds > 0 else 0
