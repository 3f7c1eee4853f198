"""The dashboard: six panes, the selected run leads."""

from __future__ import annotations

from typing import ClassVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models import Approval, Checkpoint, Run
from mahavishnu_tui.screens.following import Followed, Following
from mahavishnu_tui.screens.layout import (
    MIN_HEIGHT,
    MIN_WIDTH,
    PANES,
    TABBED,
    PaneLayout,
    PaneName,
    format_of,
    regions,
)
from mahavishnu_tui.screens.panes.approvals import ApprovalsPane
from mahavishnu_tui.screens.panes.asked import PoolsPane, SchedulesPane
from mahavishnu_tui.screens.panes.checkpoints import CheckpointsPane
from mahavishnu_tui.screens.panes.pane import Pane, TablePane
from mahavishnu_tui.screens.panes.path import PathPane
from mahavishnu_tui.screens.panes.runs import RunsPane
from mahavishnu_tui.screens.prompt import Prompt, PromptKind
from mahavishnu_tui.screens.run_acts import RunActs
from mahavishnu_tui.screens.session import ALL, Link, Session
from mahavishnu_tui.widgets.graph import GraphView
from mahavishnu_tui.widgets.status import WAITING
from mahavishnu_tui.widgets.table import VirtualTable
from mahavishnu_tui.widgets.tabs import PaneStrip, PaneTab


class Panes(Widget):
    """The room for the panes, arranged by `PaneLayout`."""

    def __init__(self, *panes: Pane) -> None:
        super().__init__(*panes, id="panes")
        self.places = PaneLayout()

    @property
    def layout(self) -> PaneLayout:
        """Where the panes go; a stylesheet has no say in it."""
        return self.places


