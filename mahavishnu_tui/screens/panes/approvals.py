"""Pane 4: every question that waits for a human."""

from __future__ import annotations

from typing import ClassVar

from mahavishnu_tui.models import Approval
from mahavishnu_tui.screens import rows
from mahavishnu_tui.screens.layout import PaneName
from mahavishnu_tui.screens.panes.pane import Listed, TablePane


class ApprovalsPane(TablePane):
    """The inbox, oldest question first."""

    PANE: ClassVar[PaneName] = "approvals"
    TITLE = "Approvals"
    KINDS = frozenset({"approval"})
    ATTRIBUTES = rows.APPROVAL_ATTRIBUTES
    COLUMNS = rows.APPROVAL_COLUMNS
    EMPTY = "Nothing waits for you. Questions of running graphs appear here; a answers them."

    @property
    def current(self) -> Approval | None:
        """The question under the cursor."""
        return self.session.mirror.approvals.get(self.cursor)

    def listed(self) -> list[Listed]:
        """Questions that are pending, and those whose answer the graph has not taken up yet."""
        now = self.session.now()
        approvals = sorted(
            self.session.mirror.approvals.values(),
            key=lambda item: (item.status != "pending", item.asked_at, item.id),
        )
        return [
            Listed(
                rows.approval_row(approval, now, self.session.ascii),
                rows.approval_attributes(approval, now) if self.filter else {},
            )
            for approval in approvals
        ]

    def counts(self) -> str:
        """How many wait."""
        return super().counts() if self.filter else str(len(self.session.pending()) or "")

    def until_step(self) -> float | None:
        """Minutes, while something waits."""
        now = self.session.now()
        delays = [60 - (now - approval.asked_at) % 60 for approval in self.session.pending()]
        return min(delays, default=None)
