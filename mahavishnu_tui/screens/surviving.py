"""What fails because the program was changed on disk beneath the dashboard ends neither that nor its screens.

Screens are imported, and their styles read, when they are first opened. After an upgrade those are of another
version than what runs, and may fail in any way. Importing all of them ahead would take 14 MiB, and would
leave the styles and the libraries.
"""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from textual import events
from textual._context import active_message_pump
from textual.app import App
from textual.dom import DOMNode, NoScreen
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import Screen

from mahavishnu_tui.models.errors import ErrorCode, MahavishnuError

if TYPE_CHECKING:
    from mahavishnu_tui.screens.session import Session

PACKAGE = Path(__file__).parent.parent
MOST = 20
"""Failures on the dashboard itself that are only said: one that comes with each frame must have an end."""


class Surviving(MessagePump):
    """A part of the dashboard whose messages may lead to what was not imported yet."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            # Of what was not even built nothing stays: `Outliving` closes it.
            if isinstance(message, (events.Compose, events.Mount)) or not survived(self.app, error):
                raise


class Outliving(Surviving, App[None]):
    """An app that outlives an upgrade of its program, until somebody starts it again."""

    session: Session
    began: float
    """When this program was started, in seconds since the epoch."""
    _failed = 0

    def say(self, text: str, severity: str = "info") -> None:
        """Put a message on the topmost screen that has a row for it."""
        raise NotImplementedError

    def survives(self, error: BaseException) -> bool:
        """Whether the program was changed beneath this one: then that is said, and this is its failure."""
        if not changed_since(self.began):
            return False
        detail = "".join(traceback.format_exception(error))
        self.say(str(self.session.record(changed_beneath(detail))), "error")
        return True

    def _handle_exception(self, error: Exception) -> None:
        """A part has stopped, or could not be built: its screen is closed, unless it is the dashboard."""
        if not changed_since(self.began) or not self._goes_on_without(_screen_at_work()):
            super()._handle_exception(error)
        else:
            self.survives(error)

    def _goes_on_without(self, screen: Screen[object] | None) -> bool:
        if screen is None or screen not in self.screen_stack[1:]:
            self._failed += 1
            return self._failed <= MOST
        while screen in self.screen_stack:
            self.pop_screen()
        return True


def survived(app: App[object], error: BaseException) -> bool:
    """Whether an app has outlived a failure, and said it."""
    return isinstance(app, Outliving) and app.survives(error)


def changed_since(moment: float) -> bool:
    """Whether a file of the program was written, replaced or taken away after that moment.

    Args:
        moment: seconds since the epoch.
    """
    loaded = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    ours = {Path(name) for name in loaded if name and Path(name).is_relative_to(PACKAGE)}
    ours |= {path for kind in ("*.py", "*.tcss") for path in PACKAGE.rglob(kind)}
    try:
        # An installer may keep the time of writing of what it unpacks, but not that of the entry.
        return any(path.stat().st_ctime > moment for path in ours)
    except OSError:
        return True


def changed_beneath(detail: str = "") -> MahavishnuError:
    """The program on disk is no longer the one that runs."""
    return MahavishnuError(
        ErrorCode.PROGRAM_CHANGED,
        "The program on disk has changed.",
        "Quit and start it again.",
        detail=detail,
    )


def _screen_at_work() -> Screen[object] | None:
    """The screen of the part that is at work now; None where it is the app, or on none."""
    node = active_message_pump.get(None)
    try:
        return node.screen if isinstance(node, DOMNode) and not isinstance(node, App) else None
    except NoScreen:
        return None
