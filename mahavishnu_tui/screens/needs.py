"""`NeedsScreen`: everything that needs the operator, each one key from its cure."""

from __future__ import annotations

import functools
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.timer import Timer
from textual.widgets import Static

from mahavishnu_tui.client.mirror import EVERYTHING, Change
from mahavishnu_tui.models import Approval, Need, Run
from mahavishnu_tui.models.need import SEEABLE
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens import need_cures, need_rows
from mahavishnu_tui.screens.filtered import Filtered
from mahavishnu_tui.screens.need_runs import NeedRuns
from mahavishnu_tui.screens.prefect_words import prefect_unread
from mahavishnu_tui.screens.session import Link, Session
from mahavishnu_tui.widgets.need_marks import sums
from mahavishnu_tui.widgets.table import PlaceholderKind, VirtualTable

_FITS = {
    "answer": ("approval",),
    "retry": ("failure", "schedule"),
    "pause": ("paused",),
    "see": tuple(sorted(SEEABLE)),
    "skip": ("late",),
}
"""To which kinds an act belongs: elsewhere its key is not bound."""
_TABS = {"approval": "path", "paused": "states", "failure": "errors"}
"""Where the run of a need is opened."""
_OF_RUNS = frozenset({"logs", "actions", "compare", "again"})
_OF_NEEDS = frozenset({"raw", "copy"})
_HIDDEN = frozenset({"launch"})


