"""The state at one checkpoint."""

from __future__ import annotations

import functools
from typing import ClassVar

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.run.tab import RunTab, RunView
from mahavishnu_tui.widgets.state_tree import StateTree


class StateTab(RunTab):
    """A tree; that of the latest checkpoint follows the run."""

    NAME: ClassVar[str] = "state"
    TITLE: ClassVar[str] = "State"

    def __init__(self, view: RunView) -> None:
        self.tree_view = StateTree(ascii_only=view.session.ascii, id="state")
        super().__init__(view, self.tree_view)
        self._shown = ""

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.tree_view.clear("loading …")

    def draw(self) -> None:
        """Ask for the state, unless it is the one that is shown."""
        run, checkpoint = self.view.run, self.view.checkpoint_id
        step = run.step if run is not None and checkpoint == "latest" else 0
        wanted = f"{checkpoint}@{step}"
        if self._shown != wanted:
            self.ask(functools.partial(self._load, wanted))

    async def _load(self, wanted: str) -> None:
        view = await self.session.client.state(self.view.run_id, wanted.rpartition("@")[0])
        self._shown = wanted
        note = "truncated by the host: the whole value is larger" if view.truncated else ""
        self.tree_view.show(view.values, note=note)

    def forget(self) -> None:
        """Ask again."""
        self._shown = ""

    def failed(self, sentence: str) -> None:
        """In place of the tree."""
        self.tree_view.clear(sentence)

    def rest(self) -> str:
        """Which checkpoint."""
        return f"state at {clean_line(self.view.checkpoint_id)}"

    def copied_text(self) -> str:
        """The state as JSON."""
        return self.tree_view.raw_text()
