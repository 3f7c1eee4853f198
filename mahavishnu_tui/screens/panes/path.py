"""Pane 2: the graph of the selected run, lit by its visits, now or as it was at a moment."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from mahavishnu_tui.models.run_search import flow_name
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.following import Followed
from mahavishnu_tui.screens.layout import PaneName
from mahavishnu_tui.screens.panes.pane import Pane
from mahavishnu_tui.screens.playback import Playback
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.graph import GraphView

if TYPE_CHECKING:
    from mahavishnu_tui.models import GraphShape, NodeVisit, Run


class PathPane(Pane):
    """The drawing; whoever shows the pane gives it what it follows."""

    DEFAULT_CSS = """
    PathPane .playback { height: 1; display: none; background: $warning 25%; text-style: bold; padding: 0 1; }
    PathPane.-playback .playback { display: block; }
    """
    PANE: ClassVar[PaneName] = "path"
    TITLE = "Path"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("comma", "playback(-1)", "Step back", key_display=",", show=False, id="path.back"),
        Binding("full_stop", "playback(1)", "Step on", key_display=".", show=False, id="path.on"),
        Binding("space", "play", "Play or pause", show=False, id="path.play"),
        Binding("escape,q", "live", "Live again", show=False, id="path.live"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        clock = session.clock
        self.graph = GraphView(
            now=clock.now, until_step=clock.until_step, ascii_only=session.ascii, id="path-graph"
        )
        self.banner = Static(classes="playback", markup=False)
        self._drawn: object = None
        self._followed = Followed()
        self._shape: GraphShape | None = None
        self._run: Run | None = None
        self._visits: dict[int, NodeVisit] = {}
        self._playback: Playback | None = None
        self._timer: Timer | None = None

    def compose(self) -> ComposeResult:
        """What is played back, over the drawing."""
        yield self.banner
        yield self.graph

    def on_mount(self) -> None:
        """Say at once that nothing is known yet."""
        self.graph.clear("connecting …")

    @property
    def target(self) -> Widget:
        """The drawing."""
        return self.graph

    @property
    def played(self) -> int:
        """The number of the visit that playback has come to; 0 while the pane is live."""
        return self._playback.frame().number if self._playback else 0

    def draw(self) -> None:
        """Only the words in place of a drawing depend on the link."""
        if self._drawn is None:
            self.graph.clear(self._absent(self._followed))

    def follow(self, followed: Followed, visits: list[NodeVisit], run: Run | None) -> None:
        """Show another run, or more of the same."""
        self._followed = followed
        if run is None or self._run is None or run.id != self._run.id:
            self._stop()
        self._run = run
        self._visits = {visit.number: visit for visit in visits}
        self._shape = followed.shape
        if followed.shape is None:
            self._stop()
            self._drawn = None
            self.graph.clear(self._absent(followed))
            return
        if self._drawn is not followed.shape:
            self._drawn = followed.shape
            self.graph.show(followed.shape)
        if self._playback is None:
            self.graph.set_visits(visits)

    def update(self, visits: list[NodeVisit], run: Run | None) -> None:
        """Apply new or changed visits of the shown run."""
        self._run = run
        for visit in visits:
            self._visits[visit.number] = visit
            if self._playback is None:
                self.graph.update_visit(visit)

    def counts(self) -> str:
        """Whose path this is, and how far it got."""
        if self._run is None:
            return ""
        step = f" · step {self._run.step}" if self._run.step >= 0 else ""
        seen = self._legend()
        played = "PLAYBACK · " if self._playback is not None else ""
        return (
            f"{played}{clean_line(flow_name(self._run), 40)} · {clean_line(self._run.name, 40)}{step}{seen}"
        )

    def _legend(self) -> str:
        """What dashes mean, when there are any."""
        if self._shape is None or not _any_observed(self._shape):
            return ""
        return f" · {'..' if self.session.ascii else '╌╌'} seen"

    # -- playback

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is a way back to live only from playback."""
        return self._playback is not None if action == "live" else super().check_action(action, parameters)

    def action_playback(self, by: int) -> None:
        """One visit on or back; from live, the first or the last one."""
        self._pause()
        if self._playback is None:
            self._play_from(1 if by > 0 else len(self._visits))
        else:
            self._play_from(self._playback.step + by)

    def action_play(self) -> None:
        """Play at reading speed, or pause; from the end, again from the beginning."""
        if self._timer is not None:
            self._pause()
            self._show_frame()
            return
        if self._playback is None or self._playback.ended:
            self._play_from(1)
        if self._playback is not None:
            self._timer = self.set_interval(self._playback.seconds(), self._next)
            self._show_frame()

    def action_live(self) -> None:
        """The run as it is now."""
        self._stop()
        self.graph.set_visits(self._visits.values())
        self._told_anew()

    def _play_from(self, step: int) -> None:
        if not self._visits or self._drawn is None:
            return
        self._playback = Playback(self._visits.values(), step)
        self.set_class(True, "-playback")
        self._show_frame()

    def _next(self) -> None:
        if self._playback is None:
            self._pause()
            return
        self._playback = Playback(self._visits.values(), self._playback.step + 1)
        if self._playback.ended:
            self._pause()
        self._show_frame()

    def _show_frame(self) -> None:
        if self._playback is None:
            return
        frame = self._playback.frame()
        self.graph.set_visits(frame.visits, frame.at)
        if frame.current is not None:
            self.graph.look_at(frame.current.path)
        where = f"step {frame.step}/{frame.steps}" if frame.current else f"end, after {frame.steps} steps"
        doing = "playing" if self._timer is not None else "paused"
        keys = "space pauses" if self._timer is not None else ", . step   space plays"
        at = self.session.times.still.clock(frame.at)
        self.banner.update(f"PLAYBACK · {where} · {at} · {doing}   {keys}   esc live")
        self._told_anew()

    def _pause(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _stop(self) -> None:
        self._pause()
        self._playback = None
        self.set_class(False, "-playback")

    def _told_anew(self) -> None:
        self.post_message(self.Counted())
        self.refresh_bindings()

    def _absent(self, followed: Followed) -> str:
        words = self.lost_text()
        if words is not None:
            return words[1]
        if followed.error is not None:
            return f"{followed.error.code.value} {clean_line(followed.error.message)} (:errors has all of it)"
        if not followed.run_id:
            return "No run is selected: 1 shows the runs, t launches one."
        if not followed.loaded:
            return "loading …"
        if self._run is not None and self._run.engine == "prefect":
            return "No task of this flow has begun."
        return "The graph is not known yet: its host has not loaded it."


def _any_observed(shape: GraphShape) -> bool:
    return any(edge.observed for edge in shape.edges) or any(map(_any_observed, shape.subgraphs.values()))
