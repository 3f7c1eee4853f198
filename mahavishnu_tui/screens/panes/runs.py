"""Pane 1: every run, what is unfinished on top."""

from __future__ import annotations

from typing import ClassVar

from mahavishnu_tui.models import Run
from mahavishnu_tui.screens import rows
from mahavishnu_tui.screens.layout import PaneName
from mahavishnu_tui.screens.panes.pane import Listed, TablePane
from mahavishnu_tui.widgets import status


class RunsPane(TablePane):
    """The list of runs; the rest of the dashboard follows its cursor."""

    PANE: ClassVar[PaneName] = "runs"
    TITLE = "Runs"
    KINDS = frozenset({"run", "approval"})
    ATTRIBUTES = rows.RUN_ATTRIBUTES
    COLUMNS = rows.RUN_COLUMNS
    EMPTY = "No runs yet: t launches a workflow, `mahavishnu demo` brings some."

    @property
    def current(self) -> Run | None:
        """The run under the cursor."""
        return self.session.run(self.cursor)

    def listed(self) -> list[Listed]:
        """Every run the server told of."""
        now = self.session.now()
        runs = rows.order_runs(self.session.mirror.runs.values())
        histories = rows.histories(runs)
        since: dict[str, float] = {}
        for approval in self.session.pending():
            since.setdefault(approval.run_id, approval.asked_at)
        return [
            Listed(
                rows.run_row(run, histories[run.id], since.get(run.id), now, self.session.ascii),
                rows.run_attributes(run, now) if self.filter else {},
            )
            for run in runs
        ]

    def until_step(self) -> float | None:
        """Seconds while something runs, minutes while something waits, never otherwise."""
        now = self.session.now()
        delays = [
            max(60 - (now - run.created_at) % 60, 1.0)
            if run.status != "running"
            else status.next_step(now - (run.started_at or run.created_at))
            for run in self.session.mirror.runs.values()
            if run.status in ("running", "queued", "interrupted", "paused")
        ]
        return min(delays, default=None)
