"""Pane 1: every run, what waits for a human on top."""

from __future__ import annotations

import operator
import re
from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on

from mahavishnu_tui.client.mirror import Change
from mahavishnu_tui.models.filtering import Filter
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.run_search import RUN_ATTRIBUTES, run_attributes
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens import rows
from mahavishnu_tui.screens.heat import HeatLines
from mahavishnu_tui.screens.layout import PaneName
from mahavishnu_tui.screens.panes.archive import Archive
from mahavishnu_tui.screens.panes.pane import Listed, TablePane
from mahavishnu_tui.screens.prefect_words import prefect_unread
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets import status
from mahavishnu_tui.widgets.table import PlaceholderKind, Row, VirtualTable

if TYPE_CHECKING:
    from textual.widget import Widget

    from mahavishnu_tui.models import Run
    from mahavishnu_tui.screens.welcome.view import Welcome

_place = operator.attrgetter(
    "status",
    "created_at",
    "started_at",
    "ended_at",
    "due_at",
    "workflow_id",
    "deployment_id",
    "engine",
    "twin",
    "priority",
    "queued_at",
    "displaced",
)
"""What a run's place in the list, its age and its history are made of."""
_ONLY_SCHEDULED = "No runs but scheduled ones: / and state:scheduled lists them."


