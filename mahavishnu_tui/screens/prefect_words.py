"""What is said where something would come from Prefect and there is none."""

from __future__ import annotations

from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.table import PlaceholderKind


def without_prefect(session: Session, what: str) -> tuple[PlaceholderKind, str] | None:
    """Why there are no `what` ("schedules"): Prefect is not there; None when it is, or was."""
    info = session.mirror.prefect
    if info is None or info.mode == "off":
        return "absent", f"This server has no {what}: they come with Prefect."
    if info.state == "off":
        return "absent", f"No {what}: Prefect is off. `:prefect start` starts an embedded one."
    if info.state == "starting":
        return "loading", f"Prefect is starting; its {what} appear here …"
    if info.unread:
        return "error", f"{clean_line(info.unread, 200)} (:prefect says more)"
    return None


def prefect_unread(session: Session, without: str) -> tuple[PlaceholderKind, str] | None:
    """What is said where nothing is known of Prefect's share of a list; None where it is known or not wanted.

    Args:
        session: the session.
        without: what there is beside it: "No run of ours".
    """
    info = session.mirror.prefect
    if info is None or not info.unread:
        return None
    why = clean_line(info.unread, 200)
    return "absent", f"{without}; what Prefect has is not known: {why} (:prefect says more)"
