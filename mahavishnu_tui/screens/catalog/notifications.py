"""`NotificationsScreen`: what was told off the terminal, to whom, and what went wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from mahavishnu_tui.models.notification import Notification
from mahavishnu_tui.models.text import clean_line
from mahavishnu_tui.screens.catalog.listing import ListScreen
from mahavishnu_tui.screens.panes.pane import Listed
from mahavishnu_tui.screens.session import Session
from mahavishnu_tui.widgets.status import Mark
from mahavishnu_tui.widgets.table import Cell, Column, PlaceholderKind, Row

if TYPE_CHECKING:
    from mahavishnu_tui.client.api import ServerClient

_STATES: Final = {
    "waiting": Mark("◌", ".", "waiting", "muted"),
    "sending": Mark("▶", ">", "sending", ""),
    "sent": Mark("✔", "+", "sent", "success"),
    "failed": Mark("✘", "x", "failed", "error"),
    "cancelled": Mark("⊘", "-", "cancelled", "muted"),
}
_AGAIN: Final = Mark("⚠", "!", "retrying", "warning")


class NotificationsScreen(ListScreen[Notification]):
    """The outbox, newest first."""

    HEADING = "notifications"
    COLUMNS = (
        Column("state", "STATE", 12),
        Column("at", "AT", 8),
        Column("target", "TARGET", 10, min_width=8, priority=1),
        Column("kind", "ABOUT", 12),
        Column("where", "WHERE", 18, min_width=12, flex=1),
        Column("why", "WHY", 24, min_width=10, flex=2, priority=2),
    )
    ATTRIBUTES = frozenset({"state", "target", "about", "where"})
    CATALOG: ClassVar[frozenset[str]] = frozenset({"notifications"})
    ACTS = False
    EMPTY = "Nothing was told yet: `notifications` in the settings says who is told of what."

    def __init__(self, session: Session) -> None:
        super().__init__(session, _ask)

    def absent(self) -> tuple[PlaceholderKind, str] | None:
        """They do not come from Prefect."""
        return None

    def key_of(self, item: Notification) -> str:
        """Its number."""
        return str(item.seq)

    def listed(self) -> list[Listed]:
        """As the server orders them."""
        return [self._listed(item) for item in self.fetched.items]

    def _listed(self, item: Notification) -> Listed:
        mark = _AGAIN if item.state == "waiting" and item.attempts else _STATES.get(item.state)
        word = mark.word if mark else item.state
        where, why = clean_line(item.where, 80), clean_line(item.error, 200)
        row = Row(
            self.key_of(item),
            (
                Cell(mark.label(self.session.ascii), mark.tone) if mark else item.state,
                Cell(self.session.times.clock(item.sent_at or item.due_at), by=item.sent_at or item.due_at),
                item.target,
                item.kind,
                where,
                why,
            ),
        )
        about = {"state": word, "target": item.target, "about": item.kind, "where": where}
        return Listed(row, {**about, "text": " ".join([*about.values(), why])})

    def said(self) -> str:
        """How many wait, and how many were given up."""
        states = [item.state for item in self.fetched.items]
        waiting, failed = states.count("waiting"), states.count("failed")
        parts = [f"{waiting:,} waiting" if waiting else "", f"{failed:,} given up" if failed else ""]
        return ", ".join(filter(None, parts))


async def _ask(client: ServerClient) -> list[Notification]:
    return await client.notifications()
