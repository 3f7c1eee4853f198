"""The task runs of a flow run, as a table."""

from __future__ import annotations

from typing import ClassVar

from textual import on

from mahavishnu_tui.models import NodeVisit
from mahavishnu_tui.models.text import clean_line, counted
from mahavishnu_tui.screens.run.tab import RunTab, RunView
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets.status import age, duration, visit_mark
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable


class TasksTab(RunTab):
    """In the order in which they began; `enter` and `l` show what one has said."""

    NAME: ClassVar[str] = "tasks"
    TITLE: ClassVar[str] = "Tasks"
    COLUMNS = (
        Column("number", "#", 4, align="right"),
        Column("task", "TASK RUN", 20, min_width=14, flex=2),
        Column("state", "STATE", 13, min_width=12),
        Column("tries", "TRIES", 5, align="right"),
        Column("began", "BEGAN", 8, priority=1),
        Column("took", "TOOK", 7, align="right"),
        Column("note", "", 24, min_width=10, flex=3, priority=2),
    )

    def __init__(self, view: RunView) -> None:
        self.table = VirtualTable(self.COLUMNS, ascii_only=view.session.ascii, sortable=True, id="tasks")
        super().__init__(view, self.table)

    def on_mount(self) -> None:
        """Nothing is known yet."""
        self.table.set_placeholder("loading", "loading …")

    @property
    def current(self) -> NodeVisit | None:
        """The task run under the cursor."""
        visits = self.session.mirror.visits.get(self.view.run_id, {})
        return visits.get(int(self.table.cursor_key)) if self.table.cursor_key else None

    def look_at(self, path: str) -> None:
        """Put the cursor on the newest run of a task."""
        found = [visit for visit in self.view.visits() if visit.path == path]
        if found:
            self.table.move_to(str(found[-1].number))

    def draw(self) -> None:
        """All rows: only what differs is painted."""
        known = self.view.following.now
        self.table.stale = self.session.link.state == "lost"
        if known.error is not None:
            sentence = f"{known.error.code.value} {clean_line(known.error.message)} (:errors has all of it)"
            self.table.set_placeholder("error", sentence)
        elif known.loaded:
            self.table.set_placeholder("empty", "No task of this flow has begun.")
        times = self.session.times
        self.table.set_rows(task_row(visit, times, self.session.ascii) for visit in self.view.visits())

    def copied_text(self) -> str:
        """The id of the task run under the cursor."""
        return self.current.task_id if self.current is not None else ""

    @on(VirtualTable.CursorMoved)
    def _moved(self, event: VirtualTable.CursorMoved) -> None:
        event.stop()
        self.post_message(self.Changed())

    def rest(self) -> str:
        """What went wrong with the one under the cursor, else how many there are in which state."""
        problem = self.view.following.now.error
        if problem is not None:
            return f"STALE: {clean_line(problem.message)}"
        if self.current is not None and self.current.error:
            return f"#{self.current.number}: {clean_line(self.current.error, 300)}"
        visits = self.view.visits()
        counts: dict[str, int] = {}
        for visit in visits:
            word = visit_mark(visit.outcome).word
            counts[word] = counts.get(word, 0) + 1
        said = ", ".join(f"{count} {word}" for word, count in counts.items())
        return f"{counted(len(visits), 'task run')}: {said}" if visits else ""


def task_row(visit: NodeVisit, times: Times, ascii_only: bool) -> Row:
    """A task run."""
    mark = visit_mark(visit.outcome, visit.state)
    if visit.ended_at is not None:
        took = duration(visit.ended_at - visit.started_at)
    else:
        took = age(times.now - visit.started_at) if visit.outcome == "running" else ""
    return Row(
        str(visit.number),
        (
            str(visit.number),
            clean_line(visit.label or visit.path, 80),
            Cell(mark.label(ascii_only), mark.tone),
            str(visit.attempt) if visit.attempt > 1 else "",
            Cell(times.clock(visit.started_at), by=visit.started_at),
            took,
            Cell(clean_line(visit.error or visit.progress, 300), "error" if visit.error else "muted"),
        ),
    )
