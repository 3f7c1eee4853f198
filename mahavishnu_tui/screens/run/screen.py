"""`RunScreen`: one run, opened, in tabs."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widgets import Static

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models import Checkpoint, Run
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.checkpoint_acts import CheckpointActs
from mahavishnu_tui.screens.following import Followed, Following
from mahavishnu_tui.screens.panes.checkpoints import CheckpointsPane
from mahavishnu_tui.screens.rows import run_age
from mahavishnu_tui.screens.run.audit import AuditTab
from mahavishnu_tui.screens.run.checkpoints import CheckpointsTab
from mahavishnu_tui.screens.run.errors import ErrorsTab
from mahavishnu_tui.screens.run.io import InputOutputTab
from mahavishnu_tui.screens.run.logs import LogsTab
from mahavishnu_tui.screens.run.messages import MessagesTab
from mahavishnu_tui.screens.run.path import PathTab
from mahavishnu_tui.screens.run.state import StateTab
from mahavishnu_tui.screens.run.tab import RunTab, RunView
from mahavishnu_tui.screens.run.timeline import TimelineTab
from mahavishnu_tui.screens.session import Link, Session
from mahavishnu_tui.widgets.graph import GraphView
from mahavishnu_tui.widgets.status import next_step, run_mark
from mahavishnu_tui.widgets.table import VirtualTable
from mahavishnu_tui.widgets.tabs import PaneStrip, PaneTab

TABS: tuple[type[RunTab], ...] = (
    PathTab,
    TimelineTab,
    StateTab,
    CheckpointsTab,
    MessagesTab,
    LogsTab,
    InputOutputTab,
    AuditTab,
    ErrorsTab,
)
"""In the order of their digits."""


class RunScreen(CheckpointActs):
    """Follows one run; `[` and `]` change tabs, `esc` goes back to the same row.

    Args:
        session: the session.
        run_id: the run.
        tab: the tab to begin with.
        checkpoint: show the state of this checkpoint.
        node: show the state after the newest visit of this node.
        until: look at no visit after the one of this number; 0 for all of them.
    """

    CSS_PATH = "run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "step_tab(1)", "Next tab", key_display="[ ]", id="run.next_tab"),
        Binding("left_square_bracket", "step_tab(-1)", "Previous tab", show=False, id="run.previous_tab"),
        *(
            Binding(str(n), f"tab('{tab.NAME}')", tab.TITLE, show=False, id=f"run.tab_{tab.NAME}")
            for n, tab in enumerate(TABS, 1)
        ),
    ]

    def __init__(
        self,
        session: Session,
        run_id: str,
        tab: str = "path",
        *,
        checkpoint: str = "",
        node: str = "",
        until: int = 0,
    ) -> None:
        super().__init__(session)
        self.tab = tab
        self._node = node
        self._until = until
        self.following = Following(self, session, self._followed)
        self.view = RunView(session, run_id, self.following, checkpoint or "latest")
        self.tabs: dict[str, RunTab] = {kind.NAME: kind(self.view) for kind in TABS}
        self.strip = PaneStrip(id="run-tabs")
        self._tick: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """Title, tabs, the tab's content."""
        yield Static(id="run-title", markup=False)
        yield self.strip
        yield Container(*self.tabs.values(), id="run-body")

    def on_mount(self) -> None:
        """Start to follow the run, and show the tab."""
        super().on_mount()
        self.following.select(self.view.run_id, delay=0)
        self.action_tab(self.tab)

    def on_unmount(self) -> None:
        """The run is no longer watched from here."""
        self.following.close()

    # -- tabs

    @property
    def shown(self) -> RunTab:
        """The tab that is seen."""
        return self.tabs[self.tab]

    def action_tab(self, name: str) -> None:
        """Show a tab."""
        self.tab = name
        for key, tab in self.tabs.items():
            tab.display = key == name
        self.shown.target.focus()
        self.draw()

    def action_step_tab(self, by: int) -> None:
        """The next or previous tab."""
        names = list(self.tabs)
        self.action_tab(names[(names.index(self.tab) + by) % len(names)])

    # -- drawing

    def draw(self) -> None:
        """Title, tabs, and what the shown tab needs."""
        self.query_one("#run-title", Static).update(self._title(self.selected_run))
        strip = [
            PaneTab(tab.NAME, tab.TITLE, str(n), tab.badge(), tab.SHORT)
            for n, tab in enumerate(self.tabs.values(), 1)
        ]
        self.strip.show(strip, self.tab)
        self.shown.draw()
        self.flash_row.set_rest(self.shown.rest())

    @on(RunTab.Changed)
    def _told(self) -> None:
        self.draw()

    def _title(self, run: Run | None) -> str:
        if run is None:
            return clean_line(f"{self.view.run_id} · this run is not known any more")
        mark = run_mark(run.status)
        since = min((item.asked_at for item in self.session.pending(run.id)), default=None)
        parts = [
            f"{run.name} · {run.workflow}",
            f"{mark.label(self.session.ascii)} {run_age(run, since, self.session.now())}",
            f"step {run.step}" if run.step >= 0 else "",
            f"recovered {run.recoveries}×" if run.recoveries else "",
            run.note,
            run.room,
            f"as far as {server} tells" if (server := self.session.server_of(run)) else "",
        ]
        return clean_line(" · ".join(part for part in parts if part))

    # -- changes

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Apply what concerns this run."""
        visits = self.following.apply(changes)
        if ("log", self.view.run_id) in changes and isinstance(self.shown, LogsTab):
            self.shown.draw()
        own = {EVERYTHING, ("run", self.view.run_id), ("act", self.view.run_id)}
        if visits or own & changes:
            for tab in self.tabs.values():
                tab.note(changes, visits)
            self.draw()
            self._plan()

    def note_link(self, link: Link) -> None:
        """Dimmed while the server is away; asked for again when it is back."""
        if link.live:
            for tab in self.tabs.values():
                tab.forget()
            self.following.reload()
        self.draw()
        self._plan()

    def _followed(self, followed: Followed) -> None:
        for tab in self.tabs.values():
            tab.followed(followed)
        if self._node and followed.checkpoints is not None:
            self.view.show_state_after(self._node, self._until)
            self._node = ""
        if self.is_mounted:
            self.draw()
            self._plan()

    def _plan(self) -> None:
        """Ages move while the run works, and only then."""
        if self._tick is not None:
            self._tick.stop()
            self._tick = None
        run = self.selected_run
        if run is not None and run.status not in FINISHED and self.session.link.live:
            age = self.session.now() - (run.started_at or run.created_at)
            delay = next_step(age) if run.status == "running" else 60.0
            self._tick = self.set_timer(max(0.2, delay), self._stepped)

    def _stepped(self) -> None:
        self._tick = None
        self.draw()
        self._plan()

    # -- going in

    @on(GraphView.NodeActivated)
    def _enter_node(self, event: GraphView.NodeActivated) -> None:
        tab = self.tabs[PathTab.NAME]
        self.view.show_state_after(event.path, tab.played if isinstance(tab, PathTab) else 0)
        self.action_tab("state")

    @on(VirtualTable.Activated)
    def _enter_row(self, event: VirtualTable.Activated) -> None:
        tab = self.shown
        if isinstance(tab, TimelineTab):
            if tab.current is not None:
                self.view.show_state_after(tab.current.path, tab.current.number)
            self.action_tab("state")
        elif tab.selected_checkpoint is not None:
            self.view.checkpoint_id = tab.selected_checkpoint.id
            self.action_tab("state")

    def action_logs(self) -> None:
        """What the run says; in the timeline, what the visit under the cursor says."""
        tab, logs = self.shown, self.tabs[LogsTab.NAME]
        if isinstance(tab, TimelineTab) and tab.current is not None and isinstance(logs, LogsTab):
            logs.only(tab.current.number)
        self.action_tab(LogsTab.NAME)

    @property
    def selected_run(self) -> Run | None:
        """The run of this screen."""
        return self.view.run

    @property
    def selected_checkpoint(self) -> Checkpoint | None:
        """Where the shown tab has one, the checkpoint under its cursor."""
        return self.shown.selected_checkpoint

    @property
    def checkpoints_pane(self) -> CheckpointsPane | None:
        """The checkpoints, while their tab is shown."""
        return self.shown.pane if isinstance(self.shown, CheckpointsTab) else None

    def reload_checkpoints(self) -> None:
        """List them again."""
        self.following.reload()

    def copied_text(self) -> str:
        """What the shown tab has to copy, or the run's id."""
        return self.shown.copied_text() or super().copied_text()
