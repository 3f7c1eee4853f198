"""What went wrong, sentence first."""

from __future__ import annotations

from typing import ClassVar

from mahavishnu_tui.models.text import clean
from mahavishnu_tui.screens.rows import clock
from mahavishnu_tui.screens.run.tab import RunTab, RunView
from mahavishnu_tui.widgets.log_view import LogView


class ErrorsTab(RunTab):
    """The error of the run, then those of its visits."""

    NAME: ClassVar[str] = "errors"
    TITLE: ClassVar[str] = "Errors"

    def __init__(self, view: RunView) -> None:
        self.log_view = LogView(id="errors")
        super().__init__(view, self.log_view)
        # What went wrong is said in the first lines; a traceback only follows.
        self.log_view.follow, self.log_view.wrap = False, True

    def badge(self) -> str:
        """A mark when the run has failed."""
        return "✘" if self.view.run is not None and self.view.run.error else ""

    def draw(self) -> None:
        """All of it, in order."""
        lines = [*self._of_run(), *self._of_visits()]
        if lines:
            self.log_view.set_lines([clean(line) for line in lines])
        else:
            self.log_view.clear("No node of this run has failed.")

    def _of_run(self) -> list[str]:
        run = self.view.run
        if run is None or not run.error:
            return []
        error = run.error
        lines = [f"{error.get('code', '')}  {error.get('message', '')}"]
        if error.get("node"):
            lines.append(f"at node {error['node']}")
        if error.get("hint"):
            lines.append(f"→ {error['hint']}")
        return [*lines, "", *str(error.get("detail") or "").splitlines(), ""]

    def _of_visits(self) -> list[str]:
        lines: list[str] = []
        for visit in self.view.visits():
            if visit.error:
                lines.append(
                    f"#{visit.number} {visit.path}, attempt {visit.attempt}, {clock(visit.ended_at)}"
                )
                lines += [f"    {line}" for line in visit.error.splitlines()]
        return lines
