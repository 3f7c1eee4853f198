"""Carrying out a `:` command, the same from every screen."""

from __future__ import annotations

from typing import Any

from textual.app import App

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.base import OperatorScreen
from mahavishnu_tui.screens.commands import Spoken
from mahavishnu_tui.screens.looks import LOOKS
from mahavishnu_tui.screens.run_acts import RunActs

ROOT = ("pane", "workflows")
"""Actions of the dashboard: what lies over it is left for them."""


OTHER_LOGS = ("server", "prefect", "prefect-worker")
"""Logs that are no host's."""
ON_A_RUN = ("again",)
"""Actions of the screen on which a run is selected."""
ACTING = ("again", "workflows", "prefect start", "prefect stop")
"""Commands that act, as keys do that a read-only dashboard does not bind."""


async def obey(app: App[Any], spoken: Spoken) -> None:
    """Go back to the dashboard for its panes; open anything else over the screen that is shown."""
    action, near = spoken.command.action, _nearest(app)
    if near.session.readonly and f"{action} {spoken.argument}".strip() in ACTING:
        line = f":{spoken.command.name} {spoken.argument}".strip()
        _flash(app, f"{line} is off: {near.why_not}.")
    elif action == "logs":
        _open_logs(app, spoken.argument)
    elif action == "compare":
        near.action_compare(spoken.argument)
    elif action == "prefect":
        _prefect(app, spoken.argument)
    elif action == "docs":
        await app.run_action(f"docs({spoken.argument!r})")
    elif action == "context":
        await app.run_action(f"context({spoken.argument!r})")
    elif action == "search":
        await app.run_action(f"search({spoken.argument!r})")
    elif action in LOOKS:
        LOOKS[action](app, spoken.argument)
    elif action in ON_A_RUN:
        await near.run_action(action)
    elif action.partition("(")[0] in ROOT:
        while len(app.screen_stack) > 1:
            app.pop_screen()
        await app.screen.run_action(action)
        _look_for(app, spoken.argument)
    else:
        await app.run_action(action)
        _look_for(app, spoken.argument)


def _look_for(app: App[Any], text: str) -> None:
    """Filter what has been opened, once it is there."""
    screen = app.screen
    if text and isinstance(screen, OperatorScreen):
        screen.call_after_refresh(screen.look_for, text)


def _prefect(app: App[Any], deed: str) -> None:
    """Prefect's own screen, and what was asked of it."""
    from mahavishnu_tui.screens.catalog.prefect import DEEDS, PrefectScreen

    screen = app.screen
    if deed and deed not in DEEDS:
        _flash(app, f":prefect knows {', '.join(DEEDS)}, not {clean_line(deed, 40)}.")
    elif isinstance(screen, OperatorScreen):
        app.push_screen(PrefectScreen(screen.session, deed))


def _flash(app: App[Any], text: str) -> None:
    screen = app.screen
    if isinstance(screen, OperatorScreen):
        screen.flash(text, "warning")


def _open_logs(app: App[Any], source: str) -> None:
    """The log that is named, else that of the run on the nearest screen that shows one."""
    near = _nearest(app)
    if not source:
        near.action_host_log()
    else:
        near.open_logs(source if source in OTHER_LOGS or source.startswith("host:") else f"host:{source}")


def _nearest(app: App[Any]) -> RunActs:
    """The topmost screen on which a run is selected; the dashboard is one."""
    return next(screen for screen in reversed(app.screen_stack) if isinstance(screen, RunActs))
