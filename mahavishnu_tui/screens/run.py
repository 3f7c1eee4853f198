"""`RunScreen`: one run, opened: path, timeline, state, checkpoints, input and output, errors."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models import Checkpoint, Run
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.text import clean, clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.following import Followed, Following
from mahavishnu_tui.screens.listing import ListTable
from mahavishnu_tui.screens.panes.checkpoints import CheckpointsPane
from mahavishnu_tui.screens.panes.path import PathPane
from mahavishnu_tui.screens.rows import clock, run_age
from mahavishnu_tui.screens.run_acts import RunActs
from mahavishnu_tui.screens.session import Link, Session
from mahavishnu_tui.screens.timeline import TIMELINE_COLUMNS, bar_width, timeline_rows
from mahavishnu_tui.widgets.graph import GraphView
from mahavishnu_tui.widgets.log_view import LogView
from mahavishnu_tui.widgets.state_tree import StateTree
from mahavishnu_tui.widgets.status import next_step, run_mark
from mahavishnu_tui.widgets.table import VirtualTable
from mahavishnu_tui.widgets.tabs import PaneStrip, PaneTab

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import RunDetail

TABS = {
    "path": "Path",
    "timeline": "Timeline",
    "state": "State",
    "checkpoints": "Checkpoints",
    "io": "Input/Output",
    "errors": "Errors",
}


@dataclasses.dataclass
class _Shown:
    """What the slow tabs show, so that nothing is asked twice."""

    state: str = ""
    """The checkpoint whose state is shown; `latest` follows the run."""
    detail_version: int = -1


class RunScreen(RunActs):
    """Follows one run; `[` and `]` change tabs, `esc` goes back to the same row.

    Args:
        session: the session.
        run_id: the run.
        tab: the tab to begin with.
        checkpoint: show the state of this checkpoint.
        node: show the state after the newest visit of this node.
    """

    CSS_PATH = "run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right_square_bracket", "step_tab(1)", "Next tab", key_display="[ ]", id="run.next_tab"),
        Binding("left_square_bracket", "step_tab(-1)", "Previous tab", show=False, id="run.previous_tab"),
        *(
            Binding(str(n), f"tab('{name}')", title, show=False, id=f"run.tab_{name}")
            for n, (name, title) in enumerate(TABS.items(), 1)
        ),
    ]

    def __init__(
        self, session: Session, run_id: str, tab: str = "path", *, checkpoint: str = "", node: str = ""
    ) -> None:
        super().__init__(session)
        self.run_id = run_id
        self.tab = tab
        self.checkpoint_id = checkpoint or "latest"
        self._node = node
        self.path = PathPane(session)
        self.checkpoints = CheckpointsPane(session)
        self.timeline = ListTable(TIMELINE_COLUMNS, ascii_only=session.ascii, id="timeline")
        self.state = StateTree(ascii_only=session.ascii, id="state")
        self.io = StateTree(ascii_only=session.ascii, id="io")
        self.errors = LogView(id="errors")
        # What went wrong is said in the first lines; a traceback only follows.
        self.errors.follow, self.errors.wrap = False, True
        self.strip = PaneStrip(id="run-tabs")
        self.following = Following(self, session, self._followed)
        self._shown = _Shown()
        self._busy: set[str] = set()
        self._tick: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """Title, tabs, the tab's content."""
        yield Static(id="run-title", markup=False)
        yield self.strip
        yield Container(
            self.path, self.timeline, self.state, self.checkpoints, self.io, self.errors, id="run-body"
        )

    def on_mount(self) -> None:
        """Start to follow the run, and show the tab."""
        super().on_mount()
        self.state.clear("loading …")
        self.io.clear("loading …")
        self.timeline.set_placeholder("loading", "loading …")
        self.following.select(self.run_id, delay=0)
        self.action_tab(self.tab)

    def on_unmount(self) -> None:
        """The run is no longer watched from here."""
        self.following.close()

    # -- tabs

    @property
    def body(self) -> dict[str, Widget]:
        """The content of each tab."""
        return {
            "path": self.path,
            "timeline": self.timeline,
            "state": self.state,
            "checkpoints": self.checkpoints,
            "io": self.io,
            "errors": self.errors,
        }

    def action_tab(self, name: str) -> None:
        """Show a tab."""
        self.tab = name
        for key, widget in self.body.items():
            widget.display = key == name
        target = self.body[name]
        (target.target if isinstance(target, PathPane | CheckpointsPane) else target).focus()
        self.draw()

    def action_step_tab(self, by: int) -> None:
        """The next or previous tab."""
        names = list(TABS)
        self.action_tab(names[(names.index(self.tab) + by) % len(names)])

    # -- drawing

    def draw(self) -> None:
        """Title, tabs, and what the shown tab needs."""
        run = self.selected_run
        self.query_one("#run-title", Static).update(self._title(run))
        badge = "✘" if run is not None and run.error else ""
        tabs = [
            PaneTab(name, title, str(n), badge if name == "errors" else "")
            for n, (name, title) in enumerate(TABS.items(), 1)
        ]
        self.strip.show(tabs, self.tab)
        if self.tab == "timeline":
            self._draw_timeline()
        elif self.tab == "state":
            self._want_state(run)
        elif self.tab == "io":
            self._want_detail(run)
        elif self.tab == "errors":
            self._draw_errors(run)
        elif self.tab == "checkpoints":
            self.checkpoints.invalidate()
        self._rest()

    def _title(self, run: Run | None) -> str:
        if run is None:
            return clean_line(f"{self.run_id} · this run is not known any more")
        mark = run_mark(run.status)
        since = min((item.asked_at for item in self.session.pending(run.id)), default=None)
        parts = [
            f"{run.name} · {run.workflow}",
            f"{mark.label(self.session.ascii)} {run_age(run, since, self.session.now())}",
            f"step {run.step}" if run.step >= 0 else "",
            f"recovered {run.recoveries}×" if run.recoveries else "",
            run.note,
        ]
        return clean_line(" · ".join(part for part in parts if part))

    def _rest(self) -> None:
        words = {
            "path": self.path.counts(),
            "checkpoints": f"checkpoints: {self.checkpoints.headline()}",
            "timeline": f"{len(self.following.visits())} visits",
            "state": f"state at {clean_line(self.checkpoint_id)}",
        }
        self.flash_row.set_rest(words.get(self.tab, ""))

    def _draw_timeline(self) -> None:
        visits = self.following.visits()
        self.timeline.set_placeholder("empty", "No node has run yet.")
        self.timeline.stale = self.session.link.state == "lost"
        bar = bar_width(self.timeline.size.width or self.size.width)
        run = self.selected_run
        waiting = run is not None and run.status == "interrupted"
        self.timeline.set_rows(timeline_rows(visits, self.session.now(), bar, self.session.ascii, waiting))

    def _draw_errors(self, run: Run | None) -> None:
        lines: list[str] = []
        if run is not None and run.error:
            error = run.error
            lines += [f"{error.get('code', '')}  {error.get('message', '')}"]
            if error.get("node"):
                lines.append(f"at node {error['node']}")
            if error.get("hint"):
                lines.append(f"→ {error['hint']}")
            lines += ["", *str(error.get("detail") or "").splitlines(), ""]
        for visit in self.following.visits():
            if visit.error:
                lines.append(
                    f"#{visit.number} {visit.path}, attempt {visit.attempt}, {clock(visit.ended_at)}"
                )
                lines += [f"    {line}" for line in visit.error.splitlines()]
        if lines:
            self.errors.set_lines([clean(line) for line in lines])
        else:
            self.errors.clear("No node of this run has failed.")

    # -- what is asked for when it is looked at

    def _want_state(self, run: Run | None) -> None:
        step = run.step if run is not None and self.checkpoint_id == "latest" else 0
        wanted = f"{self.checkpoint_id}@{step}"
        if self._shown.state != wanted:
            self._ask("state", self._load_state(wanted))

    async def _load_state(self, wanted: str) -> None:
        view = await self.session.client.state(self.run_id, wanted.rpartition("@")[0])
        self._shown.state = wanted
        note = "truncated by the host: the whole value is larger" if view.truncated else ""
        self.state.show(view.values, note=note)

    def _want_detail(self, run: Run | None) -> None:
        version = run.version if run is not None else 0
        if self._shown.detail_version != version:
            self._ask("detail", self._load_detail(version))

    async def _load_detail(self, version: int) -> None:
        detail: RunDetail = await self.session.client.run(self.run_id)
        self._shown.detail_version = version
        value = {
            "input": detail.input,
            "output": detail.values,
            "execution path": detail.execution_path,
            "answers": [
                {"node": item.node, "question": item.value, "answer": item.answer, "by": item.answered_by}
                for item in detail.approvals
                if item.status in ("answered", "applied")
            ],
        }
        self.io.show(value, note="the output is truncated by the host" if detail.values_truncated else "")

    def _ask(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        """Ask one thing at a time; a second request for the same is dropped."""
        if what in self._busy:
            work.close()
            return
        self._busy.add(what)
        in_background(self, functools.partial(self._asked, what, work), what)

    async def _asked(self, what: str, work: Coroutine[Any, Any, None]) -> None:
        tree = self.state if what == "state" else self.io
        try:
            await work
        except Exception as error:  # shown in the tab, kept in :errors
            tree.clear(f"{clean_line(self.session.record(error))} (:errors has all of it)")
        finally:
            self._busy.discard(what)

    # -- changes

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Apply what concerns this run."""
        visits = self.following.apply(changes)
        if visits or EVERYTHING in changes or ("run", self.run_id) in changes:
            self.path.update(visits, self.selected_run)
            self.draw()
            self._plan()

    def note_link(self, link: Link) -> None:
        """Dimmed while the server is away; asked for again when it is back."""
        if link.live:
            self._shown = _Shown()
            self.following.reload()
        self.checkpoints.invalidate(self.tab == "checkpoints")
        self.draw()
        self._plan()

    def _followed(self, followed: Followed) -> None:
        run = self.selected_run
        self.path.follow(followed, self.following.visits(), run)
        self.checkpoints.follow(followed, run, self.tab == "checkpoints")
        if self._node and followed.checkpoints is not None:
            self._find_node(self._node, followed.checkpoints)
            self._node = ""
        if self.is_mounted:
            self.draw()
            self._plan()

    def _find_node(self, node: str, checkpoints: tuple[Checkpoint, ...]) -> None:
        """The state after the newest visit of a node: the checkpoint of that step."""
        steps = [visit.step for visit in self.following.visits() if visit.path == node]
        found = [item for item in checkpoints if steps and item.step == steps[-1] and not item.namespace]
        if found:
            self.checkpoint_id = found[0].id
            self._shown.state = ""

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

    @on(events.Resize)
    def _resized(self) -> None:
        if self.tab == "timeline":
            self._draw_timeline()

    # -- going in

    @on(GraphView.NodeActivated)
    def _enter_node(self, event: GraphView.NodeActivated) -> None:
        self._find_node(event.path, self.following.now.checkpoints or ())
        self.action_tab("state")

    @on(VirtualTable.Activated)
    def _enter_row(self, event: VirtualTable.Activated) -> None:
        if event.control is self.timeline:
            visit = self.session.mirror.visits.get(self.run_id, {}).get(int(event.key or 0))
            if visit is not None:
                self._find_node(visit.path, self.following.now.checkpoints or ())
        elif self.checkpoints.current is not None:
            self.checkpoint_id = self.checkpoints.current.id
        self.action_tab("state")

    @property
    def selected_run(self) -> Run | None:
        """The run of this screen."""
        return self.session.run(self.run_id)

    @property
    def selected_checkpoint(self) -> Checkpoint | None:
        """On the checkpoints tab the one under the cursor."""
        return self.checkpoints.current if self.tab == "checkpoints" else None

    def copied_text(self) -> str:
        """The checkpoint's id, the state, or the run's id."""
        if self.selected_checkpoint is not None:
            return self.selected_checkpoint.id
        if self.tab in ("state", "io"):
            return (self.state if self.tab == "state" else self.io).raw_text()
        return super().copied_text()
