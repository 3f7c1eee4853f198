"""The floor: a Textual app with nothing in it but the same table of the same rows."""

from __future__ import annotations

import sys

from textual.app import App, ComposeResult
from textual.widgets import Footer, Static


class Bare(App[None]):
    """A frame and one line."""

    def compose(self) -> ComposeResult:
        yield Static("bare-app-is-painted")
        yield Footer()


class Scrolling(App[None]):
    """The same rows in a plain scrolling list."""

    def __init__(self, rows: int) -> None:
        super().__init__()
        self._rows = rows

    def compose(self) -> ComposeResult:
        from textual.widgets import DataTable

        yield DataTable(cursor_type="row")

    def on_mount(self) -> None:
        from textual.widgets import DataTable

        table = self.query_one(DataTable)
        table.add_columns("state", "run", "workflow", "where", "for")
        for number in range(self._rows):
            table.add_row("done", f"run-{number}", "release", "deploy", "12s")
        table.focus()

    def key_j(self) -> None:
        from textual.widgets import DataTable

        self.query_one(DataTable).action_cursor_down()

    def key_k(self) -> None:
        from textual.widgets import DataTable

        self.query_one(DataTable).action_cursor_up()


if __name__ == "__main__":
    (Scrolling(int(sys.argv[1])) if len(sys.argv) > 1 else Bare()).run()
