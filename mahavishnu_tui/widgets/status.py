"""States as glyph + word + tone, and times and sizes as short text. Pure: no Textual here.

A *tone* is the name of a colour role; `tones.py` maps it to theme variables. The word is always
shown beside the glyph, so that nothing is said by colour alone.
"""

from __future__ import annotations

import dataclasses
from typing import Final, Literal

from mahavishnu_tui.models.spans import age as age
from mahavishnu_tui.models.spans import duration as duration
from mahavishnu_tui.models.spans import next_step as next_step
from mahavishnu_tui.models.spans import whole_seconds
from mahavishnu_tui.models.text import clean_line

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
SCHEDULED: Final = Mark("◷", "@", "scheduled", "muted")
QUEUED: Final = Mark("◌", ".", "queued", "muted")
CANCELLED: Final = Mark("⊘", "-", "cancelled", "muted")
WITHDRAWN: Final = dataclasses.replace(CANCELLED, word="withdrawn")
LOST: Final = Mark("⚠", "!", "lost", "error")
RETRIED: Final = Mark("↻", "~", "retried", "warning")
CACHED: Final = Mark("✔", "+", "cached", "success")
UNKNOWN: Final = Mark("·", "'", "unknown", "muted")

_RUNS: Final[dict[str, Mark]] = {
    "scheduled": SCHEDULED,
    "queued": QUEUED,
    "running": RUNNING,
    "interrupted": WAITING,
    "paused": PAUSED,
    "success": DONE,
    "error": FAILED,
    "cancelled": CANCELLED,
}
_STATES: Final[dict[str, Mark]] = {
    "Late": Mark("⚠", "!", "late", "warning"),
    "AwaitingRetry": Mark("↻", "~", "will retry", "warning"),
    "AwaitingConcurrencySlot": Mark("◌", ".", "awaits slot", "muted"),
    "Retrying": Mark("▶", ">", "retrying", "running"),
    "Cancelling": Mark("⊘", "-", "cancelling", "warning"),
    "Suspended": Mark("⏸", "=", "suspended", "warning"),
    "Crashed": Mark("✘", "x", "crashed", "error"),
    "TimedOut": Mark("✘", "x", "timed out", "error"),
    "Pending": Mark("◌", ".", "pending", "muted"),
    "Submitting": Mark("◌", ".", "submitting", "muted"),
    "Resuming": Mark("◌", ".", "resuming", "muted"),
}
"""States of Prefect that say more than the status."""
_PLAIN: Final = frozenset({"Scheduled", "Running", "Completed", "Failed", "Cancelled", "Paused"})
"""States of Prefect that say no more than the status."""
_VISITS: Final[dict[str, Mark]] = {
    "running": RUNNING,
    "success": DONE,
    "error": FAILED,
    "retried": RETRIED,
    "interrupted": WAITING,
    "asked": dataclasses.replace(WAITING, word="asked", tone="muted"),
    "withdrawn": WITHDRAWN,
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
    "off": Mark("○", "o", "off", "muted"),
}


def run_mark(status: str, state: str = "") -> Mark:
    """The look of a `RunStatus`, in the word of its engine's own `state` where that says more."""
    return _named(_RUNS.get(status) or dataclasses.replace(UNKNOWN, word=status), state)


def visit_mark(outcome: str, state: str = "") -> Mark:
    """The look of a `VisitOutcome`, like `run_mark`; `asked`: an `interrupted` one whose answer has come."""
    return _named(_VISITS.get(outcome) or dataclasses.replace(UNKNOWN, word=outcome), state)


def _named(mark: Mark, state: str) -> Mark:
    if mark.word == "waiting" or not state or state in _PLAIN:
        return mark
    # Flows may name their states as they like.
    return _STATES.get(state) or dataclasses.replace(mark, word=clean_line(state, 24))


def approval_mark(status: str) -> Mark:
    """The look of an `ApprovalStatus`."""
    return _APPROVALS.get(status) or dataclasses.replace(UNKNOWN, word=status)


def health_mark(state: str) -> Mark:
    """The look of a `HostState`, a pool's status or the server's state."""
    return _HEALTH.get(state) or dataclasses.replace(UNKNOWN, word=state)


def until(seconds: float) -> str:
    """How long until something: `in <1m`, `in 4m`, `in 5h20m`, `in 3d`; `now` when it is due.

    It never counts seconds: nothing runs yet.
    """
    whole = whole_seconds(seconds)
    if whole < 1:
        return "now"
    if whole < 60:
        return "in <1m"
    if 3600 <= whole < 48 * 3600 and whole % 3600 >= 60:
        return f"in {whole // 3600}h{whole % 3600 // 60:02d}m"
    return f"in {age(whole)}"


def until_step(seconds: float) -> float:
    """Seconds until `until(seconds)` reads differently."""
    if seconds <= 60:
        return max(1.0, seconds)
    unit = 60 if seconds < 48 * 3600 else 3600
    return seconds % unit + 0.1
