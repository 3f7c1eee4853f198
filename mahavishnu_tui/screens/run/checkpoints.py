"""The checkpoints of the run's thread."""

from __future__ import annotations

from typing import ClassVar

from mahavishnu_tui.models import Checkpoint
from mahavishnu_tui.screens.following import Followed
from mahavishnu_tui.screens.panes.checkpoints import CheckpointsPane
from mahavishnu_tui.screens.run.tab import RunTab, RunView


class CheckpointsTab(RunTab):
    """Pane 3, alone."""

    NAME: ClassVar[str] = "checkpoints"
    TITLE: ClassVar[str] = "Checkpoints"
    SHORT: ClassVar[str] = "Chkpts"

    def __init__(self, view: RunView) -> None:
        self.pane = CheckpointsPane(view.session)
        super().__init__(view, self.pane)

    def followed(self, followed: Followed) -> None:
        """List what is followed now."""
        self.pane.follow(followed, self.view.run, self.display)

    def draw(self) -> None:
        """The link or the clock may have changed."""
        self.pane.invalidate()

    @property
    def selected_checkpoint(self) -> Checkpoint | None:
        """The one under the cursor."""
        return self.pane.current

    def rest(self) -> str:
        """How many, how large."""
        return f"checkpoints: {self.pane.headline()}"

    def copied_text(self) -> str:
        """The id of the one under the cursor."""
        return self.pane.current.id if self.pane.current is not None else ""
