"""The dashboard: six panes, the selected run leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Static

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import ErrorCode
from mahavishnu_tui.screens.following import Followed, Following, is_flow
from mahavishnu_tui.screens.layout import MIN_HEIGHT, MIN_WIDTH, PANES, PaneName
from mahavishnu_tui.screens.panes.asked import AskedPane
from mahavishnu_tui.screens.panes.checkpoints import CheckpointsPane
from mahavishnu_tui.screens.panes.pane import Pane, TablePane
from mahavishnu_tui.screens.panes.room import Room
from mahavishnu_tui.screens.prompting import Prompting
from mahavishnu_tui.screens.session import ALL, Link, Session
from mahavishnu_tui.widgets.graph import GraphView
from mahavishnu_tui.widgets.table import VirtualTable
from mahavishnu_tui.widgets.tabs import PaneStrip

if TYPE_CHECKING:
    from mahavishnu_tui.models import Approval, Checkpoint, Run
    from mahavishnu_tui.widgets.need_strip import NeedStrip


class Dashboard(Prompting):
    """The first screen."""

    BLANK = True
    """Header, panes and the rows below them cover it: it is not drawn."""

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
        self.needs: NeedStrip | None = None
        self.following = Following(self, session, self._followed)
        self._wanted_run = ""

    def compose_body(self) -> ComposeResult:
        """Tabs (small layout only), and panes."""
        self.room.arrange_panes(self.app.size)  # or the stylesheet would be applied to them twice
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
        if small != self.has_class("-too-small"):
            self.set_class(small, "-too-small")
            self.refresh_bindings()
        if small:
            self.query_one("#too-small", Static).update(
                f"{ErrorCode.TERMINAL.value} This terminal is {size.width}x{size.height}; "
                f"Mahavishnu needs {MIN_WIDTH}x{MIN_HEIGHT}. Make it larger (q quits)."
            )
        self.room.arrange_panes(size)
        self.set_class(self.room.places.kind == "small", "-small")
        self.show_titles()
        self.show_needs()
        if not small and self.room.is_mounted and self.focused is None:
            self.active_pane.target.focus()  # it was hidden, and lost the focus

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        self.following.settle()
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

    @on(PaneStrip.Selected)
    def _tab_clicked(self, event: PaneStrip.Selected) -> None:
        event.stop()
        self.action_pane(event.tab)

    @on(events.DescendantFocus)
    def _focus_moved(self) -> None:
        """The focus came into another pane by itself."""
        name = self.room.focused()
        if name is not None and name != self.active:
            self.following.settle()
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
        """Nothing acts on rows that a terminal this small does not show; no pane grows that has it all."""
        if self.has_class("-too-small") and action != "close":
            return False
        if action == "full" and self.room.places.kind == "small":
            return False  # it is
        return super().check_action(action, parameters)

    def crumb(self) -> str:
        """The pane with the focus."""
        return self.active

    # -- what is known

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Hand changes to the panes, and to what follows the selected run."""
        if ALL & changes:  # the server is back, or is another one
            self.room.runs.archive.renew()
        self._show_changes(changes)

    def _show_changes(self, changes: frozenset[Change]) -> None:
        self.room.note(changes)
        self.room.path.update(self.following.apply(changes), self.following.run)
        if self._wanted_run and self.room.runs.table.move_to(self._wanted_run):
            self._wanted_run = ""
        self.follow_cursor()
        self.show_titles()
        if ALL & changes:
            self.show_needs()
        elif any(kind == "need" for kind, _ in changes):
            self.show_needs(keep_rows=True)

    def catch_up(self) -> None:
        """Ages too are those of now."""
        super().catch_up()
        self.room.invalidate()

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
        if self.is_mounted and self.session.mirror.epoch and not self.session.clock.frozen:
            # Older runs that were fetched stay: one of them may be the row to come back to.
            self._show_changes(ALL)

    @on(VirtualTable.CursorMoved, "#runs-table")
    def follow_cursor(self) -> None:
        """Path and checkpoints show the run under the cursor, once it rests there."""
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
        self.renew_hints()
        self.renew_aside()

    @on(VirtualTable.CursorMoved)
    def _moved(self) -> None:
        self.renew_hints()

    def show_needs(self, keep_rows: bool = False) -> None:
        """The strip is there while something needs somebody and there is room for it.

        Args:
            keep_rows: somebody may be reading: rows do not jump when it comes or goes.
        """
        needs = self.session.needs()
        shown = bool(needs) and self.room.places.kind != "small"
        if shown and self.needs is None:
            from mahavishnu_tui.widgets.need_strip import NeedStrip

            self.needs = NeedStrip(now=self.session.now, ascii_only=self.session.ascii, id="needs")
            self.needs.display = False
            self.mount(self.needs, before=self.strip)
        if self.needs is None:
            return
        if shown != self.needs.display:
            self.needs.display = shown
            if keep_rows:
                self.call_after_refresh(self._keep_rows, 1 if shown else -1)
        self.needs.show(needs)

    def _keep_rows(self, by: int) -> None:
        """The panes have moved down or up by one: where there are more runs than room they stay in place."""
        table = self.room.runs.table
        if by > 0 or table.scroll_offset.y > 0:
            table.scroll_to(y=table.scroll_offset.y + by, animate=False, force=True)

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
        elif self.active == "approvals" and self.session.readonly:
            self.flash(f"Questions are shown, not answered: {self.why_not}.", "warning")
        elif self.active == "approvals":
            self.action_answer()
        elif isinstance(self.active_pane, AskedPane):
            self.active_pane.enter()

    @on(GraphView.NodeActivated)
    def _enter_node(self, event: GraphView.NodeActivated) -> None:
        self.open_run("state", node=event.path, until=self.room.path.played)

    def open_run(self, tab: str, checkpoint: str = "", node: str = "", until: int = 0) -> None:
        """Open the run that path and checkpoints show at a tab."""
        run = self.room.runs.current
        if run is None:
            self.flash("No run is selected.", "warning")
            return
        from mahavishnu_tui.screens.run import open_run

        self.app.push_screen(
            open_run(self.session, run.id, tab, checkpoint=checkpoint, node=node, until=until)
        )

    def show_run(self, run: Run) -> None:
        """Put the cursor on a run as soon as it is in the list."""
        if not self.room.runs.table.move_to(run.id):
            self._wanted_run = run.id

    # -- what the keys act on

    @property
    def selected_run(self) -> Run | None:
        """The run under the cursor; in the inbox the one that asks; none where a pane is about no run.

        That which another pane has under its cursor may not even be in sight.
        """
        if not self.active_pane.OF_RUNS:
            return None
        asking = self.room.approvals.current if self.active == "approvals" else None
        return self.session.run(asking.run_id) if asking else self.room.runs.current

    @property
    def marked_runs(self) -> list[Run]:
        """Those of the runs pane, while it has the focus."""
        return self.room.runs.marked if self.active == "runs" else []

    @property
    def hidden_marks(self) -> frozenset[str]:
        """Those of the runs pane."""
        return self.room.runs.table.hidden_marks

    def action_unmark(self) -> None:
        """Take all marks of the runs away."""
        self.room.runs.table.clear_marks()

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
        """The checkpoints, while they have the focus; flow runs have none."""
        if self.active != "checkpoints" or is_flow(self.session, self.following.now.run_id):
            return None
        return self.room.checkpoints

    def reload_checkpoints(self) -> None:
        """List them again."""
        self.following.reload()

    def copied_text(self) -> str:
        """The id of what is under the cursor, or those of the marked runs."""
        if self.marked_runs:
            return "\n".join(run.id for run in self.marked_runs)
        pane = self.active_pane
        if isinstance(pane, TablePane) and self.active != "runs":
            return pane.cursor
        return super().copied_text()
