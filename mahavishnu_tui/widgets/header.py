"""`Header`: one row that says where one is, how the engines are and what needs attention."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable

from rich.segment import Segment
from textual.timer import Timer

from mahavishnu_tui.widgets.status import FAILED, QUEUED, RUNNING, WAITING, Mark, age, health_mark, next_step
from mahavishnu_tui.widgets.tones import OneLine


@dataclasses.dataclass(frozen=True)
class EngineState:
    """One engine in the header."""

    name: str
    state: str
    """A `HostState`, or `healthy`, `degraded`, `unhealthy`."""
    seen_at: float | None = None
    """When it was last heard; its age is shown from two seconds on."""


@dataclasses.dataclass(frozen=True)
class HeaderState:
    """All that the header shows. Counts of 0 are left out."""

    context: str = ""
    engines: tuple[EngineState, ...] = ()
    running: int = 0
    failed: int = 0
    queued: int = 0
    waiting: int = 0
    stale_since: float | None = None
    """When the server was last heard, while it is not; None when all is well."""
    retry: int = 0
    """How often reaching it was tried since."""
    notice: str = ""
    """`connecting …`, `starting the server…`, in place of the engines."""
    readonly: bool = False
    production: bool = False


class Header(OneLine):
    """The top row. Repaints only when something that is seen changed, and ticks only while stale.

    Args:
        now: the clock, seconds since the epoch.
        ascii_only: use no glyph outside ASCII.
    """

    DEFAULT_CSS = """
    Header { background: $panel; dock: top; }
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.now = now
        self.ascii_only = ascii_only
        self.state = HeaderState()
        self._timer: Timer | None = None
        self._painted = ""

    def show(self, state: HeaderState) -> None:
        """Show another state."""
        self.state = state
        self._update()

    def on_mount(self) -> None:
        """Start the clock where it is needed."""
        self._update()

    def _update(self) -> None:
        if not self.is_attached:
            return
        text = repr(self.segments())
        if text != self._painted:
            self._painted = text
            self.refresh()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        moments = [engine.seen_at for engine in self.state.engines if self._is_old(engine)]
        moments.append(self.state.stale_since)
        waits = [next_step(self.now() - moment) for moment in moments if moment is not None]
        if waits:
            self._timer = self.set_timer(min(waits), self._update)

    def segments(self) -> list[Segment]:
        """Left: name, context, engines. Right: counts, which are never cut off by the left."""
        right = self._counts()
        left = [self.piece(" mahavishnu", "bold")]
        if self.state.production:
            left.append(self.piece("  PROD", "error"))
        if self.state.context:
            left.append(self.piece(f"  {self.state.context}", "warning" if self.state.production else ""))
        if self.state.readonly:
            left.append(self.piece("  read-only", "warning"))
        left += self._health()
        room = self.size.width - Segment.get_line_length(right)
        return [*Segment.adjust_line_length(left, max(0, room)), *right]

    def _is_old(self, engine: EngineState) -> bool:
        return engine.seen_at is not None and self.now() - engine.seen_at >= 2

    def _health(self) -> list[Segment]:
        state = self.state
        if state.stale_since is not None:
            text = f"   STALE {age(self.now() - state.stale_since)}"
            if state.retry:
                text += f" {'-' if self.ascii_only else '·'} retry {state.retry}"
            parts = [self.piece(text, "warning")]
            if state.notice:
                parts.append(self.piece(f"  {state.notice}", "warning"))
            return parts
        if state.notice:
            return [self.piece(f"   {state.notice}", "accent")]
        parts = []
        for engine in state.engines:
            mark = health_mark(engine.state)
            parts.append(self.piece(f"   {engine.name} "))
            parts.append(self.piece(mark.sign(self.ascii_only), mark.tone))
            if mark.tone not in ("success", ""):
                parts.append(self.piece(f" {mark.word}", mark.tone))
            if engine.seen_at is not None and self._is_old(engine):
                parts.append(self.piece(f" {age(self.now() - engine.seen_at)}", "muted"))
        return parts

    def _counts(self) -> list[Segment]:
        state = self.state
        shown: list[tuple[Mark, str]] = []
        for mark, count in ((RUNNING, state.running), (FAILED, state.failed), (QUEUED, state.queued)):
            if count:
                shown.append((mark, f"{count:,}" if self.size.width < 100 else f"{count:,} {mark.word}"))
        if state.waiting:
            shown.append((WAITING, f"{state.waiting:,} {'needs' if state.waiting == 1 else 'need'} you"))
        return [self.piece(f"  {mark.sign(self.ascii_only)} {text}", mark.tone) for mark, text in shown] + [
            Segment(" ")
        ]
