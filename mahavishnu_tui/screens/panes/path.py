"""Pane 2: the graph of the selected run, lit by its visits."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.widget import Widget

from mahavishnu_tui.models import NodeVisit, Run
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.following import Followed
from mahavishnu_tui.screens.layout import PaneName
from mahavishnu_tui.screens.panes.pane import Pane
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.graph import GraphView


class PathPane(Pane):
    """The drawing; the dashboard gives it what it follows."""

    PANE: ClassVar[PaneName] = "path"
    TITLE = "Path"

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.graph = GraphView(now=session.now, ascii_only=session.ascii, id="path-graph")
        self._drawn: object = None
        self._run: Run | None = None

    def compose(self) -> ComposeResult:
        """The drawing alone."""
        yield self.graph

    def on_mount(self) -> None:
        """Say at once that nothing is known yet."""
        self.graph.clear("connecting …")

    @property
    def target(self) -> Widget:
        """The drawing."""
        return self.graph

    def draw(self) -> None:
        """Only the words in place of a drawing depend on the link."""
        if self._drawn is None:
            self.graph.clear(self._absent(Followed()))

    def follow(self, followed: Followed, visits: list[NodeVisit], run: Run | None) -> None:
        """Show another run, or more of the same."""
        self._run = run
        if followed.shape is None:
            self._drawn = None
            self.graph.clear(self._absent(followed))
            return
        if self._drawn is not followed.shape:
            self._drawn = followed.shape
            self.graph.show(followed.shape)
        self.graph.set_visits(visits)

    def update(self, visits: list[NodeVisit], run: Run | None) -> None:
        """Apply new or changed visits of the shown run."""
        self._run = run
        for visit in visits:
            self.graph.update_visit(visit)

    def counts(self) -> str:
        """Whose path this is, and how far it got."""
        if self._run is None:
            return ""
        step = f" · step {self._run.step}" if self._run.step >= 0 else ""
        return f"{clean_line(self._run.workflow, 40)} · {clean_line(self._run.name, 40)}{step}"

    def _absent(self, followed: Followed) -> str:
        words = self.lost_text()
        if words is not None:
            return words[1]
        if followed.error is not None:
            return f"{followed.error.code.value} {clean_line(followed.error.message)} (:errors has all of it)"
        if not followed.run_id:
            return "No run is selected: 1 shows the runs, t launches one."
        return "The graph is not known yet: its host has not loaded it." if followed.loaded else "loading …"
