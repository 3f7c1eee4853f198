"""`CheckpointTab`: a tab that shows something of the state at the checkpoint that is looked at."""

from __future__ import annotations

import functools

from mahavishnu_tui.models import Run, StateView
from mahavishnu_tui.screens.run.tab import RunTab


class CheckpointTab(RunTab):
    """Asks for the state once per checkpoint; that of the latest one follows the run."""

    _shown = ""

    def draw(self) -> None:
        """Ask for the state, unless it is the one that is shown."""
        run, checkpoint = self.view.run, self.view.checkpoint_id
        wanted = f"{checkpoint}@{self.stamp(run) if run is not None and checkpoint == 'latest' else ''}"
        if self._shown != wanted:
            self.ask(functools.partial(self._load, wanted))

    def stamp(self, run: Run) -> str:
        """What changes when the latest state has to be asked for again."""
        return str(run.step)

    async def _load(self, wanted: str) -> None:
        view = await self.session.client.state(self.view.run_id, wanted.rpartition("@")[0])
        self._shown = wanted
        self.show_state(view)

    def show_state(self, view: StateView) -> None:
        """The state is there."""
        raise NotImplementedError

    def forget(self) -> None:
        """Ask again."""
        self._shown = ""
