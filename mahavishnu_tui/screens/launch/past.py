"""`PastInputsScreen`: the inputs that a workflow was given before."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Static

from mahavishnu_tui.models.record import Json
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.dialog import Dialog
from mahavishnu_tui.screens.hints import KeyHints
from mahavishnu_tui.widgets.table import Column, Row, VirtualTable


class PastInputsScreen(Dialog[int | None]):
    """Dismissed with the number of the chosen input, else with None."""

    CSS_PATH = "past.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "close", "Back", id="past.close")]

    def __init__(self, name: str, inputs: Sequence[Json]) -> None:
        super().__init__()
        self._name = name
        self._inputs = inputs

    def compose(self) -> ComposeResult:
        """A title and the list."""
        with Vertical(id="past"):
            yield Static(f"Inputs of {clean_line(self._name, 60)} so far", id="past-title", markup=False)
            yield VirtualTable((Column("input", "INPUT, NEWEST FIRST", 60, flex=1),), id="past-list")
        yield KeyHints()

    def on_mount(self) -> None:
        """Fill the list."""
        table = self.query_one(VirtualTable)
        table.set_placeholder("empty", "No run of it has been started yet.")
        table.set_rows(
            Row(str(number), (clean_line(json.dumps(item, ensure_ascii=False), 400),))
            for number, item in enumerate(self._inputs)
        )
        table.focus()

    @on(VirtualTable.Activated)
    def _chosen(self, event: VirtualTable.Activated) -> None:
        event.stop()
        self.dismiss(int(event.key))

    def action_close(self) -> None:
        """Choose none."""
        self.dismiss(None)
