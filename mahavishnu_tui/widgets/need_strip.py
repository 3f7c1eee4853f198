"""`NeedStrip`: one row that says what needs the operator, there only while something does."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from rich.segment import Segment
from textual.timer import Timer

from mahavishnu_tui.models.need import Need
from mahavishnu_tui.widgets.need_marks import next_change, sums
from mahavishnu_tui.widgets.tones import OneLine

_KEY = "!"


class NeedStrip(OneLine):
    """Repaints only when what it says has changed; what has no room is counted at its end.

    Args:
        now: the clock.
        ascii_only: use no glyph outside ASCII.
    """

    DEFAULT_CSS = """
    NeedStrip { background: $boost; }
    """

    def __init__(
        self,
        *,
        now: Callable[[], float] = time.time,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.now = now
        self.ascii_only = ascii_only
        self._needs: Sequence[Need] = ()
        self._timer: Timer | None = None
        self._painted = ""

    def show(self, needs: Sequence[Need]) -> None:
        """Say what these are."""
        self._needs = needs
        self._renew()

    def _renew(self) -> None:
        if not self.is_attached:
            return
        said = repr(sums(self._needs, self.now(), self.ascii_only))
        if said != self._painted:
            self._painted = said
            self.refresh()
        if self._timer is not None:
            self._timer.stop()
            self._timer = None
        delay = next_change(self._needs, self.now()) if self.display else None
        if delay is not None:
            self._timer = self.set_timer(max(0.5, delay), self._renew)

    def segments(self) -> list[Segment]:
        """The kinds at the left, the key at the right."""
        parts = sums(self._needs, self.now(), self.ascii_only)
        dot = " - " if self.ascii_only else " · "
        hint = [self.piece(f"  {_KEY}", "accent"), self.piece(" shows them ", "muted")]
        room = self.size.width - Segment.get_line_length(hint)
        left = [Segment(" ")]
        for index, part in enumerate(parts):
            piece = [Segment(dot if index else "", self.tone("muted")), self.piece(part.text, part.tone)]
            rest = len(parts) - index - 1
            more = f"{dot}{rest + 1} more"
            needed = Segment.get_line_length([*left, *piece]) + (len(f"{dot}{rest} more") if rest else 0)
            if needed > room:
                left.append(self.piece(more, "warning"))
                break
            left += piece
        return [*Segment.adjust_line_length(left, max(0, room)), *hint]
