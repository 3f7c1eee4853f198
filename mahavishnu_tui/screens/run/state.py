"""The state at one checkpoint."""

from __future__ import annotations

from typing import ClassVar

from mahavishnu_tui.models import StateView
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.run.at_checkpoint import CheckpointTab
from mahavishnu_tui.screens.run.tab import RunView
from mahavishnu_tui.widgets.state_tree import StateTree


class StateTab(CheckpointTab):
    """A tree; that of the latest checkpoint follows the run."""

    NAME: ClassVar[str] = "state"
    TITLE: ClassVar[str] = "State"

    def __init__(self, view: RunView) -> None:
        self.tree_view = StateTree(ascii_only=view.session.ascii, id="state")
        super().__init__(view, self.tree_view)

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.tree_view.clear("loading …")

    def show_state(self, view: StateView) -> None:
        """The tree."""
        note = "truncated by the host: the whole value is larger" if view.truncated else ""
        self.tree_view.show(view.values, note=note)

    def failed(self, sentence: str) -> None:
        """In place of the tree."""
        self.tree_view.clear(sentence)

    def rest(self) -> str:
        """Which checkpoint."""
        return f"state at {clean_line(self.view.checkpoint_id)}"

    def copied_text(self) -> str:
        """The state as JSON."""
        return self.tree_view.raw_text()
