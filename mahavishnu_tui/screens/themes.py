"""`:theme`: another look, tried out while one moves through the list."""

from __future__ import annotations

import difflib
from typing import Any, ClassVar

from textual import on
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from mahavishnu_tui.models import ErrorCode, MahavishnuError
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.surviving import Surviving
from mahavishnu_tui.widgets.table import Column, Row, VirtualTable
from mahavishnu_tui.widgets.themes import THEMES, full_name

_WHAT = {
    "mahavishnu-dark": "the dashboard's own",
    "mahavishnu-light": "for bright rooms and light terminals",
    "mahavishnu-contrast": "the strongest contrast",
    "mahavishnu-colorblind": "blue and orange: safe for red-green blindness",
    "mahavishnu-ansi": "the terminal's own 16 colours",
}


def theme_names(app: App[Any]) -> list[str]:
    """Every theme: ours first, then Textual's."""
    return [*THEMES, *sorted(set(app.available_themes) - set(THEMES))]


def wear(app: App[Any], word: str) -> str:
    """Put a theme on; its full name.

    Raises:
        MahavishnuError: MHV-010 with the nearest name.
    """
    names = theme_names(app)
    name = full_name(word, names)
    if not name:
        short = [known.removeprefix("mahavishnu-") for known in names]
        near = difflib.get_close_matches(word.lower(), [*names, *short], n=1)
        raise MahavishnuError(
            ErrorCode.BAD_INPUT,
            f"There is no theme {clean_line(word, 40)}.",
            f"Did you mean {near[0]}?" if near else ":theme lists them.",
        )
    app.theme = name
    return name


class ThemeScreen(Surviving, ModalScreen[str]):
    """Every theme, worn while the cursor is on it; `enter` keeps it, `esc` goes back to the one before."""

    CSS_PATH = "actions.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "close", "Close", id="theme.close"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.before = ""

    def compose(self) -> ComposeResult:
        """A title and the list."""
        with Vertical(id="actions"):
            yield Static("themes · enter keeps, esc goes back", id="actions-title", markup=False)
            yield VirtualTable(
                (
                    Column("name", "THEME", 22, min_width=16),
                    Column("what", "WHAT IT IS", 34, flex=1, priority=1),
                ),
                id="theme-list",
            )

    def on_mount(self) -> None:
        """Fill the list; the cursor is on the theme that is worn."""
        self.before = self.app.theme
        names = theme_names(self.app)
        table = self.query_one(VirtualTable)
        table.styles.height = min(len(names) + 1, max(2, self.app.size.height - 8))
        table.set_rows(Row(name, (name, _WHAT.get(name, "one of Textual's"))) for name in names)
        table.move_to(self.before)
        table.focus()

    @on(VirtualTable.CursorMoved)
    def _try_on(self, event: VirtualTable.CursorMoved) -> None:
        event.stop()
        # Messages of rows that the cursor has already left are old news.
        if event.key and event.key == event.table.cursor_key and event.key != self.app.theme:
            self.app.theme = event.key

    @on(VirtualTable.Activated)
    def _keep(self, event: VirtualTable.Activated) -> None:
        event.stop()
        self.app.theme = event.key
        self.dismiss(event.key)

    def action_close(self) -> None:
        """As it was before."""
        self.app.theme = self.before
        self.dismiss("")
