"""`DiffScreen`: what differs between two checkpoints; equal parts are folded away."""

from __future__ import annotations

import json
from typing import Final

from textual import on
from textual.app import ComposeResult
from textual.widgets import Static

from mahavishnu_tui.client.calls.checkpoints import Compared
from mahavishnu_tui.models.diff import Change, StateDiff, path_text
from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.background import in_background
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.status import Mark
from mahavishnu_tui.widgets.table import Cell, Column, Row, VirtualTable

DIFF_COLUMNS: Final = (
    Column("kind", "CHANGE", 9),
    Column("path", "PATH", 20, min_width=10, flex=2),
    Column("before", "BEFORE", 16, min_width=8, flex=2),
    Column("after", "AFTER", 16, min_width=8, flex=3),
)
_MARKS: Final = {
    "added": Mark("+", "+", "added", "success"),
    "removed": Mark("−", "-", "removed", "error"),
    "changed": Mark("~", "~", "changed", "warning"),
}
_SHOWN = 300


def diff_rows(found: StateDiff, ascii_only: bool) -> list[Row]:
    """A row per change, and one for all that is equal."""
    rows = [_row(number, change, ascii_only) for number, change in enumerate(found.listed)]
    if found.truncated:
        more = f"{found.total:,} changes, the first are listed"
        rows.append(Row("more", ("…", Cell(more, "warning"), "", "")))
    if found.equal:
        keys = "key is" if found.equal == 1 else "keys are"
        rows.append(
            Row("equal", (Cell("= equal", "muted"), Cell(f"{found.equal} {keys} equal", "muted"), "", ""))
        )
    return rows


def diff_words(found: StateDiff) -> str:
    """`2 added, 1 changed`; that nothing differs."""
    counts = ((found.added, "added"), (found.removed, "removed"), (found.changed, "changed"))
    return ", ".join(f"{count:,} {word}" for count, word in counts if count) or "nothing differs"


def _row(number: int, change: Change, ascii_only: bool) -> Row:
    mark = _MARKS[change.kind]
    return Row(
        str(number),
        (
            Cell(mark.label(ascii_only), mark.tone),
            clean_line(path_text(change.path), _SHOWN),
            Cell("" if change.kind == "added" else _value(change.before), "muted"),
            "" if change.kind == "removed" else _value(change.after),
        ),
    )


def _value(value: Json) -> str:
    return clean_line(json.dumps(value, ensure_ascii=False), _SHOWN)


class DiffScreen(OperatorScreen):
    """`enter` shows both values of a change whole.

    Args:
        session: the session.
        run_id: whose thread.
        before: id of the older checkpoint, or `parent`.
        after: id of the newer one.
        title: what is compared, in words.
    """

    CSS_PATH = "document.tcss"

    def __init__(self, session: Session, run_id: str, before: str, after: str, title: str) -> None:
        super().__init__(session)
        self._asked = (run_id, before, after)
        self._heading = clean_line(title)
        self._found: Compared | None = None

    def compose_body(self) -> ComposeResult:
        """The title and the changes."""
        yield Static(self._heading, id="document-title", markup=False)
        yield VirtualTable(DIFF_COLUMNS, ascii_only=self.session.ascii, sortable=True, id="document")

    def on_mount(self) -> None:
        """Ask for the differences."""
        super().on_mount()
        self.table.set_placeholder("loading", "comparing …")
        self.table.focus()
        in_background(self, self._ask, "diff")

    @property
    def table(self) -> VirtualTable:
        """The list of changes."""
        return self.query_one("#document", VirtualTable)

    async def _ask(self) -> None:
        run_id, before, after = self._asked
        try:
            self._found = await self.session.client.diff(run_id, before, after)
        except Exception as error:  # shown in place of the changes, kept in :errors
            recorded = self.session.record(error)
            self.table.set_placeholder("error", f"{clean_line(recorded)} (:errors has all of it)")
            return
        found = self._found.diff
        self.query_one("#document-title", Static).update(f"{self._heading} · {diff_words(found)}")
        self.table.set_placeholder("empty", "Nothing differs: the two states are equal.")
        self.table.set_rows(diff_rows(found, self.session.ascii))

    @on(VirtualTable.Activated)
    def _open(self, event: VirtualTable.Activated) -> None:
        if self._found is None or not event.key.isdigit():
            return
        from mahavishnu_tui.screens.document import DocumentScreen

        change = self._found.diff.listed[int(event.key)]
        value = {"path": path_text(change.path), "before": change.before, "after": change.after}
        title = f"{change.kind} · {clean_line(path_text(change.path), 80)}"
        self.app.push_screen(DocumentScreen(self.session, title, value=value))
