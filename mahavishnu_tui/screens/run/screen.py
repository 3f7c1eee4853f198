"""`RunScreen`: one run, opened, in tabs."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widgets import Static

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models import Checkpoint, Run
from mahavishnu_tui.models.need import failure_key
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.run_search import flow_name
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.checkpoint_acts import CheckpointActs
from mahavishnu_tui.screens.claiming import on_it
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
from mahavishnu_tui.screens.run.tasks import TasksTab
from mahavishnu_tui.screens.run.timeline import TimelineTab
from mahavishnu_tui.screens.session import Link, Session
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets.graph import GraphView
from mahavishnu_tui.widgets.status import next_step, run_mark
from mahavishnu_tui.widgets.table import VirtualTable
from mahavishnu_tui.widgets.tabs import PaneStrip, PaneTab

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient


def tab_bindings(tabs: Sequence[type[RunTab]]) -> list[BindingType]:
    """A digit for each tab, 0 for the tenth."""
    return [
        Binding(str(n % 10), f"tab('{tab.NAME}')", tab.TITLE, show=False, id=f"run.tab_{tab.NAME}")
        for n, tab in enumerate(tabs, 1)
    ]


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
    TABS: ClassVar[tuple[type[RunTab], ...]] = (
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
    SHORTS: ClassVar[Mapping[str, str]] = {}
    """Titles where there is little room, over those that the tabs have themselves."""
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "step_tab(1)", "Next tab", key_display="[ ]", id="run.next_tab"),
        Binding("left_square_bracket", "step_tab(-1)", "Previous tab", show=False, id="run.previous_tab"),
        *tab_bindings(TABS),
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
        self.tabs: dict[str, RunTab] = {kind.NAME: kind(self.view) for kind in self.TABS}
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
        self._see_failure()

    def _see_failure(self) -> None:
        """Who opens a failed run has seen that it failed; a read-only dashboard leaves no trace.

        One that somebody is on stays until it is cured: who looks at it does not take it from them.
        """
        key = failure_key(self.view.run_id)
        need = (self.session.mirror.needs or {}).get(key)
        held = need is None or need.holder(self.session.now())
        if not held and not self.session.readonly:
            self.act(functools.partial(_see, key=key, who=self.session.who))

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
        self.show_header()

    @on(PaneStrip.Selected)
    def _tab_clicked(self, event: PaneStrip.Selected) -> None:
        event.stop()
        self.action_tab(event.tab)

    def crumb(self) -> str:
        """The run and the tab."""
        run = self.view.run
        return f"{run.name if run is not None else self.view.run_id} > {self.tabs[self.tab].TITLE}"

    def action_step_tab(self, by: int) -> None:
        """The next or previous tab."""
        names = list(self.tabs)
        self.action_tab(names[(names.index(self.tab) + by) % len(names)])

    # -- drawing

    def draw(self) -> None:
        """Title, tabs, and what the shown tab needs."""
        self.query_one("#run-title", Static).update(self._title(self.selected_run))
        strip = [
            PaneTab(tab.NAME, tab.TITLE, str(n % 10), tab.badge(), self.SHORTS.get(tab.NAME, tab.SHORT))
            for n, tab in enumerate(self.tabs.values(), 1)
        ]
        self.strip.show(strip, self.tab)
        self.shown.draw()
        self.flash_row.set_rest(self.shown.rest())
        self.renew_hints()

    @on(RunTab.Changed)
    def _told(self) -> None:
        self.draw()

    def _title(self, run: Run | None) -> str:
        if run is None:
            return clean_line(f"{self.view.run_id} · this run is not known any more")
        mark = run_mark(run.status, run.state)
        since = min((item.asked_at for item in self.session.pending(run.id)), default=None)
        parts = [
            # Not longer: how it is has to be seen beside them in 80 columns.
            f"{clean_line(run.name, 30)} · {clean_line(flow_name(run), 26)}",
            f"{mark.label(self.session.ascii)} {run_age(run, since, Times(now=self.session.now()))}",
            f"step {run.step}" if run.step >= 0 else "",
            f"recovered {run.recoveries}×" if run.recoveries else "",
            f"twin {run.twin}" if run.twin else "",
            on_it(self.session.need_of(run), self.session.who, self.session.now()),
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
        own = {EVERYTHING, *((kind, self.view.run_id) for kind in ("run", "act", "path"))}
        own.add(("need", failure_key(self.view.run_id)))
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
        if self._node and followed.loaded:
            self.look_at_node(self._node, self._until)
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
            self._tick = self.set_timer(max(0.2, delay, self.session.clock.until_step()), self._stepped)

    def _stepped(self) -> None:
        self._tick = None
        if not self.session.clock.frozen:
            self.draw()
        self._plan()

    # -- going in

    @on(GraphView.NodeActivated)
    def _enter_node(self, event: GraphView.NodeActivated) -> None:
        tab = self.tabs[PathTab.NAME]
        self.enter_node(event.path, tab.played if isinstance(tab, PathTab) else 0)

    def look_at_node(self, path: str, until: int) -> None:
        """The node that it was opened at: the shown tab is about it."""
        self.view.show_state_after(path, until)

    def enter_node(self, path: str, until: int = 0) -> None:
        """Show the state after the newest visit of a node, of those up to `until`."""
        self.view.show_state_after(path, until)
        self.action_tab("state")

    @on(VirtualTable.Activated)
    def _enter_row(self, event: VirtualTable.Activated) -> None:
        self.enter_row(self.shown)

    def enter_row(self, tab: RunTab) -> None:
        """Show the state at what is under the cursor."""
        if isinstance(tab, TimelineTab):
            if tab.current is not None:
                self.view.show_state_after(tab.current.path, tab.current.number)
            self.action_tab("state")
        elif tab.selected_checkpoint is not None:
            self.view.checkpoint_id = tab.selected_checkpoint.id
            self.action_tab("state")

    def action_logs(self) -> None:
        """What the run says; where visits are listed, what the one under the cursor says."""
        tab, logs = self.shown, self.tabs[LogsTab.NAME]
        current = tab.current if isinstance(tab, TimelineTab | TasksTab) else None
        if current is not None and isinstance(logs, LogsTab):
            logs.only(current.number)
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

    def hints(self, action: str) -> bool:
        """What a tab can do comes before starting another run."""
        return action != "launch" and self.shown.hints(action) and super().hints(action)

    def copied_text(self) -> str:
        """What the shown tab has to copy, or the run's id."""
        return self.shown.copied_text() or super().copied_text()


async def _see(client: ServerClient, key: str, who: str) -> str:
    await client.see([key], who)
    return "its failure is marked as seen"
