"""`PaneScreen`: the schedules or the pools over another screen, to which `esc` goes back."""

from __future__ import annotations

from typing import Any

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.screens.panes.asked import AskedPane
from mahavishnu_tui.screens.panes.checkpoints import CheckpointsPane
from mahavishnu_tui.screens.panes.pane import Pane
from mahavishnu_tui.screens.prompting import Prompting
from mahavishnu_tui.screens.session import ALL, Link, Session
from mahavishnu_tui.widgets.table import VirtualTable


class PaneScreen(Prompting):
    """One pane alone. Going to the dashboard's own would leave the screens between.

    Args:
        session: the session.
        pane: what is shown.
        wanted: the key of the row on which the cursor is to be, once it is there.
    """

    CSS_PATH = "document.tcss"

    def __init__(self, session: Session, pane: AskedPane[Any], wanted: str = "") -> None:
        super().__init__(session)
        self._pane = pane
        self._wanted = wanted

    def compose_body(self) -> ComposeResult:
        """A title and the pane."""
        yield Static(id="document-title", markup=False)
        yield self._pane

    def on_mount(self) -> None:
        """Ask for what it shows."""
        super().on_mount()
        self.show_titles()
        self._pane.target.focus()
        self._pane.note(ALL, seen=True)

    def crumb(self) -> str:
        """What is shown."""
        return self._pane.PANE

    @property
    def active_pane(self) -> Pane:
        """The only one."""
        return self._pane

    # -- what is known

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Hand them to the pane."""
        self._pane.note(changes, seen=True)

    def note_link(self, link: Link) -> None:
        """Dimmed while the server is away; asked for again when it is back."""
        self._pane.note(ALL, seen=True)

    def catch_up(self) -> None:
        """Ages too are those of now."""
        super().catch_up()
        self._pane.invalidate()

    def on_screen_resume(self) -> None:
        """Something may have been done to it from another screen."""
        super().on_screen_resume()
        if self.is_mounted:
            self._pane.invalidate()

    @on(Pane.Counted)
    def show_titles(self) -> None:
        """The counts; the row that is looked for may have come."""
        if self._wanted and self._pane.table.move_to(self._wanted):
            self._wanted = ""
        self.query_one("#document-title", Static).update(self._pane.rest() or self._pane.TITLE.lower())
        self.renew_hints()
        self.renew_aside()

    @on(VirtualTable.CursorMoved)
    def _moved(self) -> None:
        self.renew_hints()

    @on(VirtualTable.Activated)
    def _enter(self, event: VirtualTable.Activated) -> None:
        event.stop()
        self._pane.enter()

    def action_back(self) -> None:
        """One step back: the filter, then the screen."""
        if self._pane.filter:
            self.filter_pane("")
        else:
            super().action_back()

    # -- what the keys act on: no run, no checkpoint

    @property
    def selected_run(self) -> None:
        """None."""
        return None

    @property
    def checkpoints_pane(self) -> CheckpointsPane | None:
        """None."""
        return None

    def reload_checkpoints(self) -> None:
        """There are none."""

    def copied_text(self) -> str:
        """The key of what is under the cursor."""
        return self._pane.cursor
