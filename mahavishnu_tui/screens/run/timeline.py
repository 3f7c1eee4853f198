"""The visits as bars on one scale of time, or what each node took in all."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.widget import Widget

from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.models.text import counted
from mahavishnu_tui.screens.run.tab import RunTab, RunView
from mahavishnu_tui.screens.timeline import (
    TIMELINE_COLUMNS,
    TOTALS_COLUMNS,
    Timeline,
    bar_width,
    timeline_rows,
    totals_rows,
)
from mahavishnu_tui.screens.timescale import waits_to_squeeze
from mahavishnu_tui.widgets.table import VirtualTable


class TimelineTab(RunTab):
    """A row per visit, or per node."""

    NAME: ClassVar[str] = "timeline"
    TITLE: ClassVar[str] = "Timeline"
    SHORT: ClassVar[str] = "Time"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("w", "squeeze", "Waits", id="timeline.squeeze"),
        Binding("b", "totals", "Nodes", id="timeline.totals"),
    ]

    def __init__(self, view: RunView) -> None:
        self.table = VirtualTable(TIMELINE_COLUMNS, ascii_only=view.session.ascii, id="timeline")
        self.totals = VirtualTable(
            TOTALS_COLUMNS, ascii_only=view.session.ascii, sortable=True, id="timeline-totals"
        )
        super().__init__(view, self.table, self.totals)
        self.totals.display = False
        self.squeeze: bool | None = None
        """Whether long waits are cut out of the scale; None where they squash the rest."""
        self._line = Timeline.of([], None, 0.0)

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.table.set_placeholder("loading", "loading …")

    @property
    def target(self) -> Widget:
        """The table that is shown."""
        return self.totals if self.totals.display else self.table

    @property
    def current(self) -> NodeVisit | None:
        """The visit under the cursor; of a node the newest."""
        table = self.totals if self.totals.display else self.table
        key = table.cursor_key
        return self.session.mirror.visits.get(self.view.run_id, {}).get(int(key)) if key else None

    def draw(self) -> None:
        """All bars anew, since they share a scale."""
        self._line = Timeline.of(self.view.visits(), self.view.run, self.session.now())
        for table in (self.table, self.totals):
            table.set_placeholder("empty", "No node has run yet.")
            table.stale = self.session.link.state == "lost"
        width = self.target.size.width or self.size.width
        if self.totals.display:
            bar = bar_width(TOTALS_COLUMNS, width)
            self.totals.set_rows(totals_rows(self._line, bar, self.session.ascii))
        else:
            bar = bar_width(TIMELINE_COLUMNS, width)
            self.table.set_rows(timeline_rows(self._line, bar, self.session.ascii, self.squeeze))

    def action_squeeze(self) -> None:
        """Cut long waits out of the scale, or show them at their length."""
        shown = bool(waits_to_squeeze(self._line.run, self.squeeze))
        self.squeeze = not shown
        self.post_message(self.Changed())

    def action_totals(self) -> None:
        """A row per node instead of one per visit, and back."""
        self.totals.display = not self.totals.display
        self.table.display = not self.totals.display
        self.target.focus()
        self.post_message(self.Changed())

    def rest(self) -> str:
        """How many, and how the time was spent."""
        count = len(self._line.visits)
        if not count:
            return ""
        scale = ""
        if not self.totals.display and waits_to_squeeze(self._line.run, self.squeeze):
            scale = f" · long waits squeezed ({'~' if self.session.ascii else '⋯'})"
        return f"{counted(count, 'visit')} · {self._line.said()}{scale}"

    @on(events.Resize)
    def _resized(self) -> None:
        if self.display:
            self.draw()
