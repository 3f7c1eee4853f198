"""What went wrong, sentence first."""

from __future__ import annotations

from typing import ClassVar, Final

from textual.binding import Binding, BindingType

from mahavishnu_tui.models.text import clean
from mahavishnu_tui.screens.run.tab import RunTab, RunView
from mahavishnu_tui.widgets.log_view import LogView

_FOLDED: Final = 16
"""Lines from which on a traceback is folded."""
_ENDS: Final = 8
"""Lines of its end that are shown then."""


class ErrorsTab(RunTab):
    """The error of the run, then those of its visits."""

    NAME: ClassVar[str] = "errors"
    TITLE: ClassVar[str] = "Errors"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "fold", "Whole traceback", id="errors.fold"),
    ]

    def __init__(self, view: RunView) -> None:
        self.log_view = LogView(id="errors")
        super().__init__(view, self.log_view)
        # What went wrong is said in the first lines; a traceback only follows.
        self.log_view.follow, self.log_view.wrap, self.log_view.wrap_words = False, True, True
        self.folded = True
        """Whether of a long traceback only the ends are shown."""

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

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to unfold only where it is long."""
        if action == "fold" and len(self.traceback()) <= _FOLDED:
            return False
        return super().check_action(action, parameters)

    def action_fold(self) -> None:
        """Show all of the traceback, or its ends."""
        self.folded = not self.folded
        self.log_view.clear()
        self.draw()

    def traceback(self) -> list[str]:
        """The lines of the traceback, as far as the run itself has it."""
        run = self.view.run
        return str((run.error or {}).get("detail") or "").splitlines() if run is not None else []

    def _folded_traceback(self) -> list[str]:
        """Where it began, and what it came to, which is what one looks for."""
        lines = self.traceback()
        if not self.folded or len(lines) <= _FOLDED:
            return lines
        left = len(lines) - 1 - _ENDS
        return [lines[0], f"  … {left} lines are folded: o shows them", *lines[-_ENDS:]]

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
        return [*lines, "", *self._folded_traceback(), ""]

    def _of_visits(self) -> list[str]:
        times = self.session.times.still
        lines: list[str] = []
        for visit in self.view.visits():
            if visit.error:
                lines.append(
                    f"#{visit.number} {visit.path}, attempt {visit.attempt}, {times.clock(visit.ended_at)}"
                )
                lines += [f"    {line}" for line in visit.error.splitlines()]
        return lines
