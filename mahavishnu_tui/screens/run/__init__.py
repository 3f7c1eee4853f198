"""One run, opened: a screen per kind of engine, and a file per tab."""

from __future__ import annotations

from typing import Any

from mahavishnu_tui.screens.run.flow import FlowRunScreen
from mahavishnu_tui.screens.run.screen import RunScreen
from mahavishnu_tui.screens.session import Session

__all__ = ["FlowRunScreen", "RunScreen", "open_run"]


def open_run(session: Session, run_id: str, tab: str = "path", **more: Any) -> RunScreen:
    """The screen of a run at a tab; where its engine has no such tab, at the one that is nearest to it.

    Args:
        session: the session.
        run_id: the run.
        tab: the name of the tab.
        more: as `RunScreen` takes it: `checkpoint`, `node`, `until`.
    """
    run = session.run(run_id)
    if run is None or run.engine != "prefect":
        return RunScreen(session, run_id, tab, **more)
    known = {kind.NAME for kind in FlowRunScreen.TABS}
    return FlowRunScreen(session, run_id, tab if tab in known else "tasks", **more)
