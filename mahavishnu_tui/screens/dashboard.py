"""The dashboard: six panes, the selected run leads."""

from __future__ import annotations

from typing import ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import Approval, Checkpoint, ErrorCode, Run
from mahavishnu_tui.screens.following import Followed, Following
from mahavishnu_tui.screens.layout import MIN_HEIGHT, MIN_WIDTH, PANES, PaneName
from mahavishnu_tui.screens.panes.checkpoints import CheckpointsPane
from mahavishnu_tui.screens.panes.pane import Pane, TablePane
from mahavishnu_tui.screens.panes.room import Room
from mahavishnu_tui.screens.prompting import Prompting
from mahavishnu_tui.screens.session import ALL, Link, Session
from mahavishnu_tui.widgets.graph import GraphView
from mahavishnu_tui.widgets.table import VirtualTable
from mahavishnu_tui.widgets.tabs import PaneStrip


class Dashboard(Prompting):
    """The first screen."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(n), f"pane('{name}')", name.capitalize(), show=False, id=f"pane.{name}")
            for n, name in enumerate(PANES, 1)
        ),
        Binding("right_square_bracket,tab", "step_pane(1)", "Next pane", show=False, id="pane.next"),
        Binding(
            "left_square_bracket,shift+tab", "step_pane(-1)", "Previous pane", show=False, id="pane.previous"
        ),
        Binding("f", "full", "Full screen", show=False, id="pane.full"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.room = Room(session)
        self.strip = PaneStrip(id="strip")
        self.following = Following(self, session, self._followed)
        self._wanted_run = ""

    def compose_body(self) -> ComposeResult:
        """Tabs (small layout only), and panes."""
        yield self.strip
        yield self.room
        yield Static(id="too-small", markup=False)

    def on_mount(self) -> None:
        """Show the frame; the focus is on the runs."""
        super().on_mount()
        self.arrange_panes()
        self.room.runs.target.focus()

    # -- where things are

    @property
    def active(self) -> PaneName:
        """The name of the pane with the focus."""
        return self.room.places.active

    @property
    def active_pane(self) -> Pane:
        """That pane."""
        return self.room.active

    @on(events.Resize)
    def arrange_panes(self) -> None:
        """Fit to the terminal; below the smallest size say so instead."""
        size = self.app.size
        small = size.width < MIN_WIDTH or size.height < MIN_HEIGHT
        self.set_class(small, "-too-small")
        if small:
            self.query_one("#too-small", Static).update(
                f"{ErrorCode.TERMINAL.value} This terminal is {size.width}x{size.height}; "
                f"Mahavishnu needs {MIN_WIDTH}x{MIN_HEIGHT}. Make it larger (q quits)."
            )
        self.room.arrange_panes(size)
        self.set_class(self.room.places.kind == "small", "-small")
        self.show_titles()

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        self.room.places.active = cast(PaneName, name)
        self.arrange_panes()
        self.active_pane.target.focus()

    def action_step_pane(self, by: int) -> None:
        """Go to the next or previous pane."""
        self.action_pane(PANES[(PANES.index(self.active) + by) % len(PANES)])

    def action_full(self) -> None:
        """Give the whole screen to the pane with the focus, or take it back."""
        self.room.places.full = not self.room.places.full
        self.arrange_panes()

    @on(events.DescendantFocus)
    def _focus_moved(self) -> None:
        """The focus came into another pane by itself."""
        name = self.room.focused()
        if name is not None and name != self.active:
            self.room.places.active = name
            self.arrange_panes()

    def action_back(self) -> None:
        """One step back: full screen, filter, other pane. Never out."""
        if self.room.places.full:
            self.action_full()
        elif self.active_pane.filter:
            self.filter_pane("")
        elif self.active != "runs":
            self.action_pane("runs")

    async def action_close(self) -> None:
        """At the root `q` leaves; anywhere else it goes back."""
        if self.active == "runs" and not self.room.places.full:
            await self.run_action("app.leave")
        else:
            self.action_back()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Nothing acts on rows that a terminal this small does not show."""
        if self.has_class("-too-small") and action != "close":
            return False
        return super().check_action(action, parameters)

    # -- what is known

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Hand changes to the panes, and to what follows the selected run."""
        self.room.note(changes)
        self.room.path.update(self.following.apply(changes), self.following.run)
        if self._wanted_run and self.room.runs.table.move_to(self._wanted_run):
            self._wanted_run = ""
        self.follow_cursor()
        self.show_titles()

    def note_link(self, link: Link) -> None:
        """Rows are dimmed while the server is away, and come back with it."""
        self.room.invalidate()
        if link.live:
            # What was asked for in vain meanwhile is asked for again.
            self.note_changes(ALL)
        self.show_titles()

    def on_screen_resume(self) -> None:
        """Catch up with what happened while another screen was on top."""
        super().on_screen_resume()
        if self.is_mounted and self.session.mirror.epoch:
            self.note_changes(ALL)

    @on(VirtualTable.CursorMoved, "#runs-table")
    def follow_cursor(self) -> None:
        """Path and checkpoints show the run under the cursor."""
        self.following.select(self.room.runs.cursor)

    def _followed(self, followed: Followed) -> None:
        run = self.following.run
        self.room.path.follow(followed, self.following.visits(), run)
        self.room.checkpoints.follow(followed, run, bool(self.room.checkpoints.display))
        self.show_titles()

    def show_titles(self) -> None:
        """Names and counts: in the frames, in the strip, and in the row between messages."""
        self.room.show_titles()
        self.strip.show(self.room.tabs(), self.active)
        self.flash_row.set_rest(self.active_pane.rest())

    @on(Pane.Counted)
    def _counted(self) -> None:
        self.show_titles()

    # -- going in

    @on(VirtualTable.Activated)
    def _enter(self, event: VirtualTable.Activated) -> None:
        checkpoint = self.room.checkpoints.current
        if self.active == "runs":
            self.open_run("path")
        elif self.active == "checkpoints" and checkpoint is not None:
            self.open_run("state", checkpoint=checkpoint.id)
        elif self.active == "approvals" and self.session.options.readonly:
            self.flash("This dashboard is read-only: questions are shown, not answered.", "warning")
        elif self.active == "approvals":
            self.action_answer()
        elif self.active == "pools":
            host = self.room.pools.host
            self.open_logs(f"host:{host.id}" if host else "server")

    @on(GraphView.NodeActivated)
    def _enter_node(self, event: GraphView.NodeActivated) -> None:
        self.open_run("state", node=event.path, until=self.room.path.played)

    def open_run(self, tab: str, checkpoint: str = "", node: str = "", until: int = 0) -> None:
        """Open the run that path and checkpoints show at a tab."""
        run = self.room.runs.current
        if run is None:
            self.flash("No run is selected.", "warning")
            return
        from mahavishnu_tui.screens.run import RunScreen

        self.app.push_screen(
            RunScreen(self.session, run.id, tab, checkpoint=checkpoint, node=node, until=until)
        )

    def show_run(self, run: Run) -> None:
        """Put the cursor on a run as soon as it is in the list."""
        if not self.room.runs.table.move_to(run.id):
            self._wanted_run = run.id

    # -- what the keys act on

    @property
    def selected_run(self) -> Run | None:
        """The run under the cursor; in the inbox the one that asks."""
        asking = self.room.approvals.current if self.active == "approvals" else None
        return self.session.run(asking.run_id) if asking else self.room.runs.current

    @property
    def selected_approval(self) -> Approval | None:
        """In the inbox the question under the cursor."""
        return self.room.approvals.current if self.active == "approvals" else super().selected_approval

    @property
    def selected_checkpoint(self) -> Checkpoint | None:
        """In the checkpoints pane the one under the cursor."""
        return self.room.checkpoints.current if self.active == "checkpoints" else None

    @property
    def checkpoints_pane(self) -> CheckpointsPane | None:
        """The checkpoints, while they have the focus."""
        return self.room.checkpoints if self.active == "checkpoints" else None

    def reload_checkpoints(self) -> None:
        """List them again."""
        self.following.reload()

    def copied_text(self) -> str:
        """The id of what is under the cursor."""
        pane = self.active_pane
        if isinstance(pane, TablePane) and self.active != "runs":
            return pane.cursor
        return super().copied_text()
