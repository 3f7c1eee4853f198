"""`BulkScreen`: one act on many runs, once their number has been typed; a result for each."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input, Static

from mahavishnu_tui.models import Run
from mahavishnu_tui.models.prefect import BulkResult
from mahavishnu_tui.models.run import FINISHED
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.actions import Action
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.dialog import Dialog, Said
from mahavishnu_tui.screens.hints import KeyHints
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.status import run_mark
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

LISTED = 12
"""Runs in sight at once."""


@dataclasses.dataclass(frozen=True)
class BulkAct:
    """One thing that can be done to many runs."""

    act: str
    deed: str
    """`cancel`, as in: cancel 3 of 5 marked."""
    done: str
    """`cancelled`, as in: 3 of 5 cancelled."""
    warning: str
    """What one should know before."""
    fits: Callable[[Run], bool]
    """Whether a run can be a part of it now."""
    destructive: bool = False
    ask: str = ""
    """The question, with `{}` for the runs, where it is not the deed: `Set {} to Crashed?`."""


BULK_ACTS: Final = {
    item.act: item
    for item in (
        BulkAct(
            "resume",
            "resume",
            "resumed",
            "Each goes on where it stopped.",
            lambda run: run.status == "paused",
        ),
        BulkAct(
            "suspend",
            "pause",
            "asked to pause",
            "Each stops at its next step or task boundary, and not before.",
            lambda run: run.status == "running" and run.state != "Cancelling",
        ),
        BulkAct(
            "retry",
            "retry",
            "taken up again",
            "Each goes on under its own id.",
            lambda run: run.status in ("error", "cancelled"),
        ),
        BulkAct(
            "cancel",
            "cancel",
            "cancelled or being cancelled",
            "Their open questions are withdrawn.",
            lambda run: run.status not in FINISHED,
            destructive=True,
        ),
        BulkAct(
            "delete",
            "delete",
            "deleted",
            "Only flow runs can be deleted; their task runs, logs and artifacts go with them.",
            lambda run: run.engine == "prefect",
            destructive=True,
        ),
    )
}


def bulk_actions(runs: Sequence[Run]) -> list[Action]:
    """The menu of marked runs: each act with the number of those that it can be done to."""
    found = []
    for item in BULK_ACTS.values():
        count = sum(map(item.fits, runs))
        if count:
            some = f"{count:,}" if count == len(runs) else f"{count:,} of the {len(runs):,}"
            label = f"{item.deed} {some} marked …"
            found.append(Action(f"bulk('{item.act}')", label, destructive=item.destructive))
    return [*found, Action("unmark", "take the marks away")]


class BulkScreen(Dialog[int]):
    """Dismissed with the number of runs that it was done to.

    Args:
        session: the session.
        act: what is to be done: one of `BULK_ACTS`, or a cure.
        runs: to which.
        hidden: the ids of those that are marked and not seen.
        left_out: which marked runs are not among them, and why.
    """

    CSS_PATH = "bulk.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back", id="bulk.leave"),
        Binding("tab", "app.focus_next", "Next", id="bulk.next"),
        Binding("shift+tab", "app.focus_previous", "Previous", show=False, id="bulk.previous"),
    ]

    def __init__(
        self,
        session: Session,
        act: BulkAct,
        runs: Iterable[Run],
        hidden: frozenset[str] = frozenset(),
        left_out: str = "",
    ) -> None:
        super().__init__()
        self.session = session
        self.act = act
        self.runs = list(runs)
        self._hidden = sum(run.id in hidden for run in self.runs)
        self._left_out = left_out
        self._results: dict[str, BulkResult] = {}
        self._sending = False

    def compose(self) -> ComposeResult:
        """Which runs, what comes of it, the count."""
        count = len(self.runs)
        with Vertical(id="bulk"):
            asked = self.act.ask or f"{self.act.deed.capitalize()} {{}}?"
            title = asked.format(f"{count:,} run{'' if count == 1 else 's'}")
            yield Static(title, id="bulk-title", markup=False)
            hidden = f"{self._hidden:,} of them hidden by the filter. " if self._hidden else ""
            said = [f"{hidden}{self.act.warning}", *filter(None, [clean_line(self._left_out, 300)])]
            yield Static("\n".join(said), id="bulk-warning", markup=False)
            yield VirtualTable(
                (
                    Column("run", "RUN", 18, min_width=12, flex=1),
                    Column("workflow", "WORKFLOW", 16, min_width=8, flex=1, priority=2),
                    Column("state", "STATE", 12),
                    Column("result", "RESULT", 20, min_width=10, flex=3),
                ),
                ascii_only=self.session.ascii,
                id="bulk-list",
            )
            yield Input(placeholder=f"type {count} to do it", compact=True, id="bulk-count")
            yield Said()
        yield KeyHints()

    def on_mount(self) -> None:
        """Show the runs; the focus is on the count, in which nothing stands."""
        self._draw()
        table = self.query_one(VirtualTable)
        table.styles.height = min(len(self.runs), LISTED, max(3, self.app.size.height - 11)) + 1
        line = self.query_one(Input)
        line.cursor_blink = False
        line.focus()

    def _draw(self) -> None:
        self.query_one(VirtualTable).set_rows(map(self._row, self.runs))

    def _row(self, run: Run) -> Row:
        now = self.session.run(run.id) or run
        mark = run_mark(now.status, now.state)
        return Row(
            run.id,
            (
                clean_line(run.name, 60),
                clean_line(run.workflow, 60),
                Cell(mark.label(self.session.ascii), mark.tone),
                self._result(run.id),
            ),
        )

    def _result(self, run_id: str) -> Cell:
        found = self._results.get(run_id)
        if found is None:
            return Cell("sending …" if self._sending else "", "muted")
        if found.ok:
            return Cell(clean_line(found.note or self.act.done, 200), "success")
        error = found.error or {}
        said = f"{error.get('code', '')} {error.get('message') or found.note}".strip()
        return Cell(clean_line(said, 300), "error")

    @on(Input.Submitted)
    def _typed(self, event: Input.Submitted) -> None:
        event.stop()
        if self._sending or self._results:
            return
        if event.value.strip() != str(len(self.runs)):
            self._say(f"Type {len(self.runs)} to do it; esc goes back.", "warning")
            return
        self._sending = True
        self._say("sending …")
        self._draw()
        in_background(self, self._send, "bulk")

    async def _send(self) -> None:
        try:
            items = [(run.id, run.version) for run in self.runs]
            results = await self.session.client.bulk(self.act.act, items, self.session.who)
        except Exception as error:  # said here, kept in :errors
            self._sending = False
            self._draw()
            self._say(str(self.session.record(error)), "error")
            return
        self._sending = False
        self._results = {item.id: item for item in results}
        failed = sum(not item.ok for item in results)
        if not failed:
            self.dismiss(len(results))
            return
        self._draw()
        self.query_one("#bulk-count").display = False
        self.query_one(VirtualTable).focus()
        done = len(results) - failed
        self._say(f"{done:,} of {len(results):,} {self.act.done}; the others say why not.", "warning")

    def action_leave(self) -> None:
        """Close; not while the server is at it."""
        if self._sending:
            self._say("it is on its way; wait for the server", "warning")
        else:
            self.dismiss(sum(item.ok for item in self._results.values()))
