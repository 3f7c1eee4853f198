"""The states that a flow run was in."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Final

from textual import on

from mahavishnu_tui.models.prefect import StateChange
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.document import DocumentScreen
from mahavishnu_tui.screens.run.listed import ListedTab
from mahavishnu_tui.screens.run.tab import RunView
from mahavishnu_tui.screens.times import Times
from mahavishnu_tui.widgets.status import Mark, duration, run_mark
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

_STATUS: Final = {
    "SCHEDULED": "scheduled",
    "PENDING": "queued",
    "RUNNING": "running",
    "CANCELLING": "running",
    "PAUSED": "paused",
    "COMPLETED": "success",
    "FAILED": "error",
    "CRASHED": "error",
    "CANCELLED": "cancelled",
}


class StatesTab(ListedTab):
    """In order, the oldest first."""

    NAME: ClassVar[str] = "states"
    TITLE: ClassVar[str] = "States"
    EMPTY = "Prefect tells of no state of this run."
    COLUMNS = (
        Column("at", "AT", 8),
        Column("state", "STATE", 18, min_width=12),
        Column("for", "FOR", 7, align="right"),
        Column("type", "TYPE", 10, priority=2),
        Column("message", "MESSAGE", 40, min_width=12, flex=1),
    )

    def __init__(self, view: RunView) -> None:
        super().__init__(view)
        self._found: list[StateChange] = []

    async def fetch(self) -> Iterable[Row]:
        """Every state, with how long it lasted."""
        found = self._found = await self.session.client.states(self.view.run_id)
        times = self.session.times
        ends = [*(change.at for change in found[1:]), None]
        return [
            _row(number, change, end, times, self.session.ascii)
            for number, (change, end) in enumerate(zip(found, ends, strict=False))
        ]

    @on(VirtualTable.Activated)
    def _open(self, event: VirtualTable.Activated) -> None:
        event.stop()
        change = self._found[int(event.key)]
        title = f"{change.name} · {self.session.times.whole(change.at)}"
        text = change.message or "Prefect says nothing about this state."
        self.app.push_screen(DocumentScreen(self.session, title, text=text))

    def rest(self) -> str:
        """How many."""
        return f"states: {len(self._found)}; enter shows what is said of one" if self._found else ""


def state_mark(type_: str, name: str) -> Mark:
    """The look of a state of Prefect."""
    return run_mark(_STATUS.get(type_, type_), name)


def _row(number: int, change: StateChange, end: float | None, times: Times, ascii_only: bool) -> Row:
    mark = state_mark(change.type, change.name)
    return Row(
        str(number),
        (
            Cell(times.clock(change.at), by=change.at),
            Cell(mark.label(ascii_only), mark.tone),
            "" if end is None else duration(end - change.at),
            Cell(clean_line(change.type, 20), "muted"),
            clean_line(change.message, 400),
        ),
    )
