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
    if info.state in ("failed", "lost") and info.seen_at is None:
        return "error", f"{clean_line(info.trouble, 200)} (:prefect says more)"
    return None