class NeedsScreen(NeedRuns, Filtered):
    """The most urgent first; the key hints are those of the row under the cursor."""

    CSS_PATH = "document.tcss"
    ATTRIBUTES = need_rows.ATTRIBUTES
    WRITES: ClassVar[frozenset[str]] = frozenset(_FITS)
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "prompt('/')", "Filter", id="needs.filter"),
        Binding("a", "answer", "Answer", id="run.answer"),
        Binding("r", "retry", "Retry", id="run.retry"),
        Binding("p", "pause", "Resume", id="run.pause"),
        Binding("S", "skip", "Skip backlog", id="needs.skip"),
        Binding("s", "see", "Seen", id="needs.see"),
        Binding("C", "claim", "Claim", id="run.claim"),
        Binding("d", "open", "Open", show=False, id="run.details"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self.table = VirtualTable(
            need_rows.NEED_COLUMNS, ascii_only=session.ascii, markable=True, sortable=True, id="document"
        )
        self._tick: Timer | None = None

    def compose_body(self) -> ComposeResult:
        """A title and the table."""
        yield Static("needs you", id="document-title", markup=False)
        yield self.table

    def on_mount(self) -> None:
        """Show what there is."""
        super().on_mount()
        self.draw()
        self.table.focus()

    # -- what is shown

    @property
    def current(self) -> Need | None:
        """The need under the cursor."""
        return (self.session.mirror.needs or {}).get(self.table.cursor_key)

    @property
    def chosen(self) -> list[Need]:
        """What is marked, else what is under the cursor."""
        known = self.session.mirror.needs or {}
        marked = [known[key] for key in self.table.marked if key in known]
        return marked or [need for need in (self.current,) if need is not None]

    @property
    def selected_run(self) -> Run | None:
        """The run that the need under the cursor is about."""
        current = self.current
        return self.session.run(current.run_id) if current is not None and current.run_id else None

    @property
    def selected_approval(self) -> Approval | None:
        """The question under the cursor."""
        current = self.current
        if current is None or current.kind != "approval":
            return None
        return self.session.mirror.approvals.get(current.key.partition(":")[2])

    def draw(self) -> None:
        """Rows, title, and the cure of what is under the cursor."""
        now, needs = self.session.now(), self.session.needs()
        shown = [
            need
            for need in needs
            if not self.filter or self.filter.matches(need_rows.need_attributes(need, now))
        ]
        self.table.stale = self.session.link.state == "lost"
        self.table.set_placeholder(*self._placeholder(len(needs)))
        times = self.session.times
        self.table.set_rows(need_rows.need_row(need, times, self.session.ascii) for need in shown)
        dot = " - " if self.session.ascii else " · "
        parts = ["needs you", *filter(None, [self.table.marks_said])]
        parts += [part.text for part in sums(shown, now, self.session.ascii)]
        if self.filter:
            parts.append(f"{len(shown):,} of {len(needs):,}, filter {clean_line(self.filter.text, 60)}")
        self.query_one("#document-title", Static).update(dot.join(parts))
        self._say_cure()
        self._plan(shown)

    def _placeholder(self, total: int) -> tuple[PlaceholderKind, str]:
        mirror = self.session.mirror
        if not mirror.epoch:
            return "loading", "connecting …"
        if mirror.needs is None:
            said = (
                "This server is older than the dashboard and tells of no needs: :approvals has the questions."
            )
            return "absent", said
        if total and self.filter:
            return "filtered", self.filter.nothing(f"0 of {total:,}")
        unread = prefect_unread(self.session, "Nothing of ours needs you")
        return unread or (
            "empty",
            "Nothing needs you: no question, no failure that nobody has seen, all is at work.",
        )

    def _plan(self, shown: list[Need]) -> None:
        if self._tick is not None:
            self._tick.stop()
            self._tick = None
        delay = need_rows.until_step(shown, self.session.times)
        if delay is not None and self.session.link.live:
            self._tick = self.set_timer(max(0.5, delay), self._stepped)

    def _stepped(self) -> None:
        if not self.session.clock.frozen:
            self.draw()

    def catch_up(self) -> None:
        """Ages too are those of now."""
        super().catch_up()
        self.draw()

    @on(VirtualTable.MarksChanged)
    def _marked(self) -> None:
        self.draw()
        self.refresh_bindings()

    @on(VirtualTable.CursorMoved)
    def _moved(self) -> None:
        self._say_cure()
        self.refresh_bindings()

    def _say_cure(self) -> None:
        current = self.current
        cure = need_rows.cure(current, self.session.readonly) if current is not None else ""
        said = f"{clean_line(current.what, 300)}" if current is not None else ""
        arrow = " -> " if self.session.ascii else " → "
        self.flash_row.set_rest(f"{cure}{arrow}{said}" if cure and said else said)

    # -- changes

    def note_changes(self, changes: frozenset[Change]) -> None:
        """Something is needed, or needed no more."""
        if EVERYTHING in changes or any(kind == "need" for kind, _ in changes):
            self.draw()
            self.refresh_bindings()

    def note_link(self, link: Link) -> None:
        """Dimmed while the server is away."""
        self.draw()

    def on_screen_resume(self) -> None:
        """Something may have been cured from another screen."""
        super().on_screen_resume()
        if self.is_mounted:
            self.draw()

    # -- cures

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The keys of the row under the cursor."""
        if action in _HIDDEN:
            return False
        if action in _FITS:
            # What is seen may be marked; the other cures are of the row that they are told of.
            about = self.chosen if action == "see" else [self.current] if self.current else []
            if not any(need.kind in _FITS[action] for need in about):
                return False
        if action in _OF_RUNS and self.selected_run is None:
            return False
        if action in _OF_NEEDS and self.current is None:
            return False
        if action == "claim" and not self.chosen:
            return False
        return super().check_action(action, parameters)

    @on(VirtualTable.Activated)
    def _activated(self, event: VirtualTable.Activated) -> None:
        event.stop()
        current = self.current
        if current is not None and current.kind == "approval" and not self.session.readonly:
            self.action_answer()
        else:
            self.action_open()

    def action_open(self) -> None:
        """What the need is about: the run, the problems, the pools, the hosts, Prefect."""
        current = self.current
        if current is None:
            return
        if current.kind in _TABS:
            tab = _TABS[current.kind]
            self.with_run(current.run_id, functools.partial(self._open_run, tab=tab))
        elif current.kind in ("late", "stuck"):
            self._push("problems")
        elif current.kind == "host":
            self._push("hosts")
        elif current.kind == "prefect":
            self._push("prefect")
        else:
            self._show_pane(current)

    def _push(self, action: str) -> None:
        self.call_later(self.app.run_action, action)

    def _show_pane(self, need: Need) -> None:
        """The schedules or the pools, the cursor on what is needed."""
        from mahavishnu_tui.screens.pane_screen import PaneScreen
        from mahavishnu_tui.screens.panes.pools import PoolsPane
        from mahavishnu_tui.screens.panes.schedules import SchedulesPane

        schedule = need.kind == "schedule"
        pane = SchedulesPane(self.session) if schedule else PoolsPane(self.session)
        wanted = need.key.partition(":")[2]
        self.app.push_screen(PaneScreen(self.session, pane, wanted if schedule else f"pool:{wanted}"))

    def _open_run(self, run: Run, tab: str) -> None:
        from mahavishnu_tui.screens.run import open_run

        self.app.push_screen(open_run(self.session, run.id, tab))

    def action_raw(self) -> None:
        """The run as JSON text; of what is no run's, the need in full."""
        current = self.current
        if self.selected_run is not None or current is None:
            super().action_raw()
            return
        from mahavishnu_tui.screens.document import DocumentScreen

        self.app.push_screen(
            DocumentScreen(self.session, f"{clean_line(current.where, 60)} · need", value=current.to_json())
        )

    def copied_text(self) -> str:
        """The id of the run; of what is no run's, what is needed."""
        return super().copied_text() or (self.current.what if self.current is not None else "")

    def action_retry(self) -> None:
        """Take the failed run up again, or the marked ones; have a schedule make its runs."""
        from mahavishnu_tui.screens.controlling import retry

        current = self.current
        if current is not None and current.kind == "schedule":
            self.act(functools.partial(need_cures.make_runs, need=current, who=self.session.who))
        elif self.marked_needs:
            super().action_retry()
        elif current is not None:
            self.with_run(current.run_id, functools.partial(retry, self))

    def action_details(self) -> None:
        """`d` opens here."""
        self.action_open()

    def action_see(self) -> None:
        """Mark as seen what is marked, else what is under the cursor."""
        keys = [need.key for need in self.chosen if need.kind in SEEABLE]
        others = len(self.chosen) - len(keys)
        self.act(functools.partial(need_cures.see, keys=keys, who=self.session.who, others=others))

    def action_skip(self) -> None:
        """Delete the late runs of a deployment, once their number has been typed."""
        from mahavishnu_tui.screens.bulk import BulkAct, BulkScreen

        current = self.current
        if current is None:
            return
        late = [run for run in self.session.mirror.runs.values() if need_cures.is_late(run, current)]
        if not late:
            self.flash("None of these runs waits any more.", "warning")
            return
        warning = "They are deleted and never start; runs to come stay."
        act = BulkAct("skip", "skip", "deleted", warning, fits=lambda run: True, destructive=True)
        self.app.push_screen(BulkScreen(self.session, act, late))

    def action_claim(self) -> None:
        """Say that one is on what is marked, else on what is under the cursor, or no longer."""
        from mahavishnu_tui.screens.claiming import claim_needs

        claim_needs(self, self.chosen)
