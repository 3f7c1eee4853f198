"""Pane 5: the rules by which runs start."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from mahavishnu_tui.models.filtering import several
from mahavishnu_tui.models.text import counted
from mahavishnu_tui.screens import catalog_rows
from mahavishnu_tui.screens.layout import PaneName
from mahavishnu_tui.screens.panes.asked import AskedPane
from mahavishnu_tui.screens.panes.pane import Listed
from mahavishnu_tui.screens.prefect_words import without_prefect
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.table import PlaceholderKind

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient
    from mahavishnu_tui.models import Schedule

_DEEDS = frozenset({"edit", "pause", "run_now", "skip", "delete", "details", "raw", "actions"})
"""What is done to the schedule under the cursor."""


class SchedulesPane(AskedPane["Schedule"]):
    """Every schedule of every deployment, the next to start first."""

    PANE: ClassVar[PaneName] = "schedules"
    TITLE = "Schedules"
    KINDS = frozenset({"prefect"})
    WRITES = frozenset({"new", "edit", "pause", "run_now", "skip", "delete"})
    CATALOG = frozenset({"schedules", "deployments"})
    ATTRIBUTES = frozenset({"name", "state", "rule"})
    COLUMNS = catalog_rows.SCHEDULE_COLUMNS
    EMPTY = "No schedules: n makes one, of a deployment or of a workflow."
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "new", "New", id="schedules.new"),
        Binding("e", "edit", "Edit", id="schedules.edit"),
        Binding("p", "pause", "Pause/resume", id="schedules.pause"),
        Binding("r", "run_now", "Run now", id="schedules.run"),
        Binding("d", "details", "Details", show=False, id="schedules.details"),
        Binding("y", "raw", "Raw JSON", show=False, id="schedules.raw"),
        Binding("x", "actions", "Actions", id="schedules.actions"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session, _ask)

    @property
    def current(self) -> Schedule | None:
        """The schedule under the cursor."""
        return next((item for item in self.fetched.items if item.id == self.cursor), None)

    def problem(self) -> tuple[PlaceholderKind, str] | None:
        """A server without Prefect says so: that is not an empty list."""
        return (without_prefect(self.session, "schedules") if not self.fetched.items else None) or (
            super().problem()
        )

    def listed(self) -> list[Listed]:
        """Every schedule."""
        now, times = self.session.now(), self.session.times
        return [
            Listed(
                catalog_rows.schedule_row(item, times, self.session.ascii),
                {
                    "text": " ".join((item.name, item.rule, item.timezone, item.slug, *_words(item, now))),
                    "name": item.name,
                    "rule": item.rule,
                    "state": several(*_words(item, now)),
                },
            )
            for item in self.fetched.items
        ]

    def counts(self) -> str:
        """How many, and how much is late."""
        late = sum(item.late for item in self.fetched.items)
        return super().counts() + (f" · {counted(late, 'run')} late" if late else "")

    def until_step(self) -> float | None:
        """When the next start reads differently; minutes while something is late."""
        now, fixed = self.session.now(), self.session.times.fixed
        delays = [
            (item.next_at - now if fixed else status.until_step(item.next_at - now))
            if item.next_at > now
            else 60.0
            for item in self.fetched.items
            if item.next_at is not None and item.runs
        ]
        return min(delays, default=None)

    def _stepped(self) -> None:
        """A start whose time has come is followed by another one."""
        now = self.session.now()
        if self.display and any(item.runs and (item.next_at or now) <= now for item in self.fetched.items):
            self.fetched.want()
        super()._stepped()

    # -- acts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a schedule there is nothing to change, without Prefect nothing to make."""
        if action in _DEEDS and self.current is None:
            return False
        if action == "new" and not self.fetched.items and without_prefect(self.session, "") is not None:
            return False
        return super().check_action(action, parameters)

    def _on_current(self, deed: Callable[..., None]) -> None:
        schedule = self.current
        if schedule is None:
            self.operator.flash("No schedule is selected.", "warning")
        else:
            deed(self.operator, schedule)

    def action_new(self) -> None:
        """Make a schedule."""
        from mahavishnu_tui.screens.schedules.acts import create

        create(self.operator)

    def action_edit(self) -> None:
        """Change the rule or the parameters."""
        from mahavishnu_tui.screens.schedules.acts import edit

        self._on_current(edit)

    def action_pause(self) -> None:
        """Make no more runs, or make them again."""
        from mahavishnu_tui.screens.schedules.acts import pause

        self._on_current(pause)

    def action_run_now(self) -> None:
        """Start one run now."""
        from mahavishnu_tui.screens.schedules.acts import run_now

        self._on_current(run_now)

    def action_skip(self) -> None:
        """Delete the late runs."""
        from mahavishnu_tui.screens.schedules.acts import skip

        self._on_current(skip)

    def action_delete(self) -> None:
        """Take the schedule away."""
        from mahavishnu_tui.screens.schedules.acts import delete

        self._on_current(delete)

    def enter(self) -> None:
        """All of it."""
        self.action_details()

    def action_details(self) -> None:
        """All of it, and its next starts."""
        from mahavishnu_tui.screens.schedules.acts import details

        self._on_current(details)

    def action_raw(self) -> None:
        """The record as JSON."""
        from mahavishnu_tui.screens.schedules.acts import raw

        self._on_current(raw)

    def action_actions(self) -> None:
        """The menu of the schedule."""
        schedule = self.current
        if schedule is None:
            self.operator.flash("No schedule is selected: n makes one.", "warning")
            return
        from mahavishnu_tui.screens.actions import MenuScreen
        from mahavishnu_tui.screens.schedules.acts import menu

        found = menu(schedule, self.session.readonly)
        self.app.push_screen(MenuScreen(schedule.name, found), self._chosen)

    async def _chosen(self, action: str | None) -> None:
        if action:
            await self.run_action(action)


def _words(schedule: Schedule, now: float) -> tuple[str, str]:
    passed = (schedule.next_at or now) < now and not schedule.estimated
    return catalog_rows.schedule_mark(schedule).word, "LATE" if passed or schedule.late else ""


async def _ask(client: ServerClient) -> list[Schedule]:
    return await client.schedules()
