"""`Header`: one row that says where one is, how the engines are and what needs attention."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Final

from rich.cells import cell_len
from rich.segment import Segment
from textual.timer import Timer

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.status import FAILED, QUEUED, RUNNING, WAITING, Mark, age, health_mark, next_step
from mahavishnu_tui.widgets.tones import OneLine


@dataclasses.dataclass(frozen=True)
class EngineState:
    """One engine in the header."""

    name: str
    state: str
    """A `HostState`, or `healthy`, `degraded`, `unhealthy`."""
    seen_at: float | None = None
    """When it was last heard; its age is shown once that is longer ago than `fresh_for`."""
    fresh_for: float = 2.0
    fresh: str = ""
    """What is said instead until then: `live`, `≤15s`. It stands still."""
    since: float | None = None
    """When `starting` began: counted while it lasts."""


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
    trouble: str = ""
    """What is wrong with the server, beside the engines as far as there is room."""
    readonly: bool = False
    """Nothing can be changed from here."""
    crumbs: tuple[str, ...] = ()
    """The way to the screen that is shown, from the dashboard on; empty on the dashboard itself."""
    times: str = ""
    """The form of times, where it is not the usual one."""
    production: bool = False
    locked: bool = False
    """A production context in which nothing can be changed until it is unlocked."""
    colour: str = ""
    """Of the context's name; production without one is red."""
    more_failed: bool = False
    """`failed` is counted of the newest runs alone: there may be more."""


NAME: Final = " mahavishnu"
LEAST_WAY: Final = 18
"""Cells below which the end of the way says too little."""


