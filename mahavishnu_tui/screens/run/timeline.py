"""The visits as bars on one scale of time."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.widget import Widget

from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.screens.listing import ListTable
from mahavishnu_tui.screens.run.tab import RunTab, RunView
from mahavishnu_tui.screens.timeline import TIMELINE_COLUMNS, bar_width, timeline_rows


class TimelineTab(RunTab):
    """A row per visit."""

    NAME: ClassVar[str] = "timeline"
    TITLE: ClassVar[str] = "Timeline"

    def __init__(self, view: RunView) -> None:
        super().__init__(view)
        self.table = ListTable(TIMELINE_COLUMNS, ascii_only=view.session.ascii, id="timeline")

    def compose(self) -> ComposeResult:
        """The table."""
        yield self.table

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.table.set_placeholder("loading", "loading …")

    @property
    def target(self) -> Widget:
        """The table."""
        return self.table

    @property
    def current(self) -> NodeVisit | None:
        """The visit under the cursor."""
        key = self.table.cursor_key
        return self.session.mirror.visits.get(self.view.run_id, {}).get(int(key)) if key else None

    def draw(self) -> None:
        """All bars anew, since they share a scale."""
        run = self.view.run
        self.table.set_placeholder("empty", "No node has run yet.")
        self.table.stale = self.session.link.state == "lost"
        bar = bar_width(self.table.size.width or self.size.width)
        waiting = run is not None and run.status == "interrupted"
        self.table.set_rows(
            timeline_rows(self.view.visits(), self.session.now(), bar, self.session.ascii, waiting)
        )

    def rest(self) -> str:
        """How many."""
        return f"{len(self.view.visits())} visits"

    @on(events.Resize)
    def _resized(self) -> None:
        if self.display:
            self.draw()
