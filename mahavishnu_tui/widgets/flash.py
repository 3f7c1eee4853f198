"""`Flash`: one row for one message at a time, gone after six seconds."""

from __future__ import annotations

from typing import Final, Literal

from rich.cells import cell_len, set_cell_size
from rich.segment import Segment
from textual.timer import Timer

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.widgets.clipping import clip
from mahavishnu_tui.widgets.status import Tone
from mahavishnu_tui.widgets.tones import OneLine

FLASH_SECONDS: Final = 6.0
MORE: Final = "… :errors"
"""At the end of an error that is longer than the row: where the rest is."""
Severity = Literal["info", "success", "warning", "error"]
_LOOKS: Final[dict[Severity, tuple[str, str, Tone]]] = {
    "info": ("·", "-", ""),
    "success": ("✔", "+", "success"),
    "warning": ("⚠", "!", "warning"),
    "error": ("✘", "x", "error"),
}


class Flash(OneLine):
    """The message row. Between messages it shows the `rest` text: counts, filter, sort."""

    def __init__(
        self,
        *,
        ascii_only: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.ascii_only = ascii_only
        self.message = ""
        self.severity: Severity = "info"
        self._rest = ""
        self._timer: Timer | None = None

    def flash(self, text: str, severity: Severity = "info", seconds: float = FLASH_SECONDS) -> None:
        """Show a message for some seconds; a later one takes its place at once."""
        self.message, self.severity = text, severity
        self._stop()
        if self.is_attached:
            self._timer = self.set_timer(seconds, self.dismiss)
        self.refresh()

    def set_rest(self, text: str) -> None:
        """What the row says between messages."""
        if text != self._rest:
            self._rest = text
            if not self.message:
                self.refresh()

    def dismiss(self) -> None:
        """Take the message away now."""
        self._stop()
        if self.message:
            self.message = ""
            self.refresh()

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    @property
    def _ellipsis(self) -> str:
        return "..." if self.ascii_only else "…"

    def segments(self) -> list[Segment]:
        """The message with its sign, or the rest."""
        if not self.message:
            return [
                self.piece(
                    clip(f" {self._rest}", self.size.width - len(self._ellipsis), self._ellipsis), "muted"
                )
            ]
        sign, plain, tone = _LOOKS[self.severity]
        text = f" {plain if self.ascii_only else sign} {clean_line(self.message)}"
        more = MORE.replace("…", self._ellipsis) if self.severity == "error" else self._ellipsis
        if cell_len(text) > self.size.width:
            text = set_cell_size(text, self.size.width - cell_len(more) - 1).rstrip() + more
        return [self.piece(text, tone)]
