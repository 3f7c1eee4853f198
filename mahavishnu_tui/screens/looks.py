"""The `:` commands that change how things look: `:theme`, `:times`, `:sort`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from textual.app import App

from mahavishnu_tui.models import MahavishnuError
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.times import FORMS, SAID
from mahavishnu_tui.widgets.table import VirtualTable

_ALSO: Final[Mapping[str, str]] = {"started": "began", "age": "for", "name": "run"}
"""Other names of columns."""


def _theme(app: App[Any], word: str) -> None:
    """Put on the theme that is named, or choose one."""
    from mahavishnu_tui.screens.themes import ThemeScreen, wear

    screen = app.screen
    if not isinstance(screen, OperatorScreen):
        return

    def worn(name: str | None) -> None:
        if name:
            grey = app.no_color and not app.native_ansi_color
            how = f"{name}, in grey since NO_COLOR is set" if grey else name
            screen.flash(f"{how}; `theme: {name}` under `ui` in the settings keeps it.", "success")

    if not word:
        app.push_screen(ThemeScreen(), worn)
        return
    try:
        worn(wear(app, word))
    except MahavishnuError as error:
        screen.flash_error(error)


def _times(app: App[Any], word: str) -> None:
    """Tell moments in the form that is named, or in the next one."""
    screen = app.screen
    form = next((form for form in FORMS if form == word.lower()), None)
    if not word:
        app.action_times()  # type: ignore[attr-defined]
    elif form is not None:
        app.tell_times(form)  # type: ignore[attr-defined]
        if isinstance(screen, OperatorScreen):
            screen.flash(f"times: {SAID[form]}")
    elif isinstance(screen, OperatorScreen):
        screen.flash(f":times knows {', '.join(FORMS)}, not {clean_line(word, 40)}.", "warning")


def sorted_table(screen: OperatorScreen) -> VirtualTable | None:
    """The table that is sorted from here: the one with the focus, else the first that is seen."""
    if isinstance(screen.focused, VirtualTable) and screen.focused.sortable:
        return screen.focused
    seen = (table for table in screen.query(VirtualTable) if table.sortable and table.is_on_screen)
    return next(seen, None)


def column_names(table: VirtualTable) -> list[str]:
    """What its columns are called after `:sort`."""
    return [(column.title or column.key).lower() for column in table.columns]


def sort_candidates(screen: OperatorScreen) -> list[str]:
    """What `:sort` can be completed to."""
    table = sorted_table(screen)
    names = column_names(table) if table is not None else []
    return [*names, *(f"-{name}" for name in names)]


def _sort(app: App[Any], word: str) -> None:
    """Sort by the column that is named; without a name as the list is given."""
    screen = app.screen
    if not isinstance(screen, OperatorScreen):
        return
    table = sorted_table(screen)
    if table is None:
        screen.flash("There is no list here that can be sorted.", "warning")
        return
    reverse, wanted = word.startswith("-"), word.lstrip("-+ ").lower()
    names = dict(zip(column_names(table), table.columns, strict=True))
    wanted = _ALSO.get(wanted, wanted)
    found = [column for name, column in names.items() if wanted in (name, column.key)]
    found = found or [column for name, column in names.items() if name.startswith(wanted)]
    if not wanted:
        table.sort_by(None)
        screen.flash("as given")
    elif found:
        table.sort_by(found[0].key, reverse)
        screen.flash(table.sort_said)
    else:
        screen.flash(f"No column {clean_line(wanted, 40)} here; there are {', '.join(names)}.", "warning")


LOOKS: Final[Mapping[str, Callable[[App[Any], str], None]]] = {
    "theme": _theme,
    "times": _times,
    "sort": _sort,
}
"""By action."""
