"""`Room`: the six panes together: which are seen, which has the focus, how they are titled."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.geometry import Region, Size
from textual.widget import Widget

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.screens.layout import PANES, TABBED, PaneLayout, PaneName, format_of, regions
from mahavishnu_tui.screens.panes.approvals import ApprovalsPane
from mahavishnu_tui.screens.panes.checkpoints import CheckpointsPane
from mahavishnu_tui.screens.panes.pane import Pane
from mahavishnu_tui.screens.panes.path import PathPane
from mahavishnu_tui.screens.panes.pools import PoolsPane
from mahavishnu_tui.screens.panes.runs import RunsPane
from mahavishnu_tui.screens.panes.schedules import SchedulesPane
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.status import WAITING
from mahavishnu_tui.widgets.tabs import PaneTab


class Room(Widget):
    """Holds the panes, arranged by a `PaneLayout`."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.runs = RunsPane(session)
        self.path = PathPane(session)
        self.checkpoints = CheckpointsPane(session)
        self.approvals = ApprovalsPane(session)
        self.schedules = SchedulesPane(session)
        self.pools = PoolsPane(session)
        self.panes: dict[PaneName, Pane] = {
            "runs": self.runs,
            "path": self.path,
            "checkpoints": self.checkpoints,
            "approvals": self.approvals,
            "schedules": self.schedules,
            "pools": self.pools,
        }
        super().__init__(*(self.panes[name] for name in PANES), id="panes")
        self.places = PaneLayout()
        self._titles: dict[PaneName, str] = {}
        self._shown: dict[PaneName, Region] = {}

    @property
    def layout(self) -> PaneLayout:
        """Where the panes go; a stylesheet has no say in it."""
        return self.places

    @property
    def active(self) -> Pane:
        """The pane with the focus."""
        return self.panes[self.places.active]

    def seen(self) -> Iterator[tuple[Pane, bool]]:
        """Every pane, and whether it is shown."""
        for pane in self.panes.values():
            yield pane, bool(pane.display)

    def note(self, changes: frozenset[Change]) -> None:
        """Hand changes to every pane; only what is seen is drawn."""
        for pane, seen in self.seen():
            pane.note(changes, seen)

    def invalidate(self) -> None:
        """Draw all that is seen again, the rest when it is looked at."""
        for pane, seen in self.seen():
            pane.invalidate(seen)

    def focused(self) -> PaneName | None:
        """The pane in which the focus really is."""
        return next((name for name in PANES if self.panes[name].has_focus_within), None)

    def arrange_panes(self, size: Size) -> None:
        """Choose the layout for a terminal of that size, and show what belongs to it."""
        places = self.places
        places.kind = format_of(size)
        if places.active in TABBED:
            places.tab = places.active
        shown = regions(size, places.kind, places.active, places.tab, places.full)
        framed = places.kind != "small" and not places.full
        for name, pane in self.panes.items():
            pane.display = name in shown
            # Without a frame nothing of it is seen beside what it holds.
            pane.BLANK = not framed  # type: ignore[misc] # a class variable by its annotation alone
            pane.update_classes(
                {
                    "-active": name == places.active,
                    "-framed": framed,
                    "-right": name in shown and shown[name].x > 0,
                },
                update=pane.is_attached,  # before, the stylesheet has not seen it at all
            )
            if pane.display:
                pane.note(frozenset(), seen=True)
        if shown != self._shown:  # a new layout repaints everything
            self._shown = shown
            self.refresh(layout=True)

    # -- titles

    def tabs(self) -> list[PaneTab]:
        """The panes for the strip, with what waits for a human."""
        sign = WAITING.sign(self.session.ascii)
        waiting = self.session.mirror.waiting
        return [
            PaneTab(
                name,
                self.panes[name].TITLE,
                str(number),
                f"{sign}{waiting}" if name == "approvals" and waiting else "",
            )
            for number, name in enumerate(PANES, 1)
        ]

    def show_titles(self) -> None:
        """Names and counts in the frames."""
        for pane, seen in self.seen():
            title = self._title(pane)
            # Giving a pane its title repaints all of it, also when it is the same one.
            if seen and title.markup != self._titles.get(pane.PANE):
                self._titles[pane.PANE] = title.markup
                pane.border_title = title

    def _title(self, pane: Pane) -> Content:
        places = self.places
        shares = places.kind == "middle" and pane.PANE in TABBED and not places.full
        parts: list[tuple[str, str]] = []
        for name in TABBED if shares else (pane.PANE,):
            style = (
                "bold $text-accent"
                if name == places.active
                else "bold"
                if name == pane.PANE
                else "$text-muted"
            )
            parts.append((f"{'  ' if parts else ''}{PANES.index(name) + 1} {self.panes[name].TITLE}", style))
        counts = pane.headline()
        if counts:
            dash = "-" if self.session.ascii else "─"
            parts.append((f" {dash} {counts} ", "$text-muted"))
        return Content.assemble(*parts)
