"""Pane 1: every run, what waits for a human on top."""

from __future__ import annotations

from typing import ClassVar

from mahavishnu_tui.models import Run
from mahavishnu_tui.screens import rows
from mahavishnu_tui.screens.layout import PaneName
from mahavishnu_tui.screens.panes.pane import Listed, TablePane
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.table import Row


class RunsPane(TablePane):
    """The list of runs; the rest of the dashboard follows its cursor."""

    PANE: ClassVar[PaneName] = "runs"
    TITLE = "Runs"
    KINDS = frozenset({"run", "approval"})
    ATTRIBUTES = rows.RUN_ATTRIBUTES
    COLUMNS = rows.RUN_COLUMNS
    EMPTY = "No runs yet: t launches a workflow, `mahavishnu demo` brings some."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._made: dict[str, tuple[tuple[object, ...], Row]] = {}
        """Rows by run id, each with what it was made of."""

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
        places = rows.queue_places(runs, now)
        made = self._made
        self._made = {}
        found = []
        for run in runs:
            # Of thousands of runs few change from one look to the next.
            age = rows.run_age(run, since.get(run.id), now)
            parts = (run, histories[run.id], age, self.session.ascii, places.get(run.id, ""))
            known = made.get(run.id)
            row = known[1] if known is not None and known[0] == parts else rows.run_row(*parts)
            self._made[run.id] = (parts, row)
            found.append(Listed(row, rows.run_attributes(run, now) if self.filter else {}))
        return found

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
