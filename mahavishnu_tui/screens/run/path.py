"""The graph of the run, lit by its visits."""

from __future__ import annotations

from typing import ClassVar

from textual import on

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.screens.following import Followed
from mahavishnu_tui.screens.panes.pane import Pane
from mahavishnu_tui.screens.panes.path import PathPane
from mahavishnu_tui.screens.run.tab import RunTab, RunView


class PathTab(RunTab):
    """Pane 2, alone."""

    NAME: ClassVar[str] = "path"
    TITLE: ClassVar[str] = "Path"

    def __init__(self, view: RunView) -> None:
        self.pane = PathPane(view.session)
        super().__init__(view, self.pane)

    def followed(self, followed: Followed) -> None:
        """Draw what is followed now."""
        self.pane.follow(followed, self.view.visits(), self.view.run)

    def note(self, changes: frozenset[Change], visits: list[NodeVisit]) -> None:
        """Light what changed."""
        self.pane.update(visits, self.view.run)

    def badge(self) -> str:
        """While a moment of the past is shown, that it is so."""
        return "PLAYBACK" if self.pane.played else ""

    @property
    def played(self) -> int:
        """The number of the visit that playback has come to; 0 while the tab is live."""
        return self.pane.played

    @on(Pane.Counted)
    def _counted(self, event: Pane.Counted) -> None:
        event.stop()
        self.post_message(self.Changed())

    def rest(self) -> str:
        """How far the run got."""
        return self.pane.counts()
