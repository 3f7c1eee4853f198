"""Bell, terminal title and desktop notification: what an operator notices who looks elsewhere."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.clipboard import wrapped

if TYPE_CHECKING:
    from mahavishnu_tui.screens.session import Session

BELL_SECONDS = 10.0
"""One bell in so long, however much comes."""
_LONGEST = 120
# They print what they do not know.
_WITHOUT_TITLE = frozenset({"", "dumb", "linux"})

PUSH_TITLE = "\x1b[22;0t"
POP_TITLE = "\x1b[23;0t"
"""xterm's stack of titles; tmux has one of its own per pane."""


@dataclasses.dataclass(frozen=True)
class Needed:
    """What waits for the operator."""

    context: str
    waiting: frozenset[str] = frozenset()
    """Keys of what waits for an answer."""
    wrong: frozenset[str] = frozenset()
    """Keys of what has gone wrong and nobody has seen."""
    lost: bool = False
    """The server does not answer: what is known is old."""
    known: bool = True
    """Not before its server has been heard: another context is opened."""

    def title(self, ascii_only: bool) -> str:
        """`✋2 ✘1 mahavishnu staging`; a context that is called default is not named."""
        asks, fails, old = ("?", "x", "!") if ascii_only else ("✋", "✘", "⚠")
        parts = [
            old if self.lost else "",
            f"{asks}{len(self.waiting)}" if self.waiting else "",
            f"{fails}{len(self.wrong)}" if self.wrong else "",
            "mahavishnu",
            "" if self.context == "default" else self.context,
        ]
        return clean_line(" ".join(filter(None, parts)), _LONGEST)


class Attention:
    """Writes to the terminal only what has changed.

    Args:
        write: to the terminal, past the screen.
        now: the clock.
        environ: tells what terminal it is.
        bell: ring once when something new waits.
        title: keep the title of the terminal.
        desktop: ask the terminal for a notification of the desktop (OSC 9).
    """

    def __init__(
        self,
        write: Callable[[str], None],
        now: Callable[[], float],
        environ: Mapping[str, str],
        *,
        bell: bool,
        title: bool,
        desktop: bool,
    ) -> None:
        self._write = write
        self._now = now
        self._environ = environ
        self._bell = bell
        self._title = title and environ.get("TERM", "") not in _WITHOUT_TITLE
        # GNU screen takes the byte 9C, which these signs hold in UTF-8, for the end of a title, and prints
        # what follows.
        self._plain_title = environ.get("TERM", "").startswith("screen") and not environ.get("TMUX")
        self._desktop = desktop
        self._shown = ""
        self._known: frozenset[str] | None = None
        self._context = ""
        self._called_at = 0.0

    @property
    def titled(self) -> bool:
        """Whether the terminal's own title is to be given back."""
        return bool(self._shown)

    def look(self, needed: Needed, ascii_only: bool) -> None:
        """Call the operator when something new waits, and show how much does."""
        self._call(needed)
        title = needed.title(ascii_only or self._plain_title)
        if self._title and title != self._shown:
            pushed = "" if self._shown else PUSH_TITLE
            self._shown = title
            self._write(f"{pushed}\x1b]2;{title}\x07")

    def _call(self, needed: Needed) -> None:
        if needed.lost or not needed.known:
            return
        now, all_of_it = self._now(), needed.waiting | needed.wrong
        # What was there when the dashboard, or another context, was opened is on the screen, and no news.
        known = all_of_it if self._known is None or needed.context != self._context else self._known
        new = all_of_it - known
        self._known, self._context = all_of_it, needed.context
        if not new or now - self._called_at < BELL_SECONDS:
            return
        self._called_at = now
        if self._bell:
            self._write("\x07")
        if self._desktop:
            said = clean_line(f"mahavishnu {needed.context}: {_words(needed)}", _LONGEST)
            self._write(wrapped(f"\x1b]9;{said}\x07", self._environ))


def needed(session: Session) -> Needed:
    """What a session knows to wait."""
    context, needs, lost = session.options.context, session.mirror.needs, session.link.state == "lost"
    if needs is None:
        asked, known = frozenset(approval.id for approval in session.pending()), bool(session.mirror.epoch)
        return Needed(context, asked, lost=lost, known=known)
    asked = frozenset(key for key, need in needs.items() if need.kind == "approval")
    return Needed(context, asked, frozenset(needs) - asked, lost)


def _words(needed: Needed) -> str:
    asked, wrong = len(needed.waiting), len(needed.wrong)
    parts = [f"{asked} to answer" if asked else "", f"{wrong} gone wrong" if wrong else ""]
    return ", ".join(filter(None, parts))