class RunsPane(TablePane):
    """The list of runs; the rest of the dashboard follows its cursor."""

    PANE: ClassVar[PaneName] = "runs"
    TITLE = "Runs"
    KINDS = frozenset({"run", "approval", "gone"})
    ATTRIBUTES = RUN_ATTRIBUTES
    COLUMNS = rows.RUN_COLUMNS
    MARKS = True
    EMPTY = "No runs yet: t launches a workflow or a deployment, `mahavishnu demo` brings some."

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.archive = Archive(self, session, self._answered)
        self._made: dict[str, tuple[tuple[Any, ...], Row]] = {}
        """Rows by run id, each with what it was made of."""
        self._heat = HeatLines()
        self._scheduled = 0
        """Scheduled runs that are known and left out."""
        self._twins = 0
        """Flow runs that are shown as the runs that they started."""
        self._welcome: Welcome | None = None

    def on_mount(self) -> None:
        """Have the runs counted: a server that answered before this was here told nobody of it."""
        super().on_mount()
        self.archive.renew()

    @property
    def target(self) -> Widget:
        """The table; what to do next, as long as there is no run."""
        return self.table if self._welcome is None else self._welcome.steps

    def draw(self) -> None:
        """The rows; a welcome where the server has no run at all."""
        super().draw()
        count = self.archive.count
        if self.archive.runs() or (count is not None and count.total):
            if self._welcome is not None:
                self.call_later(self._show_rows)
        elif count is not None and not self.filter and self._welcome is None and self.session.link.live:
            self.call_later(self._show_welcome)

    async def _show_welcome(self) -> None:
        """Made when it is wanted: most dashboards never need it."""
        if self._welcome is None:
            from mahavishnu_tui.screens.welcome.view import Welcome

            self._welcome = Welcome(self.session)
            await self.mount(self._welcome)
            if self.table.has_focus:  # moved before the table goes, or it would fall to another pane
                self.screen.set_focus(self._welcome.steps)
            self.table.display = False

    async def _show_rows(self) -> None:
        if self._welcome is not None:
            left, self._welcome = self._welcome, None
            self.table.display = True
            if left.steps.has_focus:
                self.screen.set_focus(self.table)
            await left.remove()

    def _answered(self, asked: bool) -> None:
        """The server has counted, or given older runs; what nobody asked for waits while all stands still."""
        self.invalidate(asked or not self.session.clock.frozen)

    @property
    def filter_values(self) -> Mapping[str, Iterable[str]]:
        """States, engines and ages can be listed, and what the known runs have of the others."""
        from mahavishnu_tui.screens.completing import run_values

        return run_values(self.session)

    @property
    def current(self) -> Run | None:
        """The run under the cursor."""
        return self.session.run(self.cursor)

    @property
    def marked(self) -> list[Run]:
        """The marked runs."""
        found = map(self.session.run, self.table.marked)
        return [run for run in found if run is not None]

    def note(self, changes: frozenset[Change], seen: bool) -> None:
        """Runs that are gone are gone here too; where the mirror has not all, they are counted again."""
        for kind, key in changes:
            if kind == "gone":
                self.archive.forget(key)
        if any(kind in ("run", "gone") for kind, _ in changes):
            self.archive.recount()
        if not (seen and self._got_on(changes)):
            super().note(changes, seen)

    def _got_on(self, changes: frozenset[Change]) -> bool:
        """Exchange the rows of runs that have merely got on; False where there is more to do.

        Between two changes of its state a run tells of every node, and of thousands of rows only its own is
        another one then, in the same place.
        """
        if self.filter or self._dirty or not self.is_mounted:
            return False
        found = []
        for kind, run_id in changes:
            before, run = self._made.get(run_id), self.session.mirror.runs.get(run_id)
            if kind != "run" or before is None or run is None or _place(before[0][0]) != _place(run):
                return False
            found.append((run, *before[0][1:]))
        self._exchange(found)
        return True

    def _stepped(self) -> None:
        """What has not ended is older: of thousands of rows only these are other ones, in the same places."""
        moving = self.display and self.session.link.live and not self.session.clock.frozen
        if not moving or self.filter or self._dirty or not self.is_mounted:
            super()._stepped()
            return
        times, since = self.session.times, self._since()
        found = []
        for parts, _ in self._made.values():
            run, history, age, *rest, key = parts
            if run.status in FINISHED:
                continue
            ages = rows.run_age(run, since.get(run.id), times), times.age_key(rows.began(run))
            if ages != (age, key):
                found.append((run, history, ages[0], *rest, ages[1]))
        self._exchange(found)
        self._plan()

    def _exchange(self, found: Iterable[tuple[Any, ...]]) -> None:
        """Show other rows in the places of some; of each what it is made of."""
        made = {parts[0].id: (parts, self._row(parts)) for parts in found}
        self._made |= made
        self.table.update_rows(row for _, row in made.values())

    def _row(self, parts: tuple[Any, ...]) -> Row:
        run, history, age, plain, place, mixed, _ = parts
        began = self.session.times.began(rows.began(run))
        return rows.run_row(run, history, age, plain, place, mixed, began)

    def _since(self) -> dict[str, float]:
        """Since when each run waits for a human."""
        since: dict[str, float] = {}
        for approval in self.session.pending():
            since.setdefault(approval.run_id, approval.asked_at)
        return since

    def set_filter(self, text: str) -> None:
        """Filter what is known at once, and ask the server for what is not."""
        super().set_filter(text)
        self.archive.look(self.filter.text)

    def on_resize(self) -> None:
        """There may be room for more of the past, or for less."""
        mixed = any(column.key == "engine" for column in self.table.columns)
        if self.table.columns != rows.run_columns(mixed, self.table.size.width):
            self.invalidate()

    @on(VirtualTable.CursorMoved)
    def _moved(self, event: VirtualTable.CursorMoved) -> None:
        if self.table.rows and event.key == self.table.rows[-1].key:
            self.archive.more()

    def listed(self) -> list[Listed]:
        """Every run that is known, once; scheduled ones only where the filter asks for them."""
        times = self.session.times
        now = times.now
        known = self.archive.runs()
        wanted = self._wanted(rows.without_twins(known))
        mixed = _mixed(wanted)
        self.table.set_columns(rows.run_columns(mixed, self.table.size.width))
        runs = rows.order_runs(wanted)
        histories = self._heat.of(runs)
        since = self._since()
        places = rows.queue_places(runs, now)
        made, ascii_only = self._made, self.session.ascii
        self._made = {}
        found = []
        for run in runs:
            # Of thousands of runs few change from one look to the next, and what has ended gets no older.
            before = made.get(run.id)
            if before is not None and before[0][0] is run and run.status in FINISHED:
                age = before[0][2]
            else:
                age = rows.run_age(run, since.get(run.id), times)
            place, began = places.get(run.id, ""), rows.began(run)
            parts = (run, histories[run.id], age, ascii_only, place, mixed, times.age_key(began))
            row = before[1] if before is not None and before[0] == parts else None
            if row is None:
                row = self._row(parts)
            self._made[run.id] = (parts, row)
            found.append(Listed(row, run_attributes(run, now) if self.filter else {}))
        return found

    def _wanted(self, runs: Iterable[Run]) -> list[Run]:
        everything = list(runs)
        self._twins = len(self.archive.runs()) - len(everything)
        if asks_for_scheduled(self.filter):
            self._scheduled = 0
            return everything
        wanted = [run for run in everything if run.status != "scheduled"]
        self._scheduled = len(everything) - len(wanted)
        return wanted

    def problem(self) -> tuple[PlaceholderKind, str] | None:
        """Whether there are none can be said once the server has told of those that are not here."""
        asking = self.filter and self.archive.asking and self.session.link.live
        if asking:
            return "loading", "asking the server for older ones …"
        if self.archive.runs():
            return ("empty", _ONLY_SCHEDULED) if self._scheduled and not self.filter else None
        return prefect_unread(self.session, "No run of ours")

    def counts(self) -> str:
        """`12 of 20,431`: of all runs that the server has; scheduled ones that are left out are named."""
        if self.filter:
            return f"{self.found()} · filter {clean_line(self.filter.text, 60)}"
        total, matched, scheduled = self._numbers()
        said = f"{total - scheduled:,}" if total else ""
        if self._in_part(matched):
            said = f"{self._newest()} of {said}"
        return f"{said} · {scheduled:,} scheduled" if scheduled else said

    def found(self) -> str:
        """`12 of 20,431`, and how many of the 12 are here."""
        if self.archive.asking:
            return f"{self.shown:,}+ of {self.archive.known_total - self._twins:,}"
        total, matched, _ = self._numbers()
        said = f"{matched:,} of {total:,}"
        return f"{said} ({self._newest()})" if self._in_part(matched) else said

    def _numbers(self) -> tuple[int, int, int]:
        """All runs, those that match, and the scheduled ones that are left out."""
        count = self.archive.count
        if count is None or self.archive.whole:
            return self.total + self._scheduled, self.shown, self._scheduled
        scheduled = count.by_status.get("scheduled", 0) if self._scheduled else 0
        return count.total - self._twins, count.matched - scheduled, scheduled

    def _in_part(self, matched: int) -> bool:
        return self.shown < matched and not self.archive.whole and not self.archive.ended

    def _newest(self) -> str:
        return f"{'sorted: ' if self.table.sorted_by else ''}newest {self.shown:,}"

    def until_step(self) -> float | None:
        """Seconds while something runs, minutes while something waits, never otherwise."""
        now = self.session.now()
        shown, fixed = asks_for_scheduled(self.filter), self.session.times.fixed
        delays = [
            _until_step(run, now)
            for run in self.session.mirror.runs.values()
            if run.status == "running"
            or (not fixed and run.status in ("queued", "interrupted", "paused"))
            or (not fixed and shown and run.status == "scheduled")
        ]
        return min(delays, default=None)


def _until_step(run: Run, now: float) -> float:
    if run.status == "running":
        return status.next_step(now - (run.started_at or run.created_at))
    if run.status == "scheduled":
        return status.until_step((run.due_at or now) - now)
    return max(60 - (now - (run.due_at or run.created_at)) % 60, 1.0)


def _mixed(runs: Collection[Run]) -> bool:
    return any(run.engine != "langgraph" for run in runs)


def asks_for_scheduled(wanted: Filter) -> bool:
    """Whether a filter names the state `scheduled`, which else is left out."""
    for word in wanted.text.split():
        name, colon, value = word.partition(":")
        if colon and name.lower() in ("state", "status") and any(map(_is_scheduled, value.split(","))):
            return True
    return False


def _is_scheduled(pattern: str) -> bool:
    return bool(pattern) and re.search(pattern, "scheduled", re.IGNORECASE) is not None