class Dashboard(RunActs):
    """The first screen."""

    CSS_PATH = "dashboard.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(
            Binding(str(n), f"pane('{name}')", name.capitalize(), show=False, id=f"pane.{name}")
            for n, name in enumerate(PANES, 1)
        ),
        Binding("right_square_bracket", "step_pane(1)", "Next pane", show=False, id="pane.next"),
        Binding("left_square_bracket", "step_pane(-1)", "Previous pane", show=False, id="pane.previous"),
        Binding("tab", "step_pane(1)", "Next pane", show=False, id="pane.tab"),
        Binding("shift+tab", "step_pane(-1)", "Previous pane", show=False, id="pane.shift_tab"),
        Binding("f", "full", "Full screen", show=False, id="pane.full"),
        Binding("slash", "prompt('/')", "Filter", id="prompt.filter"),
        Binding("colon", "prompt(':')", "Command", id="prompt.command"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.runs = RunsPane(session)
        self.path = PathPane(session)
        self.checkpoints = CheckpointsPane(session)
        self.approvals = ApprovalsPane(session)
        self.panes: dict[PaneName, Pane] = {
            "runs": self.runs,
            "path": self.path,
            "checkpoints": self.checkpoints,
            "approvals": self.approvals,
            "schedules": SchedulesPane(session),
            "pools": PoolsPane(session),
        }
        self.room = Panes(*(self.panes[name] for name in PANES))
        self.strip = PaneStrip(id="strip")
        self.prompt = Prompt(self._candidates)
        self.following = Following(self, session, self._followed)
        self._wanted_run = ""

    def compose_body(self) -> ComposeResult:
        """Tabs (small layout only), panes, prompt."""
        yield self.strip
        yield self.room
        yield Static(id="too-small", markup=False)
        yield self.prompt

    def on_mount(self) -> None:
        """Show the frame; the focus is on the runs."""
        super().on_mount()
        self.arrange_panes()
        self.panes["runs"].target.focus()

    # -- where things are

    @property
    def active(self) -> PaneName:
        """The pane with the focus."""
        return self.room.places.active

    @property
    def active_pane(self) -> Pane:
        """That pane."""
        return self.panes[self.active]

    def seen(self, name: PaneName) -> bool:
        """Whether a pane is shown in the present layout."""
        return self.panes[name].display

    @on(events.Resize)
    def arrange_panes(self) -> None:
        """Choose the layout for the size, and show what belongs to it."""
        size = self.app.size
        small = size.width < MIN_WIDTH or size.height < MIN_HEIGHT
        self.set_class(small, "-too-small")
        if small:
            self.query_one("#too-small", Static).update(
                f"MHV-009 This terminal is {size.width}x{size.height}; "
                f"Mahavishnu needs {MIN_WIDTH}x{MIN_HEIGHT}. Make it larger (q quits)."
            )
        places = self.room.places
        places.kind = format_of(size)
        if places.active in TABBED:
            places.tab = places.active
        for kind in ("small", "middle", "wide"):
            self.set_class(places.kind == kind, f"-{kind}")
        self.set_class(places.full, "-full")
        shown = regions(size, places.kind, places.active, places.tab, places.full)
        for name, pane in self.panes.items():
            pane.display = name in shown
            pane.set_class(name == places.active, "-active")
            pane.set_class(places.kind != "small" and not places.full, "-framed")
            pane.set_class(name in shown and shown[name].x > 0, "-right")
            if pane.display:
                pane.note(frozenset(), seen=True)
        self.room.refresh(layout=True)
        self.show_titles()

    def action_pane(self, name: str) -> None:
        """Go to a pane."""
        places = self.room.places
        places.active = cast(PaneName, name)
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
        """A click or a key moved the focus into another pane."""
        for name, pane in self.panes.items():
            if pane.has_focus_within and name != self.active:
                self.room.places.active = name
                self.arrange_panes()

    def action_back(self) -> None:
        """One step back: full screen, filter, other pane; at the root, out."""
        if self.room.places.full:
            self.action_full()
        elif self.active_pane.filter:
            self.active_pane.set_filter("")
            self.show_titles()
        elif self.active != "runs":
            self.action_pane("runs")

    async def action_close(self) -> None:
        """At the root `q` leaves; anywhere else it goes back."""
        if self.active == "runs" and not self.room.places.full:
            await self.run_action("app.leave")
        else:
            self.action_back()

    # -- what is known

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Hand changes to the panes, and to what follows the selected run."""
        for name, pane in self.panes.items():
            pane.note(changes, self.seen(name))
        visits = self.following.apply(changes)
        if visits:
            self.path.update(visits, self.following.run)
        elif self.following.run is not None:
            self.path.update([], self.following.run)
        if self._wanted_run and self.runs.table.move_to(self._wanted_run):
            self._wanted_run = ""
        self.follow_cursor()
        self.show_titles()

    def note_link(self, link: Link) -> None:
        """Rows are dimmed while the server is away, and come back with it."""
        for name, pane in self.panes.items():
            pane.invalidate(self.seen(name))
        self.show_titles()

    def on_screen_resume(self) -> None:
        """Catch up."""
        super().on_screen_resume()
        if self.is_mounted:
            self.note_changes(ALL if self.session.mirror.epoch else frozenset())

    @on(VirtualTable.CursorMoved, "#runs-table")
    def follow_cursor(self) -> None:
        """Path and checkpoints show the run under the cursor."""
        self.following.select(self.runs.cursor)

    def _followed(self, followed: Followed) -> None:
        run = self.following.run
        self.path.follow(followed, self.following.visits(), run)
        self.checkpoints.follow(followed, run, self.seen("checkpoints"))
        self.show_titles()

    # -- titles

    def show_titles(self) -> None:
        """Names and counts: in the frames, in the strip, and in the row between messages."""
        badges = {"approvals": self.session.mirror.waiting}
        sign = WAITING.sign(self.session.ascii)
        tabs = [
            PaneTab(name, self.panes[name].TITLE, str(n), f"{sign}{badges[name]}" if badges.get(name) else "")
            for n, name in enumerate(PANES, 1)
        ]
        self.strip.show(tabs, self.active)
        for tab in tabs:
            pane = self.panes[cast(PaneName, tab.id)]
            if pane.display:
                pane.border_title = self._title(tab, pane)
        counts = self.active_pane.counts()
        self.flash_row.set_rest(f"{counts}" if counts else "")

    def _title(self, tab: PaneTab, pane: Pane) -> Content:
        places = self.room.places
        parts: list[Content | tuple[str, str]] = []
        names = (
            TABBED if places.kind == "middle" and pane.PANE in TABBED and not places.full else (pane.PANE,)
        )
        for name in names:
            text = f"{PANES.index(name) + 1} {self.panes[name].TITLE}"
            style = "bold $accent" if name == self.active else "bold" if name == pane.PANE else "$text-muted"
            parts += [("  ", "") if parts else ("", ""), (text, style)]
        counts = pane.counts()
        if counts:
            parts.append((f" ─ {counts}", "$text-muted"))
        return Content.assemble(*parts)

    # -- prompt

    def action_prompt(self, kind: str) -> None:
        """Type a command or a filter."""
        if kind == "/" and not self.active_pane.ATTRIBUTES:
            self.flash("This pane has nothing to filter.", "warning")
            return
        self.add_class("-prompting")
        self.prompt.open(cast(PromptKind, kind), self.active_pane.filter.text if kind == "/" else "")

    @on(Prompt.Typed)
    async def _typed(self, event: Prompt.Typed) -> None:
        event.stop()
        if event.kind == "/" and not event.left:
            refused = self._filter(event.text, say=event.done)
            if refused:
                return
        if event.kind == "/" and event.left:
            self._filter("", say=False)
        if event.done or event.left:
            self.remove_class("-prompting")
            self.prompt.close()
            self.active_pane.target.focus()
        if event.kind == ":" and event.done and event.text.strip():
            await self._command(event.text)

    def _filter(self, text: str, say: bool) -> bool:
        """Filter the active pane; True when the text makes no sense (said only when entered)."""
        from mahavishnu_tui.models import MahavishnuError

        try:
            self.active_pane.set_filter(text)
        except MahavishnuError as error:
            if say:
                self.remove_class("-prompting")
                self.prompt.close()
                self.active_pane.target.focus()
                self.flash_error(error)
            return True
        self.show_titles()
        return False

    async def _command(self, line: str) -> None:
        from mahavishnu_tui.models import MahavishnuError
        from mahavishnu_tui.screens.commands import parse_command

        try:
            spoken = parse_command(line)
        except MahavishnuError as error:
            self.flash_error(error)
            return
        if spoken.command.name == "logs" and spoken.argument:
            self.open_logs(self._log_source(spoken.argument))
        elif spoken.command.name == "runs" and spoken.argument:
            self.action_pane("runs")
            self.try_to(lambda: self.runs.set_filter(spoken.argument))
            self.show_titles()
        elif spoken.command.action in ("logs", "workflows") or spoken.command.action.startswith("pane"):
            await self.run_action(spoken.command.action)
        else:
            await self.run_action(f"app.{spoken.command.action}")

    def _log_source(self, word: str) -> str:
        return word if word == "server" or word.startswith("host:") else f"host:{word}"

    def _candidates(self, command: str) -> list[str]:
        if command.startswith("log"):
            return ["server", *(f"host:{host}" for host in self.session.mirror.hosts)]
        if command == "runs":
            return [f"state:{word}" for word in ("running", "waiting", "failed", "queued", "paused", "done")]
        return []

    # -- going in

    def action_workflows(self) -> None:
        """The workflows are shown where they can be launched."""
        self.action_launch()

    @on(VirtualTable.Activated)
    async def _enter(self, event: VirtualTable.Activated) -> None:
        if event.control is self.runs.table:
            self.open_run("path")
        elif event.control is self.checkpoints.table and self.checkpoints.current is not None:
            self.open_run("state", checkpoint=self.checkpoints.current.id)
        elif event.control is self.approvals.table:
            if self.session.options.readonly:
                self.flash("This dashboard is read-only: questions are shown, not answered.", "warning")
            else:
                self.action_answer()
        elif self.active == "pools":
            host = cast(PoolsPane, self.panes["pools"]).host
            self.open_logs(f"host:{host.id}" if host else "server")

    @on(GraphView.NodeActivated)
    def _enter_node(self, event: GraphView.NodeActivated) -> None:
        self.open_run("state", node=event.path)

    def open_run(self, tab: str, checkpoint: str = "", node: str = "") -> None:
        """Open the selected run at a tab."""
        run = self.selected_run
        if run is None:
            self.flash("No run is selected.", "warning")
            return
        from mahavishnu_tui.screens.run import RunScreen

        self.app.push_screen(RunScreen(self.session, run.id, tab, checkpoint=checkpoint, node=node))

    def show_run(self, run: Run) -> None:
        """Put the cursor on a run as soon as it is in the list."""
        if not self.runs.table.move_to(run.id):
            self._wanted_run = run.id

    # -- what the keys act on

    @property
    def selected_run(self) -> Run | None:
        """The run under the cursor; in the inbox the one that asks."""
        if self.active == "approvals" and self.approvals.current is not None:
            return self.session.run(self.approvals.current.run_id)
        return self.runs.current

    @property
    def selected_approval(self) -> Approval | None:
        """In the inbox the question under the cursor."""
        return self.approvals.current if self.active == "approvals" else super().selected_approval

    @property
    def selected_checkpoint(self) -> Checkpoint | None:
        """In the checkpoints pane the one under the cursor."""
        return self.checkpoints.current if self.active == "checkpoints" else None

    def copied_text(self) -> str:
        """The id of what is under the cursor."""
        pane = self.active_pane
        if isinstance(pane, TablePane) and self.active != "runs":
            return pane.cursor
        return super().copied_text()