class Header(OneLine):
    """The top row. Repaints only when something that is seen changed, and ticks only while stale.

    Args:
        now: the clock, seconds since the epoch.
        ascii_only: use no glyph outside ASCII.
        renew: asked for the state when an age may have changed: engines are heard without being news.
    """

    DEFAULT_CSS = """
    Header {
        background: $panel; dock: top;
        &> .context--red { background: #a3262a; color: #ffffff; text-style: bold; }
        &> .context--yellow { background: #f2c12e; color: #000000; text-style: bold; }
        &> .context--green { background: #1d7a3a; color: #ffffff; text-style: bold; }
        &> .context--cyan { background: #0a7080; color: #ffffff; text-style: bold; }
        &> .context--blue { background: #1f5fbf; color: #ffffff; text-style: bold; }
        &> .context--magenta { background: #8f2d8f; color: #ffffff; text-style: bold; }
        &:ansi > .context--red { background: ansi_red; color: ansi_bright_white; }
        &:ansi > .context--yellow { background: ansi_yellow; color: ansi_black; }
        &:ansi > .context--green { background: ansi_green; color: ansi_black; }
        &:ansi > .context--cyan { background: ansi_cyan; color: ansi_black; }
        &:ansi > .context--blue { background: ansi_blue; color: ansi_bright_white; }
        &:ansi > .context--magenta { background: ansi_magenta; color: ansi_bright_white; }
    }
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        ascii_only: bool = False,
        renew: Callable[[], HeaderState] | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.now = now
        self.ascii_only = ascii_only
        self.state = HeaderState()
        self._renew = renew
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
        waits = [self._until_step(engine) for engine in self.state.engines]
        if self.state.stale_since is not None:
            waits.append(next_step(self.now() - self.state.stale_since))
        delay = min((wait for wait in waits if wait is not None), default=None)
        if delay is not None:
            self._timer = self.set_timer(delay, self._stepped)

    def _stepped(self) -> None:
        if self._renew is not None:
            self.state = self._renew()
        self._update()

    def _until_step(self, engine: EngineState) -> float | None:
        """Seconds until an engine may have to be shown differently."""
        if engine.since is not None:
            return next_step(self.now() - engine.since)
        if engine.seen_at is None:
            return None
        age = self.now() - engine.seen_at
        return next_step(age) if self._is_old(engine) else max(0.5, engine.fresh_for - age)

    def segments(self) -> list[Segment]:
        """Left: name, context, engines. Right: counts, which are never cut off by the left."""
        right = self._counts()
        left = self._place()
        if self.state.times:
            word = "times " if self.size.width >= 100 else ""
            left.append(self.piece(f"  {word}{self.state.times}", "muted"))
        room = self.size.width - Segment.get_line_length(right)
        left += self._health(room - len(NAME) - Segment.get_line_length(left))
        left.insert(0, self._way(room - Segment.get_line_length(left)))
        if Segment.get_line_length(left) > room and (self.state.production or self.state.colour):
            del left[0]  # engines say more than the product's name
        if Segment.get_line_length(left) > room > 0:  # said to be cut: half a name is no state
            left = [
                *Segment.adjust_line_length(left, room - 1),
                self.piece("." if self.ascii_only else "…", "muted"),
            ]
        return [*Segment.adjust_line_length(left, max(0, room)), *right]

    def _way(self, room: int) -> Segment:
        """Where one is, its end where there is no room for all; the product's name where there is none."""
        crumbs, ellipsis = list(self.state.crumbs), "~" if self.ascii_only else "…"
        if not crumbs or room < LEAST_WAY:
            return self.piece(NAME, "bold")
        way = clean_line(" > ".join(crumbs))
        while cell_len(way) > room - 2 and len(crumbs) > 1:  # a blank before it and after it
            del crumbs[0]
            way = clean_line(" > ".join([ellipsis, *crumbs]))
        if cell_len(way) > room - 2:
            while cell_len(way) > room - 3:
                way = way[1:]
            way = f"{ellipsis}{way}"
        return self.piece(f" {way}", "bold")

    def _place(self) -> list[Segment]:
        """The name in its colour, PROD in words, and whether anything can be changed from here."""
        state = self.state
        name = f"PROD {state.context}" if state.production else state.context
        colour = state.colour or ("red" if state.production else "")
        parts = []
        if colour:
            parts += [self.piece("  "), self.piece(f" {name} ", f"context--{colour}")]
        elif name:
            parts.append(self.piece(f"  {name}"))
        if state.readonly:
            parts.append(self.piece("  read-only", "warning"))
        elif state.production:
            parts.append(self.piece("  locked" if state.locked else "  UNLOCKED", "warning"))
        return parts

    def _is_old(self, engine: EngineState) -> bool:
        return engine.seen_at is not None and self.now() - engine.seen_at >= engine.fresh_for

    def _health(self, room: int) -> list[Segment]:
        state = self.state
        if state.stale_since is not None:
            text = f"   STALE {age(self.now() - state.stale_since)}"
            retry = f" {'-' if self.ascii_only else '·'} retry {state.retry}" if state.retry else ""
            notice = f"  {state.notice}" if state.notice else ""
            whole = f"{text}{retry}{notice}"
            return [self.piece(whole if cell_len(whole) <= room else f"{text}{notice}", "warning")]
        if state.notice:
            return [self.piece(f"   {state.notice}", "accent")]
        parts = self._engine_parts()
        if not state.trouble:
            return parts
        trouble = self.piece(f"   {state.trouble}", "warning")
        if Segment.get_line_length([*parts, trouble]) <= room:
            return [*parts, trouble]
        code, _, rest = state.trouble.partition(" ")
        if code.startswith("MHV-") and rest:  # all of it was flashed, and is in :errors
            told = self.piece(f"  {code}", "warning")
            fits = Segment.get_line_length([*parts, told]) <= room
            return [*parts, told if fits else self.piece(" !" if self.ascii_only else " ⚠", "warning")]
        return [trouble]

    def _engine_parts(self) -> list[Segment]:
        parts = []
        for engine in self.state.engines:
            mark = health_mark(engine.state)
            parts.append(self.piece(f"   {engine.name} "))
            parts.append(self.piece(mark.sign(self.ascii_only), mark.tone))
            if mark.tone not in ("success", ""):
                word = "STALE" if engine.state == "lost" and engine.seen_at is not None else mark.word
                parts.append(self.piece(f" {word}", mark.tone))
            said = self._age(engine)
            if said:
                parts.append(self.piece(f" {said}", "muted"))
        return parts

    def _age(self, engine: EngineState) -> str:
        if engine.since is not None:
            return f"{age(self.now() - engine.since)}{'...' if self.ascii_only else '…'}"
        if engine.seen_at is None:
            return ""
        if engine.state == "lost" or self._is_old(engine):
            return age(self.now() - engine.seen_at)
        return engine.fresh.replace("≤", "<=") if self.ascii_only else engine.fresh

    def _counts(self) -> list[Segment]:
        state = self.state
        shown: list[tuple[Mark, str]] = []
        counts = ((RUNNING, state.running, ""), (FAILED, state.failed, "+" if state.more_failed else ""))
        for mark, count, more in (*counts, (QUEUED, state.queued, "")):
            if count:
                word = "" if self.size.width < 100 else f" {mark.word}"
                shown.append((mark, f"{count:,}{more}{word}"))
        if state.waiting:
            shown.append((WAITING, f"{state.waiting:,} {'needs' if state.waiting == 1 else 'need'} you"))
        return [self.piece(f"  {mark.sign(self.ascii_only)} {text}", mark.tone) for mark, text in shown] + [
            Segment(" ")
        ]
